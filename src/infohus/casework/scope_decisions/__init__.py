"""Fælles afgrænsning: both tovholdere judge, always together, whether it is infohus work.

Source: beredskabsplanen; rules 17–21. If they differ, the concern is not taken in and each side's reason stands.
"""
