"""The append function stores what Python computes, and nothing else can write the log."""

import asyncio
import json
import os
from uuid import uuid4

import asyncpg
import pytest

from conftest import Database
from infohus.kernel.audit.formats.merkle import Frontier, leaf_hash
from infohus.kernel.audit.storage.log import APPEND, head_of, rows_of
from infohus.kernel.audit.verification.log_rows import verify_database
from small_entries import opened_log, small_entry

LOG = uuid4()


async def filled(database: Database, entries: int) -> asyncpg.Connection:
    """Open the log and append as the application does."""
    superuser, app = await opened_log(database, LOG), await opened_log(database, LOG, "app")
    for number in range(entries):
        await app.execute(APPEND, LOG, small_entry(LOG, f"entry {number}"))
    await app.close()
    return superuser


class WhenEntriesAreAppended:
    async def test_every_row_and_the_frontier_are_what_the_definition_gives(self, database: Database) -> None:
        superuser = await filled(database, 260)
        frontier = Frontier()
        async for rows in rows_of(superuser, LOG, start=0, stop=260):
            for row in rows:
                assert row["index"] == frontier.size
                assert frontier.append(leaf_hash(row["entry"])) == row["hashes"]
                if frontier.size in {1, 2, 255, 256, 257, 260}:
                    stored = await superuser.fetchval(
                        "SELECT hashes FROM audit.leaf WHERE log_id = $1 AND index = $2", LOG, row["index"]
                    )
                    assert len(stored) == 32 * ((row["index"] + 1 & -(row["index"] + 1)).bit_length())
        head = await head_of(superuser, LOG)
        assert (head.size, head.frontier, head.root()) == (260, frontier.stored, frontier.root())
        await superuser.close()

    async def test_eight_at_once_leave_no_gap(self, database: Database) -> None:
        superuser = await opened_log(database, LOG)

        async def write(name: int) -> list[int]:
            app = await opened_log(database, LOG, "app")
            indexes = [await app.fetchval(APPEND, LOG, small_entry(LOG, f"{name}/{number}")) for number in range(25)]
            await app.close()
            return indexes

        given = await asyncio.gather(*(write(name) for name in range(8)))
        assert sorted(index for indexes in given for index in indexes) == list(range(200))
        verification = await verify_database(superuser, LOG)
        assert (verification.entries, verification.is_whole) == (200, True)
        await superuser.close()

    @pytest.mark.rule(59)
    async def test_what_is_rolled_back_was_never_there(self, database: Database) -> None:
        superuser, app = await opened_log(database, LOG), await opened_log(database, LOG, "app")
        await app.execute(APPEND, LOG, small_entry(LOG, "kept"))
        transaction = app.transaction()
        await transaction.start()
        assert await app.fetchval(APPEND, LOG, small_entry(LOG, "taken back")) == 1
        await transaction.rollback()
        assert await app.fetchval(APPEND, LOG, small_entry(LOG, "the next")) == 1
        assert (await verify_database(superuser, LOG)).is_whole
        await app.close()
        await superuser.close()

    async def test_a_log_that_does_not_exist_takes_nothing(self, database: Database) -> None:
        app, nowhere = await opened_log(database, LOG, "app"), uuid4()
        with pytest.raises(asyncpg.NoDataFoundError):
            await app.execute(APPEND, nowhere, small_entry(nowhere, "lost"))
        await app.close()


def without(field: str) -> bytes:
    """Leave a field out of an entry that is one else."""
    fields = json.loads(small_entry(LOG, "x"))
    del fields[field]
    return json.dumps(fields, separators=(",", ":")).encode()


ENTRY = small_entry(LOG, "x")
NO_ENTRIES = {
    "nothing": b"",
    "no JSON": b"not json",
    "random bytes": os.urandom(200),
    "another encoding": ENTRY.replace(b'"nonce":"x"', b'"nonce":"\xe5"'),
    "a list": b"[" + ENTRY + b"]",
    "two of them": ENTRY + ENTRY,
    "format 1": ENTRY.replace(b'"v":2', b'"v":1'),
    "the format behind": b"{" + ENTRY[len(b'{"v":2,') : -1] + b',"v":2}',
    "a space in front": b" " + ENTRY,
    "another log's": small_entry(uuid4(), "x"),
    "a tally of its own": ENTRY[:-1] + b',"tally":[]}',
    "an unknown track": ENTRY.replace(b'"ordinary"', b'"secret"'),
    "no track": ENTRY.replace(b'"ordinary"', b"null"),
    "persons who are no list": ENTRY.replace(b'"persons":[]', b'"persons":null'),
    "too large": ENTRY.replace(b'"nonce":"x"', b'"nonce":"' + b"x" * 65_536 + b'"'),
    **{f"without {field}": without(field) for field in json.loads(ENTRY)},
}
NO_PERSONS: tuple[object, ...] = (
    "Prøve Prøvesen", "0101901234", "", "a" * 21, "a" * 23, "a" * 21 + "=", 7, None, [], {}, ("a" * 22, "a" * 22),
    ("a" * 22, "b"), ("a" * 22, ""), "a" * 21 + "+", "a" * 21 + "/", "a" * 21 + " ", "a" * 19 + "=aa", "[" + "a" * 22,
    "a" * 20 + '", "' + "b" * 22,
)


