"""The log's lock is free before an entry is on disk; no answer, signature or reading is given before it is on disk.

A durable server of its own (the suite's server is not durable), whose WAL writer is idle: what nothing flushes is lost
when the server is killed. A synchronous standby that is missing makes each flush wait as long as a test needs.
"""

import asyncio
import os
import secrets
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import asyncpg
import pytest

from conftest import ROLES_SQL, Database, Role, empty_database, execute
from house import CaseInHand, House, told
from infohus.demo.local_postgres import LocalPostgres, find_binaries
from infohus.kernel.audit.signing.signer import Signer
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore
from infohus.kernel.audit.storage.log import append_alone, append_and_commit, durable_head_of, head_of
from infohus.kernel.audit.verification.stored_log import verify_log
from infohus.kernel.audit.witness.cosigning import Witnesses
from infohus.kernel.database.schema import migrate
from infohus.kernel.database.statements import left_to_flush
from persons import named_otherwise
from small_entries import small_entry
from town import AT, KEY, LOG, ORIGIN

NOTE = {"text": "Han har talt om at rejse.", "source": "skolen"}
ASLEEP = {
    "wal_writer_delay": "10s", "wal_level": "replica", "max_wal_senders": "3",
    # It recovers often, and would flush every file of every database each time.
    "recovery_init_sync_method": "syncfs",
}
PATIENCE_SECONDS = 10
IN_THE_LOGS = "SELECT count(*) FROM audit.leaf"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"


@pytest.fixture(scope="module")
def careful_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalPostgres, dict[str, str]]]:
    """Run a durable server with the roles and one migrated database, `template`."""
    passwords = {role: secrets.token_urlsafe(16) for role in get_args(Role)}
    with LocalPostgres.durable(tmp_path_factory.mktemp("careful"), options=ASLEEP) as server:
        setting = (f"ALTER ROLE infohus_{role} PASSWORD '{password}'" for role, password in passwords.items())
        execute(server.superuser_dsn(), ROLES_SQL.read_text(), *setting)
        migrate(empty_database(server, "template", passwords).dsn("owner"))
        yield server, passwords


