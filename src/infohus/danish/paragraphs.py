"""The provisions that a disclosure rests on, as a text names them."""

SECRECY = (
    "Her er oplysninger om tilknytning til bandemiljøer. Enhver, der bliver bekendt med dem, har tavshedspligt"
    " (retsplejelovens § 115, stk. 5)."
)
"""What whoever was told of gang ties reads beside them (rule 102)."""
PARAGRAPHS = {
    "rpl-115-1": "retsplejelovens § 115, stk. 1", "rpl-115-2": "retsplejelovens § 115, stk. 2",
    "rpl-115-3": "retsplejelovens § 115, stk. 3", "pet-loven-4": "PET-lovens § 4",
    "fvl-28": "forvaltningslovens § 28, jf. databeskyttelseslovens §§ 6-8", "dbl-6-8": "databeskyttelseslovens §§ 6-8",
    "fvl-31": "forvaltningslovens § 31, jf. § 28 og databeskyttelseslovens §§ 6-8", "bl-133": "barnets lovs § 133",
    "strl-141": "straffelovens § 141", "sul-43-2-2": "sundhedslovens § 43, stk. 2, nr. 2",
}
