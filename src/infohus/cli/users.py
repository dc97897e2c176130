"""`infohus users …`: register tovholdere."""

import asyncio
from uuid import UUID

import rich_click as click

from infohus.cli.connected import connected
from infohus.cli.options import owner_address
from infohus.clock import now
from infohus.plan.owner_acts import CoordinatorNotUsable, register_coordinator


@click.group()
def users() -> None:
    """Register tovholdere."""


@users.command("add-coordinator")
@click.option("--infohus", required=True, type=click.UUID)
@click.option("--authority", required=True)
@click.option("--person", required=True, type=click.UUID, help="The `sub` of the person's tokens.")
@owner_address
def add_coordinator(infohus: UUID, authority: str, person: UUID, owner_database: str) -> None:
    """Make a natural person tovholder of an infohus for one of its two authorities."""

    async def go() -> bool:
        async with connected(owner_database) as owner:
            return await register_coordinator(
                owner, infohus_id=infohus, authority_id=authority, person_id=person, at=now()
            )

    try:
        is_new = asyncio.run(go())
    except CoordinatorNotUsable as refused:
        raise click.ClickException(str(refused)) from None
    click.echo("Tovholderen er registreret." if is_new else "Personen var allerede tovholder.")
