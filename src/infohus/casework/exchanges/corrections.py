"""Rettet: where an exchange is shown it says that it was corrected, and by what where the reader got that (rule 13).

Whoever had something withdrawn, takes part no more, or was told along a chain learns here that it was wrong, without
the content; and whoever corrects does not learn to whom it was passed on. Nothing of that is stored.
"""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from infohus.cases.disclosures.model import Exchange
from infohus.casework.exchanges.aftermath import Aftermath
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Correction(NamedTuple):
    """Whether something was corrected, and by which exchange where the caller's authority may read that."""

    is_corrected: bool
    corrected_by: UUID | None


_READABLE = sa.select(Exchange.id).where(
    Exchange.id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid)))
)


async def corrections_of(work: UnitOfWork, found: Mapping[UUID, Aftermath]) -> dict[UUID, Correction]:
    """Say of each exchange whether it, or what it rests on, was corrected; one that this unit records is not."""
    corrections = {one.correction_id for one in found.values() if one.correction_id is not None}
    rows = await work.values(_READABLE, exchange_ids=sorted(corrections)) if corrections else []
    readable = {row["id"] for row in rows}
    return {
        exchange_id: Correction(
            is_corrected=one.correction_id is not None,
            corrected_by=one.correction_id if one.correction_id in readable else None,
        )
        for exchange_id, one in found.items()
    }
