"""`infohus audit …`: sign, verify, export and prove, for those who run the log and those who check it elsewhere."""

import os
import time
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import rich_click as click

from infohus.cli.daily_check import verify_all
from infohus.cli.draw import draw
from infohus.cli.log_name import LogName
from infohus.cli.log_reading import purpose_option, say_that_it_is_read
from infohus.cli.log_report import check_log_report
from infohus.cli.log_retention import empty, keep
from infohus.cli.log_verification import (
    CHANGED,
    FILE,
    NotChecked,
    code_of,
    key_of,
    keys_in,
    print_log_result,
    print_result,
    require_enough_keys,
    verify_in_database,
    with_database,
    witnesses_signed,
)
from infohus.cli.options import owner_address
from infohus.cli.progress_bar import ProgressBar
from infohus.cli.rows import reconciler_option, rows_option, verify_rows, watch_rows
from infohus.clock import now
from infohus.danish_calendar import danish_time
from infohus.kernel.audit.formats.checkpoint import NotACheckpoint, UnsafeSigningKey, VerifierKey
from infohus.kernel.audit.formats.cosignature import CosignatureDoesNotHold, NotAWitness, cosignatures_on, witnesses_of
from infohus.kernel.audit.formats.merkle import ProofDoesNotHold
from infohus.kernel.audit.formats.merkle import leaf_hash as leaf_hash_of
from infohus.kernel.audit.signing.of_settings import signer_of
from infohus.kernel.audit.signing.signer import TooFewWitnessesAnswered
from infohus.kernel.audit.storage import archive
from infohus.kernel.audit.storage.checkpoint_store import StateNotReadable
from infohus.kernel.audit.storage.export import PROOF_HEADER, LogDoesNotVerify, check_hashed_proof, export_log, prove
from infohus.kernel.audit.storage.log import AnyConnection, entry_at, flush, hashes_of, head_of
from infohus.kernel.audit.verification.consistency import LogNotAsSigned
from infohus.kernel.audit.verification.exported_log import Verification, verify_export
from infohus.kernel.audit.verification.tally import tally_faults
from infohus.kernel.audit.witness.client import witnesses_in
from infohus.kernel.audit.witness.cosigning import WitnessesNotUsable
from infohus.kernel.authorization.action import Action
from infohus.settings import Settings, UnsafeSetting

ANY_PATH = click.Path(path_type=Path)
database_option = click.option(
    "--database", envvar="INFOHUS_VERIFIER_DATABASE_URL", required=True, help="Address of the role infohus_verifier."
)
log_option = click.option(
    "--log", "log_id", required=True, type=LogName(), help="Whose log: an authority's id, or `installation`."
)
key_option = click.option("--key", required=True, type=FILE, help="File of logs' public keys, from elsewhere.")
witnesses_option = click.option("--witnesses", type=FILE, help="TOML file of the witnesses, as the service reads it.")
cosigner_option = click.option(
    "--cosigner", "cosigners", multiple=True, type=FILE, help="File with a witness' public key; may be repeated."
)
need_option = click.option("--need", default=0, show_default=True, help="How many witnesses must have cosigned.")
REFUSED = (
    LogNotAsSigned, StateNotReadable, TooFewWitnessesAnswered, UnsafeSetting, UnsafeSigningKey, WitnessesNotUsable,
    OSError, asyncpg.PostgresError, asyncpg.InterfaceError,
)


@click.group()
def audit() -> None:
    """The audit log: sign, verify, prove, export."""


for _command in (verify_all, watch_rows, empty, keep, check_log_report, draw):
    audit.add_command(_command)


