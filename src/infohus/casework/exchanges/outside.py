"""Videregivelse uden for § 115: what an authority tells another for itself, outside of the infohus (rule 105).

To an authority that takes no part in the case; who takes part is told under § 115. It carries what the own authority
recorded, and nothing that it received in the case (rule 16).
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from infohus import errors
from infohus.cases.disclosures.model import (
    AuthoritySlug,
    Category,
    Channel,
    DisclosureDraft,
    Exchange,
    Paragraph,
    Purpose,
)
from infohus.cases.disclosures.operations import disclose
from infohus.cases.disclosures.outside_115 import Outside, basis_of_answer
from infohus.cases.disclosures.refusals import ReceivedIsNotGivenOutside
from infohus.cases.persons.about import About, persons_named
from infohus.casework.exchanges.disclosable import DisclosableRecords, Items
from infohus.kernel.requests.moments import Moment
from infohus.kernel.requests.words import AnswerToRule, OptionalReason, has_words
from infohus.kernel.unit_of_work.unit import UnitOfWork


class OutsideBasis(StrEnum):
    """The provisions outside § 115; which of them fit follows from what the discloser's authority is."""

    BETWEEN_AUTHORITIES = Paragraph.BETWEEN_AUTHORITIES.value
    ON_REQUEST_OF_ANOTHER = Paragraph.ON_REQUEST_OF_ANOTHER.value
    BY_INSTITUTION = Paragraph.BY_INSTITUTION.value
    CRIME_TO_BE_PREVENTED = Paragraph.CRIME_TO_BE_PREVENTED.value
    BY_HEALTH_PERSON = Paragraph.BY_HEALTH_PERSON.value


class OutsideDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is told to whom, on which provision, and why it is necessary. `basis` left out means the ordinary one.

    It concerns whom its records concern, and whom `about` names beside; where it has none, see `persons_named`.
    """

    recipients: Annotated[list[AuthoritySlug], Meta(min_length=1, max_length=20)]
    categories: Annotated[list[Category], Meta(min_length=1, max_length=5)]
    necessity: AnswerToRule
    basis: OutsideBasis | None = None
    strict_necessity: OptionalReason | None = None
    items: Items = msgspec.field(default_factory=list)
    summary: OptionalReason | None = None
    channel: Channel = Channel.WRITTEN
    exchanged_at: Moment | None = None
    about: About | None = None


async def disclose_outside(work: UnitOfWork, draft: OutsideDraft, *, records: DisclosableRecords) -> Exchange:
    """Record what the caller's authority told another outside of the infohus.

    Raises:
        ExchangeWithoutContent: it has neither items nor a summary.
        ReceivedIsNotGivenOutside: an item is another authority's.
        ParticipantIsToldUnder115, NotAnAuthorityHere: of a recipient.
        PersonsNotNamed, NoPersonOfTheSide: see `persons_named`.
        BasisDoesNotFit, CategoryNotOutside115, and what any disclosure refuses
    """
    if not draft.items and not has_words(draft.summary):
        raise errors.ExchangeWithoutContent
    stated = None if draft.basis is None else Paragraph(draft.basis.value)
    outside = Outside(basis_of_answer(work.caller.authority_kind, stated), is_acute=None)
    items = await records.items_of(work, draft.items)
    if any(item.owner != work.caller.authority_id for item in items):
        raise ReceivedIsNotGivenOutside(field="items")
    disclosure = DisclosureDraft(
        recipients=draft.recipients, purpose=Purpose.OWN_HANDLING, categories=draft.categories,
        necessity=draft.necessity, strict_necessity=draft.strict_necessity, channel=draft.channel,
        exchanged_at=draft.exchanged_at,
    )
    about = () if items and draft.about is None else await persons_named(work, draft.about)
    exchange = await disclose(work, disclosure, items, summary=draft.summary, outside=outside, about=about)
    work.done(exchange.id)
    return exchange
