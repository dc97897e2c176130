"""Old entries are emptied: by one role, from the front, said by the log itself, and every proof goes on holding."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from conftest import Database
from house import now
from infohus.kernel.audit.formats.emptying import EMPTIABLE, EMPTY, entry_of
from infohus.kernel.audit.formats.entry import Emptied, decode
from infohus.kernel.audit.formats.merkle import ProofDoesNotHold, leaf_hash
from infohus.kernel.audit.formats.tiles import bundle_of, entries_in, tile_path
from infohus.kernel.audit.storage.export import LogDoesNotVerify, check_hashed_proof, check_proof, prove
from infohus.kernel.audit.storage.log import APPEND
from infohus.kernel.audit.verification.exported_log import verify_export
from infohus.kernel.audit.verification.log_rows import verify_database
from old_log import FIVE_YEARS, KEY, LOG, OLD, ORIGIN, Log, open_log, verifier


@pytest.fixture
async def log(database: Database) -> AsyncIterator[Log]:
    async with open_log(database) as opened:
        yield opened


class WhenOldEntriesAreEmptied:
    @pytest.mark.rule(62)
    async def test_their_bytes_are_gone_and_the_log_says_which(self, log: Log) -> None:
        place = await log.empty(0, 290)
        rows = await log.superuser.fetch("SELECT index, entry FROM audit.leaf WHERE log_id = $1 ORDER BY index", LOG)
        assert [row["entry"] for row in rows[:-1]] == [None] * 290 + log.entries[290:]
        said = decode(rows[place]["entry"])
        assert (said.action, said.log, said.outcome.value) == ("emptyLogEntries", LOG, "allowed")
        assert isinstance(said.emptied, Emptied)
        assert (said.emptied.start, said.emptied.stop) == (0, 290)
        verification = await verify_database(log.superuser, LOG)
        assert (verification.faults, verification.entries, verification.emptied) == ((), 304, 290)

    @pytest.mark.rule(62)
    async def test_every_proof_holds_before_and_after(self, log: Log) -> None:
        keys = [KEY.verifier(ORIGIN)]
        note = await log.note()
        before = [await prove(log.superuser, LOG, index, note) for index in range(303)]
        await log.empty(0, 150)
        await log.empty(150, 300)
        note = await log.note()
        after = [await prove(log.superuser, LOG, index, note) for index in range(303)]
        for index, one in enumerate(log.entries):
            assert check_proof(before[index], one, keys).index == index
            assert check_hashed_proof(after[index], leaf_hash(one), keys).index == index
            with pytest.raises(ProofDoesNotHold):
                check_hashed_proof(after[index], leaf_hash(one + b" "), keys)

    @pytest.mark.rule(62)
    async def test_what_said_so_may_be_emptied_in_its_turn(self, log: Log) -> None:
        await log.superuser.execute("INSERT INTO audit.retention VALUES ($1, 1)", LOG)
        await log.empty(0, 100)
        await log.superuser.execute("ALTER TABLE audit.leaf DISABLE TRIGGER ALL")
        await log.superuser.execute(  # years pass, and the first emptying is itself emptied; the second says all
            "UPDATE audit.leaf SET entry = NULL WHERE log_id = $1 AND index BETWEEN 100 AND 303", LOG
        )
        await log.superuser.execute("ALTER TABLE audit.leaf ENABLE TRIGGER ALL")
        await log.superuser.execute(APPEND, LOG, entry_of(LOG, Emptied(100, 304, now() - FIVE_YEARS), at=now()))
        assert (await verify_database(log.superuser, LOG)).emptied == 304
        assert await log.faults() == []

    async def test_the_front_that_is_old_enough_is_found(self, log: Log) -> None:
        before = now() - FIVE_YEARS
        found = await log.retention.fetchrow(EMPTIABLE, LOG, before)
        assert tuple(found) == (0, 300, OLD, OLD + timedelta(days=299))
        await log.empty(0, 128)
        assert tuple(await log.retention.fetchrow(EMPTIABLE, LOG, before))[:2] == (128, 300)
        await log.empty(128, 300)
        assert tuple(await log.retention.fetchrow(EMPTIABLE, LOG, before)) == (300, 300, None, None)

    @pytest.mark.rule(59)
    async def test_of_two_at_once_one_happens(self, log: Log) -> None:
        other = await asyncpg.connect(log.database.dsn("retention"))
        second = replace(log, retention=other)
        outcomes = await asyncio.gather(log.empty(0, 200), second.empty(0, 200), return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CheckViolationError", "int"]
        assert await log.faults() == []
        await other.close()


class WhenItMustNotBeEmptied:
    @pytest.mark.rule(62)
    @pytest.mark.parametrize(("start", "stop", "more"), [
        (0, 301, {}),
        (0, 301, {"before": now() - timedelta(days=1)}),
        (0, 10, {"before": now() - timedelta(days=4 * 365)}),
        (0, 10, {"before": OLD + timedelta(days=5)}),
        (0, 10, {"at": now() - timedelta(days=1)}),
        (0, 304, {}),
        (5, 10, {}),
        (-1, 10, {}),
        (10, 10, {}),
    ], ids=[
        "too young", "too young, said to be old", "before the period is over", "younger than is said",
        "said at another time", "the entry itself", "not from the front", "before the front", "nothing",
    ])
    async def test_it_is_refused_and_nothing_happened(
        self, log: Log, start: int, stop: int, more: dict[str, Any]
    ) -> None:
        with pytest.raises((
            asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError, asyncpg.InvalidParameterValueError,
        )):
            await log.empty(start, stop, **more)
        assert await log.superuser.fetchval("SELECT count(*) FROM audit.leaf WHERE entry IS NULL") == 0
        assert (await verify_database(log.superuser, LOG)).entries == 303

    async def test_a_range_that_the_entry_does_not_say_is_refused(self, log: Log) -> None:
        said = entry_of(LOG, Emptied(0, 5, now() - FIVE_YEARS), at=now())
        with pytest.raises(asyncpg.CheckViolationError, match="says another range"):
            await log.retention.fetchval(EMPTY, LOG, 0, 10, said, [], "[]")

    @pytest.mark.rule(58)
    @pytest.mark.parametrize("role", ["app", "verifier", "owner", "retention"])
    @pytest.mark.parametrize("statement", [
        "UPDATE audit.leaf SET entry = NULL WHERE index = 0",
        "UPDATE audit.leaf SET entry = NULL WHERE index = 200",
        "UPDATE audit.leaf SET hashes = ''",
        "UPDATE audit.leaf SET entry = 'other'",
        "DELETE FROM audit.leaf",
        "TRUNCATE audit.leaf",
    ])
    async def test_nobody_does_it_by_hand(self, log: Log, role: Any, statement: str) -> None:
        await log.empty(0, 100)
        by_hand = await asyncpg.connect(log.database.dsn(role))
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            await by_hand.execute(statement)
        await by_hand.close()
        assert await log.faults() == []

    @pytest.mark.rule(58)
    async def test_the_role_may_do_this_and_nothing_else(self, log: Log) -> None:
        granted = await log.superuser.fetch(
            "SELECT n.nspname, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname IN ('audit', 'infohus') AND has_schema_privilege('infohus_retention', n.oid, 'USAGE')"
            " AND has_function_privilege('infohus_retention', p.oid, 'EXECUTE')"
        )
        assert {tuple(row) for row in granted} == {("audit", "empty"), ("audit", "emptiable"), ("audit", "kept_since")}
        assert await log.superuser.fetch(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('audit', 'infohus') AND c.relkind IN ('r', 'v')"
            " AND has_table_privilege('infohus_retention', c.oid, 'SELECT,INSERT,UPDATE,DELETE,TRUNCATE')"
        ) == []
        for other in (log.app, log.superuser):
            held = await other.fetchval(
                "SELECT has_function_privilege("
                "'infohus_app', 'audit.empty(uuid, bigint, bigint, bytea, bytea[], jsonb)', 'EXECUTE')"
            )
            assert held is False


BY_HAND: dict[str, tuple[str, str]] = {
    "more is emptied": ("entry = NULL WHERE index = 100", "post 100: er tømt, uden at loggen siger det"),
    "one in the middle is emptied": ("entry = NULL WHERE index = 200", "post 200: er tømt midt"),
    "an emptied one is filled": ("entry = 'x' WHERE index = 50", "post 50: er ikke, hvad der blev"),
    "an emptied one's hash is another": ("hashes = sha256('x') WHERE index = 50", "post 51: afslutter andre knuder"),
}


class WhenASuperuserEmptiesByHand:
    @pytest.mark.rule(58)
    @pytest.mark.rule(62)
    @pytest.mark.parametrize(("change", "found"), BY_HAND.values(), ids=BY_HAND)
    async def test_it_is_noticed(self, log: Log, tmp_path: Path, change: str, found: str) -> None:
        await log.empty(0, 100)
        await log.superuser.execute(
            f"SET session_replication_role = 'replica'; UPDATE audit.leaf SET {change}"  # noqa: S608
        )
        assert found in " | ".join(await log.faults())
        with pytest.raises(LogDoesNotVerify):
            await log.export(tmp_path)

    @pytest.mark.rule(62)
    async def test_what_comes_back_is_noticed_too(self, log: Log) -> None:
        await log.empty(0, 100)
        await log.superuser.execute("SET session_replication_role = 'replica'")
        await log.superuser.execute("UPDATE audit.leaf SET entry = $1 WHERE index = 99", log.entries[99])
        assert await log.faults() == ["audit.leaf, post 99: er ikke tømt, selv om loggen siger det"]

    @pytest.mark.rule(62)
    @pytest.mark.parametrize("more", [
        {"action": "readCase"}, {"outcome": "denied"},
        {"emptied": {"start": 0, "stop": 400, "before": "2020-01-01T00:00:00Z"}},
        {"emptied": {"start": 0, "stop": 303, "before": f"{now():%Y-%m-%dT%H:%M:%SZ}"}},
    ], ids=["another act", "denied", "its own place", "of yesterday"])
    async def test_not_every_word_counts(self, log: Log, more: dict[str, Any]) -> None:
        said = msgspec.json.decode(entry_of(LOG, Emptied(0, 303, now() - FIVE_YEARS), at=now()))
        await log.superuser.execute(APPEND, LOG, msgspec.json.encode({**said, **more}))
        await log.superuser.execute(
            "SET session_replication_role = 'replica'; UPDATE audit.leaf SET entry = NULL WHERE index < 303"
        )
        assert await log.faults() == ["audit.leaf, post 0: er tømt, uden at loggen siger det"]


def _with(index: int, content: bytes) -> Callable[[Path], None]:
    """Put another content in an entry's place."""

    def spoil(folder: Path) -> None:
        path = folder / tile_path("entries", 0)
        entries = entries_in(path.read_bytes())
        path.write_bytes(bundle_of([*entries[:index], content, *entries[index + 1 :]]))

    return spoil


