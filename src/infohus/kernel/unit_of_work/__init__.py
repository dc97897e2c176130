"""The only door to the database: `begin` finds the subject, asks the policies, and commits the work with its log entry.

docs/architecture.md says how the four promises rest on it.
"""
