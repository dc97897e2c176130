"""`infohus serve` and `infohus settings`: run the service, and list what it reads from its environment."""

import socket

import rich_click as click
import structlog

from infohus.app import create_app
from infohus.cli.start_check import CANNOT_START, findings
from infohus.settings import Settings, UnsafeSetting, reference

logger = structlog.get_logger()


@click.command()
def serve() -> None:
    """Serve the API with the settings of the environment (deploy/settings.md)."""
    from granian import Granian  # noqa: PLC0415 - only this command needs a server
    from granian.constants import HTTPModes, Interfaces, Loops  # noqa: PLC0415

    try:
        settings = _require_startable()
    except CANNOT_START as refused:
        raise click.ClickException(str(refused)) from None
    Granian(
        "infohus.app:application", factory=True, address=settings.host, port=settings.port, interface=Interfaces.ASGI,
        loop=Loops.uvloop, workers=1, log_enabled=False, workers_kill_timeout=10, http=HTTPModes.http1,
        websockets=False,
    ).serve()


def _require_startable() -> Settings:
    """Try beforehand what would stop the server silently: granian's log is off, because it repeats what it is given.

    What does not stop it is logged as warnings, as soon as the log is set up.

    Raises:
        UnsafeSetting: with everything that is wrong; others of CANNOT_START as they come.
    """
    found = findings()
    if stopping := [finding.text for finding in found if finding.stops]:
        raise UnsafeSetting("\n".join(stopping))
    settings = Settings.read()
    create_app(settings)
    for finding in found:
        logger.warning("start_warning", says=finding.text)
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as failure:
            message = f"INFOHUS_PORT: {failure.strerror}"
            raise UnsafeSetting(message) from None
    return settings


@click.command("settings")
def print_settings() -> None:
    """Print every setting with its default and meaning, as Markdown: deploy/settings.md."""
    click.echo(reference(), nl=False)
