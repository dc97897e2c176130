"""What looks at all of a case: next steps, closing, earlier concerns, erasure, rights, log reports, journal, searches.

It imports `cases` and `casework`; neither imports it (`import-linter` checks).
"""
