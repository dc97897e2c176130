"""`infohus keys …`: the keys of the file key keeper, and the key that signs the logs."""

from pathlib import Path
from uuid import UUID

import rich_click as click

from infohus.cli.options import PATH
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.sealing.keepers import FileKeyKeeper


@click.group()
def keys() -> None:
    """Keys of the file key keeper, and the key that signs the logs."""


@keys.command("create")
@click.option("--authority", "authorities", multiple=True, required=True, help="An authority's id; may be repeated.")
@click.option("--infohus", "infohuse", multiple=True, required=True, type=click.UUID, help="An infohus' id.")
@click.option("--folder", envvar="INFOHUS_KEYS_FOLDER", required=True, type=PATH)
def create(authorities: tuple[str, ...], infohuse: tuple[UUID, ...], folder: Path) -> None:
    """Make the missing keys, mode 0600; an existing key is never overwritten."""
    FileKeyKeeper.create(folder, authorities, infohuse)
    SigningKey.create(folder / "log-signing.key")
    click.echo("The keys are there.")
