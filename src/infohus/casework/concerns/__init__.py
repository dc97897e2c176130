"""Bekymringshenvendelse: someone raises a concern, the police check it, and a child's underretning gets its deadlines.

Source: beredskabsplanen; barnets lov §§ 133, 136 and 137 for a child; rules 26–34 and 74.
"""
