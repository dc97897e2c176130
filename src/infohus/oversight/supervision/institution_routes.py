"""The log of an institution without a DPO of its own, for the DPO of each authority that drew it in (rule 90).

Shown are the acts of those whom the caller's authority drew in, on the cases of these invitations; sign-ins; and what
was refused without a case. docs/decisions/0016 says why no more. They are numbered among themselves, and show no
counts: places and counts of the log would tell what was done for the other authority (rule 44).
"""

from collections.abc import Sequence
from typing import Annotated

import sqlalchemy as sa
from litestar import get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter
from msgspec import UNSET
from msgspec.structs import replace

from infohus import errors
from infohus.kernel.answers.pages import Limit
from infohus.kernel.audit.formats.entry import Entry, Track, ranges_of, read
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.supervision.entry_pages import EntryPage
from infohus.oversight.supervision.operations import NumberedEntry

_AUTHORITY = sa.bindparam("authority_id", type_=sa.Text)
_CHECKS = sa.select(sa.func.infohus.checks_log_of(_AUTHORITY).label("checks"))
_ENTRIES = sa.select(
    sa.func.infohus.entries_of_institution(
        _AUTHORITY, sa.bindparam("after", type_=sa.BigInteger), sa.bindparam("most", type_=sa.Integer)
    )
    .table_valued(sa.column("place", sa.BigInteger), sa.column("entry", sa.LargeBinary))
    .render_derived()
)

AfterPlace = Annotated[int, QueryParameter(ge=-1, le=2**53)]
Institution = Annotated[str, PathParameter(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


@get("/institutions/{authority_id:str}/log-entries", operation_id="ListInstitutionLogEntries")
async def entries(
    authority_id: Institution, log_scope: NamedDependency[RequestScope], after: AfterPlace = -1, limit: Limit = 50
) -> EntryPage:
    """List entries of an institution without a DPO of its own, of those whom the caller's authority drew in."""
    async with log_scope.begin(Action.LIST_INSTITUTION_LOG_ENTRIES) as work:
        found = await _found(work, authority_id, after=after, limit=limit + 1)
        shown = found[:limit]
        await _note(work, authority_id, shown)
        return EntryPage(list(shown), shown[-1].index if len(found) > limit else None)


async def _found(work: UnitOfWork, authority_id: str, *, after: int, limit: int) -> Sequence[NumberedEntry]:
    (checks,) = await work.values(_CHECKS, authority_id=authority_id)
    if not checks["checks"]:
        raise errors.NotAvailable
    rows = await work.values(_ENTRIES, authority_id=authority_id, after=after, most=limit)
    entries = [(row["place"], read(row["entry"])) for row in rows]
    return [NumberedEntry(place, entry and _as_shown(entry), entry is None) for place, entry in entries]


def _as_shown(entry: Entry) -> Entry:
    """Leave out counts, and what beside its subject the act read, wrote or named: that may be another authority's."""
    return replace(
        entry, subject=entry.subject if entry.case else None, opened=[], wrote=[], asked=UNSET, read=UNSET, tally=UNSET,
    )


async def _note(work: UnitOfWork, authority_id: str, shown: Sequence[NumberedEntry]) -> None:
    """Say in the unit's entry whose log was read, which entries, and whom of the own side's cases they are about."""
    work.audit_draft.justification = f"log-of:{authority_id}"
    work.audit_draft.read_entries = ranges_of(one.index for one in shown)
    for track in Track:
        of_track = [one.entry for one in shown if one.entry is not None and one.entry.track is track]
        await work.side.look_at(*(entry.case for entry in of_track if entry.case is not None), track=track)


handlers = [entries]
