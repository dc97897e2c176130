"""Arkiv og sletning: legal holds, the archive's decision, and a report of what would be erased (rule 72).

Source: arkivbekendtgørelsen § 5. Erasing itself, which destroys keys (rule 73), is not built yet: nothing is erased.
"""
