"""An entry's word on a row counts only where its log's authority may write that row, and on that row's case."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from house import MUNICIPALITY, POLICE, House, now
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.audit.formats.emptying import CARRY_ROWS
from infohus.kernel.audit.formats.entry import Entry, Wrote, decode, encode
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, log_of
from infohus.kernel.audit.verification.claims import CANNOT_SAY, OPERATOR, OTHERS_ALONE
from infohus.kernel.audit.verification.key_rows import RowFault
from infohus.kernel.audit.verification.logged_rows import LoggedRows, key_text
from infohus.kernel.audit.verification.row_reconciliation import NOBODYS, RESTS_ON_NOTHING, RowReconciliation
from infohus.kernel.database.row_digests import digest_of
from reconciled import SET_UP

OF_LOG = "SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index DESC"
OTHER_DIGEST = "00" * 32
FORGED: dict[str, tuple[str | None, dict[str, Any], dict[str, Any]]] = {
    "another's log, another digest": (POLICE, {}, {"digest": OTHER_DIGEST}),
    "another's log, a later revision": (POLICE, {}, {"verb": "update", "revision": 7, "digest": OTHER_DIGEST}),
    "another's log, the last revision": (POLICE, {}, {"verb": "update", "revision": 2**63 - 1, "digest": OTHER_DIGEST}),
    "another's log, deleted": (POLICE, {}, {"verb": "delete", "revision": 2, "digest": None}),
    "another's log, the same": (POLICE, {}, {}),
    "another's log, carried": (POLICE, {"authority": None, "case": None}, {"verb": "carry", "digest": OTHER_DIGEST}),
    "the own log, an act that reads": (MUNICIPALITY, {"action": "readConcern"}, {"digest": OTHER_DIGEST}),
    "the own log, an act that is none": (MUNICIPALITY, {"action": "listConcerns"}, {"digest": OTHER_DIGEST}),
    "the own log, carried by another act": (MUNICIPALITY, {}, {"verb": "carry", "digest": OTHER_DIGEST}),
    "the own log, an act that carries": (MUNICIPALITY, {"action": CARRY_ROWS}, {"digest": OTHER_DIGEST}),
    "the own log, the other tovholder's role": (
        MUNICIPALITY, {"role": "police_coordinator"}, {"digest": OTHER_DIGEST},
    ),
    "the own log, a role that does no such thing": (
        MUNICIPALITY, {"role": "data_protection_officer"}, {"digest": OTHER_DIGEST},
    ),
    "the own log, no role": (MUNICIPALITY, {"role": None}, {"digest": OTHER_DIGEST}),
    "the installation's log": (None, {"authority": None}, {"digest": OTHER_DIGEST}),
    "the own log, for nobody": (MUNICIPALITY, {"authority": None}, {"digest": OTHER_DIGEST}),
    "the own log, another case": (MUNICIPALITY, {"case": uuid4()}, {"digest": OTHER_DIGEST}),
    "the own log, no case": (MUNICIPALITY, {"case": None}, {"digest": OTHER_DIGEST}),
    "the own log, deleted": (MUNICIPALITY, {}, {"verb": "delete", "revision": 2, "digest": None}),
    "the own log, a word that is none": (MUNICIPALITY, {}, {"verb": "zzz", "digest": OTHER_DIGEST}),
}
"""In whose log, and what such an entry and its word on the row say otherwise than the honest one."""


async def found_over(connection: asyncpg.Connection) -> list[RowFault]:
    """Compare all rows as a connection sees them, but for what the fixture fills."""
    with LoggedRows() as logged:
        reconciliation, found = RowReconciliation(logged, RulesOfKeyRows()), list[RowFault]()
        while not reconciliation.is_done:
            found += await reconciliation.step(connection)
    return [one for one in found if one.table not in SET_UP]


@dataclass(frozen=True)
class Claiming:
    """The newest honest word on a row of a table, in the municipality's log, and the superuser's connection."""

    connection: asyncpg.Connection
    entry: Entry
    wrote: Wrote

    @classmethod
    async def on(cls, connection: asyncpg.Connection, table: str) -> "Claiming":
        """Find it."""
        for row in await connection.fetch(OF_LOG, log_of(MUNICIPALITY)):
            entry = decode(row["entry"])
            for wrote in entry.wrote:
                if wrote.table == table:
                    return cls(connection, entry, wrote)
        raise AssertionError(table)

    async def claim(self, whose: str | None, entry: dict[str, Any], wrote: dict[str, Any]) -> int:
        """Append such an entry; give its index."""
        log = INSTALLATION_LOG if whose is None else log_of(whose)
        said = {"log": log, "authority": whose, **entry}
        forged = msgspec.structs.replace(
            self.entry, persons=[], opened=[], tally=msgspec.UNSET, nonce=secrets.token_urlsafe(16),
            wrote=[msgspec.structs.replace(self.wrote, **wrote)], **said,
        )
        place: int = await self.connection.fetchval("SELECT audit.append($1, $2)", log, encode(forged))
        return place

    async def found(self) -> list[RowFault]:
        """Compare all rows as this connection sees them."""
        return await found_over(self.connection)


class WhenALogIsNobodys:
    @pytest.mark.rule(58)
    @pytest.mark.rule(90)
    @pytest.mark.parametrize("forging", [
        "SELECT audit.open_log('0b9bdb17-4b40-4a2e-8a8e-6d4b2f2c9a11', 'x', NULL)",
        "SELECT audit.open_log('0b9bdb17-4b40-4a2e-8a8e-6d4b2f2c9a11', 'x', 'ny')",
        "UPDATE audit.log SET authority = 'ny' WHERE authority = 'ishoj-kommune'",
    ])
    async def test_it_is_named(self, house: House, forging: str) -> None:
        connection = await asyncpg.connect(house.superuser)
        transaction = connection.transaction()
        await transaction.start()
        assert [one for one in await found_over(connection) if one.table == "audit.log"] == []
        await connection.execute(f"SET LOCAL session_replication_role = replica; {forging}")
        (found,) = [one for one in await found_over(connection) if one.table == "audit.log"]
        assert found.what == NOBODYS
        await transaction.rollback()
        await connection.close()


class WhenAnotherLogNamesARow:
    @pytest.mark.rule(58)
    @pytest.mark.rule(90)
    async def test_the_entry_is_named_and_the_row_is_not(self, house: House) -> None:
        await house.case()
        connection = await asyncpg.connect(house.superuser)
        claiming = await Claiming.on(connection, "concern")
        for name, (whose, entry, wrote) in FORGED.items():
            transaction = connection.transaction()
            await transaction.start()
            place = await claiming.claim(whose, entry, wrote)
            log = INSTALLATION_LOG if whose is None else log_of(whose)
            assert await claiming.found() == [RowFault(
                "audit.leaf", key_text([str(log), str(place)]),
                f"{CANNOT_SAY}: concern {key_text(claiming.wrote.key)}",
            )], name
            await transaction.rollback()
        await connection.close()

    @pytest.mark.rule(58)
    @pytest.mark.rule(90)
    async def test_it_makes_no_changed_row_lawful_and_a_row_that_only_it_names_is_named(self, house: House) -> None:
        house.has_written = True
        await house.case()
        connection = await asyncpg.connect(house.superuser)
        claiming = await Claiming.on(connection, "case")
        await connection.execute('UPDATE infohus."case" SET revision = 2')
        place = await claiming.claim(None, {"authority": None}, {"verb": "update", "revision": 2})
        assert [(one.table, one.what) for one in await claiming.found()] == [
            ("case", "er af udgave 2, som ingen log nævner"),
        ]
        assert (await claiming.found())[0].said_in.endswith(f"log {OPERATOR}, post {place}")
        no_row = [str(uuid4())]
        place = await claiming.claim(
            POLICE, {"role": "police_coordinator"}, {"table": "concern", "key": no_row}
        )
        gone = [one for one in await claiming.found() if one.table == "concern"]
        assert [(one.key, one.said_in) for one in gone] == [(key_text(no_row), f"log {POLICE}, post {place}")]
        told = await Claiming.on(connection, "concern")
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("UPDATE infohus.concern SET authority_id = $1", POLICE)
        assert ("concern", OTHERS_ALONE) in {(one.table, one.what) for one in await told.found()}
        await connection.close()

    @pytest.mark.rule(19, 58)
    @pytest.mark.parametrize(("whose", "role", "found"), [
        (MUNICIPALITY, "municipal_coordinator", "er af udgave 2, som ingen log nævner"),
        (MUNICIPALITY, "police_coordinator", "er af udgave 2, som ingen log nævner"),
        (POLICE, "police_coordinator", RESTS_ON_NOTHING),
    ])
    async def test_it_moves_no_case_on_without_what_its_stage_rests_on(
        self, house: House, whose: str, role: str, found: str
    ) -> None:
        """The police's check is recorded by nobody else, and a case is checked only where there is a check."""
        house.has_written = True
        await house.case()
        connection = await asyncpg.connect(house.superuser)
        claiming = await Claiming.on(connection, "case")
        row = await connection.fetchrow(
            """UPDATE infohus."case" SET stage = 'cleared', version = version + 1, revision = 2 RETURNING *"""
        )
        assert row is not None
        said = {"verb": "update", "revision": 2, "digest": digest_of("case", dict(row)), "was": claiming.wrote.digest}
        await claiming.claim(whose, {"action": "recordClearanceCheck", "role": role, "at": now()}, said)
        assert [(one.table, one.what) for one in await claiming.found() if one.table == "case"] == [("case", found)]
        await connection.close()
