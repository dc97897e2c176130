"""The Danish words for requests that are refused before anything is asked: what cannot be read, or cannot be meant."""

NOT_UNDERSTOOD = {
    "whole": "Send ét JSON-objekt med de felter, som /docs viser, og intet andet. Intet er gemt.",
    "unknown": "Der er noget i {field}, som ikke findes. Fjern det; /docs viser felter og parametre. Intet er gemt.",
    "required": "Feltet {field} mangler. Tilføj det, og send igen. Intet er gemt.",
    "code": "Feltet {field} har en kode, som ikke findes. Brug en af dem, der står på /docs. Intet er gemt.",
    "zone": "Ret feltet {field}: et tidspunkt har sin tidszone, som i 2026-11-30T14:00:00+01:00. Intet er gemt.",
    "sign": "En tekst har et tegn, som ikke kan gemmes, for eksempel NUL. Fjern det, og send igen. Intet er gemt.",
}
"""What to do about a request that is not understood, where it is not that one field holds something wrong."""
PLACES = {"$": "indholdet", "?": "adressen"}
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
    "record-not-readable": (
        "En post er ændret uden om systemet",
        "Posten {record} er ikke, som den blev gemt, så den vises ikke. Giv databeskyttelsesrådgiveren besked.",
    ),
    "moment-not-plausible": (
        "Tidspunktet kan ikke passe",
        "Ret feltet {field}: det skal ligge i årene 1900 til 2099. Intet er gemt.",
    ),
    "reason-without-words": (
        "Der mangler ord",
        "Skriv med ord i feltet {field}; der skal være mindst ét synligt bogstav. Intet er gemt.",
    ),
}
