"""Screening on existing information: each brings what it already holds, and both conclude together.

Source: beredskabsplanen; rules 32 and 35. "Qualify further" is the joint reason that opens the assessment tool.
"""