@pytest.fixture
def database(careful_postgres: tuple[LocalPostgres, dict[str, str]]) -> Iterator[Database]:
    """Clone the migrated database of the durable server, in place of the suite's."""
    server, passwords = careful_postgres
    name = f"careful_{secrets.token_hex(6)}"
    execute(server.superuser_dsn(), f'CREATE DATABASE "{name}" TEMPLATE template')
    execute(server.superuser_dsn(name), ROLES_SQL.read_text(), f"SELECT audit.open_log('{LOG}', '{ORIGIN}')")
    yield Database(server, name, passwords)
    execute(server.superuser_dsn(), f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def connected(database: Database, role: Role = "app") -> AsyncIterator[asyncpg.Connection]:
    """Connect as a role; a connection that PostgreSQL took with it is given up."""
    connection = await asyncpg.connect(database.dsn(role))
    try:
        yield connection
    finally:
        connection.terminate()


@asynccontextmanager
async def missing_standby(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """Let every flush wait until the end, for a standby that is not there; give a superuser's connection meanwhile."""
    superuser = await asyncpg.connect(database.dsn("superuser"))
    try:
        await _set_standby(superuser, "missing")
        yield superuser
    finally:
        await _set_standby(superuser, "")
        await superuser.close()


async def _set_standby(superuser: asyncpg.Connection, name: str) -> None:
    await superuser.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
    await superuser.execute("SELECT pg_reload_conf()")
    # The checkpointer reads the setting too, and it is the process that wakes those that wait.
    await until(lambda: superuser.fetchval("SHOW synchronous_standby_names"), name)
    await asyncio.sleep(0.2)


async def until(ask: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Ask again and again until the answer is the wanted one."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await ask() != wanted:  # noqa: ASYNC110 - the database rings no bell
            await asyncio.sleep(0.005)


def kill_and_restart(server: LocalPostgres) -> None:
    """End every process of PostgreSQL at once with SIGKILL, as a power cut would, and let it recover."""
    cluster = server.data_dir / "cluster"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == cluster:
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue
    server.stop()
    server.start()


def without_its_flush(text: str) -> str:
    """Write the message that appends an entry as it is when the server dies behind COMMIT."""
    message, found, _ = append_alone(LOG, small_entry(LOG, text)).rpartition("; SELECT pg_logical_emit_message")
    assert found
    return message


def signer_in(folder: Path) -> Signer:
    """Make a signer without witnesses."""
    return Signer(KEY, CheckpointStore(folder / "signed"), witnesses=Witnesses(), clock=lambda: AT)


class WhenAnEntryWaitsForTheDisk:
    async def test_the_log_is_free_meanwhile(self, database: Database) -> None:
        async with connected(database) as one, connected(database) as other:
            async with missing_standby(database) as superuser:
                slow = asyncio.create_task(one.execute(append_alone(LOG, small_entry(LOG, "slow"))))
                await until(lambda: superuser.fetchval(IN_THE_LOGS), 1)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await other.execute(without_its_flush("quick"))
                assert (await head_of(superuser, LOG)).size == 2
                assert not slow.done()
            await slow

    async def test_a_unit_that_writes_frees_it_too(self, database: Database) -> None:
        async with connected(database) as one, connected(database) as other:
            async with missing_standby(database) as superuser:
                await one.execute("BEGIN")
                slow = asyncio.create_task(one.execute(append_and_commit(LOG, small_entry(LOG, "slow"))))
                await until(lambda: superuser.fetchval(IN_THE_LOGS), 1)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await other.execute(without_its_flush("quick"))
                assert not slow.done()
            await slow

    async def test_the_signer_signs_and_remembers_nothing_of_it(self, database: Database, tmp_path: Path) -> None:
        signer = signer_in(tmp_path)
        async with connected(database) as one, connected(database, "signer") as other:
            async with missing_standby(database) as superuser:
                slow = asyncio.create_task(one.execute(append_alone(LOG, small_entry(LOG, "slow"))))
                await until(lambda: superuser.fetchval(IN_THE_LOGS), 1)
                signing = asyncio.create_task(signer.sign(other, LOG))
                await until(lambda: superuser.fetchval(WAITING), 2)
                assert CheckpointStore(tmp_path / "signed").checkpoint(ORIGIN) is None
                assert not signing.done()
            await slow
            assert (await signing).checkpoint.size == 1

    async def test_who_may_only_read_verifies_it_only_then(self, database: Database) -> None:
        async with connected(database) as one, connected(database, "verifier") as verifier:
            async with missing_standby(database) as superuser:
                slow = asyncio.create_task(one.execute(append_alone(LOG, small_entry(LOG, "slow"))))
                await until(lambda: superuser.fetchval(IN_THE_LOGS), 1)
                verifying = asyncio.create_task(verify_log(verifier, LOG, key=None, witnesses=Witnesses()))
                await until(lambda: superuser.fetchval(WAITING), 2)
                assert not verifying.done()
            await slow
            found = (await verifying).verification
            assert (found.is_whole, found.entries) == (True, 1)


class WhenARequestWaitsForTheDisk:
    """Rule 59: what is not surely in the log is given to nobody, be it data, a receipt or a refusal."""

    @pytest.mark.rule(59)
    @pytest.mark.parametrize(
        ("request_of", "status"),
        [("reading", 200), ("writing", 201), ("disclosing", 201), ("repeating", 201), ("a refusal", 404),
         ("turning away", 401)],
    )
    async def test_it_is_not_answered_though_its_entry_shows(
        self, house: House, database: Database, request_of: str, status: int
    ) -> None:
        case = await house.case()
        await case.politi.get("/cases")
        again = {"Idempotency-Key": "en-og-samme"}
        await case.kommune.post(f"{case.path}/information", NOTE, headers=again)
        concern = f"{case.path}/concerns/{case.concern_id}"
        async with missing_standby(database) as superuser:
            before = await superuser.fetchval(IN_THE_LOGS)
            # In a thread: the test client blocks the loop until it is answered.
            asked = asyncio.ensure_future(asyncio.to_thread(asyncio.run, _ask(house, case, request_of, concern, again)))
            await until(lambda: superuser.fetchval(IN_THE_LOGS), before + 1)
            await until(lambda: superuser.fetchval(WAITING), 1)
            assert not asked.done()
        assert (await asked).status_code == status


async def _ask(house: House, case: CaseInHand, request_of: str, concern: str, again: dict[str, str]) -> Any:
    match request_of:
        case "reading":
            return await case.kommune.call("GET", concern)
        case "writing":
            return await case.kommune.call("POST", f"{case.path}/information", json=NOTE)
        case "disclosing":  # the key is committed before the entry: were that one to wait, no entry would show
            return await case.kommune.call("POST", f"{case.path}/exchanges", json=told(summary="Han vil rejse."))
        case "repeating":
            return await case.kommune.call("POST", f"{case.path}/information", json=NOTE, headers=again)
        case "a refusal":
            return await case.politi.call("GET", concern)
    return await named_otherwise(house, loa="Low").call("GET", "/cases")


class WhenPostgresDiesBehindCommit:
    """Between COMMIT and the flush; what each row of the table does lies behind that, and is answered."""

    @pytest.mark.rule(56)
    @pytest.mark.rule(59)
    @pytest.mark.parametrize(
        ("answered", "kept"),
        [("nobody", 0), ("itself", 1), ("whoever appends next", 2), ("the signer", 1), ("the verifier", 1)],
    )
    async def test_what_was_answered_is_there_and_what_was_not_may_be_gone(
        self, database: Database, tmp_path: Path, answered: str, kept: int
    ) -> None:
        async with connected(database) as one, connected(database, "verifier") as verifier:
            whole = append_alone(LOG, small_entry(LOG, "entry"))
            await one.execute(whole if answered == "itself" else without_its_flush("entry"))
            assert (await head_of(verifier, LOG)).size == 1
            match answered:
                case "whoever appends next":
                    await one.execute(append_alone(LOG, small_entry(LOG, "another")))
                case "the signer":
                    async with connected(database, "signer") as signing:
                        assert (await signer_in(tmp_path).sign(signing, LOG)).checkpoint.size == 1
                case "the verifier":
                    assert (await durable_head_of(verifier, LOG)).size == 1
        kill_and_restart(database.server)
        async with connected(database) as again, connected(database, "signer") as signing:
            head = await head_of(signing, LOG)
            assert head.size == kept
            # The log goes on from where it is, and so does whoever signed it before.
            await again.execute(append_alone(LOG, small_entry(LOG, "afterwards")))
            assert (await signer_in(tmp_path).sign(signing, LOG)).checkpoint.size == kept + 1

    @pytest.mark.rule(56)
    async def test_an_answered_request_is_there_with_its_entry(self, house: House, database: Database) -> None:
        case = await house.case()
        item = await case.kommune.post(f"{case.path}/information", NOTE)
        await case.disclose(item["id"])
        kill_and_restart(database.server)
        # The key that the exchange gave stands in another schema, whose commit waits for no flush of its own.
        assert (await case.politi.get(f"{case.path}/information/{item['id']}"))["text"] == NOTE["text"]
        assert [entry.action for entry in await house.entries()][-2:] == ["recordExchange", "readInformation"]

    @pytest.mark.rule(56)
    @pytest.mark.parametrize(
        ("started", "waits"), [("pg_postmaster_start_time()", "off"), ("now()", "on"), ("NULL", "on")]
    )
    async def test_only_a_commit_on_the_same_server_is_left_to_the_next_flush(
        self, database: Database, started: str, waits: str
    ) -> None:
        async with connected(database, "keys") as one, one.transaction():
            await one.execute(f"SELECT {left_to_flush(started)}")
            assert await one.fetchval("SHOW synchronous_commit") == waits


@asynccontextmanager
async def standby_of(server: LocalPostgres, folder: Path) -> AsyncIterator[None]:
    """Run a standby that follows a server, on port 5433 of the same socket folder."""
    binaries, data = find_binaries(), str(folder / "standby")
    copying = await asyncio.create_subprocess_exec(
        str(binaries / "pg_basebackup"), "-D", data, "-R", "-X", "stream", "-c", "fast", "-d", server.superuser_dsn(),
    )
    assert await copying.wait() == 0
    hidden = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"] if os.geteuid() == 0 else []
    standby = await asyncio.create_subprocess_exec(
        *hidden, "setpriv", "--pdeathsig", "INT", "--", str(binaries / "postgres"), "-D", data, "-c", "port=5433",
        "-c", "listen_addresses=", "-c", f"unix_socket_directories={server.socket_dir}",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        standby.send_signal(signal.SIGINT)
        await standby.wait()


class WhenAStandbyIsRead:
    async def test_it_verifies_there_and_needs_no_flush(self, database: Database, tmp_path: Path) -> None:
        """Where nothing can be written: what a standby shows was on its primary's disk before."""
        async with connected(database) as app:
            await app.execute(append_alone(LOG, small_entry(LOG, "entry")))
        async with standby_of(database.server, tmp_path):
            verifier = await connected_when_up(database.dsn("verifier").replace("port=5432", "port=5433"))
            try:
                assert await verifier.fetchval("SELECT pg_is_in_recovery()") is True
                found = (await verify_log(verifier, LOG, key=None, witnesses=Witnesses())).verification
            finally:
                await verifier.close()
        assert (found.is_whole, found.entries) == (True, 1)


async def connected_when_up(address: str) -> asyncpg.Connection:
    """Connect as soon as a server that is just starting takes connections."""
    async with asyncio.timeout(6 * PATIENCE_SECONDS):
        while True:
            try:
                return await asyncpg.connect(address)
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.05)
