"""What a command that gives a log's entries out asks for first, and says in the logs: who runs it owns the database."""

from uuid import UUID

import rich_click as click

from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.cli.connected import connected
from infohus.clock import now
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, AnyConnection, head_of
from infohus.kernel.authorization.action import Action
from infohus.plan.owner_acts import append_reading_entry

purpose_option = click.option(
    "--purpose", required=True, type=click.Choice([one.value for one in LogReadingPurpose]),
    help="What the entries are read for.",
)


async def say_that_it_is_read(  # noqa: PLR0913 - an entry is all of it
    connection: AnyConnection, owner_database: str, action: Action, log_id: UUID, *, purpose: str,
    read: tuple[int, int],
) -> None:
    """Append to a log that entries of it are read over `connection`, and what for, before any is given out.

    `read` are the first and the last of them. `action` is an authority's; the installation's log has acts of its own.

    Raises:
        ClickException: the two addresses are of different databases.
    """
    acted = _ON_INSTALLATION[action] if log_id == INSTALLATION_LOG else action
    size = (await head_of(connection, log_id)).size
    async with connected(owner_database) as owner:
        correlation = await append_reading_entry(owner, acted, log_id, purpose=purpose, read=read, at=now())
    if not await connection.fetchval(_SAYS_SO, log_id, size, correlation):
        message = "--database and --owner-database are not the same database, so nothing is given out"
        raise click.ClickException(message)


_SAYS_SO = (
    "SELECT count(*) = 1 FROM audit.leaf WHERE log_id = $1 AND index >= $2"
    " AND position(convert_to($3, 'UTF8') IN entry) > 0"
)
_ON_INSTALLATION = {
    Action.EXPORT_LOG: Action.EXPORT_INSTALLATION_LOG,
    Action.PROVE_LOG_ENTRY: Action.PROVE_INSTALLATION_LOG_ENTRY,
}