async def is_refused(connection: asyncpg.Connection, entry: bytes) -> bool:
    """Say whether the database refuses an entry as what it is, and not for any other reason."""
    try:
        await connection.execute(APPEND, LOG, entry)
    except asyncpg.DataError:
        return True
    return False


class WhenWhatIsAppendedIsNoEntry:
    @pytest.mark.fault("A17")
    @pytest.mark.rule(58)
    async def test_it_is_refused_whoever_appends_it(self, database: Database) -> None:
        superuser, app = await opened_log(database, LOG), await opened_log(database, LOG, "app")
        for name, bad in NO_ENTRIES.items():
            for connection in (app, superuser):
                assert await is_refused(connection, bad), name
        assert await app.fetchval(APPEND, LOG, ENTRY) == 0
        assert (await verify_database(superuser, LOG)).entries == 1
        for connection in (app, superuser):
            await connection.close()

    @pytest.mark.fault("A17")
    @pytest.mark.rule(64)
    async def test_nor_is_a_person_who_is_no_log_id_or_named_twice(self, database: Database) -> None:
        superuser, owner = await opened_log(database, LOG), await opened_log(database, LOG, "owner")
        for persons in NO_PERSONS:
            named = list(persons) if isinstance(persons, tuple) else [persons]
            naming = ENTRY.replace(b'"persons":[]', b'"persons":' + json.dumps(named).encode())
            assert await is_refused(owner, naming), persons
        assert await superuser.fetch("SELECT FROM audit.tally") == []
        for connection in (owner, superuser):
            await connection.close()


class WhenWhoeverReadsTheLogWouldStopIt:
    @pytest.mark.rule(58)
    @pytest.mark.parametrize("role", ["verifier", "retention"])
    async def test_the_lock_that_appending_waits_for_is_not_theirs(self, database: Database, role: str) -> None:
        superuser, app, reader = [await opened_log(database, LOG, one) for one in ("superuser", "app", role)]
        await reader.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute("SELECT pg_advisory_lock(hashtextextended($1::text, 58))", str(LOG))
        assert await app.fetchval(APPEND, LOG, small_entry(LOG, "an entry")) == 0
        for connection in (superuser, app, reader):
            await connection.close()

    @pytest.mark.parametrize("role", ["verifier", "retention"])
    @pytest.mark.parametrize("statement", [
        "LOCK TABLE audit.frontier IN SHARE MODE", "LOCK TABLE audit.leaf IN ROW SHARE MODE",
        "SELECT FROM audit.frontier FOR KEY SHARE", "SELECT FROM audit.tally FOR UPDATE",
    ])  # fmt: skip
    async def test_nor_is_any_row_or_table(self, database: Database, role: str, statement: str) -> None:
        reader = await opened_log(database, LOG, role)
        await reader.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(f"BEGIN; {statement}")
        await reader.close()


