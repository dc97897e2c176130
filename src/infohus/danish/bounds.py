"""The words of refusals of what reaches beyond the own side, the case or its stage."""

BOUNDS: dict[str, tuple[str, str]] = {
    "no-subject-of-this-case": (
        "Personen er ikke en af sagens personer",
        "Angiv en person, som sagen handler om, eller udelad personen. En henvender er ikke en af dem.",
    ),
    "correction-carries-more": (
        "Rettelsen rækker længere end det, der rettes",
        "Her kan der ikke videregives. Skriv, hvad der er rigtigt, og udelad nye oplysninger og nye modtagere.",
    ),
    "not-shown-to-the-other": (
        "Den anden tovholder får det ikke at se",
        "Det, I begge underskriver, og uenighed om det, vises for jer begge. Føj den anden tovholder til modtagerne.",
    ),
    "side-cannot-end-yet": (
        "Din side kan ikke afsluttes endnu",
        "Underskriv afslutningen. Har den anden ikke underskrevet efter {days} dage, kan din egen side afsluttes.",
    ),
    "drawn-in-by-its-own-authority": (
        "Myndigheden inddrager selv sine medarbejdere",
        "Bed myndighedens egen tovholder om at inddrage personen.",
    ),
}
