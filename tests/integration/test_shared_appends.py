"""Units that only read append together what each would have appended alone, and each is answered for its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
import pytest

from conftest import Database
from house import now
from infohus import errors
from infohus.kernel.audit.formats.entry import Track
from infohus.kernel.audit.storage.log import log_of
from infohus.kernel.audit.verification.log_rows import verify_database
from infohus.kernel.audit.verification.stored_log import tally_faults_of
from infohus.kernel.unit_of_work.committing import Unanswered
from infohus.kernel.unit_of_work.shared_appends import SharedAppends
from small_entries import log_id_of, small_entry

OWN = "kommune"
LOG = log_of(OWN)
STORED = """
SELECT l.index, l.entry, l.hashes, f.size, f.hashes AS frontier, t.tallies
FROM audit.leaf l JOIN audit.frontier f USING (log_id),
  (SELECT array_agg(t::text ORDER BY person, track) AS tallies FROM audit.tally t WHERE log_id = $1) t
WHERE l.log_id = $1 ORDER BY l.index
"""
MESSAGES = "SELECT count(DISTINCT xmin::text) FROM audit.leaf WHERE log_id = $1"
ASKED_TO_WAIT = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()"
LOCK = f"SELECT pg_advisory_lock(hashtextextended('{LOG}', 58))"
FREE = f"SELECT pg_advisory_unlock(hashtextextended('{LOG}', 58))"


def entry(name: str, *persons: str, **more: Any) -> bytes:
    named = [log_id_of(person) for person in persons]
    return small_entry(LOG, name, at=now(), authority=OWN, persons=named, **more)


class Readers:
    """Units that have read and append: each with a connection of its own, as the application's role."""

    def __init__(self, database: Database, superuser: asyncpg.Connection) -> None:
        self.superuser = superuser
        self.appends = SharedAppends()
        self.database = database
        self.connections: list[asyncpg.Connection] = []

    async def append(self, entry: bytes) -> asyncio.Task[None]:
        connection = await asyncpg.connect(self.database.dsn("app"))
        self.connections.append(connection)
        task = asyncio.create_task(self.appends.append(cast("Any", connection), OWN, entry))
        await asyncio.sleep(0)
        return task

    async def waiting_backend(self, *, of: int = 1) -> int:
        """Wait until so many sessions wait for the log's lock; give the process of one."""
        async with asyncio.timeout(10):
            while len(rows := await self.superuser.fetch(ASKED_TO_WAIT)) < of:  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.01)
        return int(rows[0]["pid"])

    async def stored(self) -> list[bytes]:
        return [row["entry"] for row in await self.superuser.fetch(STORED, LOG)]

    @asynccontextmanager
    async def held_up(self) -> AsyncIterator[asyncio.Task[None]]:
        """Begin an append that waits for the log's lock until the context is left: whoever comes meanwhile waits."""
        await self.superuser.execute(LOCK)
        first = await self.append(entry("first", "ali"))
        await self.waiting_backend()
        try:
            yield first
        finally:
            await self.superuser.execute(FREE)

    @asynccontextmanager
    async def sent_and_held_up(self, units: int) -> AsyncIterator[list[asyncio.Task[None]]]:
        """Let units send one message together that waits for the log's lock until the context is left."""
        holder = await asyncpg.connect(self.database.dsn("superuser"))
        self.connections.append(holder)
        async with self.held_up() as first:
            together = [await self.append(entry(f"unit {number}")) for number in range(units)]
            # Behind the first append, before the next.
            holding = asyncio.create_task(holder.execute(LOCK))
            await self.waiting_backend(of=2)
        await asyncio.gather(first, holding)
        await self.waiting_backend()
        yield together
        await holder.execute(FREE)


@pytest.fixture
async def readers(database: Database) -> AsyncIterator[Readers]:
    superuser = await asyncpg.connect(database.dsn("superuser"))
    await superuser.execute("SELECT audit.open_log($1, 'infohus.test/own', $2)", LOG, OWN)
    made = Readers(database, superuser)
    yield made
    for connection in (superuser, *made.connections):
        await connection.close()


