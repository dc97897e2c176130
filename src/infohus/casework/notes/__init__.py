"""Notater og dokumenter: what an authority writes down, receives and sends in a case, with its lateness shown.

Sources: offentlighedsloven §§ 13 (the duty to note) and 15 (the duty to journalise); rules 68 and 69.
"""
