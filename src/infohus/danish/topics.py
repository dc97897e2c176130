"""The Danish headings of the API's documentation, by the part of the address that names what routes are about."""

TOPICS = {
    "health": "Svarer systemet?", "ready": "Er systemet klar?", "problems": "Hvad kan gå galt",
    "infohuse": "Infohuse og beredskabsplan", "contacts": "Hvem man henvender sig til", "concerns": "Henvendelser",
    "clearance-checks": "Politiets tjek", "child-notifications": "Underretninger om børn",
    "reporters": "Den, der har henvendt sig", "subjects": "Personer", "protected-addresses": "Beskyttede adresser",
    "earlier-concerns": "Tidligere henvendelser", "searches": "Søgning", "cases": "Sager", "information": "Oplysninger",
    "participants": "Deltagere", "participation": "Egen deltagelse", "next-steps": "Næste skridt",
    "first-views": "Første vurdering", "scope-decisions": "Vurdering af, om bekymringen hører under infohuset",
    "scope-disagreements": "Uenighed om, hvor bekymringen hører til",
    "screenings": "Screening", "assessments": "Vurderingsværktøjet", "assessment-template": "Vurderingens skabelon",
    "exchanges": "Videregivelser", "oral-exchanges": "Mundtlige videregivelser", "kept-marks": "Bevaringsmærker",
    "information-requests": "Anmodninger om oplysninger", "custody-releases": "Løsladelser",
    "onward-notices": "Underretning om videregivelse", "recommendations": "Anbefalinger", "measures": "Indsatser",
    "stalled-measures": "Indsatser, der er gået i stå", "closures": "Afslutninger", "retention": "Opbevaring",
    "closing": "Hvad der mangler før afslutning", "log": "Egen myndigheds log",
    "installation-log": "Installationens log",
    "yearly-status": "Årlig status", "notes": "Notater", "journal-reference": "Journalnummer",
    "journal-notes": "Journalnotater", "access-requests": "Indsigt", "restrictions": "Begrænsninger i indsigt",
    "overdue-reviews": "Begrænsninger, der skal ses efter", "releases": "Frigivelser", "legal-holds": "Sletteforbud",
    "archive-clearances": "Arkivets godkendelse", "erasure": "Sletning", "erasure-report": "Hvad der skal slettes",
    "plan-versions": "Planens udgaver", "obligations": "Planens forpligtelser",
    "network-materials": "Netværkets materiale",
    **dict.fromkeys(
        ("log-entries", "log-proofs", "log-verification"), "Institutioner uden egen databeskyttelsesrådgiver"
    ),
    "content-requests": "Anmodninger om at læse indhold", "content-on-request": "Indhold på anmodning",
    "log-reports": "Logudtræk til den registrerede",
}
