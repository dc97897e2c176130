"""What a yearly status counts: tables as data, each with its rows in order and their Danish headings. Pure.

The last row of a table covers for the others (`suppression.py`), so it is the one that tells least. Rows are fixed
before anything is counted: a row that appeared only when it held something would tell that it does.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from infohus.oversight.statistics.model import HIDDEN, Number, StatusLine, StatusTable, YearlyStatus
from infohus.oversight.statistics.suppression import THRESHOLD, median_row, published

Counts = Mapping[tuple[str, str], int]
"""How many records by (table, row)."""


class Tabulation(NamedTuple):
    """A table to be counted. A code that is not among the rows counts as `catch_all`."""

    code: str
    heading: str
    counted: str
    rows: Mapping[str, str]
    catch_all: str | None = None
    has_order: bool = False


_REPORTS = "Henvendelser, registreret i året"
_SCOPES = "Fælles afgrænsninger, truffet i året"

_FORMS = {"islamist": "Ekstrem islamisme", "right": "Højreekstremisme", "left": "Venstreekstremisme"}
"""Forms of extremism of an infohus that has loaded no plan."""

_EXPLANATION = (
    f"Tal under {THRESHOLD} er skjult, også nul, og med dem de tal, de ellers kunne regnes ud af. Hver registrering"
    " tæller i ét år. Tallene blev opgjort én gang, efter årets udgang, og ændres ikke siden."
)


def tabulations(forms: Mapping[str, str]) -> tuple[Tabulation, ...]:
    """List the tables; `forms` are the plan's forms of extremism by code (rule 27), empty when there is no plan."""
    return (
        Tabulation("channel", "Henvendelser efter kanal", _REPORTS, {
            "phone": "Telefon", "mail": "Mail", "in_person": "Personligt", "hotline": "Hotline",
        }),
        Tabulation(
            "extremism_form", "Henvendelser efter form for ekstremisme", _REPORTS,
            {
                **{code: name for code, name in (forms or _FORMS).items() if code not in {"other", "unknown"}},
                "other": "Anden form for ekstremisme", "unknown": "Ikke kendt",
            },
            catch_all="other",
        ),
        Tabulation("age_group", "Personer efter alder", "Personer i årets henvendelser; alder ved modtagelsen", {
            "under_18": "Under 18 år", "18_to_24": "18–24 år", "25_or_older": "25 år og derover",
            "unknown": "Ukendt alder",
        }),
        Tabulation("scope_outcome", "Fælles afgrænsninger efter resultat", _SCOPES, {
            "within": "Inden for infohuset", "outside": "Uden for infohuset", "disagreed": "Tovholderne var uenige",
            "police_alone": "Politiet alene",
        }),
        Tabulation("scope_time", "Tid fra modtagelse til fælles afgrænsning", _SCOPES, {
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
            {
                "rpl-115-1": "Retsplejelovens § 115, stk. 1", "rpl-115-2": "Retsplejelovens § 115, stk. 2",
                "rpl-115-3": "Retsplejelovens § 115, stk. 3", "pet-loven-4": "PET-lovens § 4",
            },
        ),
        Tabulation("outcome", "Afsluttede sager efter resultat", "Sager, afsluttet i året", {
            "unfounded": "Grundløs", "completed": "Gennemført", "handed_over": "Overdraget",
            "outside_infohus": "Uden for infohuset",
        }),
    )


def yearly_status(infohus: str, year: int, tables: Sequence[Tabulation], counts: Counts) -> YearlyStatus:
    """Make the status as it may be shown: whatever is hidden is gone from here on.

    Raises:
        ValueError: something was counted that no table has a place for; nothing may be lost from a total unseen.
    """
    known = {table.code for table in tables}
    if strangers := sorted({code for code, _ in counts} - known):
        message = f"no such table: {', '.join(strangers)}"
        raise ValueError(message)
    return YearlyStatus(
        infohus=infohus, year=year, explanation=_EXPLANATION,
        tables=[_table(one, {row: n for (code, row), n in counts.items() if code == one.code}) for one in tables],
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