class WhenSeveralUnitsAppendAtOnce:
    @pytest.mark.rule(58)
    @pytest.mark.rule(64)
    async def test_rows_and_counts_are_what_single_appends_give(self, readers: Readers) -> None:
        entries = [
            entry("1", "ali"), entry("2"), entry("3", "ali", "bo"), entry("4", "ali", track=Track.PET),
            entry("5", "bo"), entry("6", "ali"), entry("7"), entry("8", "cleo"), entry("9", "ali"),
        ]
        found = []
        for together in (1, 2, 9):
            transaction = readers.superuser.transaction()
            await transaction.start()
            for start in range(0, len(entries), together):
                some = entries[start : start + together]
                index = await readers.superuser.fetchval("SELECT audit.append($1, VARIADIC $2)", LOG, some)
                assert index == start + len(some) - 1
            found.append(await readers.superuser.fetch(STORED, LOG))
            await transaction.rollback()
        assert len(found[0]) == len(entries)
        assert found[0] == found[1] == found[2]

    @pytest.mark.rule(59)
    async def test_those_that_waited_travel_together_and_all_are_in_the_log(self, readers: Readers) -> None:
        async with readers.held_up() as first:
            others = [await readers.append(entry(f"unit {number}", "ali")) for number in range(5)]
            assert not [one for one in (first, *others) if one.done()]
        await asyncio.gather(first, *others)
        assert await readers.superuser.fetchval(MESSAGES, LOG) == 2
        verified = await verify_database(readers.superuser, LOG)
        assert (verified.entries, verified.is_whole) == (6, True)
        assert await tally_faults_of(readers.superuser, LOG) == []

    @pytest.mark.rule(59)
    async def test_one_that_is_refused_takes_no_other_with_it(self, readers: Readers) -> None:
        async with readers.held_up() as first:
            bad = await readers.append(b'{"v":2,"this is":"no entry"}')
            good = [await readers.append(entry(f"good {number}")) for number in range(3)]
        await asyncio.gather(first, *good)
        with pytest.raises(asyncpg.InvalidParameterValueError):
            await bad
        assert len(await readers.stored()) == 4

    @pytest.mark.rule(59)
    async def test_a_lost_answer_leaves_all_of_them_in_doubt(self, readers: Readers) -> None:
        async with readers.sent_and_held_up(3) as doubtful:
            await readers.superuser.execute("SELECT pg_terminate_backend($1)", await readers.waiting_backend())
            for one in doubtful:
                with pytest.raises(Unanswered) as unanswered:
                    await one
                assert isinstance(unanswered.value.outcome, errors.LogUnavailable)
        await (await readers.append(entry("the next")))
        assert len(await readers.stored()) == 2

    @pytest.mark.rule(59)
    async def test_one_that_is_cancelled_before_it_is_sent_leaves_no_entry_and_the_others_do(
        self, readers: Readers
    ) -> None:
        async with readers.held_up() as first:
            others = [await readers.append(entry(f"unit {number}")) for number in range(3)]
            others[0].cancel()
            with pytest.raises(asyncio.CancelledError):
                await others[0]
        await asyncio.gather(first, *others[1:])
        assert [b'"unit 0"' in one for one in await readers.stored()] == [False] * 3

    @pytest.mark.rule(59)
    async def test_one_that_is_cancelled_when_it_was_sent_is_told_that_nobody_knows(self, readers: Readers) -> None:
        async with readers.sent_and_held_up(3) as sent:
            sent[0].cancel()
            await asyncio.sleep(0.05)
            assert not sent[0].done()
        with pytest.raises(Unanswered) as unanswered:
            await sent[0]
        assert isinstance(unanswered.value.outcome, asyncio.CancelledError)
        await asyncio.gather(*sent[1:])
        assert len(await readers.stored()) == 4
