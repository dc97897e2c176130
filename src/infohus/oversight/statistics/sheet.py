"""A yearly status as CSV, as Excel with Danish settings reads it. Pure.

Semicolons between fields, CRLF after rows, UTF-8 with a byte order mark, without which Excel misreads æ, ø and å.
Source: RFC 4180, but for the semicolon.
"""

import csv
import io
from collections.abc import Sequence

from infohus.oversight.statistics.model import HIDDEN, Number, YearlyStatus

HEADINGS = ("Infohus", "Myndighed", "År", "Tabel", "Opgjort", "Række", "Antal")
TOTAL, MEDIAN, NOT_SHOWN = "I alt", "Medianen ligger i", "skjult"
BYTE_ORDER_MARK = "\ufeff"
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet_of(contributions: Sequence[YearlyStatus]) -> bytes:
    """Write the sheet: one row per row of each table, its total, and the row of the median where there is one."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for status in contributions:
        whose = (status.infohus, status.authority, str(status.year))
        for table in status.tables:
            lines = [(line.heading, _number(line.count)) for line in table.lines]
            lines.append((TOTAL, _number(table.total)))
            lines.extend((MEDIAN, line.heading) for line in table.lines if line.code == table.median)
            for heading, number in lines:
                fields = (*whose, table.heading, table.counted, heading, number)
                writer.writerow([_plain(field) for field in fields])
        writer.writerow([_plain(field) for field in (*whose, "", status.explanation, "", "")])
    return (BYTE_ORDER_MARK + written.getvalue()).encode()


def _number(count: Number) -> str:
    return NOT_SHOWN if count == HIDDEN else str(count)


def _plain(field: str) -> str:
    """Prefix a field that a spreadsheet would run as a formula; names in a plan are free text."""
    return f"'{field}" if field.startswith(_BEGINS_A_FORMULA) else field
