"""Første syn: each tovholder may state their own view before seeing the other's.

A view is sealed for its own authority and can never be changed, and that there is one is not told either (rule 44).
Revealing it is an exchange like any other, and needs the key of the authority that stated it. Who was shown the other's
states no first view any more. Nobody is obliged to state a view or to reveal it, and nobody waits for the other: the
fælles afgrænsning is decided with or without.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus import errors
from infohus.cases.disclosures.model import DisclosureDraft, Item
from infohus.cases.disclosures.operations import disclose
from infohus.cases.disclosures.told import Told, told_of
from infohus.cases.joint_decisions.operations import open_proposals
from infohus.cases.joint_decisions.refusals import RevealedToTheOtherOnly
from infohus.casework.scope_decisions.model import ScopeDecision
from infohus.kernel.access.model import Disclosure, Infohus
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.tables import Record, unique_in_case
from infohus.kernel.requests.words import Reason
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.kernel.unit_of_work.unit import UnitOfWork


class SeenAs(StrEnum):
    """Where one tovholder sees the concern belong."""

    WITHIN = "within"
    OUTSIDE = "outside"
    POLICE_ALONE = "police_alone"


class FirstView(Record):
    """One authority's view before it saw the other's. `content` is the draft as JSON: what it says is sealed whole."""

    concerns_everybody: ClassVar = True

    __tablename__ = "first_view"
    __table_args__ = unique_in_case("authority_id")

    content: Mapped[Sealed] = mapped_column(SealedColumn)


class FirstViewDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the concern belongs, and why."""

    view: SeenAs
    reasons: Reason


class RevelationDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The § 115 fields of telling the other tovholder's authority."""

    disclosure: DisclosureDraft


class FirstViewView(msgspec.Struct, frozen=True, kw_only=True):
    """A first view that the caller's authority stated or was told."""

    id: UUID
    authority_id: str
    stated_at: datetime
    view: SeenAs
    reasons: str
    is_revealed: bool
    told: Told | None


class FirstViews(msgspec.Struct, frozen=True):
    """The views that the caller's authority stated or was told."""

    views: list[FirstViewView]


FIRST_VIEW_BY_ID = sa.select(FirstView).where(FirstView.id == sa.bindparam("id"))
_OF_CASE = sa.select(FirstView).where(FirstView.case_id == sa.bindparam("case_id")).order_by(FirstView.id)
_INFOHUS = sa.select(Infohus).where(Infohus.id == sa.bindparam("id"))
_DISCLOSED = sa.select(Disclosure.record_id).where(
    Disclosure.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid)))
)
_SHOWN = sa.select(Disclosure.record_id).where(
    Disclosure.case_id == sa.bindparam("case_id"), Disclosure.record_kind == sa.bindparam("kind"),
    Disclosure.recipient_id == sa.bindparam("authority_id"),
)


async def state_first_view(work: UnitOfWork, draft: FirstViewDraft) -> FirstView:
    """State the view of the caller's authority, once, for nobody else to read yet.

    Raises:
        AlreadyRecorded: the authority has stated its view.
        FirstViewTooLate: the other's view was shown to the authority.
        AlreadyProposed: a proposal is open, which shows one authority's view to the other.
    """
    await require_first_view_possible(work)
    if await work.values(open_proposals(ScopeDecision), case_id=work.case.id):
        raise errors.AlreadyProposed
    first_view = work.create(FirstView, sealed={"content": msgspec.json.encode(draft).decode()})
    work.done(first_view.id)
    return first_view


async def reveal_first_view(work: UnitOfWork, first_view: FirstView, draft: RevelationDraft) -> FirstView:
    """Disclose the caller's own view to the other tovholder's authority, whether or not that has stated one.

    Raises:
        RevealedToTheOtherOnly: the recipient is not the other tovholder's authority alone.
        AlreadyRecorded: it was revealed before.
        Refused: the disclosure does not meet § 115.
    """
    infohus = await work.row(Infohus, _INFOHUS, id=work.infohus_id)
    assert infohus is not None  # noqa: S101 - the case's infohus exists by foreign key
    others = {infohus.municipality_id, infohus.police_id} - {work.caller.authority_id}
    if set(draft.disclosure.recipients) != others:
        raise RevealedToTheOtherOnly
    if await work.values(_DISCLOSED, record_ids=[first_view.id]):
        raise errors.AlreadyRecorded
    await disclose(work, draft.disclosure, [Item.of(first_view)])
    work.done(first_view.id)
    return first_view


async def require_first_view_possible(work: UnitOfWork) -> None:
    """Refuse a first view of an authority that has stated one, or was shown the other's, withdrawn since or not.

    Raises:
        AlreadyRecorded, FirstViewTooLate
    """
    own = work.caller.authority_id
    if any(one.authority_id == own for one in await work.rows(FirstView, _OF_CASE, case_id=work.case.id)):
        raise errors.AlreadyRecorded
    if await work.values(_SHOWN, case_id=work.case.id, authority_id=own, kind=FirstView.__tablename__):
        raise errors.FirstViewTooLate


async def first_views(work: UnitOfWork) -> FirstViews:
    """List the views that the caller's authority may read."""
    return FirstViews(await opened(work, *await work.rows(FirstView, _OF_CASE, case_id=work.case.id)))


async def opened(work: UnitOfWork, *first: FirstView) -> list[FirstViewView]:
    """Open first views."""
    texts = await work.open(*first, reading=Action.READ_FIRST_VIEW)
    disclosed = {row["record_id"] for row in await work.values(_DISCLOSED, record_ids=[one.id for one in first])}
    disclosed |= {disclosure.record_id for disclosure in work.pending(Disclosure)}
    told = await told_of(work, *first)
    contents = {one.id: msgspec.json.decode(texts[one.id]["content"], type=FirstViewDraft) for one in first}
    return [
        FirstViewView(
            id=one.id, authority_id=one.authority_id, stated_at=one.recorded_at, view=contents[one.id].view,
            reasons=contents[one.id].reasons, is_revealed=one.id in disclosed, told=told.get(one.id),
        )
        for one in first
    ]