@audit.command("verify")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--key", type=FILE, help="File with the log's public key, from elsewhere than the log.")
@cosigner_option
@need_option
@click.option("--database", envvar="INFOHUS_VERIFIER_DATABASE_URL", help="Address of the role infohus_verifier.")
@click.option("--log", "log_id", type=LogName(), help="With --database: whose log, as for `audit export`.")
@witnesses_option
@click.option("--resume", "seen", type=ANY_PATH, help="With --database: go on where this file says, and keep it.")
@click.option("--cores", default=os.cpu_count() or 1, show_default="all", help="How many cores hash.")
@rows_option
@reconciler_option
def verify(  # noqa: PLR0913 - the options of one command
    *, folder: Path | None, key: Path | None, cosigners: tuple[Path, ...], need: int, database: str | None,
    log_id: UUID | None, witnesses: Path | None, seen: Path | None, cores: int, rows: bool,
    reconciler_database: str | None,
) -> None:
    """Verify an exported log in FOLDER, or a log in the database: rows, tree, every checkpoint, cosignatures.

    Exit code 1: something is wrong; what and where is printed. 2: used wrongly. 3: it, or enough of its witnesses,
    could not be asked.
    """
    if rows:
        verify_rows(reconciler_database)
        return
    if folder is not None:
        verified = _verify_folder(folder, key, cosigners, need, cores)
        print_result(verified)
        raise SystemExit(0 if verified.is_whole else CHANGED)
    if not database or not log_id:
        message = "name a FOLDER, or --database and --log"
        raise click.UsageError(message)
    if key is None:
        click.echo("Pas på: uden --key kontrolleres kun rækkerne, ikke hvad der blev underskrevet.", err=True)
    keys = [] if key is None else keys_in(key)
    found = verify_in_database(database, log_id, keys=keys, witnesses=witnesses, seen=seen, cores=cores)
    print_log_result(found)
    raise SystemExit(code_of(found))


@audit.command("watch")
@database_option
@log_option
@key_option
@witnesses_option
@click.option("--every", default=60, show_default=True, help="Seconds from the start of one verification to the next.")
@click.option("--cores", default=1, show_default=True, help="How many cores hash.")
def watch(  # noqa: PLR0913 - the options of one command
    *, database: str, log_id: UUID, key: Path, witnesses: Path | None, every: int, cores: int
) -> None:
    """Verify a log in the database again and again; end with code 1 when something is wrong, 3 when it cannot."""
    keys = keys_in(key)
    while True:
        started = time.monotonic()
        found = verify_in_database(database, log_id, keys=keys, witnesses=witnesses, seen=None, cores=cores)
        print_log_result(found)
        if not found.verification.is_whole:
            raise SystemExit(CHANGED)
        time.sleep(max(0.0, every - (time.monotonic() - started)))


@audit.command("sign")
def sign() -> None:
    """Sign every log and ask its witnesses, now, with the settings of the service."""

    async def go(connection: AnyConnection) -> None:
        signer = signer_of(settings, now)
        await signer.require_not_behind(connection)  # by hand neither, where the service would not open
        for row in await connection.fetch("SELECT id, origin FROM audit.log ORDER BY origin"):
            signed = await signer.sign(connection, row["id"])
            by = ", ".join(signed.cosigned_by) or "ingen"
            click.echo(f"{row['origin']}: {signed.checkpoint.size} poster underskrevet; vidner: {by}")

    try:
        settings = Settings.read()
        with_database(settings.signer_database_url, go)
    except REFUSED as refused:
        raise click.ClickException(str(refused)) from None


@audit.command("keys")
def keys() -> None:
    """Print each log's public key, one a line, for its witnesses and those who verify it."""

    async def go(connection: AnyConnection) -> list[str]:
        return [row["origin"] for row in await connection.fetch("SELECT origin FROM audit.log ORDER BY origin")]

    try:
        settings = Settings.read()
        signer = signer_of(settings, now)
        for origin in with_database(settings.signer_database_url, go):
            click.echo(str(signer.verifier(origin)))
    except REFUSED as refused:
        raise click.ClickException(str(refused)) from None


