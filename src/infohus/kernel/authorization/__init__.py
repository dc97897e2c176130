"""May they: every verb the system knows, and the Cedar policies that decide."""
