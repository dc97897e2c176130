"""Log what the owner does from the command line, in the transaction that does it.

It stands in the installation's log and in the log of each authority that it concerns (rule 90).

The owner is no caller: nobody is signed in at the command line, so these entries name the role `owner` and no person.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import msgspec
import sqlalchemy as sa

from infohus.kernel.access.model import Coordinator, Infohus
from infohus.kernel.audit.formats.entry import Entry, Outcome, Wrote, encode_parts
from infohus.kernel.audit.storage.log import APPEND, INSTALLATION_LOG, AnyConnection, log_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import Stored, compiled
from infohus.plan.owner_writes import OwnerWrites

OF_OWNER_ACTS: Final = "administration"
"""What these entries say that the act was for (rule 57); `cases/procedure/purposes.py` has the code too."""
_CARRIED = (
    sa.select(Infohus.id)
    .where(
        Infohus.id == sa.bindparam("infohus_id"),
        sa.bindparam("authority_id", type_=sa.Text).in_([Infohus.municipality_id, Infohus.police_id]),
    )
    .with_for_update()
)
"""Locks the infohus' row, so that two commands at once register a person once."""
_COORDINATORS = (
    sa.select(Coordinator)
    .where(
        Coordinator.infohus_id == sa.bindparam("infohus_id"), Coordinator.authority_id == sa.bindparam("authority_id"),
    )
    .order_by(Coordinator.person_id)
)


class CoordinatorNotUsable(Exception):  # noqa: N818 - names the situation
    """There is no such infohus, or it is not carried by that authority."""


async def append_owner_entries(  # noqa: PLR0913 - an entry is all of it
    owner_connection: AnyConnection, action: Action, *, concerns: Iterable[str], infohus_id: UUID | None,
    wrote: list[Wrote], justification: str, at: datetime,
) -> None:
    """Append what the owner did about an infohus; call it last in the transaction that does it (rule 59).

    Without `infohus_id` it was about the whole installation. One entry stands in the installation's log and one in the
    log of each authority of `concerns`, under the same correlation id. `wrote` are the rows that it wrote, all of them.
    """
    await _append(
        owner_connection, action, {INSTALLATION_LOG, *map(log_of, concerns)}, infohus_id=infohus_id, wrote=wrote,
        justification=justification, purpose=OF_OWNER_ACTS, at=at,
    )


async def append_reading_entry(  # noqa: PLR0913 - an entry is all of it
    owner_connection: AnyConnection, action: Action, log_id: UUID, *, purpose: str, read: tuple[int, int],
    at: datetime,
) -> str:
    """Append to a log that its entries from the first to the last of `read` are given out at the command line.

    `purpose` is what for (rules 61 and 104). The other authorities are not told, so the installation's log has it not.
    Gives the entry's correlation id.
    """
    async with owner_connection.transaction():
        return await _append(
            owner_connection, action, [log_id], infohus_id=None, wrote=[], justification=f"log:{log_id}",
            purpose=purpose, at=at, read=[read],
        )


async def _append(  # noqa: PLR0913 - an entry is all of it
    owner_connection: AnyConnection, action: Action, logs: Iterable[UUID], *, infohus_id: UUID | None,
    wrote: list[Wrote], justification: str, purpose: str, at: datetime, read: list[tuple[int, int]] | None = None,
) -> str:
    entry = Entry(
        at=at, log=INSTALLATION_LOG, caller=None, authority=None, role="owner", assurance=None, action=action.value,
        subject_kind="infohus", subject=infohus_id, case=None, outcome=Outcome.ALLOWED, reason=None, policies=[],
        policy_set="", justification=justification, purpose=purpose, recipients=[], persons=[], opened=[],
        wrote=wrote, correlation=uuid4().hex, nonce=secrets.token_urlsafe(16), read=read or msgspec.UNSET,
    )
    # In one order everywhere: whoever appends to several logs holds the locks of all until COMMIT.
    for log_id in sorted(logs):
        one = msgspec.structs.replace(entry, log=log_id, nonce=secrets.token_urlsafe(16))
        for part in encode_parts(one):
            await owner_connection.execute(APPEND, log_id, part)
    return entry.correlation


async def register_coordinator(
    owner_connection: AnyConnection, *, infohus_id: UUID, authority_id: str, person_id: UUID, at: datetime
) -> bool:
    """Make a natural person tovholder of an infohus, as the role `infohus_owner`; false when the person is it already.

    Raises:
        CoordinatorNotUsable: the authority is not one of the two that carry the infohus. Nothing is changed.
    """
    values = {"infohus_id": infohus_id, "authority_id": authority_id, "person_id": person_id}
    async with owner_connection.transaction():
        listed = await _coordinators(owner_connection, infohus_id, authority_id)
        if any(row["person_id"] == person_id for row in listed):
            return False
        writes = OwnerWrites(owner_connection)
        await writes.insert(Coordinator, **values)
        await append_owner_entries(
            owner_connection, Action.REGISTER_COORDINATOR, concerns=[authority_id], infohus_id=infohus_id,
            wrote=writes.wrote, justification=f"person:{person_id}", at=at,
        )
    return True


async def remove_coordinator(
    owner_connection: AnyConnection, *, infohus_id: UUID, authority_id: str, person_id: UUID, at: datetime
) -> int | None:
    """Take a tovholder off an infohus' list, as the role `infohus_owner`; access to every case ends with COMMIT (94).

    Gives how many tovholdere the authority has left there; None when the person was none of them.

    Raises:
        CoordinatorNotUsable: the authority is not one of the two that carry the infohus. Nothing is changed.
    """
    async with owner_connection.transaction():
        listed = await _coordinators(owner_connection, infohus_id, authority_id)
        removed = [row for row in listed if row["person_id"] == person_id]
        if not removed:
            return None
        writes = OwnerWrites(owner_connection)
        await writes.delete(Coordinator, removed[0])
        await append_owner_entries(
            owner_connection, Action.REMOVE_COORDINATOR, concerns=[authority_id], infohus_id=infohus_id,
            wrote=writes.wrote, justification=f"person:{person_id}", at=at,
        )
    return len(listed) - 1


async def _coordinators(owner_connection: AnyConnection, infohus_id: UUID, authority_id: str) -> list[Stored]:
    """Give an authority's tovholdere of an infohus that it carries, with the infohus' row locked."""
    values = {"infohus_id": infohus_id, "authority_id": authority_id}
    if await owner_connection.fetchrow(*compiled(_CARRIED).bound(**values)) is None:
        message = f"`{authority_id}` carries no infohus {infohus_id}"
        raise CoordinatorNotUsable(message)
    return list(await owner_connection.fetch(*compiled(_COORDINATORS).bound(**values)))
