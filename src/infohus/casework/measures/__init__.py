"""Anbefaling og indsatser: the infohus recommends; one authority carries a measure out in its own right.

Source: beredskabsplanen; rule 23. Nothing here is a decision on the citizen.
"""
