"""What the logs say of a row that is as they say, read backwards: did each act change only what it can, and how it can?

Entries say no values, only digests of whole rows. So from the row as it is, the state before is made for each change,
and its digest compared with what was logged of it. All columns that no act changes are held so to the first entry.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from infohus.danish_calendar import danish_day, later
from infohus.kernel.access.row_acts import UPDATE, WITHDRAW
from infohus.kernel.access.row_changes import CHANGED_BY, COLUMNS, OBLIGATION, states_before
from infohus.kernel.audit.verification.claims import SAME_MOMENT_SECONDS
from infohus.kernel.audit.verification.logged_rows import Written
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.row_digests import digest_of, revision_of

CHANGED_OTHERWISE = "er ændret i andet, end handlingen kan ændre, eller på anden måde: udgave {}"
"""Stands beside the entry that says so, whoever's it is."""


def changed_otherwise(table: str, stored: Mapping[str, Any], history: Sequence[Written]) -> str | None:
    """Say in Danish which change no act makes so, if any; `stored` is the row as the newest of `history` says."""
    if table not in CHANGED_BY:
        return None
    state, revision = stored, revision_of(stored)
    while changes := [one for one in history if one.revision == revision and one.verb in {UPDATE, WITHDRAW}]:
        if table == OBLIGATION and any(_is_met_otherwise(state, one) for one in changes):
            return CHANGED_OTHERWISE.format(revision)
        digests = {one.digest for one in history if one.revision == revision - 1}
        if not digests:
            return None  # what was said of it was emptied
        earlier = dict[str, Mapping[str, Any]]()
        for said in changes:
            possible = states_before(said.action, table, state)
            if possible is None:
                return None
            found = next((
                before for before in possible
                if _is_at_its_moment(table, before, state, said) and digest_of(table, before) in digests
            ), None)
            if found is None:
                return CHANGED_OTHERWISE.format(revision)
            earlier[said.action] = found
        state, revision = next(iter(earlier.values())), revision - 1
    return None


def _is_met_otherwise(obligation: Mapping[str, Any], said: Written) -> bool:
    """Say whether an obligation was met on a day that had not come, or is not due by the day on which it was met."""
    if said.action != Action.FULFIL_OBLIGATION:
        return False
    met_on, every = obligation["fulfilled_on"], obligation["every"]
    if met_on is None or met_on > danish_day(datetime.fromtimestamp(said.moment, UTC)):
        return True
    return bool(obligation["due_on"] != (None if every is None else later(met_on, every)))


def _is_at_its_moment(table: str, before: Mapping[str, Any], after: Mapping[str, Any], said: Written) -> bool:
    """Say whether the moments that a change set are that of the act."""
    return all(
        abs(after[name].timestamp() - said.moment) <= SAME_MOMENT_SECONDS
        for name in COLUMNS[table] if isinstance(after[name], datetime) and before[name] is None
    )
