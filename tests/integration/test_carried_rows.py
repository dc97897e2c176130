"""What emptied entries alone said of living rows is said again: so these rows can go on being compared with the log."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from click.testing import CliRunner

from conftest import Database
from house import now
from infohus.cli.commands import main
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.access.model import InfohusAuthority
from infohus.kernel.audit.formats.emptying import CARRY_ROWS, EMPTY, carrying_entries, entry_of
from infohus.kernel.audit.formats.entry import Emptied, Wrote, decode, read
from infohus.kernel.audit.storage.log import APPEND, INSTALLATION_LOG, log_of
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.audit.verification.claims import CANNOT_SAY
from infohus.kernel.audit.verification.log_rows import verify_database
from infohus.kernel.audit.verification.logged_rows import key_text
from infohus.kernel.audit.verification.row_reconciliation import GONE, reconcile_rows
from infohus.kernel.audit.verification.stored_log import tally_faults_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import table_of
from infohus.plan.model import PlanObligation
from small_entries import small_entry

LOG, OTHERS_LOG = INSTALLATION_LOG, log_of("politi")
LONG_AGO, FIVE_YEARS = now() - timedelta(days=3000), timedelta(days=5 * 366)
OBLIGATION, BELONGING = table_of(PlanObligation), table_of(InfohusAuthority)


@dataclass
class OldLog:
    """A log whose old entries name rows of obligations, and a superuser whom no constraint binds."""

    superuser: asyncpg.Connection
    database: Database

    async def inserted(self, at: datetime) -> UUID:
        """Insert a row, and name it in an entry of this time."""
        (row,) = await self.superuser.fetch(
            "INSERT INTO infohus.obligation (id, infohus_id, code, text, owner, version, is_owed)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), 'x', 'x', 'x', 1, true) RETURNING *"
        )
        await self._log(at, wrote_of(OBLIGATION, "insert", before={}, after=dict(row)))
        row_id: UUID = row["id"]
        return row_id

    async def changed(self, row_id: UUID, at: datetime) -> None:
        (before,) = await self.superuser.fetch("SELECT * FROM infohus.obligation WHERE id = $1", row_id)
        (after,) = await self.superuser.fetch(
            "UPDATE infohus.obligation SET text = 'y', revision = revision + 1 WHERE id = $1 RETURNING *", row_id
        )
        await self._log(at, wrote_of(OBLIGATION, "update", before=dict(before), after=dict(after)))

    async def left_the_infohus(self, joined_at: datetime, at: datetime) -> None:
        """Insert and delete a row of a table that rows are deleted from."""
        (row,) = await self.superuser.fetch(
            "INSERT INTO infohus.infohus_authority VALUES (gen_random_uuid(), 'x') RETURNING *"
        )
        await self._log(joined_at, wrote_of(BELONGING, "insert", before={}, after=dict(row)))
        await self.superuser.execute("DELETE FROM infohus.infohus_authority")
        await self._log(at, wrote_of(BELONGING, "delete", before=dict(row), after={}))

    async def faults(self) -> list[str]:
        connection = await asyncpg.connect(self.database.dsn("reconciler"))
        try:
            return [fault.what for fault in (await reconcile_rows(connection, RulesOfKeyRows()))[1]]
        finally:
            await connection.close()

    async def emptied(self, carried: list[bytes], *, said: bytes | None = None, later: str = "[]") -> None:
        """Empty all entries that are old, as the role that may."""
        stop = await self.superuser.fetchval(
            "SELECT count(*) FROM audit.leaf WHERE (convert_from(entry, 'UTF8')::jsonb ->> 'at')::timestamptz < $1",
            now() - FIVE_YEARS,
        )
        entry = said or entry_of(LOG, Emptied(0, stop, now() - FIVE_YEARS), at=now())
        retention = await asyncpg.connect(self.database.dsn("retention"))
        try:
            await retention.execute(EMPTY, LOG, 0, stop, entry, carried, later)
        finally:
            await retention.close()

    async def carried(self) -> list[Wrote]:
        """List what entries say again."""
        rows = await self.superuser.fetch("SELECT entry FROM audit.leaf WHERE entry IS NOT NULL ORDER BY index")
        found = [entry for row in rows if (entry := read(row["entry"])) is not None]
        return [one for entry in found if entry.action == CARRY_ROWS for one in entry.wrote]

    async def planted(self, row_id: UUID, *words: tuple[str, int]) -> list[str]:
        """Say in another log more of a row, by verb and revision; give how these entries are named."""
        await self.superuser.execute("SELECT audit.open_log($1, 'infohus.test/planted', 'politi')", OTHERS_LOG)
        for verb, revision in words:
            await self._log(now(), Wrote(verb, "obligation", [str(row_id)], revision, None), log=OTHERS_LOG)
        return [f"{CANNOT_SAY}: obligation {key_text([str(row_id)])}" for _ in words]

    async def _log(self, at: datetime, wrote: Wrote, *, log: UUID = LOG) -> None:
        entry = small_entry(log, str(uuid4()), at=at, wrote=[wrote], action=Action.LOAD_PLAN.value)
        await self.superuser.execute(APPEND, log, entry)


@pytest.fixture
async def old(database: Database) -> AsyncIterator[OldLog]:
    superuser = await asyncpg.connect(database.dsn("superuser"))
    await superuser.execute("SELECT audit.open_log($1, 'infohus.test/old', NULL)", LOG)
    await superuser.execute("SET session_replication_role = replica")
    yield OldLog(superuser, database)
    await superuser.close()


class WhenAFrontIsEmptied:
    @pytest.mark.rule(62)
    async def test_only_what_it_alone_said_of_living_rows_is_said_again(self, old: OldLog) -> None:
        alone, later = [await old.inserted(LONG_AGO) for _ in range(2)]
        await old.left_the_infohus(LONG_AGO, now())
        await old.changed(later, now())
        planted = await old.planted(alone, ("update", 7), ("delete", 2))
        assert await old.faults() == planted
        for _ in range(2):  # and again, when the entries that said it again are emptied in their turn
            ended = await asyncio.to_thread(CliRunner().invoke, main, [
                "audit", "empty", "--log", str(LOG), "--yes", "--database", old.database.dsn("retention"),
                "--reconciler-database", old.database.dsn("reconciler"),
            ])
            assert ended.exit_code == 0, ended.output
        assert [(one.table, one.key) for one in await old.carried()] == [("obligation", [str(alone)])]
        assert await old.faults() == planted
        assert (await verify_database(old.superuser, LOG)).faults == ()
        assert await tally_faults_of(old.superuser, LOG) == []
        await old.superuser.execute("UPDATE infohus.obligation SET text = 'forged' WHERE id = $1", alone)
        assert await old.faults() == ["er ikke, som den blev skrevet"]
        await old.superuser.execute("DELETE FROM infohus.obligation WHERE id = $1", alone)
        assert await old.faults() == [GONE, *planted]

    @pytest.mark.rule(62)
    async def test_nothing_else_can_be_said_in_its_place_and_nothing_left_out(self, old: OldLog) -> None:
        await old.inserted(LONG_AGO)
        changed = await old.inserted(LONG_AGO)
        await old.changed(changed, now())
        said, named = [decode(row["entry"]).wrote[0] for row in await old.superuser.fetch(
            "SELECT entry FROM audit.leaf ORDER BY index LIMIT 2"
        )]
        right = Wrote("carry", said.table, said.key, 1, said.digest)
        later = "[2]"
        for carried, behind in (
            ([Wrote("carry", said.table, said.key, 1, "0" * 64)], later),
            ([Wrote("carry", said.table, said.key, 2, said.digest)], later),
            ([Wrote("carry", said.table, [str(uuid4())], 1, said.digest)], later),
            ([Wrote("carry", "note", said.key, 1, said.digest)], later),
            ([right, right], later), ([], later), ([right], "[]"), ([right], "[1]"),
            ([Wrote("carry", named.table, named.key, 1, named.digest)], later),
        ):
            with pytest.raises(asyncpg.CheckViolationError, match="carrie"):
                await old.emptied(carrying_entries(LOG, carried, at=now()), later=behind)
        await old.emptied(carrying_entries(LOG, [right], at=now()), later=later)
        assert await old.faults() == []

    @pytest.mark.rule(62)
    async def test_who_empties_says_nothing_of_its_own(self, old: OldLog) -> None:
        await old.inserted(LONG_AGO)
        said = decode(await old.superuser.fetchval("SELECT entry FROM audit.leaf")).wrote[0]
        (carrying,) = carrying_entries(LOG, [Wrote("carry", said.table, said.key, 1, said.digest)], at=now())
        emptying = entry_of(LOG, Emptied(0, 1, now() - FIVE_YEARS), at=now())
        nothing = [msgspec.json.encode({**msgspec.json.decode(carrying), "wrote": []})]
        fields = msgspec.json.decode(emptying)
        other_words = {
            name: "x" if value is None or isinstance(value, str) else [*value, "x"] if isinstance(value, list) else 3
            for name, value in fields.items() if name not in {"at", "emptied", "wrote"}
        }
        for name, value in (*other_words.items(), ("asked", {"x": ["y"]}), ("read", [[0, 1]]), ("at", LONG_AGO)):
            for spoiled, others in ((emptying, carrying), (carrying, emptying)):
                odd = msgspec.json.encode({**msgspec.json.decode(spoiled), name: value})
                pair = (odd, [others]) if spoiled is emptying else (others, [odd])
                with pytest.raises(asyncpg.PostgresError, match=r"says something else|no entry of format 2"):
                    await old.emptied(pair[1], said=pair[0])
        for more in ({"emptied": {**fields["emptied"], "x": 1}}, {"wrote": [msgspec.to_builtins(said)]}):
            with pytest.raises(asyncpg.CheckViolationError, match="says something else"):
                await old.emptied([carrying], said=msgspec.json.encode({**fields, **more}))
        with pytest.raises(asyncpg.CheckViolationError, match="says something else"):
            await old.emptied([carrying, *nothing], said=emptying)
        for change in ({"verb": "insert"}, {"was": "0" * 64}):
            row = {**msgspec.json.decode(carrying)["wrote"][0], **change}
            with pytest.raises(asyncpg.CheckViolationError, match="carries what was not said"):
                await old.emptied([msgspec.json.encode({**msgspec.json.decode(carrying), "wrote": [row]})])
        assert await old.superuser.fetchval("SELECT count(*) FROM audit.leaf") == 1
        await old.emptied([carrying], said=emptying)
        assert await old.faults() == []
