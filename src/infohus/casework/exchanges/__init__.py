"""Videregivelse: an authority tells others what it holds, by retsplejeloven § 115.

Here are the acts on exchanges: recording one, correcting, acknowledging and withdrawing it, requests for information,
and releases from custody that one may rest on. What every disclosure shares is in cases/disclosures, because a proposal
of another step is an exchange too: granting access, § 115's rules, and the rows of exchange and receipt.
"""
