"""docs/trust.md names what the database's tables hold of a case in the clear."""

import re
from collections import defaultdict
from pathlib import Path

import sqlalchemy as sa

import infohus.app  # noqa: F401 - maps every table
from infohus.kernel.database.tables import Row
from infohus.kernel.sealing.column import SealedColumn

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
BOOKKEEPING = {
    "authority_id", "regime", "record_version", "revision", "content_hash", "manifest", "shown", "content",
    "answers_key", "wrapped_key", "template_digest",
}
"""The writer, by which regime it is bound, counters, and what is random or a hash to whoever has no key."""
COUNTERS = {("case", "version"), ("case_side", "version")}


def in_the_clear() -> dict[str, set[str]]:
    """Give the columns that are neither sealed nor ids, moments or bookkeeping, of each table on a case or a record."""
    found: dict[str, set[str]] = {}
    for table in Row.metadata.sorted_tables:
        if table.name == "case" or not {"case_id", "record_kind"}.isdisjoint(table.columns.keys()):
            found[table.name] = {
                column.name for column in table.columns
                if not isinstance(column.type, SealedColumn | sa.Uuid | sa.DateTime)
                and column.name not in BOOKKEEPING and (table.name, column.name) not in COUNTERS
            }
    return found


def on_the_page() -> dict[str, set[str]]:
    """Give the tables that the page's section names, each with the columns of its line."""
    section = PAGE.read_text(encoding="utf-8").split("## What of a case stands in the clear")[1].split("\n## ")[0]
    named: dict[str, set[str]] = defaultdict(set)
    for line in section.splitlines():
        if line.startswith("| `"):
            _, tables, columns, _ = line.split("|")
            for table in re.findall("`([a-z_]+)`", tables):
                named[table] |= set(re.findall("`([a-z0-9_]+)`", columns))
    return named


class WhenTheDatabaseIsReadByWhoeverHasNoKey:
    def test_the_page_says_what_they_see_of_a_case(self) -> None:
        named = on_the_page()
        missing = {
            f"{table}.{column}" for table, columns in in_the_clear().items() for column in columns - named[table]
        }
        assert missing == set()

    def test_it_names_nothing_that_is_sealed_or_gone(self) -> None:
        stored = in_the_clear()
        gone = set(on_the_page()) - stored.keys()
        assert gone == set()
        everything = set().union(*stored.values())
        assert {one for columns in on_the_page().values() for one in columns} - everything == set()
