"""Næste skridt: where a case stands, what the caller can do next, and what is not possible yet, with the reason."""
