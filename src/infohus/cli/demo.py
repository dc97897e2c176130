"""`infohus demo` and `infohus token`: run the demonstration, and print a valid token for one of its users."""

from pathlib import Path

import rich_click as click

from infohus.cli.options import PATH
from infohus.demo.installation import DEMO_FOLDER
from infohus.demo.issuer import UnknownDemoUser
from infohus.demo.local_postgres import AlreadyRunning
from infohus.demo.people import DEMO_PEOPLE
from infohus.demo.running import Stopped, play_once, show, token_for
from infohus.demo.telling import StepFailed


@click.command()
@click.option("--once", is_flag=True, help="Play the story, leave the results in --out, and stop.")
@click.option("--out", type=PATH, help="With --once: where story.md, openapi.json and log/ go.")
@click.option("--fresh", is_flag=True, help="Delete the demo's data and start over.")
@click.option("--port", default=8115, show_default=True, help="First port to try; the login takes the next.")
@click.option("--data", type=PATH, default=DEMO_FOLDER, show_default="var/demo", help="Where the demo's data lives.")
def demo(*, once: bool, out: Path | None, fresh: bool, port: int, data: Path) -> None:
    """Set everything up, play the main story through HTTP, and keep running to be tried."""
    if once and out is None:
        message = "--once needs --out DIR"
        raise click.UsageError(message)
    try:
        if out is not None and once:
            play_once(data=data, out=out, port=port, fresh=fresh)
        else:
            show(data=data, port=port, fresh=fresh)
    except StepFailed as failed:
        message = f"Et trin gik galt. {failed}"
        raise click.ClickException(message) from None
    except AlreadyRunning:
        message = f"En demo kører på {data}: stands den med Ctrl-C, eller vælg en anden mappe med --data."
        raise click.UsageError(message) from None
    except Stopped:
        click.echo("\nStandset." if not once else "\nAfbrudt.", err=True)
        raise SystemExit(130 if once else 0) from None


@click.command()
@click.option("--as", "user", required=True, type=click.Choice(sorted(DEMO_PEOPLE)), help="A demo user.")
@click.option("--data", type=PATH, default=DEMO_FOLDER, show_default="var/demo")
def token(user: str, data: Path) -> None:
    """Print a valid bearer token for a demo user; it is valid for eight hours."""
    try:
        click.echo(token_for(user, data=data))
    except (UnknownDemoUser, FileNotFoundError):
        message = "there is no demo here yet: run `make demo` first"
        raise click.ClickException(message) from None