@audit.command("export")
@database_option
@log_option
@key_option
@witnesses_option
@purpose_option
@owner_address
@click.argument("folder", type=ANY_PATH)
def export(  # noqa: PLR0913 - the options of one command
    *, database: str, log_id: UUID, key: Path, witnesses: Path | None, purpose: str, owner_database: str, folder: Path
) -> None:
    """Write the log into FOLDER as far as its newest checkpoint goes, in the open C2SP layout.

    That it was done, and what for, stands first in that log.
    """
    if folder.exists() and any(folder.iterdir()):
        message = f"{folder} is not empty"
        raise click.ClickException(message)

    async def go(connection: AnyConnection) -> None:
        origin_key = key_of(keys_in(key), (await head_of(connection, log_id)).origin)
        newest = await archive.newest(connection, log_id, key=origin_key)
        if newest is None:
            message = "this key has signed nothing yet; run `infohus audit sign`"
            raise click.ClickException(message)
        await say_that_it_is_read(
            connection, owner_database, Action.EXPORT_LOG, log_id, purpose=purpose, read=(0, newest.size - 1)
        )
        await flush(connection)
        with ProgressBar(newest.size) as advance:
            known = witnesses_in(witnesses, now).keys
            await export_log(
                connection, log_id, newest.cosigned_note(known), folder, key=origin_key, witnesses=known,
                progress=advance,
            )
        click.echo(f"{newest.size} poster skrevet, underskrevet {danish_time(newest.signed_at):%Y-%m-%d %H:%M}.")

    try:
        with_database(database, go)
    except (LogDoesNotVerify, NotACheckpoint, *REFUSED) as refused:
        raise click.ClickException(str(refused) or "the key did not sign this log") from None


@audit.command("prove")
@database_option
@log_option
@key_option
@witnesses_option
@purpose_option
@owner_address
@click.argument("index", type=click.IntRange(min=0))
@click.option("--out", required=True, type=ANY_PATH, help="Folder for INDEX.proof and INDEX.entry (or .hash).")
def prove_entry(  # noqa: PLR0913 - the options of one command
    *, database: str, log_id: UUID, key: Path, witnesses: Path | None, purpose: str, owner_database: str, index: int,
    out: Path,
) -> None:
    """Prove that entry INDEX (0-based) is in the log, under its newest checkpoint (C2SP tlog-proof).

    That it was done, and what for, stands first in that log.
    """

    async def go(connection: AnyConnection) -> tuple[str, bytes | None, bytes]:
        head = await head_of(connection, log_id)
        origin_key = key_of(keys_in(key), head.origin)
        newest = await archive.newest(connection, log_id, key=origin_key)
        if index >= head.size:
            message = f"there is no entry {index}: the log has {head.size}, numbered from 0"
            raise click.UsageError(message)
        if newest is None or index >= newest.size:
            message = f"entry {index} is under no checkpoint yet; run `infohus audit sign`"
            raise click.ClickException(message)
        await say_that_it_is_read(
            connection, owner_database, Action.PROVE_LOG_ENTRY, log_id, purpose=purpose, read=(index, index)
        )
        await flush(connection)
        proof = await prove(connection, log_id, index, newest.cosigned_note(witnesses_in(witnesses, now).keys))
        hashes = await hashes_of(connection, log_id, [(0, index)])
        return proof, await entry_at(connection, log_id, index), hashes[0, index]

    try:
        proof, entry, hashed = with_database(database, go)
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{index}.proof").write_text(proof, encoding="utf-8")
        if entry is None:
            (out / f"{index}.hash").write_text(f"{hashed.hex()}\n", encoding="ascii")
            click.echo("Posten er tømt efter sin frist; beviset gælder dens hash.")
        else:
            (out / f"{index}.entry").write_bytes(entry)
    except REFUSED as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"Beviset for post {index} ligger i {out}.")


