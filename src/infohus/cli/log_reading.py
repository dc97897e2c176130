"""What a command that gives a log's entries out asks for first, and says in the logs: who runs it owns the database."""

from uuid import UUID

import rich_click as click

from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.cli.connected import connected
from infohus.clock import now
from infohus.kernel.audit.storage.log import INSTALLATION_LOG
from infohus.kernel.authorization.action import Action
from infohus.plan.owner_acts import append_reading_entries

purpose_option = click.option(
    "--purpose", required=True, type=click.Choice([one.value for one in LogReadingPurpose]),
    help="What the entries are read for.",
)


async def say_that_it_is_read(owner_database: str, action: Action, log_id: UUID, *, purpose: str) -> None:
    """Append that the log is read, and what for, to it and to the installation's, before anything of it is given out.

    `action` is an authority's; the installation's log has acts of its own.
    """
    acted = _ON_INSTALLATION[action] if log_id == INSTALLATION_LOG else action
    async with connected(owner_database) as owner:
        await append_reading_entries(owner, acted, log_id, purpose=purpose, at=now())


_ON_INSTALLATION = {
    Action.EXPORT_LOG: Action.EXPORT_INSTALLATION_LOG,
    Action.PROVE_LOG_ENTRY: Action.PROVE_INSTALLATION_LOG_ENTRY,
}
