"""The Danish words for requests that are refused before anything is asked: what cannot be read, or cannot be meant."""

NOT_UNDERSTOOD = {
    "whole": "Send ét JSON-objekt med de felter, som /docs viser, og intet andet. Intet er gemt.",
    "unknown": "Der er noget i {field}, som ikke findes. Fjern det; /docs viser felter og parametre. Intet er gemt.",
    "required": "Feltet {field} mangler. Tilføj det, og send igen. Intet er gemt.",
    "code": "Feltet {field} har en kode, som ikke findes. Brug en af dem, der står på /docs. Intet er gemt.",
    "zone": "Ret feltet {field}: et tidspunkt har sin tidszone, som i 2026-11-30T14:00:00+01:00. Intet er gemt.",
    "long": "Teksten i {field} er for lang. Forkort den til højst {limit} tegn. Intet er gemt.",
    "short": "Teksten i {field} er for kort. Skriv mindst {limit} tegn. Intet er gemt.",
    "many": "Der er for mange i {field}. Angiv højst {limit}. Intet er gemt.",
    "few": "Der er for få i {field}. Angiv mindst {limit}. Intet er gemt.",
    "bool": "Ret feltet {field}: svar ja eller nej, altså true eller false. Intet er gemt.",
    "str": "Ret feltet {field}: skriv en tekst. Intet er gemt.",
    "int": "Ret feltet {field}: skriv et helt tal. Intet er gemt.",
    "array": "Ret feltet {field}: angiv en liste, også når der kun er én. Intet er gemt.",
    "object": "Ret feltet {field}: angiv dets egne felter; /docs viser dem. Intet er gemt.",
    "uuid": "Ret feltet {field}: angiv et id, som systemet har givet. Intet er gemt.",
    "date": "Ret feltet {field}: angiv en dag, som 2026-11-30. Intet er gemt.",
    "datetime": "Ret feltet {field}: angiv et tidspunkt med tidszone, som 2026-11-30T14:00:00+01:00. Intet er gemt.",
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
