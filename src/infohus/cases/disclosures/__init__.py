"""Videregivelse: disclosing records by an exchange, acknowledging one, and withdrawing what was disclosed."""
