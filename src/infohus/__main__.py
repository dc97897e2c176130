"""The command line. Each command reads its settings from the environment and does one thing."""

import asyncio
import socket
from pathlib import Path
from uuid import UUID

import asyncpg
import rich_click as click

from infohus.app import create_app, signer_of
from infohus.casework.assessments.template import TemplateNotUsable
from infohus.casework.assessments.templates import load_template
from infohus.cli.audit import audit
from infohus.cli.draw import draw
from infohus.cli.log_report import check_log_report
from infohus.cli.log_retention import empty, keep
from infohus.cli.witness import witness
from infohus.clock import now
from infohus.danish import words_for
from infohus.demo.issuer import UnknownDemoUser
from infohus.demo.people import DEMO_PEOPLE
from infohus.demo.running import Stopped, play_once, show, token_for
from infohus.demo.telling import StepFailed
from infohus.errors import TemplateScores
from infohus.kernel.audit.formats.checkpoint import SigningKey, UnsafeSigningKey
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.audit.witness.cosigning import WitnessesNotUsable
from infohus.kernel.authorization.policies import PoliciesUnsound
from infohus.kernel.database.pool import refuse_unsafe_roles
from infohus.kernel.database.schema import migrate as migrate_database
from infohus.kernel.identity.issuers import UnsafeIssuer
from infohus.kernel.identity.key_sets import KeySetRefused
from infohus.kernel.sealing.keepers import FileKeyKeeper, UnsafeKeyFile
from infohus.plan.comparison import changes_between
from infohus.plan.document import PlanDocument, PlanNotUsable, read_plan
from infohus.plan.loading import load_plan
from infohus.plan.owner_acts import CoordinatorNotUsable, register_coordinator
from infohus.plan.stored import stored_plan
from infohus.settings import REPOSITORY, Settings, UnsafeSetting, reference

