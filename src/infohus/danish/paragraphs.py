"""The provisions that a disclosure rests on, as a text names them."""

PARAGRAPHS = {
    "rpl-115-1": "retsplejelovens § 115, stk. 1", "rpl-115-2": "retsplejelovens § 115, stk. 2",
    "rpl-115-3": "retsplejelovens § 115, stk. 3", "pet-loven-4": "PET-lovens § 4",
}
