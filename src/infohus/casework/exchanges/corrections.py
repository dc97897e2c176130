"""Rettet: where an exchange is shown it says that it was corrected, and by what where the reader got that (rule 13).

Whoever had something withdrawn, takes part no more, or was told along a chain learns here that it was wrong, without
the content; and whoever corrects does not learn to whom it was passed on. Nothing of that is stored.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from infohus.cases.disclosures.model import Exchange
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Correction(NamedTuple):
    """Whether something was corrected, and by which exchange where the caller's authority may read that."""

    is_corrected: bool
    corrected_by: UUID | None


_shown = (
    sa.select(Exchange.id, sa.func.infohus.correction_of(Exchange.id, Exchange.recorded_at).label("correction"))
    .where(Exchange.id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid))))
    .subquery()
)
_right = aliased(Exchange)
_CORRECTIONS = (
    sa.select(_shown.c.id, _right.id.label("corrected_by"))
    .select_from(_shown.outerjoin(_right, _right.id == _shown.c.correction))
    .where(_shown.c.correction.is_not(None))
)


async def corrections_of(work: UnitOfWork, exchanges: Sequence[Exchange]) -> dict[UUID, Correction]:
    """Say of each exchange whether it, or what it rests on, was corrected; one that this unit records is not."""
    recorded = {exchange.id for exchange in work.pending(Exchange)}
    stored = [exchange.id for exchange in exchanges if exchange.id not in recorded]
    rows = await work.values(_CORRECTIONS, exchange_ids=stored) if stored else []
    corrected = {row["id"]: Correction(is_corrected=True, corrected_by=row["corrected_by"]) for row in rows}
    not_corrected = Correction(is_corrected=False, corrected_by=None)
    return {exchange.id: corrected.get(exchange.id, not_corrected) for exchange in exchanges}
