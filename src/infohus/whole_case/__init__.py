"""What looks at all of a case: next steps, closing, earlier concerns, erasure, rights, log reports, journal, searches.

It imports the steps and their tables; no step imports it.
"""
