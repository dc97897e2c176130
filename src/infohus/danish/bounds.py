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
        "Det, I begge underskriver, vises for jer begge. Føj den anden tovholders myndighed til modtagerne.",
    ),
    "before-the-case": (
        "Tidspunktet ligger før sagen",
        "Ret tidspunktet for videregivelsen. Blev det sagt, før sagen blev oprettet, så skriv det i et notat.",
    ),
    "recipient-took-no-part-then": (
        "Modtageren deltog ikke i sagen på det tidspunkt",
        "Ret tidspunktet for videregivelsen, eller videregiv oplysningen nu.",
    ),
    "pet-is-answered-by-itself": (
        "PET's anmodning besvares for sig", "Registrér svaret til PET som en videregivelse for sig selv.",
    ),
    "drawn-in-by-its-own-authority": (
        "Myndigheden inddrager selv sine medarbejdere",
        "Bed myndighedens egen tovholder om at inddrage personen.",
    ),
}
