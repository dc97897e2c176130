"""Næste skridt: where a case stands, what the caller can do next, and for what not yet, with who can lift it."""
