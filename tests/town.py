"""A log with its signer and three witnesses, without an application: the set-up for tests of signer and witnesses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import httpx
from litestar import Litestar

from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.audit.formats.merkle import Frontier, leaf_hash
from infohus.kernel.audit.signing.signer import Signer
from infohus.kernel.audit.storage.checkpoint_store import CheckpointStore
from infohus.kernel.audit.storage.log import APPEND
from infohus.kernel.audit.witness.cosigning import Witnesses, WitnessPolicy, WitnessUnreachable
from infohus.kernel.audit.witness.server import create_witness_app
from infohus.kernel.audit.witness.witness import Witness
from small_entries import small_entry

LOG, ORIGIN = UUID(int=7), "infohus.test/log"
KEY = SigningKey(b"l" * 32)
NAMES = ("kommune.example", "politi.example", "dpo.example")
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Town:
    """A log, its signer, and three witnesses, as the fixture `town` opens them.

    Each keeps its state in a folder of its own. Witnesses named in `away` do not answer.
    """

    connection: asyncpg.Connection
    """The signer's."""
    app: asyncpg.Connection
    superuser: asyncpg.Connection
    folder: Path
    away: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    servers: dict[str, Litestar] = field(default_factory=dict)
    later: timedelta = timedelta()

    def witness(self, name: str) -> Witness:
        """Start a witness; started again, it reads what it stored before."""
        return Witness(
            SigningKey(name[:1].encode() * 32), name=name, folder=self.folder / name, logs=[KEY.verifier(ORIGIN)],
            clock=lambda: AT + self.later,
        )

    @property
    def policy(self) -> WitnessPolicy:
        """Two of the three witnesses must cosign."""
        keys = tuple(self.witness(name).verifier for name in NAMES)
        return WitnessPolicy(2, keys, tuple(f"http://{name}" for name in NAMES))

    def signer(self, store: str = "signed") -> Signer:
        """Start the signer on a checkpoint store below the folder; a new name is an empty store."""
        witnesses = Witnesses(self.policy, self.send, lambda: AT + self.later)
        return Signer(KEY, CheckpointStore(self.folder / store), witnesses=witnesses, clock=lambda: AT)

    async def send(self, url: str, body: bytes) -> tuple[int, str]:
        """Send a request to the witness of the address' host, without a network."""
        name = httpx.URL(url).host
        self.asked.append(name)
        if name in self.away:
            raise WitnessUnreachable
        server = self.servers.setdefault(name, create_witness_app(self.witness(name)))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", server))) as client:
            answer = await client.post(url, content=body)
        return answer.status_code, answer.text

    async def append(self, count: int, text: str = "post") -> None:
        """Append as the application does."""
        for number in range(count):
            await self.app.execute(APPEND, LOG, small_entry(LOG, f"{text} {number}"))

    async def as_superuser(self, *statements: str | tuple[str, *tuple[object, ...]]) -> None:
        """Do what only a superuser can: change the log with its triggers off."""
        async with self.superuser.transaction():
            await self.superuser.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                sql, *values = (statement,) if isinstance(statement, str) else statement
                await self.superuser.execute(sql, *values)

    async def cut_tail(self, size: int) -> None:
        """Remove all entries from index `size` on, and store the frontier of the others."""
        frontier = Frontier()
        for row in await self.superuser.fetch(
            "SELECT entry FROM audit.leaf WHERE log_id = $1 AND index < $2 ORDER BY index", LOG, size
        ):
            frontier.append(leaf_hash(row["entry"]))
        await self.as_superuser(
            ("DELETE FROM audit.leaf WHERE index >= $1", size),
            ("UPDATE audit.frontier SET size = $1, hashes = $2", size, frontier.stored),
        )

    async def forget_the_archive(self) -> None:
        """Delete every stored checkpoint and cosignature."""
        await self.as_superuser("DELETE FROM audit.cosignature", "DELETE FROM audit.checkpoint")

    async def root(self) -> bytes:
        """Compute the root from the entries alone."""
        frontier = Frontier()
        for row in await self.superuser.fetch("SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index", LOG):
            frontier.append(leaf_hash(row["entry"]))
        return frontier.root()


@asynccontextmanager
async def open_town(signer_dsn: str, app_dsn: str, superuser_dsn: str, folder: Path) -> AsyncIterator[Town]:
    """Open an empty log of no authority; signer and witnesses keep their state below `folder`."""
    signer, app, superuser = [await asyncpg.connect(dsn) for dsn in (signer_dsn, app_dsn, superuser_dsn)]
    try:
        await superuser.execute("SELECT audit.open_log($1, $2)", LOG, ORIGIN)
        yield Town(signer, app, superuser, folder)
    finally:
        for connection in (signer, app, superuser):
            await connection.close()
