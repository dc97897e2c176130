"""Årlig status: what an infohus tells direktionen of a year, from aggregates alone (rules 75 and 76).

Source: beredskabsplanen, "årlig status til direktionen". `suppression.py` hides, `tabulations.py` says what is counted,
`operations.py` freezes a closed year once and for all. No case text, person or case number is ever read here.
"""
