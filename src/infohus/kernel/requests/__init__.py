"""What a request may hold: moments and days that can be meant, words that can be read, JSON in one spelling.

Whatever a body or an address brings in is of a type that stands here, or is refused before anything is asked or stored.
"""
