"""A witness over HTTP: C2SP tlog-witness, `POST /add-checkpoint`. It holds no database, no case and no log of its own.

Callers are not authenticated "beyond the validation of the signature on the checkpoint" (tlog-witness, "Introduction").
"""

import asyncio
import os
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, post

from infohus.app import now
from infohus.audit.checkpoint import SigningKey, VerifierKey
from infohus.audit.witness import (
    NotARequest,
    NotConsistent,
    NotSignedByTheLog,
    OtherSizeRemembered,
    StateNotReadable,
    UnknownLog,
    Witness,
)

_LARGEST_BODY = 120_000
_STATUS = {NotARequest: 400, NotSignedByTheLog: 403, UnknownLog: 404, NotConsistent: 422, StateNotReadable: 500}
NAME, KEY, STATE, LOG_KEYS = (f"INFOHUS_WITNESS_{one}" for one in ("NAME", "KEY", "STATE", "LOG_KEYS"))


def create_witness_app(witness: Witness) -> Litestar:
    """Give the ASGI app of one witness."""

    @post("/add-checkpoint", status_code=200, media_type="text/plain")
    async def add_checkpoint(request: Request[Any, Any, Any]) -> Response[str]:
        body = await request.body()
        try:
            # In a thread: it waits for the disk, and for the folder's lock.
            return Response(await asyncio.to_thread(witness.add, body), media_type="text/plain")
        except OtherSizeRemembered as other:
            return Response(f"{other.size}\n", status_code=409, media_type="text/x.tlog.size")
        except tuple(_STATUS) as refused:
            return Response("", status_code=_STATUS[type(refused)], media_type="text/plain")

    return Litestar([add_checkpoint], openapi_config=None, request_max_body_size=_LARGEST_BODY)


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
