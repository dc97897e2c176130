"""The data subject's log report: when and for what purpose an authority used a person's data, provably complete.

Source: GDPR art. 15 as read in C-579/21; Datatilsynet 2024-32-0283; rule 64. It names no staff.
"""
