"""Afslutning: both sign why the case ends; the retention clock runs from then.

Source: rules 24, 70 and 71. "Unfounded" is a first-class reason, and the most common one.
"""
