"""The log takes no entry that its readers could not read: each field, with whatever else it could hold."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from conftest import Database
from infohus.kernel.audit.formats.entry import Counted, Emptied, Entry, Opened, Wrote, read
from infohus.kernel.audit.storage.log import APPEND, INSTALLATION_LOG, OPEN_UNLESS_OPEN, append_alone, log_of
from infohus.kernel.audit.verification.log_rows import verify_database
from small_entries import opened_log, small_entry
from stopped_clock import BOUNDS, DEFINITION

LOG, AUTHORITY = uuid4(), "proevekommune"
MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)
GARBAGE: tuple[Any, ...] = (
    None, "x", "", 7, -1, 1.5, 1e300, True, [], [1], ["x"], [None], [[]], [{}], [[1]], [[1, "x"]], [5, 1], {},
    {"x": 1}, {"x": "y"}, {"x": [1]}, "2098-01-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T23:59:60Z",
    "2026-02-30T12:00:00Z", "{" + str(uuid4()) + "}",
)
WHOLE: dict[str, Any] = json.loads(small_entry(
    LOG, "nonce", caller=uuid4(), subject=uuid4(), case=uuid4(), role="r", assurance="a", reason="r", policies=["p"],
    justification="j", purpose="p", recipients=["x"], part=(1, 2), asked={"x": ["y"]}, read=[(0, 7)],
    opened=[Opened("note", "text", uuid4())], wrote=[Wrote("insert", "note", ["k"], 1, "d", "w")],
    emptied=Emptied(0, 7, MOMENT), counted=Counted(MOMENT, {"expired": 1}),
))
NESTED: dict[str, type[msgspec.Struct]] = {"opened": Opened, "wrote": Wrote, "emptied": Emptied, "counted": Counted}


def changed() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the entry with each field, and each of what it holds, replaced by each garbage and left out."""
    for field in (one.encode_name for one in msgspec.structs.fields(Entry)):
        for garbage in GARBAGE:
            yield f"{field}: {garbage!r}", {**WHOLE, field: garbage}
        without = {name: value for name, value in WHOLE.items() if name != field}
        yield f"without {field}", without
        if field in WHOLE:
            yield f"{field} last", {**without, field: WHOLE[field]}
    yield "one field more", {**WHOLE, "more": 1}
    for field, kind in NESTED.items():
        inner = WHOLE[field][0] if isinstance(WHOLE[field], list) else WHOLE[field]
        for name in (one.encode_name for one in msgspec.structs.fields(kind)):
            without = {key: value for key, value in inner.items() if key != name}
            last = {**without, name: inner[name]}
            others = [("gone", without), ("last", last), ("one more", {**inner, "more": 1})]
            for text, one in [(repr(garbage), {**inner, name: garbage}) for garbage in GARBAGE] + others:
                yield f"{field}.{name}: {text}", {**WHOLE, field: [one] if isinstance(WHOLE[field], list) else one}
    # Of rows that are the subject the function asks nothing more.
    own = {**WHOLE["opened"][0], "row": WHOLE["subject"]}
    yield "opened: its subject", {**WHOLE, "opened": [own]}
    for garbage in GARBAGE:
        bad = {**own, "row": garbage}
        yield f"subject and opened.row: {garbage!r}", {**WHOLE, "subject": garbage, "opened": [bad]}
        yield f"opened: its subject and {garbage!r}", {**WHOLE, "opened": [own, bad]}


@pytest.mark.fault("A4")
@pytest.mark.rule(58)
class WhenSomebodyAppendsWhatIsNoEntry:
    async def test_what_no_reader_reads_is_refused_whatever_field_it_stands_in(self, database: Database) -> None:
        superuser, owner = await opened_log(database, LOG), await opened_log(database, LOG, "owner")
        taken = 0
        for what, entry in [("the whole", WHOLE), *changed()]:
            encoded = json.dumps(entry, separators=(",", ":")).encode()
            try:
                await owner.execute(APPEND, LOG, encoded)
            except asyncpg.PostgresError:
                assert what != "the whole"
                continue
            taken += 1
            assert read(encoded) is not None, what
        assert taken > len(WHOLE)
        assert (await verify_database(superuser, LOG)).is_whole
        for connection in (superuser, owner):
            await connection.close()

    async def test_nor_can_one_be_dated_ahead_which_nobody_could_empty(self, database: Database) -> None:
        superuser, app = await opened_log(database, LOG), await opened_log(database, LOG, "app")
        present = await superuser.fetchval("SELECT now()")
        within, beyond = [
            small_entry(LOG, "ahead", at=present + timedelta(minutes=minutes)) for minutes in (55, 65)
        ]
        assert await app.fetchval(APPEND, LOG, within) == 0
        with pytest.raises(asyncpg.InvalidParameterValueError):
            await app.execute(APPEND, LOG, beyond)
        for connection in (superuser, app):
            await connection.close()


@pytest.mark.fault("A17")
@pytest.mark.rule(58)
class WhenTheApplicationNamesAnotherMoment:
    """A log in which nothing happens could be dated back, and what it claims would seem older than an honest entry."""

    @pytest.mark.parametrize("whose", [AUTHORITY, None])
    async def test_it_is_refused_by_the_servers_clock_and_for_no_longer_than_minutes(
        self, database: Database, whose: str | None
    ) -> None:
        superuser, app = [await asyncpg.connect(database.dsn(role)) for role in ("superuser", "app")]
        log = INSTALLATION_LOG if whose is None else log_of(whose)
        await superuser.execute(OPEN_UNLESS_OPEN, log, "infohus.test/authority", whose)
        present = await superuser.fetchval("SELECT clock_timestamp()")
        for seconds, is_taken in ((-110, True), (0, True), (110, True), (-130, False), (130, False), (-86_400, False)):
            entry = small_entry(log, "post", authority=whose, at=present + timedelta(seconds=seconds))
            assert await is_appended(app, append_alone(log, entry, authority_id=whose)) == is_taken, seconds
        both = [small_entry(log, "post", authority=whose, at=present - timedelta(seconds=one)) for one in (0, 200)]
        for entries in (both, both[::-1]):
            assert not await is_appended(app, append_alone(log, *entries, authority_id=whose))
        for connection in (superuser, app):
            await connection.close()

    async def test_what_waits_for_the_logs_lock_is_asked_when_it_has_it(self, database: Database) -> None:
        superuser, app = [await asyncpg.connect(database.dsn(role)) for role in ("superuser", "app")]
        log = log_of(AUTHORITY)
        await superuser.execute(OPEN_UNLESS_OPEN, log, "infohus.test/authority", AUTHORITY)
        definition = await superuser.fetchval(DEFINITION, next(iter(BOUNDS)))
        assert definition.count("2 minutes") == 2
        await superuser.execute(definition.replace("2 minutes", "0.4 seconds"))
        entry = small_entry(log, "post", authority=AUTHORITY, at=await superuser.fetchval("SELECT clock_timestamp()"))
        async with superuser.transaction():
            await superuser.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 58))", str(log))
            waiting = asyncio.create_task(is_appended(app, append_alone(log, entry, authority_id=AUTHORITY)))
            await asyncio.sleep(0.5)
            assert not waiting.done()
        assert not await waiting
        for connection in (superuser, app):
            await connection.close()


async def is_appended(app: asyncpg.Connection, message: str) -> bool:
    """Say whether the log takes what a message appends, or refuses it for its moment."""
    try:
        await app.execute(message)
    except asyncpg.InvalidParameterValueError as refused:
        assert "another moment" in str(refused)  # noqa: PT017 - some are taken
        await app.execute("ROLLBACK")
        return False
    return True
