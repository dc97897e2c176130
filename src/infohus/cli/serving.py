"""`infohus serve` and `infohus settings`: run the service, and list what it reads from its environment."""

import asyncio
import socket

import asyncpg
import rich_click as click

from infohus.app import create_app, signer_of
from infohus.kernel.audit.formats.checkpoint import UnsafeSigningKey
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.audit.witness.cosigning import WitnessesNotUsable
from infohus.kernel.authorization.policies import PoliciesUnsound
from infohus.kernel.database.pool import refuse_unsafe_roles
from infohus.kernel.identity.issuers import UnsafeIssuer
from infohus.kernel.identity.key_sets import KeySetRefused
from infohus.kernel.sealing.keepers import UnsafeKeyFile
from infohus.settings import Settings, UnsafeSetting, reference

CANNOT_START = (
    UnsafeSetting, PoliciesUnsound, UnsafeKeyFile, UnsafeSigningKey, UnsafeIssuer, KeySetRefused, WitnessesNotUsable,
    LogNotAsSigned, StateNotReadable, OSError,
)


@click.command()
def serve() -> None:
    """Serve the API with the settings of the environment (deploy/settings.md)."""
    from granian import Granian  # noqa: PLC0415 - only this command needs a server
    from granian.constants import HTTPModes, Interfaces, Loops  # noqa: PLC0415

    try:
        settings = Settings.read()
        _require_startable(settings)
    except CANNOT_START as refused:
        raise click.ClickException(str(refused)) from None
    Granian(
        "infohus.app:application", factory=True, address=settings.host, port=settings.port, interface=Interfaces.ASGI,
        loop=Loops.uvloop, workers=1, log_enabled=False, workers_kill_timeout=10, http=HTTPModes.http1,
        websockets=False,
    ).serve()


def _require_startable(settings: Settings) -> None:
    """Try beforehand what would stop the server silently: granian's log is off, because it repeats what it is given.

    Raises:
        UnsafeSetting: the database or the port cannot be used; others of CANNOT_START as they come.
    """
    create_app(settings)
    try:
        asyncio.run(_connect_once(settings))
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
        message = f"INFOHUS_DATABASE_URL: the database does not let us in ({type(failure).__name__})"
        raise UnsafeSetting(message) from None
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as failure:
            message = f"INFOHUS_PORT: {failure.strerror}"
            raise UnsafeSetting(message) from None


async def _connect_once(settings: Settings) -> None:
    connection = await asyncpg.connect(settings.database_url)
    try:
        await refuse_unsafe_roles(connection)
        await signer_of(settings).require_not_behind(connection)
    finally:
        await connection.close()


@click.command("settings")
def print_settings() -> None:
    """Print every setting with its default and meaning, as Markdown: deploy/settings.md."""
    click.echo(reference(), nl=False)
