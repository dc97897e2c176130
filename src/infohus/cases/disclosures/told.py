"""What became of that which told a record: wherever its text is shown, by whomever, it shows that (rules 13 and 16).

It is asked for when a record is shown and stored nowhere. Nothing in it comes from an exchange with somebody else.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from infohus.cases.disclosures.model import Category, Exchange
from infohus.danish.paragraphs import SECRECY
from infohus.kernel.access.model import Disclosure
from infohus.kernel.database.tables import Record
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the caller's authority was told a record that another wrote, or that it corrected what it told of an own one.

    `is_withdrawn`: every exchange that told it was withdrawn, or what that rested on; the authority keeps the record,
    and passes it on to nobody. `is_corrected`: an exchange that told it was corrected, by `corrected_by` where the
    reader can read the correction. What was told of an own record and corrected is wrong for its owner, too. `secrecy`
    tells of the duty that came with gang ties (rule 102).
    """

    is_withdrawn: bool
    is_corrected: bool
    corrected_by: UUID | None
    secrecy: str | None = None


class ToldPart(msgspec.Struct, frozen=True):
    """The same of one part of a record, where an exchange can tell a part without the others (rule 87)."""

    part: str
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
_right, _teller = aliased(Exchange), aliased(Exchange)
_HAS_GANG_TIES = sa.literal(Category.GANG_TIES.value) == sa.func.any(_teller.categories)
_TOLD = (
    sa.select(
        _told.c.exchange_id, _told.c.record_id, _told.c.record_version, _told.c.is_own, _told.c.stands,
        _told.c.correction, _right.id.label("corrected_by"), _HAS_GANG_TIES.label("has_gang_ties"),
    )
    .select_from(
        _told.outerjoin(_right, _right.id == _told.c.correction)
        .outerjoin(_teller, _teller.id == _told.c.exchange_id)
    )
    .order_by(_told.c.correction, _told.c.exchange_id, _told.c.record_id, _told.c.record_version)
)
"""The earliest of several corrections comes first."""


_PARTS = sa.select(Disclosure.exchange_id, Disclosure.record_version, Disclosure.parts).where(
    Disclosure.record_id == sa.bindparam("record_id"), Disclosure.recipient_id == sa.bindparam("authority_id")
)


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
                secrecy=SECRECY if any(row["has_gang_ties"] and not row["is_own"] for row in told) else None,
            )
    return found


async def told_parts_of(work: UnitOfWork, record: Record) -> list[ToldPart]:
    """Say the same of each part of another's record that the caller's authority can open; of an own one nothing."""
    own = work.caller.authority_id
    if record.authority_id == own or record in work.pending(type(record)):
        return []
    rows = await work.values(_TOLD, record_ids=[record.id], case_ids=[])
    told = {
        (row["exchange_id"], part)
        for row in await work.values(_PARTS, record_id=record.id, authority_id=own)
        if row["record_version"] == record.record_version for part in row["parts"]
    }
    found = []
    for part in await work.parts_of(record):
        of_part = [row for row in rows if not row["is_own"] and (row["exchange_id"], part) in told]
        found.append(ToldPart(
            part, is_withdrawn=not any(row["stands"] for row in of_part),
            is_corrected=any(row["correction"] is not None for row in of_part),
            corrected_by=next((row["corrected_by"] for row in of_part if row["corrected_by"] is not None), None),
        ))
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
