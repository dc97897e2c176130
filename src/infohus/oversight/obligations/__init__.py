"""Forpligtelser: what the beredskabsplan promises, who owns it, when it is due, and that it was done.

Source: beredskabsplanen (action cards, orientering af nøglemedarbejdere, årlig status, revision). Counts of people,
never people.
"""
