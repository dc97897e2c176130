"""What is no entry is refused where it is appended, and no reader takes it for one."""

import json
from uuid import uuid4

import asyncpg
import pytest

from conftest import Database
from infohus.kernel.audit.formats.entry import read
from infohus.kernel.audit.storage.log import APPEND
from small_entries import opened_log, small_entry

LOG = uuid4()


class WhenAnEntryIsNotAsItMustBe:
    @pytest.mark.fault("A17")
    @pytest.mark.parametrize("tail", [b" ", b"\n", b"\t\r\n", b"x", b"{}", b"}"])
    async def test_bytes_after_its_end_are_refused(self, database: Database, tail: bytes) -> None:
        await self.assert_refused(database, small_entry(LOG, "an entry") + tail)

    @pytest.mark.fault("A17")
    @pytest.mark.parametrize("at", [
        "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "banana", "", "infinity", None, 7, [],
        "2026-02-31T12:00:00Z", "2026-13-01T12:00:00Z", "2026-03-01T25:00:00Z", "2026-03-01T12:00:00",
        "2026-03-01T12:00:00+01:00", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "2026-03-01", "now",
    ])  # fmt: skip
    async def test_a_moment_that_nobody_can_count_with_is_refused(self, database: Database, at: object) -> None:
        await self.assert_refused(database, changed(at=at))

    @pytest.mark.fault("A17")
    @pytest.mark.parametrize("row", [
        {"key": []}, {"key": "a"}, {"key": [7]}, {"key": None}, {"key": {}}, {"key": [["a"]]}, {"revision": 0},
        {"revision": -1}, {"revision": 2**63}, {"revision": "1"}, {"revision": None},
    ])  # fmt: skip
    async def test_a_row_without_a_key_or_a_revision_is_refused(
        self, database: Database, row: dict[str, object]
    ) -> None:
        wrote = {"verb": "insert", "table": "note", "key": ["a", "b"], "revision": 1, "digest": None, "was": None}
        await self.assert_refused(database, changed(wrote=[wrote, {**wrote, **row}]))

    async def assert_refused(self, database: Database, entry: bytes) -> None:
        """Append it as the owner, who may append any entry; no reader takes it for an entry either."""
        superuser, owner = await opened_log(database, LOG), await opened_log(database, LOG, "owner")
        newest = {"revision": 2**63 - 1, "digest": None, "was": None}
        wrote = {"verb": "insert", "table": "note", "key": ["a", "b"], **newest}
        try:
            assert await owner.fetchval(APPEND, LOG, changed(wrote=[wrote])) == 0
            with pytest.raises((asyncpg.DataError, asyncpg.InvalidParameterValueError)):
                await owner.execute(APPEND, LOG, entry)
            assert read(entry) is None
        finally:
            await owner.close()
            await superuser.close()


def changed(**said: object) -> bytes:
    """Make an entry that says something else."""
    whole = {**json.loads(small_entry(LOG, "an entry")), **said}
    return json.dumps(whole, separators=(",", ":")).encode()
