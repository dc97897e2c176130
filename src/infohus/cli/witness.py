"""`infohus witness …`: run a witness of audit logs, on a party's own machine. Imports only what a witness needs."""

import os
from pathlib import Path

import rich_click as click

from infohus.cli.options import PATH
from infohus.kernel.audit.formats.checkpoint import NotACheckpoint, SigningKey, UnsafeSigningKey
from infohus.kernel.audit.formats.cosignature import WitnessKey
from infohus.kernel.audit.witness.server import (
    BUFFER_BYTES,
    HEADER_SECONDS,
    KEY,
    LOG_KEYS,
    MOST_CONNECTIONS,
    NAME,
    STATE,
    application,
)

KILLED_AFTER_SECONDS = 5


@click.group()
def witness() -> None:
    """A witness of audit logs (C2SP tlog-witness), on a party's own machine."""


@witness.command("key")
@click.argument("file", type=PATH)
@click.option("--name", required=True, help="The witness' name, as a URL without scheme.")
def make_witness_key(file: Path, name: str) -> None:
    """Make the key FILE, mode 0600, unless it exists; print its public key."""
    try:
        click.echo(WitnessKey(name, SigningKey.create(file).verifier(name).public))
    except UnsafeSigningKey as refused:
        raise click.ClickException(str(refused)) from None


@witness.command("serve")
@click.option("--name", required=True, help="The witness' name, as its key was made with.")
@click.option("--state", required=True, type=PATH, help="Folder of what it remembers; never restore it from a backup.")
@click.option("--key", required=True, type=PATH)
@click.option("--log-key", "named", multiple=True, help="A log's verifier key; may be repeated.")
@click.option(
    "--log-keys", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of verifier keys, one a line, as `infohus audit keys` prints them.",
)
@click.option("--listen", default="127.0.0.1:8125", show_default=True, help="Address and port.")
def serve_witness(  # noqa: PLR0913 - the options of one command
    *, name: str, state: Path, key: Path, named: tuple[str, ...], file: Path | None, listen: str
) -> None:
    """Cosign the named logs' checkpoints, as long as each is consistent with the one before."""
    from granian import Granian  # noqa: PLC0415 - only this command needs a server
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415
    from granian.http import HTTP1Settings  # noqa: PLC0415

    log_keys = [*named, *(file.read_text(encoding="utf-8").split() if file else ())]
    if not log_keys:
        message = "name at least one log, with --log-key or --log-keys"
        raise click.UsageError(message)
    host, _, port = listen.rpartition(":")
    given = {NAME: name, STATE: str(state), KEY: str(key), LOG_KEYS: " ".join(log_keys)}
    os.environ.update(given)  # granian's worker is a process of its own and builds the witness from these
    try:
        application()
        number = int(port)
    except (UnsafeSigningKey, NotACheckpoint, ValueError, OSError) as refused:
        message = str(refused) or "a log's verifier key cannot be read"
        raise click.ClickException(message) from None
    Granian(
        "infohus.kernel.audit.witness.server:application", factory=True, address=host, port=number,
        interface=Interfaces.ASGI, workers=1, log_enabled=False, workers_kill_timeout=KILLED_AFTER_SECONDS,
        # Anyone may connect, so connections are few and carry one request each; a proxy in front can keep its own.
        backpressure=MOST_CONNECTIONS, http=HTTPModes.http1, websockets=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, keep_alive=False, max_buffer_size=BUFFER_BYTES
        ),
    ).serve()
