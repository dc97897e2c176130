"""Overtagelse: the police tovholder takes an open case over as police alone; the municipality is told, not asked.

Within and outside stay joint decisions (rule 84). The municipality keeps what it has, reads nothing new, and still
hands over an underretning and reports danger (rule 20).
"""
