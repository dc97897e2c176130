"""`infohus users …`: the tovholdere of an infohus."""

import asyncio
from uuid import UUID

import rich_click as click

from infohus.cli.connected import connected
from infohus.cli.options import owner_address
from infohus.clock import now
from infohus.plan.owner_acts import CoordinatorNotUsable, register_coordinator, remove_coordinator


@click.group()
def users() -> None:
    """Register tovholdere, and take them off the list."""


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


@users.command("remove-coordinator")
@click.option("--infohus", required=True, type=click.UUID)
@click.option("--authority", required=True)
@click.option("--person", required=True, type=click.UUID, help="The `sub` of the person's tokens.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@owner_address
def remove_coordinator_(infohus: UUID, authority: str, person: UUID, yes: bool, owner_database: str) -> None:  # noqa: FBT001
    """Take a tovholder off the list of an infohus: access to its cases ends at once, also to running ones."""
    if not yes:
        click.confirm(f"{person} mister straks adgangen til alle sager. Fortsæt?", abort=True)

    async def go() -> int | None:
        async with connected(owner_database) as owner:
            return await remove_coordinator(
                owner, infohus_id=infohus, authority_id=authority, person_id=person, at=now()
            )

    try:
        left = asyncio.run(go())
    except CoordinatorNotUsable as refused:
        raise click.ClickException(str(refused)) from None
    if left is None:
        click.echo("Personen var ikke tovholder.")
        return
    click.echo(
        "Tovholderen er taget af listen. Sager, som personen var tovholder i, følger endnu ikke med til en anden: den"
        " anden myndigheds tovholder kan arbejde videre i dem, men ingen herfra."
    )
    if not left:
        click.echo(f"Pas på: {authority} har ingen tovholder i infohuset. Udpeg en, før der åbnes nye sager.", err=True)
