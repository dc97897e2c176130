"""In whose name a row is written, where the act or the row itself says so and no policy does."""

from typing import Any, Final
from uuid import UUID

from house import MUNICIPALITY, POLICE
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import Role
from policies.asking_rows import Asked
from policies.lookers import Looker

Columns = dict[str, Any]

NOT_OWNED: Final = frozenset({"disclosure", "disclosed_key"})
"""Written by one authority for all."""


def is_in_own_name(asked: Asked, looker: Looker, table: str, columns: Columns) -> bool:
    """Say whether a row is written in the name of who writes it."""
    own, owner = looker.caller.authority_id, str(columns.get("authority_id"))
    match table:
        case "disclosure":
            # By an exchange another authority gets a key, never one's own; and nobody discloses in another's name.
            is_own = str(columns["recipient_id"]) != own == str(columns["discloser_id"])
        case "disclosed_key":
            is_own = str(columns["recipient_id"]) != own
        case "onward_notice":
            is_own = str(columns["owner_id"]) != own == owner
        case "signature" | "receipt" | "earlier_concerns_seen":
            is_own = (owner, columns["person_id"]) == (own, str(looker.caller.person_id))
        case "participant":
            # A tovholder's own staff is drawn in by that authority alone.
            theirs = {MUNICIPALITY, POLICE} - {own}
            is_own = owner == own and columns["kind"] == "invited" and columns["acts_for"] not in theirs
        case "invitation":
            # What for is written down by who drew the person in.
            is_own = owner == own == _row(asked, columns["participant_id"])["authority_id"]
        case _:
            is_own = table in NOT_OWNED or owner == own
    return is_own


def may_take_step(asked: Asked, looker: Looker, columns: Columns) -> bool:
    """Ask whether somebody may record a step of an underretning that they may read."""
    task_id, case_id = UUID(columns["notification_id"]), UUID(columns["case_id"])
    is_handed_over = columns["step"] == "handed_over"
    action = Action.HAND_OVER_CHILD_NOTIFICATION if is_handed_over else Action.RECORD_ASSESSMENT_OF_CHILD
    # Another authority than the municipality hands over what it recorded.
    is_theirs = _row(asked, columns["notification_id"])["authority_id"] == looker.caller.authority_id or (
        looker.caller.role is Role.MUNICIPAL_COORDINATOR
    )
    reading = asked.on_record(looker, Action.READ_CHILD_NOTIFICATION, task_id, case_id)
    return is_theirs and asked.allows(looker, asked.on_case(looker, action, case_id)) and asked.allows(looker, reading)


def _row(asked: Asked, record_id: str) -> Columns:
    return next(row.columns for row in asked.world.rows if row.columns.get("id") == record_id)
