"""Arkiv og sletning: what stands in the way of erasing a closed case, and what would be erased (rule 72).

Source: arkivbekendtgørelsen § 5. Erasure itself destroys keys (rule 73) and is not built yet: nothing is erased here.
"""
