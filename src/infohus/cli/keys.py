"""`infohus keys …`: the keys of the file key keeper, whose signatures count, and the key that signs the logs."""

from pathlib import Path
from uuid import UUID

import rich_click as click

from infohus.cli.options import PATH
from infohus.kernel.audit.formats.checkpoint import SigningKey, UnsafeSigningKey
from infohus.kernel.sealing.keepers import FileKeyKeeper, UnsafeKeyFile
from infohus.kernel.sealing.signatures import SignersNotUsable, add_signers


@click.group()
def keys() -> None:
    """Keys of the file key keeper, and the key that signs the logs."""


@keys.command("create")
@click.option("--authority", "authorities", multiple=True, required=True, help="An authority's id; may be repeated.")
@click.option("--infohus", "infohuse", multiple=True, required=True, type=click.UUID, help="An infohus' id.")
@click.option("--folder", envvar="INFOHUS_KEYS_FOLDER", required=True, type=PATH)
@click.option("--signers", "signers_file", envvar="INFOHUS_SIGNERS_FILE", required=True, type=PATH,
              help="The file that gets each authority's public key.")
def create(authorities: tuple[str, ...], infohuse: tuple[UUID, ...], folder: Path, signers_file: Path) -> None:
    """Make the missing keys, mode 0600, and write the public ones; nothing that is there is overwritten."""
    try:
        keeper = FileKeyKeeper.create(folder, authorities, infohuse)
        SigningKey.create(folder / "log-signing.key")
        add_signers(signers_file, map(keeper.signer_key, authorities))
    except (UnsafeKeyFile, UnsafeSigningKey, SignersNotUsable) as refused:
        raise click.ClickException(str(refused)) from None
    click.echo("The keys are there.")
