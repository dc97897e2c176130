"""Fælles beslutning: one sealed document that one authority proposes and both sign (rules 17, 18 and 40).

Each kind has its own table and document in its own step: scope, screening, assessment, recommendation, closure. Here
is what they share: the document and its hash, proposing, amending, signing, how one is shown, and the four routes.
"""
