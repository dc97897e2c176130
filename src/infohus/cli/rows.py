"""`infohus audit verify --rows` and `watch-rows`: compare every row with what the logs say was stored.

The first does it at once and looks for lost secrets too; the second goes on slowly, beside the service: it ends where
it found something new, is started again, and goes on. Both compare functions, tables, rights and roles with those that
were shipped.
"""

import asyncio
from pathlib import Path

import asyncpg
import msgspec
import rich_click as click

from infohus import logs
from infohus.cli.log_verification import CHANGED, NOT_CHECKED
from infohus.cli.options import PATH
from infohus.cli.progress_bar import ProgressBar
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.access.keys_model import NO_PERSON
from infohus.kernel.access.lost_secrets import lost_secrets
from infohus.kernel.audit.verification.catalog import catalog_faults
from infohus.kernel.audit.verification.exported_log import Fault
from infohus.kernel.audit.verification.key_rows import RowFault
from infohus.kernel.audit.verification.logged_rows import LoggedRows
from infohus.kernel.audit.verification.row_reconciliation import reconcile_rows
from infohus.kernel.audit.verification.slow_turn import RowsNotCompared, SlowTurn
from infohus.kernel.database.tables import Row
from infohus.kernel.sealing.column import sealed_columns

LOST = "sidens hemmelighed er væk, så dens tekster kan ikke læses"
BETWEEN_TURNS_SECONDS = 10
NOT_COMPARED = "rows-not-compared"
"""Stands in the file of what was told for a time in which nothing could be compared."""
rows_option = click.option(
    "--rows", is_flag=True, help="Instead: compare all rows of all tables with what the logs say was stored."
)
reconciler_option = click.option(
    "--reconciler-database", envvar="INFOHUS_RECONCILER_DATABASE_URL",
    help="With --rows: address of the role infohus_reconciler.",
)


def verify_rows(database: str | None) -> None:
    """Compare all rows and print each that is not as the logs say; end with 1 where there is one, 3 if not asked."""
    if not database:
        message = "--rows needs --reconciler-database"
        raise click.UsageError(message)
    raise SystemExit(code_of_rows(database))


def code_of_rows(database: str | None) -> int:
    """Compare all rows, print what was found, and give the exit code: 1 for a fault, 3 where they were not compared."""
    if not database:
        click.echo("Ikke prøvet: rækkerne, for --reconciler-database er ikke angivet.", err=True)
        return NOT_CHECKED

    async def go() -> tuple[int, list[Fault | RowFault]]:
        # Without BYPASSRLS the database then refuses, where it would show fewer rows.
        connection = await asyncpg.connect(database, server_settings={"row_security": "off"})
        try:
            faults: list[Fault | RowFault] = [*await catalog_faults(connection)]
            with ProgressBar(None, "Sammenligner rækker") as advance:
                compared, found = await reconcile_rows(connection, RulesOfKeyRows(), progress=advance)
            faults += found
            async for case_id, authority_id, person_id in lost_secrets(connection):
                of_person = "" if person_id == NO_PERSON else f" {person_id}"
                faults.append(RowFault("side_secret", f"{case_id} {authority_id}{of_person}", LOST))
            return compared, faults
        finally:
            await connection.close()

    try:
        compared, faults = asyncio.run(go())
    except Exception as refused:  # noqa: BLE001 - Python would end with code 1, which says that a row was changed
        click.echo(f"Ikke prøvet: rækkerne, for databasen svarer {type(refused).__name__}.", err=True)
        return NOT_CHECKED
    for fault in faults:
        click.echo(f"{'Bemærk' if _is_remark(fault) else 'FEJL'}  {fault}")
    are_as_logged = all(map(_is_remark, faults))
    if are_as_logged:
        click.echo(f"Uændret: {compared} rækker, hver af dem som en log siger, den blev skrevet.")
    return 0 if are_as_logged else CHANGED


@click.command("watch-rows")
@click.option(
    "--reconciler-database", envvar="INFOHUS_RECONCILER_DATABASE_URL", required=True,
    help="Address of the role infohus_reconciler.",
)
@click.option(
    "--told", type=PATH, help="A file in which it keeps what it ended with; started again, it does not end with that.",
)
def watch_rows(*, reconciler_database: str, told: Path | None) -> None:
    """Compare all rows with the logs a little at a time, again and again, and log each that is not as they say.

    It ends only after a turn that found something new, with code 1, or where it cannot compare any longer, with code 3;
    so whoever is told of each end is told of everything once. What is mended and comes again is told again.
    """
    logs.set_up(form="auto", sealed_names={column for _, column in sealed_columns(Row.metadata)})
    try:
        found = asyncio.run(_first_new(reconciler_database, told))
    except RowsNotCompared:
        click.echo("Ikke prøvet: rækkerne, for databasen svarer ikke, eller rollen må ikke læse dem.", err=True)
        raise SystemExit(NOT_CHECKED) from None
    for fault in sorted(found, key=str):
        click.echo(f"FEJL  {fault}")
    raise SystemExit(CHANGED)


async def _first_new(database: str, told: Path | None) -> frozenset[RowFault]:
    """Turn until something is wrong that was not told yet.

    Raises:
        RowsNotCompared: nor can the rows be compared, which was not told yet either.
    """
    known = _read(told)
    with LoggedRows() as logged:
        slow, is_first = SlowTurn(database, RulesOfKeyRows(), logged), True
        while True:
            try:
                found = await slow.turn(known)
            except RowsNotCompared:
                if NOT_COMPARED in known:
                    continue
                _write(told, known | {NOT_COMPARED})
                raise
            names = frozenset(fault.name for fault in found)
            _write(told, names)
            if names - known:
                return found
            if is_first:
                told_before = f" {len(names)} er som meldt før." if names else ""
                click.echo(f"Uændret: {slow.compared} rækker.{told_before} Der sammenlignes igen og igen.")
                is_first = False
            known = names
            await asyncio.sleep(BETWEEN_TURNS_SECONDS)


def _read(told: Path | None) -> frozenset[str]:
    """Read what was told; nothing where there is no such file, or somebody changed it."""
    try:
        return frozenset() if told is None else msgspec.json.decode(told.read_bytes(), type=frozenset[str])
    except (FileNotFoundError, msgspec.DecodeError):
        return frozenset()


def _write(told: Path | None, names: frozenset[str]) -> None:
    """Write what is told now and what was before; if the process dies before it told it, the daily check does."""
    if told is not None and names != _read(told):
        told.write_bytes(msgspec.json.encode(sorted(names)))


def _is_remark(fault: Fault | RowFault) -> bool:
    return isinstance(fault, RowFault) and fault.is_remark
