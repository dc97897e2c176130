"""Witnesses: one that remembers and cosigns, and how the signer asks those it has."""
