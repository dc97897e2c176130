"""The log of an institution without a DPO of its own, as the DPO of each authority that drew it in sees it (rule 90).

What is shown is picked by the database; docs/decisions/0016 and 0029 say what that is, and why no more.
"""
