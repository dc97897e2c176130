"""Record a løsladelse, which an exchange under retsplejeloven § 115, stk. 1, nr. 3, litra c, rests on (rule 9)."""

from datetime import date
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.told import Told
from infohus.cases.persons.about import About, persons_named
from infohus.cases.persons.custody_releases import CustodyRelease, Judgement
from infohus.danish_calendar import danish_day
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import Reason
from infohus.kernel.unit_of_work.unit import UnitOfWork


class CustodyReleaseDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When the subject was released, what was judged, and on what basis."""

    released_on: Day
    judgement: Judgement
    basis: Reason
    about: About | None = None


class CustodyReleaseView(msgspec.Struct, frozen=True):
    """A release as its record says it."""

    id: UUID
    released_on: date
    judgement: Judgement
    basis: str
    about: list[UUID]
    told: Told | None


CUSTODY_RELEASE_BY_ID = sa.select(CustodyRelease).where(CustodyRelease.id == sa.bindparam("id"))


async def record_custody_release(work: UnitOfWork, draft: CustodyReleaseDraft) -> CustodyRelease:
    """Record a release for the caller's own authority.

    Raises:
        InTheFuture: `released_on` is after the Danish date of today.
        PersonsNotNamed, NoPersonOfTheSide: see `persons_named`.
    """
    if draft.released_on > danish_day(work.now):
        raise errors.InTheFuture(field="released_on")
    release = work.create(
        CustodyRelease, sealed={"basis": draft.basis}, released_on=draft.released_on, judgement=draft.judgement,
        about=await persons_named(work, draft.about),
    )
    work.done(release.id)
    return release
