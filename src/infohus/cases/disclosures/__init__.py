"""Videregivelse: disclosing records by an exchange, which lets its recipients read them; and acknowledging it.

Every step that proposes something discloses it, so this stands below all steps. The rest of exchanges is in
casework/exchanges: which kinds of records one can name, corrections, requests, how receipts are shown, withdrawals.
"""
