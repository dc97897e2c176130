"""The words of refusals about age and about the underretning of a child."""

CHILDREN: dict[str, tuple[str, str]] = {
    "birth-date-not-possible": (
        "Så gammel kan personen ikke være",
        "Ret datoen i feltet {field}. Er alderen uvis, så lad feltet være tomt, og skriv det, I ved. Intet er gemt.",
    ),
    "before-the-clock-began": (
        "Tidspunktet ligger, før underretningen blev modtaget",
        "Ret tidspunktet i feltet {field}: fristen løber fra modtagelsen og kan ikke være stoppet før. Intet er gemt.",
    ),
}
