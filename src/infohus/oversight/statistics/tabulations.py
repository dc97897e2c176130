"""What a yearly status counts: tables as data, each with its rows in order and their Danish headings. Pure.

The last row of a table is hidden whenever another is (`suppression.py`), so it is the least informative one. The rows
are fixed before counting: a row that appeared only with a count above zero would reveal that it has one.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from infohus.danish import EXTREMISM_FORMS
from infohus.danish.paragraphs import PARAGRAPHS
from infohus.oversight.statistics.model import HIDDEN, Number, StatusLine, StatusTable, YearlyStatus
from infohus.oversight.statistics.suppression import THRESHOLD, median_row, published

Counts = Mapping[tuple[str, str], int]
"""How many records by (table, row)."""


class Tabulation(NamedTuple):
    """A table to be counted: `rows` are Danish headings by code. A code that is no row is counted in `catch_all`."""

    code: str
    heading: str
    counted: str
    rows: Mapping[str, str]
    catch_all: str | None = None
    has_order: bool = False


_REPORTS = "Henvendelser, registreret i året"
_SCOPES = "Fælles vurderinger af, om bekymringen hører under infohuset, i året"

_EXPLANATION = (
    f"Tal under {THRESHOLD} er skjult, også nul, og med dem de tal, de ellers kunne regnes ud af. Hver registrering"
    " tæller i ét år. Tallene er myndighedens egne og det fælles; den anden myndighed opgør sine. De blev opgjort én"
    " gang, efter årets udgang, og ændres ikke siden."
)


def tabulations(forms: Mapping[str, str]) -> tuple[Tabulation, ...]:
    """List the tables; `forms` are the infohus' forms of extremism by code, `other` and `unknown` among them."""
    return (
        Tabulation("channel", "Henvendelser efter kanal", _REPORTS, {
            "phone": "Telefon", "mail": "Mail", "in_person": "Personligt", "hotline": "Hotline",
        }),
        Tabulation(
            "extremism_form", "Henvendelser efter form for ekstremisme", _REPORTS,
            {
                **{code: name for code, name in forms.items() if code not in EXTREMISM_FORMS},
                **EXTREMISM_FORMS,
            },
            catch_all="other",
        ),
        Tabulation("age_group", "Personer efter alder", "Personer i årets henvendelser; alder ved modtagelsen", {
            "under_18": "Under 18 år", "18_to_24": "18–24 år", "25_or_older": "25 år og derover",
            "unknown": "Ukendt alder",
        }),
        Tabulation("scope_outcome", "Hører bekymringen under infohuset, efter resultat", _SCOPES, {
            "within": "Inden for infohuset", "outside": "Uden for infohuset", "disagreed": "Tovholderne var uenige",
            "police_alone": "Politiet alene",
        }),
        Tabulation("scope_time", "Tid fra modtagelse til afgørelse af, om den hører under infohuset", _SCOPES, {
            "within_7_days": "Højst 7 dage", "within_14_days": "8–14 dage", "within_30_days": "15–30 dage",
            "within_90_days": "31–90 dage", "later": "Over 90 dage",
        }, has_order=True),
        Tabulation("tool", "Brug af vurderingsværktøjet", "Vurderinger, påbegyndt i året", {
            "concluded": "Afsluttet i året", "under_way": "Ikke afsluttet ved årets udgang",
        }),
        Tabulation("prevention_level", "Indsatser efter forebyggelsesniveau", "Indsatser, registreret i året", {
            "universal": "Opbyggende", "selective": "Foregribende", "indicated": "Indgribende",
        }),
        Tabulation(
            "paragraph", "Videregivelser efter hjemmel", "Videregivelser, registreret i året, uden rettelser",
            # What PET asked for is counted nowhere (rule 85).
            {code: name[0].upper() + name[1:] for code, name in PARAGRAPHS.items() if code != "pet-loven-4"},
        ),
        Tabulation("outcome", "Afsluttede sager efter resultat", "Sager, afsluttet i året", {
            "unfounded": "Ubegrundet", "completed": "Gennemført", "handed_over": "Overdraget",
            "outside_infohus": "Uden for infohuset",
        }),
    )


def yearly_status(
    infohus: str, authority: str, year: int, tables: Sequence[Tabulation], counts: Counts
) -> YearlyStatus:
    """Make an authority's status with small counts hidden; hidden numbers are not in the result.

    Raises:
        ValueError: a count is for an unknown table or row; left out, it would be missing from a total.
    """
    codes = {table.code for table in tables}
    if unknown_tables := sorted({code for code, _ in counts} - codes):
        message = f"no such table: {', '.join(unknown_tables)}"
        raise ValueError(message)
    return YearlyStatus(
        infohus=infohus, authority=authority, year=year, explanation=_EXPLANATION,
        tables=[
            _table(table, {row: n for (code, row), n in counts.items() if code == table.code}) for table in tables
        ],
    )


def _table(table: Tabulation, counts: Mapping[str, int]) -> StatusTable:
    by_row = dict.fromkeys(table.rows, 0)
    for row, records in counts.items():
        place = row if row in by_row else table.catch_all
        if place is None:
            message = f"{table.code} has no row {row}"
            raise ValueError(message)
        by_row[place] += records
    shown = published(list(by_row.values()))
    median = median_row(shown) if table.has_order else None
    codes = list(table.rows)
    return StatusTable(
        code=table.code, heading=table.heading, counted=table.counted, total=_number(shown.total),
        lines=[
            StatusLine(code, table.rows[code], _number(count)) for code, count in zip(codes, shown.counts, strict=True)
        ],
        median=None if median is None else codes[median],
    )


def _number(count: int | None) -> Number:
    return HIDDEN if count is None else count
