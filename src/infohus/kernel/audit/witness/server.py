"""A witness over HTTP: C2SP tlog-witness, `POST /add-checkpoint`. Uses no database and keeps no log of its own.

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
"""Bodies read at once. More are refused and not queued: slow strangers would stand in the queue before the log."""
MOST_CONNECTIONS = 512
"""Connections at once. Further ones wait in the kernel's queue until one is closed."""
BUFFER_BYTES = 16_384
HEADER_SECONDS = 10
_BODY_SECONDS = 10
_STATUS = {NotARequest: 400, NotSignedByTheLog: 403, UnknownLog: 404, NotConsistent: 422, StateNotReadable: 500}
NAME, KEY, STATE, LOG_KEYS = (f"INFOHUS_WITNESS_{one}" for one in ("NAME", "KEY", "STATE", "LOG_KEYS"))


def create_witness_app(
    witness: Witness, *, body_seconds: float = _BODY_SECONDS, most_bodies: int = MOST_BODIES
) -> Litestar:
    """Build the ASGI app of one witness.

    A body that takes longer than `body_seconds` is answered with 408, more than `most_bodies` at once with 503.
    """
    slots = asyncio.Semaphore(most_bodies)

    @post("/add-checkpoint", status_code=200, media_type="text/plain")
    async def add_checkpoint(request: Request[Any, Any, Any]) -> Response[str]:
        # Answered without reading the body, after which the server closes the connection.
        if slots.locked():
            return Response("", status_code=503, media_type="text/plain")
        async with slots:
            try:
                async with asyncio.timeout(body_seconds):
                    body = await request.body()
            except TimeoutError:
                return Response("", status_code=408, media_type="text/plain")
            return await answer_to(body)

    async def answer_to(body: bytes) -> Response[str]:
        try:
            # In a thread, because it waits for the disk and for the checkpoint store's lock.
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
    """Build the witness from the environment that `infohus witness serve` sets for its worker process."""
    return create_witness_app(
        Witness(
            SigningKey.load(Path(os.environ[KEY])),
            name=os.environ[NAME],
            folder=Path(os.environ[STATE]),
            logs=[VerifierKey.parse(key) for key in os.environ[LOG_KEYS].split()],
            clock=now,
        )
    )
