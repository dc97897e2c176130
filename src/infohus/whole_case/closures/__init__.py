"""Afslutning: both tovholdere sign why the case ends; the retention period is counted from that day.

Source: rules 24, 70 and 71. That the concern was unfounded is one of the outcomes.
"""
