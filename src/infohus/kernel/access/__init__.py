"""The rows that say who may read what: infohus, case, participants, keys and disclosures. It holds no operation."""
