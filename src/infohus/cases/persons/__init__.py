"""The persons of cases: their CPR numbers and family names, where they appear, and what was known of them before."""
