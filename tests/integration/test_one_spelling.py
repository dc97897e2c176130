"""What the log takes has one spelling, the one that its readers write: nothing that it took is named for it later."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import Database
from infohus.kernel.audit.formats.entry import Counted, Emptied, Opened, Wrote, read
from infohus.kernel.audit.storage.log import APPEND
from infohus.kernel.audit.verification.log_rows import verify_database
from infohus.kernel.audit.verification.stored_log import tally_faults_of
from small_entries import log_id_of, opened_log, small_entry

LOG = uuid4()
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12),
    st.sampled_from(["", "a, b", '", "', "\\", "\\u0041", "\x1f\n", '{"v":2,', "1.0", '],"wrote":[', "æ😀", '":', "%"]),
)
NUMBERS = st.one_of(st.integers(1, 120), st.integers(1, 2**63 - 1))
IDS = st.one_of(st.none(), st.uuids())
ROWS = st.builds(
    Wrote, verb=TEXTS, table=TEXTS, key=st.lists(TEXTS, min_size=1, max_size=3), revision=NUMBERS,
    digest=st.none() | TEXTS, was=st.none() | TEXTS,
)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
RARER = {
    "part": NUMBERS.map(lambda count: (1, min(count, 2**31 - 1))),
    "asked": st.dictionaries(TEXTS, st.lists(TEXTS, max_size=3), max_size=3),
    "read": st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3),
    "emptied": st.builds(Emptied, st.just(0), NUMBERS, MOMENTS),
    "counted": st.builds(Counted, MOMENTS, st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), NUMBERS)),
}
FIELDS = st.fixed_dictionaries({
    "at": MOMENTS, "caller": IDS, "subject": IDS, "case": IDS, "role": st.none() | TEXTS, "reason": st.none() | TEXTS,
    "justification": st.none() | TEXTS, "policies": st.lists(TEXTS, max_size=3), "policy_set": TEXTS,
    "recipients": st.lists(TEXTS, max_size=2),
    "persons": st.lists(st.sampled_from(["a", "b"]).map(log_id_of), unique=True),
    "opened": st.lists(st.builds(Opened, TEXTS, TEXTS, st.uuids()), max_size=3), "wrote": st.lists(ROWS, max_size=3),
}, optional=RARER)  # fmt: skip


def everywhere(pattern: bytes, put: Callable[[re.Match[bytes]], bytes]) -> Callable[[bytes], list[bytes]]:
    """Write an entry anew in some ways: with each of the first places where a pattern stands changed by itself."""
    def respell(entry: bytes) -> list[bytes]:
        found = list(re.finditer(pattern, entry))[:40]
        return [entry[: one.start()] + put(one) + entry[one.end() :] for one in found]

    return respell


UUIDS = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NUMBER = rb"(?<=[:,\[])[0-9]+(?=[,\]}])"
RESPELLINGS = {
    "a space behind": everywhere(rb"[,:\[{](?=[\"\[{nN0-9\]}])", lambda one: one[0] + b" "),
    "a line in front": everywhere(rb"[\]},]", lambda one: b"\n" + one[0]),
    "a letter escaped": everywhere(rb"[a-z](?=[a-z_]*\")", lambda one: b"\\u%04x" % one[0][0]),
    "a solidus escaped": everywhere(rb"(?<!\\)/", lambda one: b"\\" + one[0]),
    "an escape in capitals": everywhere(rb"\\u001[a-f]", lambda one: one[0].upper().replace(b"U", b"u")),
    "a pair of escapes": everywhere("😀".encode(), lambda _: b"\\ud83d\\ude00"),
    "a number with a point": everywhere(NUMBER, lambda one: one[0] + b".0"),
    "a number with an exponent": everywhere(NUMBER, lambda one: one[0] + b"e0"),
    "a number by its exponent": everywhere(NUMBER, lambda one: one[0] + b"0e-1"),
    "a hundred": everywhere(rb"(?<=[:,\[])1?00(?=[,\]}])", lambda _: b"1e2"),
    "a number with a sign": everywhere(rb"(?<=[:,\[])0(?=[,\]}])", lambda _: b"-0"),
    "an id in capitals": everywhere(UUIDS, lambda one: one[0].upper()),
    "an id without hyphens": everywhere(UUIDS, lambda one: one[0].replace(b"-", b"")),
    "an id in braces": everywhere(UUIDS, lambda one: b"{%b}" % one[0]),
    "two ids in the place of one": everywhere(UUIDS, lambda one: b"%b,%b" % (one[0], one[0])),
    "a field twice": everywhere(rb'"[a-z_]+":(?:null|"[^"\\]*"|[0-9]+|\[\]|\{\}),', lambda one: one[0] + one[0]),
    "a moment to the tenth": everywhere(rb"(:[0-9]{2})(?:\.[0-9]{6})?Z", lambda one: one[1] + b".1Z"),
    "a moment with noughts": everywhere(rb"(:[0-9]{2})(?:\.[0-9]{6})?Z", lambda one: one[1] + b".000000Z"),
    "a moment with its zone": everywhere(rb"(:[0-9]{2}(?:\.[0-9]{6})?)Z", lambda one: one[1] + b"+00:00"),
}
WHOLE: dict[str, Any] = {
    "caller": uuid4(), "subject": uuid4(), "case": uuid4(), "justification": "a/b\x1f😀", "policies": ["a", "b"],
    "persons": [log_id_of("a")], "opened": [Opened("note", "text", uuid4()), Opened("note", "more", uuid4())],
    "wrote": [Wrote("insert", "note", ["k", "l"], 100, "d", "w"), Wrote("insert", "note", ["k"], 1, None)],
    "read": [(0, 100), (3, 4)], "part": (1, 2), "asked": {"case": ["x", "y"], "id": []},
    "emptied": Emptied(0, 7, datetime(2026, 1, 1, tzinfo=UTC)),
    "counted": Counted(datetime(2026, 1, 1, tzinfo=UTC), {"expired": 100}),
}


async def taken(connection: asyncpg.Connection, entry: bytes) -> bool:
    """Say whether the log takes an entry; whatever else is wrong with it, it is no failure of the function."""
    try:
        await connection.execute(APPEND, LOG, entry)
    except asyncpg.DataError:
        return False
    return True


@pytest.mark.rule(58)
class WhenAnEntryIsSpelledInAnotherWay:
    async def test_it_is_refused_and_the_one_spelling_is_taken_whatever_it_says(self, database: Database) -> None:
        superuser, owner = await opened_log(database, LOG), await opened_log(database, LOG, "owner")
        entries = [small_entry(LOG, "whole", **WHOLE), small_entry(LOG, "no row")]

        @settings(max_examples=80, deadline=None, database=None)
        @given(FIELDS)
        def say(fields: dict[str, Any]) -> None:
            entries.append(small_entry(LOG, "nonce", **fields))

        say()
        for entry in entries:
            assert await taken(owner, entry), entry
        seen = set[str]()
        for name, respell in RESPELLINGS.items():
            for entry in entries[:6]:
                for other in respell(entry):
                    seen.add(name)
                    assert read(other) is not None or not await taken(owner, other), (name, other)
        assert seen == RESPELLINGS.keys()
        assert (await verify_database(superuser, LOG)).is_whole
        assert [fault for fault in await tally_faults_of(superuser, LOG) if "ingen post" in fault.what] == []
        for connection in (superuser, owner):
            await connection.close()
