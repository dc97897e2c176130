"""Joint decisions: one sealed document that both authorities sign, and the routes that every kind of them has."""
