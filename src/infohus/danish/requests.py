"""The Danish words for requests that are refused before anything is asked: what cannot be read, or cannot be meant."""

REQUESTS: dict[str, tuple[str, str]] = {
    "request-not-understood": (
        "Oplysningerne kunne ikke læses",
        "Ret feltet {field}, og send igen. Intet er gemt.",
    ),
    "request-too-large": ("Det sendte er for stort", "Del det op i mindre dele. Intet er gemt."),
    "unsupported-media-type": (
        "Formatet kan ikke læses",
        "Send det som application/json i UTF-8; alt andet kan læses på to måder, og svaret er 400. Intet er gemt.",
    ),
    "moment-not-plausible": (
        "Tidspunktet kan ikke passe",
        "Ret feltet {field}: det skal ligge i årene 1900 til 2099. Intet er gemt.",
    ),
    "reason-without-words": (
        "Der mangler ord",
        "Skriv med ord i feltet {field}; der skal være mindst ét synligt bogstav. Intet er gemt.",
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
