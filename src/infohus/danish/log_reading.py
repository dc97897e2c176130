"""The Danish words for refusals to read a log, or to check it by lot."""

LOG_READING: dict[str, tuple[str, str]] = {
    "content-asked-for-another-purpose": (
        "Der er anmodet med et andet formål",
        "Læs med det formål, som anmodningen om indhold angiver, eller anmod igen med det formål, du nu har.",
    ),
    "not-drawable-yet": (
        "Lodtrækningen mangler et kontrolpunkt",
        "Hemmeligheden er sagt for tidligt. Varsl en ny kontrol, og vent, til du har gemt et kontrolpunkt derefter.",
    ),
    "secret-not-promised": (
        "Hemmeligheden er en anden end den lovede",
        "Send de 64 tegn, du lavede før varslet. Har du dem ikke mere, så varsl en ny kontrol. Intet er ændret.",
    ),
    "entries-not-as-announced": (
        "Posterne er ikke dem, kontrollen blev varslet om",
        (
            "Institutionens poster i perioden er andre nu: De er tømt efter deres frist eller ændret uden om systemet. "
            "Få institutionens log kontrolleret, find ud af hvorfor, og varsl en ny kontrol."
        ),
    ),
    "secret-told-too-early": (
        "Hemmeligheden er brugt",
        (
            "Den blev sagt, før der var et kontrolpunkt at trække af, så lodtrækningen kunne være styret. Varsl en ny "
            "kontrol med en ny hemmelighed. Denne kan ikke trækkes mere."
        ),
    ),
    "secret-promised-before": (
        "Hemmeligheden er lovet før", "Lav en ny hemmelighed; hver kontrol skal have sin egen. Intet er gemt.",
    ),
    "sample-too-small": ("Kontrollen ser på for få poster", "Træk mindst {least} poster. Intet er gemt."),
    "period-leaves-gap": (
        "Kontrollen springer noget over",
        (
            "Poster fra {since} og frem er ikke med i en hel kontrol. Begynd dér, eller sæt leaves_gap, hvis det er "
            "meningen; så tæller kontrollen først med i fristen, når hullet er kontrolleret."
        ),
    ),
    "log-read-without-purpose": (
        "Det fremgår ikke, hvad loggen læses for",
        (
            "Angiv purpose: lawfulness (er behandlingen lovlig), self_monitoring (egenkontrol), integrity_and_security "
            "(dataintegritet og datasikkerhed) eller criminal_proceedings (straffesag). Formålet står i loggen."
        ),
    ),
}
