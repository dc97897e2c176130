"""Of each table with rows of a case: no entry makes a forged row lawful but its writer's, by an act that does that.

Entries are forged as whoever appends to a log can: by the other tovholder's authority, by the row's own one under
another act, on another case or for nobody, and by the operator. Rows are forged between database and comparison.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from house import INSTITUTION, MUNICIPALITY, POLICE
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.access.row_acts import BY_ANY, DELETE, INSERT, OTHER_ROLES, TOVHOLDERE, UPDATE
from infohus.kernel.access.row_writers import ALSO, MET
from infohus.kernel.audit.formats.emptying import CARRIED, CARRY_ROWS
from infohus.kernel.audit.formats.entry import Entry, Wrote, decode
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, log_of
from infohus.kernel.audit.verification.claims import ANOTHERS, OTHERS_ALONE
from infohus.kernel.audit.verification.logged_rows import LoggedRows, key_text
from infohus.kernel.audit.verification.row_reconciliation import GONE, TABLES, RowReconciliation, Table
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.row_digests import REVISION, digest_of, key_of
from infohus.kernel.identity.caller import Role
from policies.conftest import Compared

OF_LOGS: Final = "SELECT entry FROM audit.leaf WHERE log_id = ANY ($1) ORDER BY log_id, index"
OTHERS, ACT, MET_IN = "another's log", "another act", ("another act", "an act that reads", "another case", "no case")
TOVHOLDER_OF: Final = {
    MUNICIPALITY: Role.MUNICIPAL_COORDINATOR.value, POLICE: Role.POLICE_COORDINATOR.value,
}
CHANGED_BY_THE_OTHER: Final = frozenset({"exchange_key"})
"""What the other authority may change by the act that made it, too: it takes in what it was given."""
DELETED_FROM: Final = frozenset({"disclosed_key", "exchange_key"})
WHOSE_OR_WHERE: Final = frozenset({
    "authority_id", "case_id", "discloser_id", "recipient_id", "acts_for", "asked_of", "infohus_id", "ended_at",
    "exchange_id", "sealed", "taken_in", REVISION,
})
"""Columns that are not changed here, since they say who may write the row, or what is wrong with it for itself."""


@dataclass(frozen=True)
class Logged:
    """A row that is as its log says, and the entry with which it came."""

    table: Table
    stored: Mapping[str, Any]
    entry: Entry
    wrote: Wrote

    @property
    def _other(self) -> str:
        return POLICE if self.entry.authority == MUNICIPALITY else MUNICIPALITY

    def forged_entries(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give where an entry is forged, and what it says otherwise than the honest one."""
        other = self._other
        act = Action.WRITE_NOTE if self.table.name != "note" else Action.NOTE_INFORMATION
        yield OTHERS, {"log": log_of(other), "authority": other, "role": TOVHOLDER_OF[other]}
        yield "carried there", {"log": log_of(other), "authority": None, "case": None, "action": CARRY_ROWS}
        yield ACT, {"action": act.value}
        yield "an act that reads", {"action": Action.READ_CASE.value}
        yield "another case", {"case": uuid4()}
        yield "no case", {"case": None}
        yield "for nobody", {"authority": None}
        yield "the operator's log", {"log": INSTALLATION_LOG, "authority": None, "case": None}
        yield "the operator's log, on the case", {"log": INSTALLATION_LOG, "authority": None}

    def changed(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Change a column; give the row, and what an entry says of it."""
        name, value = next(
            (name, value) for name, value in self.stored.items()
            if value is not None and name not in WHOSE_OR_WHERE and name not in self.table.keys
            and not isinstance(value, list)
        )
        row, verb = {**self.stored, name: _other(value)}, INSERT
        if REVISION in row:
            row[REVISION], verb = row[REVISION] + 1, UPDATE
        return row, {
            "verb": verb, "revision": row.get(REVISION, 1), "digest": digest_of(self.table.name, row),
            "was": digest_of(self.table.name, self.stored) if verb == UPDATE else None,
        }

    def added(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Make a row beside it; give that, and what an entry says of it."""
        name = next(
            name for name in sorted(self.table.keys, key=lambda one: one in WHOSE_OR_WHERE)
            if isinstance(self.stored[name], UUID | int | str)
        )
        row = {**self.stored, name: _other(self.stored[name]), **({REVISION: 1} if REVISION in self.stored else {})}
        return row, {
            "verb": INSERT, "key": key_of(row, self.table.keys), "revision": 1, "was": None,
            "digest": digest_of(self.table.name, row),
        }

    def prolonged(self) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
        """Let a participation last longer; give the row, what an entry says of it, and by which acts that end one."""
        row = {**self.stored, "ended_at": self.entry.at + timedelta(days=900), REVISION: self.stored[REVISION] + 1}
        word = {
            "verb": UPDATE, "revision": row[REVISION], "digest": digest_of(self.table.name, row),
            "was": digest_of(self.table.name, self.stored),
        }
        for act in (Action.LEAVE_CASE, Action.END_PARTICIPATION):
            for whose in (self._other, self.entry.authority):
                yield row, word, {"log": log_of(str(whose)), "authority": whose, "action": act.value}

    def taken_over(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Let the row say that it is the other authority's, where a column but its key says whose it is."""
        columns = [one for one in ("authority_id", "discloser_id") if one in self.stored.keys() - set(self.table.keys)]
        if not columns:
            return None
        row = {**self.stored, columns[0]: self._other}
        revision = self.stored.get(REVISION, 1)
        return row, {"verb": INSERT, "revision": revision, "digest": digest_of(self.table.name, row), "was": None}

    def deleted(self) -> tuple[None, dict[str, Any]]:
        """Say that it is gone."""
        was = digest_of(self.table.name, self.stored)
        return None, {"verb": DELETE, "revision": self.stored.get(REVISION, 1) + 1, "digest": None, "was": was}


def _other(value: Any) -> Any:
    match value:
        case UUID():
            return uuid4()
        case str() | bytes():
            return value * 2
        case int():
            return 1 - value
    return value - timedelta(days=9)


class Between:
    """A connection that gives another row than the database has, or none, where the comparison asks for it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.asked = "nothing"
        self.row: Mapping[str, Any] | None = None
        self.is_case_gone = False
        self.rests = False

    async def fetch(self, query: str, *arguments: Any) -> Any:
        """Give no authorities of a case that is gone; and say, if so told, that a case was led where it stands."""
        if self.rests and "stage_rests_on" in query:
            return [{"rests": True}]
        return [] if self.is_case_gone else await self._connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        """Give the forged row of the table that is asked for."""
        return self.row if query.startswith(self.asked) else await self._connection.fetchrow(query, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class Forging:
    """All logs as they were read, to which entries are added one at a time."""

    def __init__(self, connection: asyncpg.Connection, reconciliation: RowReconciliation) -> None:
        self._between, self._reconciliation = Between(connection), reconciliation
        self._seen = cast("asyncpg.Connection", self._between)

    async def faults(
        self, logged: Logged, row: Mapping[str, Any] | None, wrote: Mapping[str, Any], said: Mapping[str, Any], *,
        is_case_gone: bool = False, rests: bool = False,
    ) -> list[tuple[str, str]]:
        """Compare a row with the logs and one more entry; give what is named, and how."""
        word = msgspec.structs.replace(logged.wrote, **wrote)
        if said.get("action") == CARRY_ROWS:
            word = msgspec.structs.replace(word, verb=CARRIED if row is not None else DELETE, was=None)
        entry = msgspec.structs.replace(
            logged.entry, at=logged.entry.at + timedelta(days=1), nonce=secrets.token_urlsafe(16), wrote=[word], **said
        )
        self._between.asked, self._between.row = f"{logged.table.select} WHERE", row
        self._between.is_case_gone, self._between.rests = is_case_gone, rests
        store = self._reconciliation.logged.store
        store.commit()
        self._reconciliation.logged.see(entry.log, 10**6, entry)
        found = await self._reconciliation.compare_at(self._seen, logged.table, key_text(word.key))
        store.rollback()
        return [(fault.table, fault.what) for fault in found]


async def _logged(connection: asyncpg.Connection, reconciliation: RowReconciliation) -> list[Logged]:
    """Choose a row of each table with rows of a case that is as the logs say."""
    tables = {
        table.name: table for table in map(Table.of, await connection.fetch(TABLES))
        if "case_id" in table.columns or table.name == "case"
    }
    chosen: dict[str, Logged] = {}
    for row in await connection.fetch(OF_LOGS, [log_of(MUNICIPALITY), log_of(POLICE)]):
        entry = decode(row["entry"])
        for wrote in entry.wrote:
            table = tables.get(wrote.table)
            if table is None or wrote.verb != INSERT or table.name in chosen or entry.case is None:
                continue
            stored = await connection.fetchrow(f"{table.select} WHERE {table.key_of_text}", *wrote.key)
            if stored is not None and await reconciliation.compare_at(connection, table, key_text(wrote.key)) == []:
                chosen[table.name] = Logged(table, dict(stored), entry, wrote)
    assert chosen.keys() == tables.keys()
    return list(chosen.values())


def _is_lawful(table: str, verb: str, where: str) -> bool:
    """Say whether such an entry is one of whoever may write the row so, by an act that may."""
    if (table, verb) == MET and where in MET_IN:
        return True
    if (table, verb) == ("case_side", INSERT):
        return False  # the one beside it is in another case
    return (where == OTHERS and verb == UPDATE and table in CHANGED_BY_THE_OTHER) or (
        where == ACT and (table, verb) in BY_ANY and table != "exchange_key"
    )


@pytest.mark.rule(58)
@pytest.mark.rule(90)
async def test_no_other_entry_makes_a_row_lawful_that_was_added_changed_or_deleted(
    compared: Compared, superuser: asyncpg.Connection
) -> None:
    with LoggedRows() as logged:
        reconciliation = RowReconciliation(logged, RulesOfKeyRows())
        while not await reconciliation.follow(superuser):
            pass
        forging, deletable = Forging(superuser, reconciliation), set[str]()
        for one in await _logged(superuser, reconciliation):
            wrong = [*await _passed(forging, one), *await _passed_otherwise(forging, one)]
            assert wrong == [], "\n".join(str(passed) for passed in wrong)
            withdrawing = {"action": Action.WITHDRAW_EXCHANGE.value}
            if await forging.faults(one, *one.deleted(), withdrawing) == []:
                deletable.add(one.table.name)
        assert deletable == DELETED_FROM
    assert compared.asked.world.tables


async def _passed(forging: Forging, one: Logged) -> list[Any]:
    """List the entries on a row that was added, changed or deleted that were named though lawful, or not though not."""
    wrong, name = list[Any](), one.table.name
    added = one.added()
    for row, wrote in (added, one.changed(), one.deleted()):
        assert await forging.faults(one, row, {**wrote, "verb": "zzz"}, {}) != [], name
        for where, said in one.forged_entries():
            found = await forging.faults(one, row, wrote, said)
            is_named = name in {table for table, _ in found}
            is_repeated = wrote["verb"] == INSERT and row is not added[0]  # the row is there, and was inserted once
            if is_named == (not is_repeated and _is_lawful(name, wrote["verb"], where)):
                wrong.append((name, wrote["verb"], where, found))
            if row is None and (name, GONE) not in found:
                wrong.append((name, "not gone", where, found))
    return wrong


async def _passed_otherwise(forging: Forging, one: Logged) -> list[Any]:
    """List the same of a row whose column says another writer, of a longer participation, and of one without a case."""
    wrong, name = list[Any](), one.table.name
    if (taken := one.taken_over()) is not None:
        found = await forging.faults(one, *taken, next(one.forged_entries())[1])
        # What the other's tovholder never does is no entry on the row at all.
        is_the_others_too = OTHER_ROLES.get(Action(one.entry.action), TOVHOLDERE) >= TOVHOLDERE
        if (name, ANOTHERS if is_the_others_too else OTHERS_ALONE) not in found:
            wrong.append((name, "taken over", found))
    for row, wrote, said in one.prolonged() if name == "participant" else ():
        if name not in {table for table, _ in await forging.faults(one, row, wrote, said)}:
            wrong.append((name, "prolonged", said))
    if "infohus" in ALSO.get((name, UPDATE), ()) and name != "case":
        said = {"log": log_of(INSTITUTION), "authority": INSTITUTION}
        if name not in {table for table, _ in await forging.faults(one, *one.changed(), said, is_case_gone=True)}:
            wrong.append((name, "its case is gone"))
    return wrong
