"""The rows that say who may read what: infohus, case, participants, keys and disclosures. No operation here."""
