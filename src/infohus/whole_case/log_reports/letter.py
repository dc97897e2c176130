"""The log report as a letter to the person, in Danish. Pure."""

from collections.abc import Sequence
from datetime import datetime

from infohus.danish_calendar import danish_time
from infohus.whole_case.log_reports.model import ReportLine

_PROVISIONS = {
    "dbl-22-1": "databeskyttelseslovens § 22, stk. 1", "dbl-22-2": "databeskyttelseslovens § 22, stk. 2",
    "rhl-14": "retshåndhævelseslovens § 14", "rhl-16": "retshåndhævelseslovens § 16",
}


def letter(
    authority: str, *, made_at: datetime, lines: Sequence[ReportLine], emptied: int, log_id: str
) -> str:
    """Write the letter: when the data was used and for what purpose, and how to check that nothing is left out."""
    said = [
        "# Udtræk af loggen over brugen af dine oplysninger", "",
        f"Myndighed: {authority}. Trukket ud {_moment(made_at)}.", "",
        f"I infohusets log står {len(lines)} opslag, hvor {authority} har brugt oplysninger om dig.",
        "Andre myndigheder svarer selv for deres. Navne på medarbejdere er ikke med (EU-Domstolen, sag C-579/21).", "",
    ]
    if emptied:
        said += [f"{emptied} ældre opslag er slettet af loggen, fordi fristen for at gemme dem er udløbet.", ""]
    if lines:
        said += ["| Nr. | Tidspunkt | Formål |", "|---|---|---|"]
    for line in lines:
        at = "undtaget" if line.at is None else _moment(line.at)
        what = line.purpose or f"Undtaget efter {_PROVISIONS.get(str(line.withheld), line.withheld)}"
        said.append(f"| {line.number or '–'} | {at} | {what} |")
    said += [
        "",
        "**Intet er udeladt, og det kan efterprøves.** Hvert opslag i loggen siger, hvor mange der er om dig, og er",
        "kædet til det forrige. Loggen er underskrevet, også af vidner. Du, eller en, du vælger, kan kontrollere",
        "udtrækket uden at spørge os: `infohus audit check-report`.", "",
        f"Loggen kender dig under koden {log_id}.", "",
        "Du kan klage til Datatilsynet.", "",
    ]  # fmt: skip
    return "\n".join(said)


def _moment(at: datetime) -> str:
    return f"{danish_time(at):%d.%m.%Y kl. %H.%M}"
