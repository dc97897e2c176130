"""What became of that which told a record: wherever its text is shown, by whomever, it shows that (rules 13 and 16).

It is asked for when a record is shown and stored nowhere. Nothing in it comes from an exchange with somebody else.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from infohus.cases.disclosures.model import Exchange
from infohus.kernel.database.tables import Record
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Told(msgspec.Struct, frozen=True):
    """How the caller's authority was told a record that another wrote, or that it corrected what it told of an own one.

    `is_withdrawn`: every exchange that told it was withdrawn, or what that rested on; the authority keeps the record,
    and passes it on to nobody. `is_corrected`: an exchange that told it was corrected, by `corrected_by` where the
    reader can read the correction. What was told of an own record and corrected is wrong for its owner, too.
    """

    is_withdrawn: bool
    is_corrected: bool
    corrected_by: UUID | None


_told = sa.func.infohus.told_how(
    sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid)), sa.bindparam("case_ids", type_=sa.ARRAY(sa.Uuid))
).table_valued(
    sa.column("exchange_id", sa.Uuid()), sa.column("record_id", sa.Uuid()), sa.column("record_version", sa.Integer()),
    sa.column("is_own", sa.Boolean()), sa.column("stands", sa.Boolean()), sa.column("correction", sa.Uuid()),
    name="told",
)
_right = aliased(Exchange)
_TOLD = (
    sa.select(
        _told.c.exchange_id, _told.c.record_id, _told.c.record_version, _told.c.is_own, _told.c.stands,
        _told.c.correction, _right.id.label("corrected_by"),
    )
    .select_from(_told.outerjoin(_right, _right.id == _told.c.correction))
    .order_by(_told.c.correction, _told.c.exchange_id, _told.c.record_id, _told.c.record_version)
)
"""The earliest of several corrections comes first."""


async def told_of(work: UnitOfWork, *records: Record) -> Mapping[UUID, Told]:
    """Say of records, by their ids, how the caller's authority was told them; of its own those that it corrected."""
    stored = [record for record in records if record not in work.pending(type(record))]
    if not stored:
        return {}
    rows = await work.values(
        _TOLD, record_ids=[record.id for record in stored], case_ids=sorted({record.case_id for record in stored})
    )
    found = {}
    for record in stored:
        is_own = record.authority_id == work.caller.authority_id
        version = (record.id, record.record_version, is_own)
        told = [row for row in rows if (row["record_id"], row["record_version"], row["is_own"]) == version]
        if told or not is_own:
            found[record.id] = Told(
                is_withdrawn=not any(row["stands"] for row in told),
                is_corrected=any(row["correction"] is not None for row in told),
                corrected_by=next((row["corrected_by"] for row in told if row["corrected_by"] is not None), None),
            )
    return found


async def corrections_of_told(
    work: UnitOfWork, record_ids: Collection[UUID]
) -> Mapping[tuple[UUID, UUID], UUID | None]:
    """Say of records, by exchange and record, which were corrected as the exchange told them to the caller's authority.

    The value is the correction, where the authority got it.
    """
    rows = await work.values(_TOLD, record_ids=sorted(record_ids), case_ids=[]) if record_ids else []
    return {
        (row["exchange_id"], row["record_id"]): row["corrected_by"] for row in rows if row["correction"] is not None
    }
