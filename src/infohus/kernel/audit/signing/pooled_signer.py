"""The signer with database connections of its own; requests and the service's background task sign through it.

A request never lends its connection to the signer, so no checkpoint covers its uncommitted entry, and no request waits
for a lock that it holds itself. Each statement takes a connection for itself: while a witness is waited for, which may
take seconds, none is held.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

import asyncpg
import structlog

from infohus import errors
from infohus.kernel.audit.formats.checkpoint import VerifierKey
from infohus.kernel.audit.formats.cosignature import WitnessKey
from infohus.kernel.audit.signing.signer import SignedHead, Signer
from infohus.kernel.audit.storage.export import check_hashed_proof, prove
from infohus.kernel.audit.verification.exported_log import Fault
from infohus.kernel.audit.verification.log_rows import verify_database
from infohus.kernel.audit.verification.stored_log import tally_faults_of
from infohus.kernel.database.pool import Connection
from infohus.kernel.database.readiness import PartNotReady

logger = structlog.get_logger()

CONNECTIONS = 2
"""Statements at once. They are short, and each log is signed by one task at a time."""
_ACQUIRE_SECONDS = 10


class _ConnectionPerStatement:
    """What the signer uses of a connection, over a pool: each statement is a transaction of its own."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    def is_in_transaction(self) -> bool:
        """Say that no transaction is ever left open between two statements."""
        return False

    async def fetch(self, statement: str, *values: object) -> list[asyncpg.Record]:
        async with self._acquired() as connection:
            return await connection.fetch(statement, *values)

    async def fetchrow(self, statement: str, *values: object) -> asyncpg.Record | None:
        async with self._acquired() as connection:
            return await connection.fetchrow(statement, *values)

    async def fetchval(self, statement: str, *values: object) -> object:
        async with self._acquired() as connection:
            return await connection.fetchval(statement, *values)

    async def execute(self, statement: str, *values: object) -> str:
        async with self._acquired() as connection:
            return await connection.execute(statement, *values)

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Connection]:
        try:
            async with asyncio.timeout(_ACQUIRE_SECONDS):
                connection = await self._pool.acquire()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
            raise errors.DatabaseUnavailable from failure
        try:
            yield connection
        finally:
            await self._pool.release(connection)


class PooledSigner:
    """Signs logs over a pool of its own."""

    def __init__(self, signer: Signer) -> None:
        """Take the signer; it can sign once `open` has been called."""
        self._signer = signer
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    def open(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Sign over this pool from now on."""
        self._pool = pool

    @property
    def need(self) -> int:
        """How many witnesses must cosign; 0 where there are none."""
        return self._signer.witnesses.need

    @property
    def witnesses(self) -> Sequence[WitnessKey]:
        """The public keys of the witnesses, with their names."""
        return self._signer.witnesses.keys

    def verifier(self, origin: str) -> VerifierKey:
        """Give the public half of the key under a log's name."""
        return self._signer.verifier(origin)

    def alarm(self, log_id: UUID) -> str | None:
        """Give the code of what is wrong with a log; see `Signer.alarm`."""
        return self._signer.alarm(log_id)

    async def sign(self, log_id: UUID) -> SignedHead:
        """Sign a log's present head and have it cosigned; see `Signer.sign`.

        Raises:
            LogNotAsSigned, LogIsBehind, StateNotReadable: nothing was signed.
            DatabaseUnavailable: no connection within 10 seconds.
        """
        return await self._signer.sign(self._connection(), log_id)

    async def faults_of(self, log_id: UUID) -> list[Fault]:
        """Hash every row of a log again, and count its entries on each person again; give what is wrong.

        For whoever may know that, and not read the log.

        Raises:
            DatabaseUnavailable: no connection within 10 seconds.
        """
        verification = await verify_database(self._connection(), log_id)
        return [*verification.faults, *await tally_faults_of(self._connection(), log_id)]

    async def require_in_log(self, log_id: UUID, index: int, hashed: bytes) -> SignedHead:
        """Sign a log's present head, and require that the entry with this leaf hash stands at `index` under it.

        Raises:
            LogNotAsSigned, LogIsBehind, StateNotReadable: nothing was signed.
            ProofDoesNotHold: another entry stands there.
            DatabaseUnavailable: no connection within 10 seconds.
        """
        head = await self.sign(log_id)
        proof = await prove(self._connection(), log_id, index, head.note)
        check_hashed_proof(proof, hashed, [self.verifier(head.checkpoint.origin)])
        return head

    async def sign_all(self) -> None:
        """Sign every log that needs it.

        Raises:
            DatabaseUnavailable: no connection within 10 seconds.
        """
        await self._signer.sign_all(self._connection())

    async def require_ready(self) -> None:
        """Ask for what signing needs; see `Signer.require_ready`.

        Raises:
            PartNotReady: naming what is missing.
        """
        try:
            await self._signer.require_ready(self._connection())
        except (errors.DatabaseUnavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
            raise PartNotReady(why=f"database-{type(failure).__name__}") from failure

    async def require_witnesses(self) -> None:
        """Ask whether enough witnesses answer; see `Signer.require_witnesses`.

        Raises:
            PartNotReady: naming those that do not.
        """
        await self._signer.require_witnesses(self._connection())

    async def sign_every(self, seconds: int) -> None:
        """Call `sign_all` at this interval until cancelled; a failure is logged, and the next round tries again."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.sign_all()
            except Exception as failure:
                logger.exception("logs_not_signed", exc_info=failure)

    async def require_not_behind(self) -> None:
        """Check that no log is shorter than it was; see `Signer.require_not_behind`.

        Raises:
            LogIsBehind, LogNotAsSigned, StateNotReadable: the service must not open.
            DatabaseUnavailable: no connection within 10 seconds.
        """
        await self._signer.require_not_behind(self._connection())

    def _connection(self) -> Connection:
        if self._pool is None:
            raise errors.DatabaseUnavailable
        return cast("Connection", _ConnectionPerStatement(self._pool))
