"""Requests reach the database here and nowhere else: find the subject, ask the policies, work, log, commit.

`begin.py` begins and ends a unit of work; `unit.py` is what an operation is given. docs/architecture.md says how the
four promises rest on them.
"""
