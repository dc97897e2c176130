"""The log report as a letter to the person, in Danish. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from infohus.danish_calendar import danish_time
from infohus.whole_case.log_reports.model import ReportLine

MAY_BE_WITHHELD = (
    "Det samme gælder alle udtræk: Opslag, som efter databeskyttelseslovens § 22 eller retshåndhævelseslovens §§ 14"
    " og 16 ikke må oplyses, er ikke med, opslag ældre end fristen for at gemme dem er slettet, og det oplyses ikke,"
    " om der er nogen af dem."
)
"""What every letter of every authority says, whether anything was withheld or not (rule 64)."""


def letter(authority: str, *, made_at: datetime, lines: Iterable[ReportLine], log_id: str) -> Iterator[str]:
    """Write the letter, piece by piece: when the data was used and for what purpose, and how it can be checked."""
    yield "\n".join([
        "# Udtræk af loggen over brugen af dine oplysninger", "",
        f"Myndighed: {authority}. Trukket ud {_moment(made_at)}.", "",
        f"Her kan du se, hvornår {authority} har brugt oplysninger om dig i infohuset, og hvad de blev brugt til.",
        "Andre myndigheder svarer selv for deres brug. Navne på ansatte er ikke med (EU-Domstolen, sag C-579/21).",
        "", "| Tidspunkt | Formål |", "|---|---|", "",
    ])
    for line in lines:
        yield f"| {_moment(line.at)} | {line.purpose} |\n"
    yield "\n".join([
        "", MAY_BE_WITHHELD, "Intet andet er udeladt.", "",
        "Udtrækkets fingeraftryk står i myndighedens log, som er underskrevet, også af vidner. Du, eller en anden, kan",
        "kontrollere det uden at spørge os: `infohus audit check-report`. At intet andet er udeladt, kan de",
        "kontrollere, der må læse loggen: Bed myndighedens databeskyttelsesrådgiver eller Datatilsynet om det.", "",
        f"Loggen kender dig under koden {log_id}.", "",
        "Du kan klage til Datatilsynet.", "",
    ])


def _moment(at: datetime) -> str:
    return f"{danish_time(at):%d.%m.%Y kl. %H.%M}"
