"""What the owner does from the command line stands in the installation's log, in the transaction that does it.

The owner is no caller: nobody is signed in at the command line, so these entries name the role `owner` and no person.
"""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from infohus.kernel.audit.formats.entry import Entry, Outcome, Wrote, encode
from infohus.kernel.audit.storage.log import APPEND, AnyConnection
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.lookup import INSTALLATION_LOG

_REGISTER = """
INSERT INTO infohus.coordinator (infohus_id, authority_id, person_id)
SELECT i.id, $2, $3 FROM infohus.infohus i WHERE i.id = $1 AND $2 IN (i.municipality_id, i.police_id)
ON CONFLICT DO NOTHING
"""
_CARRIES = "SELECT FROM infohus.infohus i WHERE i.id = $1 AND $2 IN (i.municipality_id, i.police_id)"


class CoordinatorNotUsable(Exception):  # noqa: N818 - names the situation
    """There is no such infohus, or it is not carried by that authority."""


async def leave_entry(  # noqa: PLR0913 - an entry is all of it
    owner_connection: AnyConnection, action: Action, *, infohus_id: UUID, table: str, written: tuple[object, ...],
    purpose: str, justification: str, at: datetime,
) -> None:
    """Append what the owner did about an infohus; call it last in the transaction that does it (rule 59).

    `written` are the values sent to `table`; only their digest is kept.
    """
    digest = hashlib.sha256(msgspec.json.encode(written, enc_hook=str)).hexdigest()
    entry = Entry(
        at=at, log=INSTALLATION_LOG, caller=None, authority=None, role="owner", assurance=None, action=action.value,
        subject_kind="infohus", subject=infohus_id, case=None, outcome=Outcome.ALLOWED, reason=None, policies=[],
        policy_set="", justification=justification, purpose=purpose, recipients=[], persons=[], opened=[],
        wrote=[Wrote(verb="insert", table=table, row=None, digest=digest)], correlation=uuid4().hex,
        nonce=secrets.token_urlsafe(16),
    )
    await owner_connection.execute(APPEND, INSTALLATION_LOG, encode(entry))


async def register_coordinator(
    owner_connection: AnyConnection, *, infohus_id: UUID, authority_id: str, person_id: UUID, at: datetime
) -> bool:
    """Make a natural person tovholder of an infohus, as the role `infohus_owner`; false when the person is it already.

    Raises:
        CoordinatorNotUsable: the authority is not one of the two that carry the infohus. Nothing is changed.
    """
    values = (infohus_id, authority_id, person_id)
    async with owner_connection.transaction():
        if await owner_connection.fetchrow(_CARRIES, infohus_id, authority_id) is None:
            message = f"`{authority_id}` carries no infohus {infohus_id}"
            raise CoordinatorNotUsable(message)
        if await owner_connection.execute(_REGISTER, *values) == "INSERT 0 0":
            return False
        await leave_entry(
            owner_connection, Action.REGISTER_COORDINATOR, infohus_id=infohus_id, table="coordinator", written=values,
            purpose=authority_id, justification=f"person:{person_id}", at=at,
        )
    return True