class WhenAnEmptiedLogIsExported:
    @pytest.mark.rule(62)
    @pytest.mark.parametrize("emptied", [0, 1, 255, 256, 257, 300])
    async def test_ours_and_the_independent_verifier_agree(self, log: Log, tmp_path: Path, emptied: int) -> None:
        whole = await log.export(tmp_path / "whole")
        if emptied:
            await log.empty(0, emptied)
        folder = await log.export(tmp_path / "log")
        found = verify_export(folder, [KEY.verifier(ORIGIN)])
        assert ([str(fault) for fault in found.faults], found.emptied) == ([], emptied)
        code, said = verifier(folder, "--key", whole / "log.pub", "--older", whole / "checkpoint")
        assert (code, said.startswith("whole: 30"), f"the first {emptied} emptied" in said) == (0, True, emptied > 0)

    @pytest.mark.rule(62)
    @pytest.mark.parametrize(("spoil", "ours", "theirs"), [
        (_with(100, b""), "post 100: er tømt, uden", "the first 101 entries are empty"),
        (_with(200, b""), "post 200: er tømt midt", "entry 200 is empty among"),
        (_with(50, b"x"), "post 50: er ikke, hvad", "entry 50 is not what was logged"),
    ], ids=["one more", "one in the middle", "one is filled"])
    async def test_both_notice_what_was_emptied_by_hand(
        self, log: Log, tmp_path: Path, spoil: Callable[[Path], None], ours: str, theirs: str
    ) -> None:
        await log.empty(0, 100)
        folder = await log.export(tmp_path / "log")
        spoil(folder)
        assert ours in " | ".join(map(str, verify_export(folder, [KEY.verifier(ORIGIN)]).faults))
        code, said = verifier(folder, "--key", folder / "log.pub")
        assert (code, theirs in said) == (1, True), said

    @pytest.mark.rule(62)
    async def test_an_emptied_entry_is_proved_by_its_hash(self, log: Log, tmp_path: Path) -> None:
        await log.empty(0, 100)
        (tmp_path / "proof").write_text(await prove(log.superuser, LOG, 7, await log.note()), encoding="utf-8")
        (tmp_path / "log.pub").write_text(str(KEY.verifier(ORIGIN)), encoding="utf-8")
        asked = ("--proof", tmp_path / "proof", "--key", tmp_path / "log.pub", "--leaf-hash")
        assert verifier(*asked, leaf_hash(log.entries[7]).hex()) == (0, f"proved: it is entry 7 of 304 in {ORIGIN}")
        assert verifier(*asked, leaf_hash(log.entries[8]).hex())[0] == 1
