"""Journalen: each authority's own case number, the note it exports to its own system, and its part of the log.

Each authority is responsible for its own file (rule 43); no other authority sees any of this.
"""
