"""Videregivelse: disclosing records by an exchange, which lets its recipients read; and the receipt of it.

Every step that proposes something discloses it, so this stands below them all. What is an exchange's own stands in
casework/exchanges: which kinds of records one can name, corrections, requests, how receipts are shown, withdrawals.
"""
