"""What the commands that verify a log in the database share.

Whoever runs it from a timer needs to know whether a log was changed or could not be checked, so both have codes of
their own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import asyncpg
import rich_click as click

from infohus.cli.progress_bar import ProgressBar
from infohus.clock import now
from infohus.kernel.audit.formats.checkpoint import NotACheckpoint, VerifierKey
from infohus.kernel.audit.storage.log import AnyConnection, NoSuchLog, head_of
from infohus.kernel.audit.verification.exported_log import Verification
from infohus.kernel.audit.verification.stored_log import LogVerification, NotResumable, tally_faults_of, verify_log
from infohus.kernel.audit.witness.client import witnesses_in
from infohus.kernel.audit.witness.cosigning import WitnessesNotUsable

Result = TypeVar("Result")

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
CHANGED, NOT_CHECKED = 1, 3


class NotChecked(click.ClickException):
    """Nothing can be said about the log; ends with code 3, so that it is told from a log that was changed."""

    exit_code = NOT_CHECKED


def verify_in_database(  # noqa: PLR0913 - what the commands share
    database: str, log_id: UUID, *, keys: list[VerifierKey], witnesses: Path | None, seen: Path | None, cores: int
) -> LogVerification:
    """Verify a log in the database, with the one of `keys` that is its own; without keys its rows alone.

    Raises:
        NotChecked: there is no such log for this role; database, witnesses' file or key cannot be used.
    """

    async def go(connection: AnyConnection) -> LogVerification:
        head = await head_of(connection, log_id)
        with ProgressBar(head.size) as advance:
            found = await verify_log(
                connection, log_id, key=key_of(keys, head.origin) if keys else None,
                witnesses=witnesses_in(witnesses, now), database=database, cores=cores, seen=seen, progress=advance,
            )
        with ProgressBar(head.size, "Tæller efter") as advance:
            wrong = await tally_faults_of(connection, log_id, progress=advance)
        faults = (*found.verification.faults, *wrong)
        return replace(found, verification=replace(found.verification, faults=faults))

    try:
        return with_database(database, go)
    except click.ClickException:
        raise
    except NotResumable:
        message = "the file of --resume is another log's, or damaged; delete it to begin anew"
        raise NotChecked(message) from None
    except Exception as failure:
        raise NotChecked(reason_of(failure)) from failure


def with_database(address: str, go: Callable[[AnyConnection], Awaitable[Result]]) -> Result:
    """Connect, do something, and close the connection.

    Raises:
        NotChecked: what is done asks for a log that is not there, or that the address' role does not see.
    """

    async def run() -> Result:
        connection = await asyncpg.connect(address)
        try:
            return await go(connection)
        except NoSuchLog:
            message = "there is no log with this id that this role sees: are id and address (infohus_verifier) right?"
            raise NotChecked(message) from None
        finally:
            await connection.close()

    return asyncio.run(run())


def keys_in(file: Path) -> list[VerifierKey]:
    """Read a file of logs' public keys, one a line, as `infohus audit keys` prints them.

    Raises:
        NotChecked: it cannot be read, or holds none.
    """
    try:
        keys = [VerifierKey.parse(line) for line in file.read_text(encoding="utf-8").split()]
    except (OSError, UnicodeDecodeError, NotACheckpoint):
        keys = []
    if not keys:
        message = f"the public key in {file.name} cannot be read"
        raise NotChecked(message)
    return keys


def key_of(keys: list[VerifierKey], origin: str) -> VerifierKey:
    """Choose a log's key by its name; a file with one key says which key is meant.

    Raises:
        NotChecked: none of several is this log's.
    """
    named = [key for key in keys if key.name == origin]
    if not named and len(keys) > 1:
        message = f"none of the {len(keys)} keys is that of {origin}; fetch it again: infohus audit keys"
        raise NotChecked(message)
    return (named or keys)[0]


def require_enough_keys(cosigners: Sequence[Path], need: int) -> None:
    """Refuse a number of witnesses beyond the keys that are given: whatever has signed, it could not be seen.

    Raises:
        click.UsageError: more are needed than keys are given.
    """
    if need > len(cosigners):
        message = f"--need {need}, and {len(cosigners)} --cosigner given: give the key of each witness"
        raise click.UsageError(message)


def witnesses_signed(count: int) -> str:
    """Say in Danish how many witnesses have signed."""
    return f"{count} {'vidne' if count == 1 else 'vidner'} har underskrevet"


def code_of(found: LogVerification) -> int:
    """Give the exit code of a verification: 0, 1 for a fault, 3 when too few witnesses answered to say."""
    if not found.verification.is_whole:
        return CHANGED
    return 0 if found.is_vouched_for else NOT_CHECKED


def print_result(verification: Verification) -> None:
    """Print the faults, or that there are none."""
    for fault in verification.faults:
        click.echo(f"FEJL  {fault}")
    if not verification.is_whole:
        return
    log = f" i loggen {verification.checkpoint.origin}" if verification.checkpoint else ""
    click.echo(f"Uændret: {verification.entries} poster{log}, hver af dem som den blev logget.")
    if verification.emptied:
        click.echo(f"De første {verification.emptied} er tømt efter deres frist, som loggen selv siger.")


def print_log_result(found: LogVerification) -> None:
    """Print what was found of a log in the database, and which witnesses said nothing."""
    print_result(found.verification)
    if found.verification.is_whole and found.checkpoints:
        click.echo(
            f"{_signatures(found.checkpoints)} holder; den nyeste dækker {found.signed} poster, "
            f"den nyeste med nok vidner {found.cosigned}."
        )
    for name in found.silent:
        click.echo(f"Vidnet {name} svarede ikke.", err=True)
    if code_of(found) == NOT_CHECKED:
        click.echo("Ikke prøvet: for få vidner svarede. De kender den log, der blev underskrevet.", err=True)


def _signatures(number: int) -> str:
    return "1 underskrift" if number == 1 else f"{number} underskrifter"


def reason_of(failure: Exception) -> str:
    """Say what failed; of a driver's fault only its class, because its text may repeat the address."""
    is_ours = isinstance(failure, WitnessesNotUsable)
    return str(failure) if is_ours else f"the database or a file cannot be read ({type(failure).__name__})"