@audit.command("check-proof")
@click.argument("proof", type=FILE)
@click.argument("entry", required=False, type=FILE)
@click.option("--leaf-hash", help="Instead of ENTRY, for an entry that was emptied: its hash, hexadecimal.")
@key_option
@cosigner_option
@need_option
def check(  # noqa: PLR0913 - the options of one command
    *, proof: Path, entry: Path | None, leaf_hash: str | None, key: Path, cosigners: tuple[Path, ...], need: int,
) -> None:
    """Check offline, without a database, by the file PROOF that the entry in the file ENTRY is in the log."""
    if (entry is None) == (leaf_hash is None):
        message = "name ENTRY, or --leaf-hash"
        raise click.UsageError(message)
    trusted = keys_in(key)
    _require_proof(proof)
    try:
        text = proof.read_text(encoding="utf-8")
        hashed = leaf_hash_of(entry.read_bytes()) if entry is not None else bytes.fromhex(leaf_hash or "")
        proved = check_hashed_proof(text, hashed, trusted)
        names = _cosigners_of(text.partition("\n\n")[2], key_of(trusted, proved.checkpoint.origin), cosigners, need)
    except (ProofDoesNotHold, NotACheckpoint, CosignatureDoesNotHold, ValueError):
        click.echo("FEJL  Beviset passer ikke til posten, nøglen eller vidnerne.")
        raise SystemExit(1) from None
    by = f", bevidnet af {', '.join(names)}" if names else ""
    click.echo(f"Bevist: det er post {proved.index} af {proved.checkpoint.size} i {proved.checkpoint.origin}{by}.")


def _require_proof(file: Path) -> None:
    """Say that a file is no proof at all, which tells nothing of the log.

    Raises:
        click.UsageError: it does not begin as a C2SP tlog-proof does.
    """
    with file.open("rb") as opened:
        begins = opened.read(len(PROOF_HEADER))
    if begins != PROOF_HEADER.encode():
        message = f"{file} is no proof (its first line is not {PROOF_HEADER}); PROOF comes first, then ENTRY"
        raise click.UsageError(message)


def _verify_folder(
    folder: Path, key: Path | None, cosigners: tuple[Path, ...], need: int, cores: int
) -> Verification:
    if key is None:
        click.echo("Pas på: nøglen kommer fra mappen selv. Få den et andet sted fra, og angiv --key.", err=True)
    try:
        trusted = keys_in(key or folder / "log.pub")
        note = (folder / "checkpoint").read_text(encoding="utf-8")
        _cosigners_of(note, key_of(trusted, note.partition("\n")[0]), cosigners, need)
    except (OSError, UnicodeDecodeError):
        message = "the public key or the checkpoint cannot be read"
        raise NotChecked(message) from None
    except (NotACheckpoint, CosignatureDoesNotHold):
        click.echo("FEJL  checkpoint: et vidnes underskrift passer ikke")
        raise SystemExit(1) from None
    with ProgressBar(None) as advance:
        found = verify_export(folder, trusted, cores=cores, progress=advance)
    if not found.is_whole:
        return found
    with ProgressBar(found.entries, "Tæller efter") as advance:
        return replace(found, faults=tuple(tally_faults(folder, found.entries, progress=advance)))


def _cosigners_of(note: str, log: VerifierKey, files: tuple[Path, ...], need: int) -> list[str]:
    require_enough_keys(files, need)
    try:
        witnesses = witnesses_of(log, [file.read_text(encoding="utf-8") for file in files])
    except (NotAWitness, UnicodeDecodeError):
        message = "each --cosigner is a witness' public key, with a name and a key of its own, and none is the log's"
        raise click.UsageError(message) from None
    names = sorted(cosignature.name for cosignature in cosignatures_on(note, witnesses))
    if len(names) < need:
        click.echo(f"FEJL  checkpoint: {witnesses_signed(len(names))}, og der skal være {need}")
        raise SystemExit(1)
    return names
