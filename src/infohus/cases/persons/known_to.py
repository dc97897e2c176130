"""Which persons of a case an authority was told of, as far as the caller's own authority knows (rules 44 and 109)."""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa

from infohus.cases.persons.model import Subject
from infohus.kernel.access.model import STANDS, Disclosure
from infohus.kernel.unit_of_work.unit import UnitOfWork

_PERSONS = sa.select(Subject).where(Subject.case_id == sa.bindparam("case_id")).order_by(Subject.id)
_TOLD_TO = sa.select(Disclosure.record_id, Disclosure.recipient_id).where(
    Disclosure.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))),
    Disclosure.discloser_id == sa.bindparam("authority_id"), STANDS,
)


async def persons_seen(work: UnitOfWork) -> Sequence[Subject]:
    """Give the persons of the unit's case whom the caller's authority sees."""
    return await work.rows(Subject, _PERSONS, case_id=work.case.id)


async def not_known_to(work: UnitOfWork, persons: Collection[Subject], recipients: Collection[str]) -> set[UUID]:
    """Give those of `persons` whom not each recipient knows: its own record, or the caller's authority told it.

    Without a recipient that is all of them. What others told a recipient is not the caller's to know.
    """
    own = work.caller.authority_id
    told = await work.values(_TOLD_TO, record_ids=[one.id for one in persons], authority_id=own)
    known = {(row["record_id"], row["recipient_id"]) for row in told}
    known |= {(one.id, authority) for one in persons for authority in (own, one.authority_id)}
    return {one.id for one in persons if not recipients or any((one.id, to) not in known for to in recipients)}
