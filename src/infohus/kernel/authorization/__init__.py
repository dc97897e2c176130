"""Who may do what: every action there is, and the Cedar policies that decide."""
