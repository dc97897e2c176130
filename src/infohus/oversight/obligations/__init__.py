"""Forpligtelser: the beredskabsplan's obligations, who owns each, when it is due, and each time it was met.

Source: beredskabsplanen (action cards, orientering af nøglemedarbejdere, årlig status, revision). It counts people
and names nobody.
"""
