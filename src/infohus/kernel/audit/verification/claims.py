"""Whose word counts for a row: the log's of an authority that may write it, in an act that writes, on its case.

Whoever may append to one log could otherwise make a row of another authority lawful, or a lawful one look changed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from infohus.kernel.audit.formats.emptying import CARRIED
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.key_rows import KeyRowRules
from infohus.kernel.audit.verification.logged_rows import Written

CANNOT_SAY = "siger noget om en række, som loggens myndighed ikke kan skrive med den handling og i den sag"
OTHERS_ALONE = "ingen log, hvis myndighed kan skrive den, nævner den i dens sag med en handling, der skriver"
OPERATOR = "installation"
MOST_NAMED = 5
"""Of the entries on one row: the newest so many are named."""


class Claims:
    """Tells apart which entries on a row count."""

    def __init__(self, rules: KeyRowRules) -> None:
        """Ask `rules` who writes a row."""
        self._rules = rules
        self.logs: dict[str, str | None] = {}
        """Whose each log is; the installation's is nobody's."""

    async def sorted_out(
        self, connection: AnyConnection, table: str, stored: Mapping[str, Any], said: Sequence[Written]
    ) -> tuple[list[Written], list[Written]]:
        """Give the entries that count for a row, and those that do not."""
        counting, others = list[Written](), list[Written]()
        for one in said:
            counts = await self._counts(connection, table, stored, one)
            (counting if counts else others).append(one)
        return counting, [one for one in others if not self._repeats(one, counting)]

    def places(self, said: Sequence[Written]) -> str:
        """Name the newest entries in Danish, by log and index."""
        return "; ".join(f"log {self.logs[one.log] or OPERATOR}, post {one.place}" for one in said[-MOST_NAMED:])

    def _repeats(self, one: Written, counting: Sequence[Written]) -> bool:
        """Say whether an entry tells whom it concerns what the operator did, be that emptied since."""
        by_operator = [word for word in counting if self.logs[word.log] is None]
        if one.authority is not None or not by_operator:
            return False
        same = [word.digest for word in by_operator if word.revision == one.revision]
        return one.digest in same if same else one.revision < max(word.revision for word in by_operator)

    async def _counts(
        self, connection: AnyConnection, table: str, stored: Mapping[str, Any], one: Written
    ) -> bool:
        whose, meets = self.logs[one.log], self._rules.meets(table, one.verb)
        if one.verb != CARRIED:
            case_id = stored.get("case_id", stored["id"] if table == "case" else None)
            is_elsewhere = case_id is not None and not meets and one.case_id != str(case_id)
            if one.authority != whose or is_elsewhere:
                return False
        if not meets and not self._rules.writes_rows(one.action, carries=one.verb == CARRIED, authority=whose):
            return False
        return await self._rules.may_write(connection, table, stored, verb=one.verb, authority=whose)
