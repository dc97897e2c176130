"""What the database may hold: sealed values, the keys that open them, and who keeps those keys."""
