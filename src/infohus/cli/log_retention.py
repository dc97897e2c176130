"""`infohus audit empty` and `keep`: empty a log's old entries, and set how many years they are kept (rule 62)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
import rich_click as click

from infohus.cli.connected import connected
from infohus.cli.log_name import LogName
from infohus.clock import now
from infohus.danish_calendar import danish_day, start_of_named_day
from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.audit.formats.emptying import (
    AT_ONCE,
    EMPTIABLE,
    EMPTY,
    KEPT_SINCE,
    carrying_entries,
    entry_of,
)
from infohus.kernel.audit.formats.entry import Emptied
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.claims import Claims
from infohus.kernel.audit.verification.logged_rows import LoggedRows
from infohus.kernel.audit.verification.row_reconciliation import RowReconciliation
from infohus.plan.retention_acts import NoSuchLog, set_log_retention

_NO_SUCH_LOG = "Databasen har ingen log med det id."


@dataclass(frozen=True, slots=True)
class Emptiable:
    """The entries that are old enough, start … stop−1, and the earliest and latest moment among them."""

    start: int
    stop: int
    earliest: datetime | None
    latest: datetime | None

    @property
    def words(self) -> str:
        """The sentence for the operator, in Danish."""
        if self.earliest is None or self.latest is None:
            return "Ingen poster er gamle nok til at blive tømt."
        return (
            f"{self.stop - self.start} poster (nr. {self.start}–{self.stop - 1}) er gamle nok til at blive tømt: "
            f"fra {danish_day(self.earliest)} til {danish_day(self.latest)}."
        )


@click.command("empty")
@click.option("--log", "log_id", required=True, type=LogName(), help="Whose log: an authority's id, or `installation`.")
@click.option(
    "--before", type=click.DateTime(["%Y-%m-%d"]), help="Entries of earlier days; else all that are old enough.",
)
@click.option("--yes", is_flag=True, help="Do it; without it, only say what would be emptied.")
@click.option(
    "--database", envvar="INFOHUS_RETENTION_DATABASE_URL", required=True, help="Address of the role infohus_retention.",
)
@click.option(
    "--reconciler-database", envvar="INFOHUS_RECONCILER_DATABASE_URL", required=True,
    help="Address of the role infohus_reconciler, which reads what the entries say of rows that are still there.",
)
def empty(*, log_id: UUID, before: datetime | None, yes: bool, database: str, reconciler_database: str) -> None:
    """Empty a log's entries that are older than its period; their hashes stay, and an entry says what was emptied.

    What they alone say of rows that are still there is said again in the log.
    """
    day = start_of_named_day(before) if before is not None else None
    try:
        asyncio.run(_empty_or_list(database, reconciler_database, log_id, day, empties=yes))
    except asyncpg.NoDataFoundError:
        raise click.ClickException(_NO_SUCH_LOG) from None
    except asyncpg.LockNotAvailableError:
        message = "Loggen er optaget. Det, der er tømt, er tømt; prøv igen."
        raise click.ClickException(message) from None


async def _empty_or_list(
    database: str, reconciler_database: str, log_id: UUID, day: datetime | None, *, empties: bool
) -> None:
    async with connected(database) as connection:
        kept_since: datetime = await connection.fetchval(KEPT_SINCE, log_id)
        before = kept_since if day is None else day
        if before > kept_since:
            message = f"Loggens poster skal bevares, når de er fra {danish_day(kept_since)} eller senere."
            raise click.ClickException(message)
        emptiable = Emptiable(**dict(await connection.fetchrow(EMPTIABLE, log_id, before) or {}))
        click.echo(emptiable.words)
        if emptiable.start == emptiable.stop:
            return
        if not empties:
            click.echo("Intet er tømt. Gentag med --yes for at tømme dem; det kan ikke gøres om.")
            return
        with LoggedRows() as logged:
            claims = await _read_logs(reconciler_database, logged)
            await _empty(connection, log_id, emptiable, before, logged, claims=claims)
        click.echo("Tømt. Hashværdierne står, beviserne holder, og loggen siger selv, hvad der er tømt.")


async def _read_logs(reconciler_database: str, logged: LoggedRows) -> Claims:
    async with connected(reconciler_database) as connection:
        reconciliation = RowReconciliation(logged, RulesOfKeyRows())
        while not await reconciliation.follow(connection):
            pass
        return reconciliation.claims


async def _empty(  # noqa: PLR0913 - all that one emptying stands on
    connection: AnyConnection, log_id: UUID, emptiable: Emptiable, before: datetime, logged: LoggedRows, *,
    claims: Claims,
) -> None:
    """Empty 4,096 entries per transaction, and carry what they alone say of living rows.

    Dies between two: the entries so far are emptied, the log says so, and the next run does the rest.
    """
    with click.progressbar(length=emptiable.stop - emptiable.start, label="Tømmer") as progress:
        for start in range(emptiable.start, emptiable.stop, AT_ONCE):
            stop = min(start + AT_ONCE, emptiable.stop)
            at = now()
            said = list(logged.newest_in(log_id, start, stop, counts=claims.is_in_form))
            carried = carrying_entries(log_id, [row for row, behind in said if behind is None], at=at)
            later = msgspec.json.encode({behind for _, behind in said if behind is not None}).decode()
            entry = entry_of(log_id, Emptied(start, stop, before), at=at)
            await connection.execute(EMPTY, log_id, start, stop, entry, carried, later)
            progress.update(stop - start)


@click.command("keep")
@click.option("--log", "log_id", required=True, type=LogName(), help="Whose log: an authority's id, or `installation`.")
@click.option("--years", required=True, type=click.IntRange(1, 100), help="How old an entry must be to be emptied.")
@click.option(
    "--owner-database", envvar="INFOHUS_OWNER_DATABASE_URL", required=True,
    help="PostgreSQL address of the role infohus_owner.",
)
def keep(log_id: UUID, years: int, owner_database: str) -> None:
    """Set how many years a log's entries are kept; 5 when never set. Empties nothing; the log says it."""

    async def go() -> None:
        async with connected(owner_database) as owner:
            await set_log_retention(owner, log_id, years=years, at=now())

    try:
        asyncio.run(go())
    except NoSuchLog:
        raise click.ClickException(_NO_SUCH_LOG) from None
    click.echo(f"Loggens poster bevares i {years} år.")
