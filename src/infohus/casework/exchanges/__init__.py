"""Videregivelse: an authority tells others what it holds, by retsplejeloven § 115. The record is the grant.

Here are the acts on exchanges: recording one, correcting, acknowledging and withdrawing it, requests for information,
and releases from custody that one may rest on. That disclosing grants, § 115's rules and the rows of exchange and
receipt stand in cases/disclosures: every proposal of another step is an exchange too.
"""
