"""A witness over HTTP: C2SP tlog-witness, `POST /add-checkpoint`. It holds no database, no case and no log of its own.

Callers are not authenticated "beyond the validation of the signature on the checkpoint" (tlog-witness, "Introduction").
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import rich_click as click
from litestar import Litestar, Request, Response, post

from infohus.clock import now
from infohus.kernel.audit.formats.checkpoint import NotACheckpoint, SigningKey, UnsafeSigningKey, VerifierKey
from infohus.kernel.audit.formats.cosignature import WitnessKey
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
_HEADER_SECONDS = 10
_BODY_SECONDS = 10
KILLED_AFTER_SECONDS = 5
_PATH = click.Path(path_type=Path)
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


@click.group()
def witness() -> None:
    """A witness of audit logs (C2SP tlog-witness), on a party's own machine."""


@witness.command("key")
@click.argument("file", type=_PATH)
@click.option("--name", required=True, help="The witness' name, as a URL without scheme.")
def make_witness_key(file: Path, name: str) -> None:
    """Make the key FILE, mode 0600, unless it is there; print its public half."""
    try:
        click.echo(WitnessKey(name, SigningKey.create(file).verifier(name).public))
    except UnsafeSigningKey as refused:
        raise click.ClickException(str(refused)) from None


@witness.command("serve")
@click.option("--name", required=True, help="The witness' name, as its key was made with.")
@click.option("--state", required=True, type=_PATH, help="Folder of what it remembers; never restore it from a backup.")
@click.option("--key", required=True, type=_PATH)
@click.option("--log-key", "named", multiple=True, help="A log's verifier key; may be repeated.")
@click.option(
    "--log-keys", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of verifier keys, one a line, as `infohus audit keys` prints them.",
)
@click.option("--listen", default="127.0.0.1:8125", show_default=True, help="Address and port.")
def serve_witness(  # noqa: PLR0913 - the options of one command
    *, name: str, state: Path, key: Path, named: tuple[str, ...], file: Path | None, listen: str
) -> None:
    """Cosign the checkpoints of the logs named, as long as they only grow."""
    from granian import Granian  # noqa: PLC0415 - only this command needs a server
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415
    from granian.http import HTTP1Settings  # noqa: PLC0415

    log_keys = [*named, *(file.read_text(encoding="utf-8").split() if file else ())]
    if not log_keys:
        message = "name at least one log, with --log-key or --log-keys"
        raise click.UsageError(message)
    host, _, port = listen.rpartition(":")
    given = {NAME: name, STATE: str(state), KEY: str(key), LOG_KEYS: " ".join(log_keys)}
    os.environ.update(given)  # the worker is a process of its own and builds the witness from this
    try:
        application()
        number = int(port)
    except (UnsafeSigningKey, NotACheckpoint, ValueError, OSError) as refused:
        message = str(refused) or "a log's verifier key cannot be read"
        raise click.ClickException(message) from None
    Granian(
        "infohus.cli.witness:application", factory=True, address=host, port=number, interface=Interfaces.ASGI,
        workers=1, log_enabled=False, workers_kill_timeout=KILLED_AFTER_SECONDS,
        # Anyone may connect, so connections are few and brief: one request each, which the proxy in front makes up for.
        backpressure=MOST_CONNECTIONS, http=HTTPModes.http1, websockets=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_SECONDS * 1000, keep_alive=False, max_buffer_size=BUFFER_BYTES
        ),
    ).serve()