class WhenTheApplicationTriesMore:
    @pytest.mark.rule(58)
    @pytest.mark.parametrize("statement", [
        "INSERT INTO audit.leaf VALUES (gen_random_uuid(), 0, '', '')",
        "UPDATE audit.leaf SET entry = ''",
        "DELETE FROM audit.leaf",
        "TRUNCATE audit.leaf",
        "UPDATE audit.frontier SET size = 0",
        "DELETE FROM audit.frontier",
        "SELECT * FROM audit.frontier FOR UPDATE",
        "INSERT INTO audit.log VALUES (gen_random_uuid(), 'x')",
        "DELETE FROM audit.log",
        "SELECT audit.open_log(gen_random_uuid(), 'another')",
        "ALTER TABLE audit.leaf DISABLE TRIGGER ALL",
        "DROP TABLE audit.leaf",
        "CREATE OR REPLACE FUNCTION audit.append(uuid, VARIADIC bytea[]) RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE audit.mine (x int)",
        "SET ROLE infohus_owner",
    ])
    async def test_it_is_refused(self, database: Database, statement: str) -> None:
        superuser, app = await opened_log(database, LOG), await opened_log(database, LOG, "app")
        await app.execute(APPEND, LOG, small_entry(LOG, "an entry"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement)
        assert (await verify_database(superuser, LOG)).entries == 1
        await app.close()
        await superuser.close()

    @pytest.mark.rule(58)
    async def test_each_role_may_read_and_call_what_is_its_own(self, database: Database) -> None:
        superuser = await opened_log(database, LOG)
        tables = await superuser.fetch(
            "SELECT grantee, privilege_type FROM information_schema.table_privileges"
            " WHERE table_schema = 'audit' AND grantee <> 'infohus_owner'"
        )
        assert {(row["grantee"], row["privilege_type"]) for row in tables} == {
            ("infohus_app", "SELECT"), ("infohus_signer", "SELECT"), ("infohus_verifier", "SELECT"),
            ("infohus_reconciler", "SELECT"),
        }
        calls = {}
        for role in (
            "infohus_app", "infohus_keys", "infohus_signer", "infohus_verifier", "infohus_reconciler",
            "infohus_retention",
        ):
            functions = await superuser.fetch(
                "SELECT proname FROM pg_proc WHERE pronamespace = 'audit'::regnamespace"
                " AND has_function_privilege($1, oid, 'EXECUTE')", role
            )
            calls[role] = {row["proname"] for row in functions}
        assert calls == {
            "infohus_app": {"append", "readable_logs"},
            "infohus_keys": set(),
            "infohus_signer": {"keep_checkpoint", "keep_cosignature"},
            "infohus_verifier": set(),
            "infohus_reconciler": set(),
            "infohus_retention": {"kept_since", "emptiable", "empty"},
        }
        await superuser.close()

    @pytest.mark.rule(58)
    @pytest.mark.parametrize("statement", [
        "UPDATE audit.leaf SET entry = ''", "DELETE FROM audit.leaf", "TRUNCATE audit.leaf", "DELETE FROM audit.log",
        "UPDATE audit.log SET origin = 'x'", "DELETE FROM audit.frontier", "TRUNCATE audit.frontier CASCADE",
        "UPDATE audit.checkpoint SET note = ''", "DELETE FROM audit.cosignature",
    ])
    async def test_even_the_owner_is_stopped_by_a_trigger(self, database: Database, statement: str) -> None:
        superuser = await filled(database, 1)
        owner = await opened_log(database, LOG, "owner")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(statement)
        await owner.close()
        await superuser.close()


TAMPERING = {
    "an entry is changed": (
        "UPDATE audit.leaf SET entry = 'forged' WHERE index = 7", "audit.leaf, post 7: er ikke, hvad der blev logget",
    ),
    "an entry is changed and its hash with it": (
        "UPDATE audit.leaf SET entry = 'forged', hashes = sha256('\\x00'::bytea || 'forged'::bytea) WHERE index = 6",
        "audit.leaf, post 7: afslutter andre knuder",
    ),
    "an entry is deleted": ("DELETE FROM audit.leaf WHERE index = 5", "audit.leaf, post 5: mangler"),
    "two entries change places": (
        ("UPDATE audit.leaf SET index = CASE index WHEN 2 THEN -3 ELSE 2 END WHERE index IN (2, 3);"
         "UPDATE audit.leaf SET index = 3 WHERE index = -3"), "audit.leaf, post 3: afslutter andre knuder",
    ),
    "the last entry is cut off": ("DELETE FROM audit.leaf WHERE index = 11", "post 11"),
    "an entry is put behind the last": (
        "INSERT INTO audit.leaf SELECT log_id, 12, entry, hashes FROM audit.leaf WHERE index = 0",
        "1 rækker står uden for loggen",
    ),
    "the frontier is another": (
        "UPDATE audit.frontier SET hashes = sha256('x') || sha256('y')", "audit.frontier: er ikke rækkernes front",
    ),
}


class WhenASuperuserTampers:
    @pytest.mark.rule(58)
    @pytest.mark.parametrize(("change", "found"), TAMPERING.values(), ids=TAMPERING)
    async def test_verification_says_where(self, database: Database, change: str, found: str) -> None:
        superuser = await filled(database, 12)
        await superuser.execute(f"SET session_replication_role = 'replica'; {change}")
        verification = await verify_database(superuser, LOG)
        assert not verification.is_whole
        assert found in " | ".join(map(str, verification.faults))
        await superuser.close()
