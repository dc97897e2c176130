"""The signer with database connections of its own; requests and the service's background task sign through it.

A request never lends its connection to the signer, so no checkpoint covers its uncommitted entry, and no request waits
for a lock that it holds itself.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import structlog

from infohus import errors
from infohus.kernel.audit.formats.checkpoint import VerifierKey
from infohus.kernel.audit.formats.cosignature import WitnessKey
from infohus.kernel.audit.signing.signer import SignedHead, Signer
from infohus.kernel.database.pool import Connection

logger = structlog.get_logger()

CONNECTIONS = 2
"""One for the background task, one for requests: each log is signed by one task at a time."""
_PATIENCE_SECONDS = 10


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
        async with self._connection() as connection:
            return await self._signer.sign(connection, log_id)

    async def sign_all(self) -> None:
        """Sign every log that needs it.

        Raises:
            DatabaseUnavailable: no connection within 10 seconds.
        """
        async with self._connection() as connection:
            await self._signer.sign_all(connection)

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
        async with self._connection() as connection:
            await self._signer.require_not_behind(connection)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        if self._pool is None:
            raise errors.DatabaseUnavailable
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                connection = await self._pool.acquire()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
            raise errors.DatabaseUnavailable from failure
        try:
            yield connection
        finally:
            await self._pool.release(connection)
