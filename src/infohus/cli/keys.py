"""`infohus keys …`: the keys of the file key keeper, whose signatures count, and the key that signs the logs."""

import asyncio
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
import rich_click as click

from infohus.cli.connected import connected
from infohus.cli.options import PATH, owner_address
from infohus.cli.rows import reconciler_option
from infohus.clock import now
from infohus.kernel.access.intake_keys import StoredIntakeKey, store_intake_keys
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.access.restored_keys import delete_withdrawn
from infohus.kernel.audit.formats.checkpoint import SigningKey, UnsafeSigningKey
from infohus.kernel.audit.verification.row_reconciliation import reconcile_rows
from infohus.kernel.sealing.keepers import FileKeyKeeper, UnsafeKeyFile
from infohus.kernel.sealing.signatures import (
    NotSigned,
    SignerKey,
    Signers,
    SignersNotUsable,
    add_signers,
    distrust_other_signers,
    written,
)
from infohus.plan import signer_acts
from infohus.plan.intake_acts import AuthorityNotUsable, make_intake_keys
from infohus.plan.restoring_acts import withdraw_keys_again


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


@keys.command("signer")
@click.option("--authority", required=True, help="The authority's id.")
@click.option("--folder", envvar="INFOHUS_KEYS_FOLDER", required=True, type=PATH)
def signer(authority: str, folder: Path) -> None:
    """Print the public key that an authority's key keeper signs with, to be compared with INFOHUS_SIGNERS_FILE."""
    try:
        click.echo(written([FileKeyKeeper(folder).signer_key(authority)]), nl=False)
    except UnsafeKeyFile as refused:
        raise click.ClickException(str(refused)) from None


@keys.command("replace-signer")
@click.option("--authority", required=True, help="The authority's id.")
@click.option("--stolen", is_flag=True, help="What the older keys signed counts no more.")
@click.option("--folder", envvar="INFOHUS_KEYS_FOLDER", required=True, type=PATH)
@click.option("--signers", "signers_file", envvar="INFOHUS_SIGNERS_FILE", required=True, type=PATH)
@owner_address
def replace_signer(
    authority: str, stolen: bool, folder: Path, signers_file: Path, owner_database: str,  # noqa: FBT001
) -> None:
    """Make another key that an authority's key keeper signs with; the service uses it once it is started again.

    The authority's log and the installation's say so, by its digest. After --stolen run `infohus keys intake` before
    the start: no intake key of the authority counts any more. What it had told others, and they had not taken in, it
    must tell again.
    """
    async def go() -> SignerKey:
        Signers.read(signers_file)  # it must be usable before a key is made that it then lacks
        async with connected(owner_database) as owner:
            return await signer_acts.replace_signer(
                owner, partial(FileKeyKeeper(folder).replace_signer, authority), authority_id=authority,
                is_stolen=stolen, at=now(),
            )

    try:
        made = asyncio.run(go())
        add_signers(signers_file, [made])
        if stolen:
            distrust_other_signers(signers_file, made)
    except asyncpg.NoDataFoundError:
        message = f"{authority} has no log: load the plan that names it first"
        raise click.ClickException(message) from None
    except (UnsafeKeyFile, SignersNotUsable) as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(written([made]), nl=False)


@keys.command("withdraw-again")
@reconciler_option
@owner_address
def withdraw_again(reconciler_database: str | None, owner_database: str) -> None:
    """After the schema `keys` was restored, before the service starts: delete again what the logs say was withdrawn.

    The installation's log says it, and the log of each authority whose they were.
    """
    if not reconciler_database:
        message = "name --reconciler-database"
        raise click.UsageError(message)

    async def go() -> int:
        deleted = 0
        async with connected(reconciler_database) as reconciler, connected(owner_database) as owner:
            await reconciler.execute("SET row_security = off")
            while True:
                _, found = await reconcile_rows(reconciler, RulesOfKeyRows())
                fallen = await withdraw_keys_again(owner, partial(delete_withdrawn, found=found), at=now())
                if not fallen:
                    return deleted
                deleted += fallen

    click.echo(f"{asyncio.run(go())} exchange keys deleted again.")


@keys.command("intake")
@click.option("--infohus", "infohus_id", required=True, type=click.UUID, help="The infohus that exchanges are told in.")
@click.option("--authority", "authorities", multiple=True, help="Only this one's; else of each in the infohus' plan.")
@click.option("--new-generation", is_flag=True, help="Make one more, to which exchanges are sealed from now on.")
@click.option("--folder", envvar="INFOHUS_KEYS_FOLDER", required=True, type=PATH)
@click.option("--signers", "signers_file", envvar="INFOHUS_SIGNERS_FILE", required=True, type=PATH)
@owner_address
def intake(  # noqa: PLR0913, PLR0917 - its options
    infohus_id: UUID, authorities: tuple[str, ...], new_generation: bool, folder: Path, signers_file: Path,  # noqa: FBT001
    owner_database: str,
) -> None:
    """Make the keys that an authority takes in exchanges with, where it has none; the logs say it.

    Each is signed by the authority's key keeper. With --new-generation another is made; what was sealed to the older
    ones stays readable.
    """

    async def go() -> list[StoredIntakeKey]:
        async with connected(owner_database) as owner:
            return await make_intake_keys(
                owner, partial(store_intake_keys, keeper=FileKeyKeeper(folder), signers=Signers.read(signers_file)),
                infohus_id=infohus_id, only=authorities, new_generation=new_generation, at=now(),
            )

    try:
        made = asyncio.run(go())
    except NotSigned:
        message = f"an intake key is not signed by its authority, or {signers_file.name} lacks who signs for it"
        raise click.ClickException(message) from None
    except (UnsafeKeyFile, SignersNotUsable, AuthorityNotUsable) as refused:
        raise click.ClickException(str(refused)) from None
    for key in made:
        click.echo(f"{key.authority_id}: generation {key.generation}, sha256 {key.digest.hex()}")
    if not made:
        click.echo("Each has one.")
