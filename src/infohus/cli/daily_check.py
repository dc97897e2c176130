"""`infohus audit verify-all`, the daily check: every log, and with `--rows` every row, whatever the other finds."""

import os
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import rich_click as click

from infohus.cli.log_verification import (
    CHANGED,
    NOT_CHECKED,
    NotChecked,
    code_of,
    keys_in,
    print_log_result,
    reason_of,
    verify_in_database,
    with_database,
)
from infohus.cli.options import PATH
from infohus.cli.rows import code_of_rows, reconciler_option
from infohus.kernel.audit.formats.checkpoint import VerifierKey
from infohus.kernel.audit.storage.log import AnyConnection

_LOGS = "SELECT id, origin FROM audit.log ORDER BY origin"


@click.command("verify-all")
@click.option(
    "--database", envvar="INFOHUS_VERIFIER_DATABASE_URL", required=True, help="Address of the role infohus_verifier."
)
@click.option(
    "--key", required=True, type=PATH,
    help="File of the logs' public keys, one a line, as `infohus audit keys` printed them.",
)
@click.option("--witnesses", type=PATH, help="TOML file of the witnesses, as the service reads it.")
@click.option("--cores", default=os.cpu_count() or 1, show_default="all", help="How many cores hash.")
@click.option("--rows", is_flag=True, help="Then compare all rows of all tables with what the logs say was stored.")
@reconciler_option
def verify_all(  # noqa: PLR0913 - the options of one command
    *, database: str, key: Path, witnesses: Path | None, cores: int, rows: bool, reconciler_database: str | None,
) -> None:
    """Verify every log of the installation: rows, tree, every checkpoint, cosignatures, and what witnesses remember.

    Each log, and the rows, are checked whatever the others show; the code is of the worst.
    Exit code 0: unchanged. 1: something is wrong, or a log that there is a key for is gone. 3: it could not be checked.
    """
    codes = [_code_of_logs(database, key, witnesses, cores)]
    if rows:
        codes.append(code_of_rows(reconciler_database))
    raise SystemExit(worst(codes))


def worst(codes: Iterable[int]) -> int:
    """Give the code that tells most: something is wrong, before something could not be checked, before nothing is."""
    found = {0, *codes}
    return next(code for code in (CHANGED, NOT_CHECKED, 0) if code in found)


def _code_of_logs(database: str, key: Path, witnesses: Path | None, cores: int) -> int:
    """Verify every log, print what was found, and give the code of the worst."""

    async def go(connection: AnyConnection) -> dict[str, UUID]:
        return {row["origin"]: row["id"] for row in await connection.fetch(_LOGS)}

    try:
        keys = keys_in(key)
        logs = with_database(database, go)
    except NotChecked as refused:
        return _not_checked(refused.message)
    except Exception as failure:  # noqa: BLE001 - Python would end with code 1, which says that a log was changed
        return _not_checked(reason_of(failure))
    codes = []
    for origin in sorted({*logs, *(one.name for one in keys)}):
        click.echo(f"{origin}:")
        try:
            codes.append(_verify_one(database, logs.get(origin), origin, keys=keys, witnesses=witnesses, cores=cores))
        except click.ClickException as refused:
            codes.append(_not_checked(refused.message))
    return worst(codes)


def _not_checked(why: str) -> int:
    click.echo(f"Ikke prøvet: {why}", err=True)
    return NOT_CHECKED


def _verify_one(  # noqa: PLR0913 - one log of `verify_all`
    database: str, log_id: UUID | None, origin: str, *, keys: list[VerifierKey], witnesses: Path | None, cores: int
) -> int:
    """Verify a log, print what was found, and give the exit code; `log_id` is `None` for one that is not there."""
    if log_id is None:
        click.echo("FEJL  audit.log: loggen er væk")
        return CHANGED
    own = [key for key in keys if key.name == origin]
    if not own:
        message = "loggen har ingen nøgle i filen; hent nøglerne igen: infohus audit keys"
        raise NotChecked(message)
    found = verify_in_database(database, log_id, keys=own, witnesses=witnesses, seen=None, cores=cores)
    print_log_result(found)
    return code_of(found)
