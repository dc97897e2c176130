"""The words about CPR numbers: refusals, and the warnings that stand beside a person."""

CPR_NUMBERS = {
    "cpr-number-not-possible": (
        "CPR-nummeret kan ikke passe",
        "Datoen i nummeret findes ikke. Ret nummeret, eller registrér personen uden CPR-nummer.",
    ),
    "cpr-number-identifies-nobody": (
        "Et erstatningspersonnummer udpeger ingen",
        "Andre kan have det samme nummer. Brug personens rigtige CPR-nummer, eller find sagen ad anden vej.",
    ),
}
CPR_WARNINGS = {
    "cpr-odd": "CPR-nummeret opfylder ikke modulus 11. Det behøver nyere numre ikke; kontrollér det gerne igen.",
    "cpr-replacement": (
        "Nummeret er et erstatningspersonnummer. Andre kan have det samme, så det udpeger ingen alene: "
        "sammenhold med navn og fødselsdato."
    ),
    "cpr-missing": "Personen er registreret uden CPR-nummer.",
}
