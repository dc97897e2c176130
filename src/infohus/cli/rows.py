"""`infohus audit verify --rows` and `watch-rows`: compare every row with what the logs say was stored.

The first does it at once and looks for lost secrets too; the second goes on slowly, beside the service. Both compare
functions, tables, rights and roles with those that were shipped.
"""

import asyncio

import asyncpg
import rich_click as click

from infohus import logs
from infohus.cli.log_verification import CHANGED, NOT_CHECKED
from infohus.cli.progress_bar import ProgressBar
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
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
            async for case_id, authority_id in lost_secrets(connection):
                faults.append(RowFault("side_secret", f"{case_id} {authority_id}", LOST))
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
def watch_rows(*, reconciler_database: str) -> None:
    """Compare all rows with the logs a little at a time, again and again, and log each that is not as they say.

    It ends only after a turn that found something, with code 1, or where it cannot compare any longer, with code 3.
    """
    logs.set_up(form="auto", sealed_names={column for _, column in sealed_columns(Row.metadata)})
    try:
        found = asyncio.run(_first_found(reconciler_database))
    except RowsNotCompared:
        click.echo("Ikke prøvet: rækkerne, for databasen svarer ikke, eller rollen må ikke læse dem.", err=True)
        raise SystemExit(NOT_CHECKED) from None
    for fault in sorted(found, key=str):
        click.echo(f"FEJL  {fault}")
    raise SystemExit(CHANGED)


async def _first_found(database: str) -> frozenset[RowFault]:
    """Turn until something is wrong."""
    with LoggedRows() as logged:
        slow, is_first = SlowTurn(database, RulesOfKeyRows(), logged), True
        while not (found := await slow.turn()):
            if is_first:
                click.echo(f"Uændret: {slow.compared} rækker. Der sammenlignes igen og igen.")
                is_first = False
            await asyncio.sleep(BETWEEN_TURNS_SECONDS)
        return found
def _is_remark(fault: Fault | RowFault) -> bool:
    return isinstance(fault, RowFault) and fault.is_remark
