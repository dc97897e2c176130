"""A witness over HTTP: C2SP tlog-witness, `POST /add-checkpoint`. It holds no database, no case and no log of its own.

Callers are not authenticated "beyond the validation of the signature on the checkpoint" (tlog-witness, "Introduction").
"""

import asyncio
import os
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, post

from infohus.clock import now
from infohus.kernel.audit.formats.checkpoint import SigningKey, VerifierKey
from infohus.kernel.audit.witness.witness import (
    LARGEST_BODY,
    NotARequest,
    NotConsistent,
    NotSignedByTheLog,
    OtherSizeRemembered,
    StateNotReadable,
    UnknownLog,
    Witness,
)

MOST_BODIES = 64
"""At once. One more is refused and not kept waiting: strangers who stay would wait in front of the log."""
MOST_CONNECTIONS = 512
"""At once. Who comes later waits in the kernel until one of them is over."""
BUFFER_BYTES = 16_384
HEADER_SECONDS = 10
_BODY_SECONDS = 10
_STATUS = {NotARequest: 400, NotSignedByTheLog: 403, UnknownLog: 404, NotConsistent: 422, StateNotReadable: 500}
NAME, KEY, STATE, LOG_KEYS = (f"INFOHUS_WITNESS_{one}" for one in ("NAME", "KEY", "STATE", "LOG_KEYS"))


def create_witness_app(
    witness: Witness, *, body_seconds: float = _BODY_SECONDS, most_bodies: int = MOST_BODIES
) -> Litestar:
    """Give the ASGI app of one witness.

    A body that is not there after `body_seconds` is not waited for (408); more than `most_bodies` at once are refused
    (503).
    """
    room = asyncio.Semaphore(most_bodies)

    @post("/add-checkpoint", status_code=200, media_type="text/plain")
    async def add_checkpoint(request: Request[Any, Any, Any]) -> Response[str]:
        # Behind an answer to a request that was not read to its end the server closes the connection.
        if room.locked():
            return Response("", status_code=503, media_type="text/plain")
        async with room:
            try:
                async with asyncio.timeout(body_seconds):
                    body = await request.body()
            except TimeoutError:
                return Response("", status_code=408, media_type="text/plain")
            return await answer_to(body)

    async def answer_to(body: bytes) -> Response[str]:
        try:
            # In a thread: it waits for the disk, and for the folder's lock.
            return Response(await asyncio.to_thread(witness.add, body), media_type="text/plain")
        except OtherSizeRemembered as other:
            # "The response MUST have a Content-Type of text/x.tlog.size" (tlog-witness, "add-checkpoint"). As a header:
            # Litestar adds a charset to a text's media type.
            return Response(f"{other.size}\n", status_code=409, headers={"Content-Type": "text/x.tlog.size"})
        except tuple(_STATUS) as refused:
            return Response("", status_code=_STATUS[type(refused)], media_type="text/plain")

    return Litestar(
        [add_checkpoint], openapi_config=None, request_max_body_size=LARGEST_BODY, logging_config=None
    )


def application() -> Litestar:
    """Build the witness that `infohus witness serve` named in its worker's environment."""
    return create_witness_app(
        Witness(
            SigningKey.load(Path(os.environ[KEY])),
            name=os.environ[NAME],
            folder=Path(os.environ[STATE]),
            logs=[VerifierKey.parse(one) for one in os.environ[LOG_KEYS].split()],
            clock=now,
        )
    )
