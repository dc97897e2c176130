"""The words of refusals about age and about the underretning of a child."""

CHILDREN: dict[str, tuple[str, str]] = {
    "screening-awaits-child-notification": (
        "Underretningen skal afleveres først",
        "Personen var eller kan have været under 18 år. Registrér aflevering af underretningen, eller angiv alderen.",
    ),
    "birth-date-not-possible": (
        "Så gammel kan personen ikke være",
        "Ret datoen i feltet {field}. Er alderen uvis, så lad feltet være tomt, og skriv det, I ved. Intet er gemt.",
    ),
    "age-not-possible": (
        "Alderen ender, før den begynder", "Ret alderen i feltet {field}: fra og med, til og med. Intet er gemt.",
    ),
    "age-not-stated": (
        "Hvad er oplyst om alderen?",
        "Angiv en fødselsdato, en alder, fra og til, eller om personen var under 18 år. Intet er gemt.",
    ),
    "hand-over-without-words": (
        "Hvad skal kommunen vide om barnet?",
        "Skriv bekymringen for barnet i {field}: kommunen har ikke fået henvendelsen at se. Intet er afleveret.",
    ),
    "underretning-is-not-withdrawn": (
        "En underretning kan ikke trækkes tilbage",
        "Kommunen skal vurdere den, når den er afleveret. Er noget forkert, så ret videregivelsen.",
    ),
    "child-is-notified-by-itself": (
        "En underretning afleveres for sig selv",
        "Den hviler på barnets lov § 133 og ikke på § 115. Aflevér den under underretningen, og ret feltet {field}.",
    ),
    "reporter-is-known": (
        "Der er nogen at bekræfte over for",
        "Bekræft over for den, der har henvendt sig, eller den myndighed, I fik det fra, og registrér dagen.",
    ),
    "before-the-clock-began": (
        "Tidspunktet ligger, før underretningen blev modtaget",
        "Ret tidspunktet i feltet {field}: fristen løber fra modtagelsen og kan ikke være stoppet før. Intet er gemt.",
    ),
}
_UNTIL = " Indtil det er afklaret, behandles personen som et barn: underretningen skal afleveres."
AGE_WARNINGS = {
    "age-unknown": "Alderen er ikke kendt. Er personen under 18 år? Spørg, og angiv alderen under personen." + _UNTIL,
    "age-estimated": "Personen kan være under 18 år. Undersøg alderen, og angiv den under personen." + _UNTIL,
    "age-century": (
        "Efter datoen er personen omkring hundrede år; et barn kan have de samme cifre. Hvilket århundrede er det?"
        + _UNTIL
    ),
    "age-contradicted": (
        "Oplysningerne om alderen modsiger hinanden. Find ud af, hvad der er rigtigt, og angiv det under personen"
        " sammen med, at det tidligere er forkert." + _UNTIL
    ),
    "age-contradicted-adult": (
        "Oplysningerne om alderen modsiger hinanden, men efter dem alle er personen fyldt 18 år. Ret det forkerte."
    ),
}
"""Questions about an age, by what raises them; none refuses anything (rule 82)."""
