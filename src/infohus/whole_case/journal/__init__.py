"""Journalen: each authority's own reference to the case, what it takes home to its own system, and its own log view.

The parties handle one case, but each is responsible for its own file (rule 43): the other authority sees none of this.
"""
