"""Løsladelse: that a subject was released from custody and judged radicalised or at risk, with who judged it.

Without one, retsplejeloven § 115, stk. 1, nr. 3, litra c, cannot carry an exchange (rule 9).
"""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus import errors
from infohus.danish_calendar import danish_day
from infohus.kernel.database.tables import Record, choice, owned_by_authority
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.kernel.unit_of_work.unit import UnitOfWork


class Judgement(StrEnum):
    """What the releasing authority judged."""

    RADICALISED = "radicalised"
    AT_RISK = "at_risk"


class CustodyRelease(Record):
    """One release, on the word of the authority that records it."""

    __tablename__ = "custody_release"
    __table_args__ = owned_by_authority()

    released_on: Mapped[date] = mapped_column(sa.Date)
    judgement: Mapped[Judgement] = choice(Judgement, name="judgement")
    basis: Mapped[Sealed] = mapped_column(SealedColumn)


class CustodyReleaseDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When the subject was released, what was judged, and on what basis."""

    released_on: date
    judgement: Judgement
    basis: Annotated[str, Meta(min_length=1, max_length=20_000)]


class CustodyReleaseView(msgspec.Struct, frozen=True):
    """A release as its record says it."""

    id: UUID
    released_on: date
    judgement: Judgement
    basis: str


CUSTODY_RELEASE_BY_ID = sa.select(CustodyRelease).where(CustodyRelease.id == sa.bindparam("id"))


def record_custody_release(work: UnitOfWork, draft: CustodyReleaseDraft) -> CustodyRelease:
    """Record a release for the caller's own authority.

    Raises:
        InTheFuture: nobody was released tomorrow.
    """
    if draft.released_on > danish_day(work.now):
        raise errors.InTheFuture(field="released_on")
    release = work.create(
        CustodyRelease, sealed={"basis": draft.basis}, released_on=draft.released_on, judgement=draft.judgement
    )
    work.done(release.id)
    return release