DEMO_FOLDER = REPOSITORY / "var" / "demo"
OWNER_ADDRESS = "INFOHUS_OWNER_DATABASE_URL"
PATH = click.Path(path_type=Path)
CANNOT_START = (
    UnsafeSetting, PoliciesUnsound, UnsafeKeyFile, UnsafeSigningKey, UnsafeIssuer, KeySetRefused, WitnessesNotUsable,
    LogNotAsSigned, StateNotReadable, OSError,
)
owner_address = click.option(
    "--owner-database", envvar=OWNER_ADDRESS, required=True, help="PostgreSQL address of the role infohus_owner."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """infohus: kommunens og politiets fælles sagsbehandling efter retsplejelovens § 115."""


@main.command()
def serve() -> None:
    """Serve the API with the settings of the environment (deploy/settings.md)."""
    from granian import Granian  # noqa: PLC0415 - only this command needs a server
    from granian.constants import Interfaces, Loops  # noqa: PLC0415

    try:
        settings = Settings.read()
        _require_startable(settings)
    except CANNOT_START as refused:
        raise click.ClickException(str(refused)) from None
    Granian(
        "infohus.app:application", factory=True, address=settings.host, port=settings.port, interface=Interfaces.ASGI,
        loop=Loops.uvloop, workers=1, log_enabled=False, workers_kill_timeout=10,
    ).serve()


def _require_startable(settings: Settings) -> None:
    """Try what the server would stop at without a word: its own log is off, because it repeats what it is given."""
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


@main.command("settings")
def tell_settings() -> None:
    """Print every setting with its default and meaning, as Markdown: deploy/settings.md."""
    click.echo(reference(), nl=False)


@main.command()
@owner_address
def migrate(owner_database: str) -> None:
    """Bring the database's schema to the newest version; again changes nothing."""
    migrate_database(owner_database)
    click.echo("The schema is the newest.")


@main.group()
def plan() -> None:
    """A municipality's beredskabsplan."""


@plan.command("load")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@owner_address
def load(file: Path, owner_database: str) -> None:
    """Load a plan FILE; a changed plan is a new version, the same again changes nothing. Prints the infohus' id."""

    async def go() -> UUID:
        owner = await asyncpg.connect(owner_database)
        try:
            return await load_plan(owner, read_plan(file), clock=now)
        finally:
            await owner.close()

    try:
        click.echo(asyncio.run(go()))
    except PlanNotUsable as refused:
        raise click.ClickException(str(refused)) from None


@plan.command("compare")
@click.argument("old")
@click.argument("new")
@click.option("--infohus", "infohus_id", type=click.UUID, help="Then OLD and NEW may be numbers of loaded versions.")
@click.option("--owner-database", envvar=OWNER_ADDRESS, help="With --infohus: address of the role infohus_owner.")
def compare(old: str, new: str, infohus_id: UUID | None, owner_database: str | None) -> None:
    """List in Danish what changed from the plan OLD to NEW: files, or versions of an infohus' plan."""

    async def document(named: str) -> PlanDocument:
        if infohus_id is None or owner_database is None or not named.isdecimal():
            return read_plan(Path(named))
        owner = await asyncpg.connect(owner_database)
        try:
            return await stored_plan(owner, infohus_id=infohus_id, version=int(named))
        finally:
            await owner.close()

    try:
        changes = changes_between(asyncio.run(document(old)), asyncio.run(document(new)))
    except PlanNotUsable as refused:
        raise click.ClickException(str(refused)) from None
    for change in changes:
        click.echo(f"- {change.words}")
    if not changes:
        click.echo("Planerne er ens.")


@main.group()
def template() -> None:
    """The assessment tool's template."""


@template.command("load")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--infohus", "infohus_id", required=True, type=click.UUID, help="The infohus' id.")
@owner_address
def load_own_template(file: Path, infohus_id: UUID, owner_database: str) -> None:
    """Load the template FILE for one infohus; it holds for assessments opened from then on. Prints its version."""

    async def go(document: str) -> int:
        owner = await asyncpg.connect(owner_database)
        try:
            return await load_template(owner, document, infohus_id=infohus_id, clock=now)
        finally:
            await owner.close()

    try:
        click.echo(asyncio.run(go(file.read_text(encoding="utf-8"))))
    except TemplateScores as refused:
        raise click.ClickException(words_for(refused)[1]) from None
    except (TemplateNotUsable, UnicodeDecodeError) as refused:
        raise click.ClickException(str(refused)) from None


@main.group()
def keys() -> None:
    """Keys of the file key keeper."""


@keys.command("create")
@click.option("--authority", "authorities", multiple=True, required=True, help="An authority's id; may be repeated.")
@click.option("--infohus", "infohuse", multiple=True, required=True, type=click.UUID, help="An infohus' id.")
@click.option("--folder", envvar="INFOHUS_KEYS_FOLDER", required=True, type=PATH)
def create(authorities: tuple[str, ...], infohuse: tuple[UUID, ...], folder: Path) -> None:
    """Make the keys that are missing, mode 0600; a key that is there is never overwritten."""
    FileKeyKeeper.create(folder, authorities, infohuse)
    SigningKey.create(folder / "log-signing.key")
    click.echo("The keys are there.")


@main.group()
def users() -> None:
    """Who is tovholder."""


@users.command("add-coordinator")
@click.option("--infohus", required=True, type=click.UUID)
@click.option("--authority", required=True)
@click.option("--person", required=True, type=click.UUID, help="The `sub` of the person's tokens.")
@owner_address
def add_coordinator(infohus: UUID, authority: str, person: UUID, owner_database: str) -> None:
    """Make a natural person tovholder of an infohus for one of its two authorities."""

    async def go() -> bool:
        owner = await asyncpg.connect(owner_database)
        try:
            return await register_coordinator(
                owner, infohus_id=infohus, authority_id=authority, person_id=person, at=now()
            )
        finally:
            await owner.close()

    try:
        is_new = asyncio.run(go())
    except CoordinatorNotUsable as refused:
        raise click.ClickException(str(refused)) from None
    click.echo("Tovholderen er registreret." if is_new else "Personen var allerede tovholder.")


audit.add_command(empty)
audit.add_command(keep)
audit.add_command(check_log_report)
audit.add_command(draw)
main.add_command(audit)
main.add_command(witness)


@main.command()
@click.option("--once", is_flag=True, help="Play the story, leave the results in --out, and stop.")
@click.option("--out", type=PATH, help="With --once: where story.md, openapi.json and log/ go.")
@click.option("--fresh", is_flag=True, help="Delete the demo's data and start over.")
@click.option("--port", default=8115, show_default=True, help="First port to try; the login takes the next.")
@click.option("--data", type=PATH, default=DEMO_FOLDER, show_default="var/demo", help="Where the demo's data lives.")
def demo(*, once: bool, out: Path | None, fresh: bool, port: int, data: Path) -> None:
    """Set everything up, play the main job through HTTP, and stay up to be tried."""
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
    except Stopped:
        click.echo("\nStandset." if not once else "\nAfbrudt.", err=True)
        raise SystemExit(130 if once else 0) from None


@main.command()
@click.option("--as", "user", required=True, type=click.Choice(sorted(DEMO_PEOPLE)), help="A demo user.")
@click.option("--data", type=PATH, default=DEMO_FOLDER, show_default="var/demo")
def token(user: str, data: Path) -> None:
    """Print a working bearer token for a demo user; it holds for eight hours."""
    try:
        click.echo(token_for(user, data=data))
    except (UnknownDemoUser, FileNotFoundError):
        message = "there is no demo here yet: run `make demo` first"
        raise click.ClickException(message) from None


if __name__ == "__main__":
    main()
