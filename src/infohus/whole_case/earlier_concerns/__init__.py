"""Tidligere henvendelser: in which other cases a case's persons appear, and that a closure's signers have seen it.

Source: rule 78, the Southport review. It looks at other cases too, so it stands above the steps of any one of them.
"""
