"""`infohus plan …`: load a municipality's beredskabsplan, and list the changes between two."""

import asyncio
from pathlib import Path
from uuid import UUID

import rich_click as click

from infohus.cli.connected import connected
from infohus.cli.options import OWNER_ADDRESS, owner_address
from infohus.clock import now
from infohus.plan.comparison import changes_between
from infohus.plan.document import PlanDocument
from infohus.plan.loading import load_plan
from infohus.plan.reading import PlanNotUsable, read_plan
from infohus.plan.stored import stored_plan


@click.group()
def plan() -> None:
    """A municipality's beredskabsplan."""


@plan.command("load")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@owner_address
def load(file: Path, owner_database: str) -> None:
    """Load a plan FILE; a changed plan becomes a new version, an unchanged one nothing. Prints the infohus' id."""

    async def go() -> UUID:
        async with connected(owner_database) as owner:
            return await load_plan(owner, read_plan(file), clock=now)

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
        async with connected(owner_database) as owner:
            return await stored_plan(owner, infohus_id=infohus_id, version=int(named))

    try:
        changes = changes_between(asyncio.run(document(old)), asyncio.run(document(new)))
    except PlanNotUsable as refused:
        raise click.ClickException(str(refused)) from None
    for change in changes:
        click.echo(f"- {change.words}")
    if not changes:
        click.echo("Planerne er ens.")
