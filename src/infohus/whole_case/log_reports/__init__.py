"""The data subject's log report: when and what for an authority used what it holds, and that nothing is left out.

Source: GDPR art. 15 as read in C-579/21; Datatilsynet 2024-32-0283; rule 64. No staff are named.
"""
