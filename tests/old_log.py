"""A log with entries of 2019, and a connection as each role that reads or writes a log."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from conftest import REPOSITORY, Database
from house import now
from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.emptying import EMPTY, entry_of
from infohus.kernel.audit.formats.entry import Emptied, decode, encode
from infohus.kernel.audit.storage.export import export_log
from infohus.kernel.audit.storage.log import APPEND, head_of
from infohus.kernel.audit.verification.log_rows import verify_database

LOG, ORIGIN = uuid4(), "infohus.test/log"
KEY = SigningKey(bytes(range(32)))
OLD = datetime(2019, 3, 1, 12, tzinfo=UTC)
FIVE_YEARS = timedelta(days=5 * 366)
Connection = Any


def verifier(*arguments: object) -> tuple[int, str]:
    """Run the verifier that shares no code with us."""
    command = [sys.executable, "-I", str(REPOSITORY / "deploy" / "verifier" / "verify.py"), *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout.strip() + run.stderr.strip()


def entry(at: datetime, log_id: UUID = LOG) -> bytes:
    """Encode an entry of this time."""
    said = decode(entry_of(log_id, Emptied(0, 1, at), at=at))
    return encode(msgspec.structs.replace(said, action="readCase", emptied=msgspec.UNSET))


@dataclass(frozen=True, slots=True)
class Log:
    """A log with old entries, and a connection as each role that reads or writes it."""

    database: Database
    superuser: Connection
    app: Connection
    retention: Connection
    entries: list[bytes]

    async def empty(self, start: int, stop: int, **more: Any) -> int:
        """Empty entries as the command does."""
        values = {"at": now(), "before": now() - FIVE_YEARS, **more}
        said = entry_of(LOG, Emptied(start, stop, values["before"]), at=values["at"])
        place: int = await self.retention.fetchval(EMPTY, LOG, start, stop, said, [], "[]")
        return place

    async def faults(self) -> list[str]:
        """Verify the rows."""
        return [str(fault) for fault in (await verify_database(self.superuser, LOG)).faults]

    async def export(self, folder: Path) -> Path:
        """Export it with the key beside it."""
        await export_log(self.superuser, LOG, await self.note(), folder, key=KEY.verifier(ORIGIN))
        return folder

    async def note(self) -> str:
        """Sign its present head."""
        head = await head_of(self.superuser, LOG)
        return KEY.sign(Checkpoint(ORIGIN, head.size, head.root()))


@asynccontextmanager
async def open_log(database: Database) -> AsyncIterator[Log]:
    """Write 300 entries of 2019, a day apart, and three of this year."""
    superuser, app, retention = [
        await asyncpg.connect(database.dsn(role)) for role in ("superuser", "app", "retention")
    ]
    await superuser.execute("SELECT audit.open_log($1, $2)", LOG, ORIGIN)
    entries = [entry(OLD + timedelta(days=number)) for number in range(300)]
    entries += [entry(now() - timedelta(days=number)) for number in (300, 200, 100)]
    for one in entries:
        await app.execute(APPEND, LOG, one)
    yield Log(database, superuser, app, retention, entries)
    for connection in (superuser, app, retention):
        await connection.close()
