"""Tidligere henvendelser: in which other cases a case's persons appear, and that a closure's signers have seen it.

Source: rule 78; the Southport review.
"""
