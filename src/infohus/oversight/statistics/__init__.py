"""Årlig status: an infohus' report of a year to direktionen, made of counts only (rules 75 and 76).

Source: beredskabsplanen, "årlig status til direktionen". `suppression.py` hides small counts, `tabulations.py` says
what is counted, `operations.py` counts a year that is over, once. No case text, person or case number is read here.
"""
