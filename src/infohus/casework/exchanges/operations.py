"""Record an exchange, in writing or of what was said, and correct one."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus import errors
from infohus.cases.disclosures.model import (
    AuthoritySlug,
    Category,
    Channel,
    Consent,
    DisclosureDraft,
    Exchange,
    Item,
    Purpose,
)
from infohus.cases.disclosures.operations import Correcting, disclose
from infohus.cases.disclosures.outside_115 import Outside
from infohus.cases.information import InformationDraft, note_information
from infohus.cases.persons.about import About, persons_named
from infohus.cases.procedure.purposes import EXCHANGED_AT
from infohus.cases.procedure.table import PROCEDURE
from infohus.casework.exchanges.disclosable import DisclosableRecords, Items
from infohus.casework.exchanges.refusals import CorrectionCarriesMore, CorrectionOnAnotherTrack
from infohus.casework.exchanges.requests import require_pet_asked
from infohus.casework.exchanges.withdrawals import Withdrawal
from infohus.kernel.access.model import Disclosure, Infohus
from infohus.kernel.authorization.action import Action
from infohus.kernel.requests.asked import TellsTheOther, TellsThoseTold
from infohus.kernel.requests.moments import Moment
from infohus.kernel.requests.words import AnswerToRule, OptionalReason, Reason, has_words
from infohus.kernel.unit_of_work.unit import UnitOfWork


class ExchangeDraft(DisclosureDraft, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is disclosed: records, or what was said, or both.

    It concerns whom its records concern, and whom `about` names beside; where it has none, see `persons_named`.
    """

    items: Items = msgspec.field(default_factory=list)
    summary: OptionalReason | None = None
    about: About | None = None


class CorrectionDraft(DisclosureDraft, TellsThoseTold, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was wrong and what is right. `items` go to `recipients`; all who got the wrong one learn what was wrong.

    It concerns whom the wrong one concerned, whom its records concern, and whom `about` names beside.
    """

    summary: Reason
    items: Items = msgspec.field(default_factory=list)
    about: About | None = None


class OralChannel(StrEnum):
    """How something was said."""

    MEETING = Channel.MEETING.value
    PHONE = Channel.PHONE.value


class OralExchangeDraft(TellsTheOther, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was said on the phone or at a meeting, in eight answers; most else has a sensible default (rule 12).

    `consent_reason` is the ninth unless consent was given, and `strict_necessity` another where rule 11 asks for it.
    """

    said: Reason
    channel: OralChannel
    categories: Annotated[list[Category], Meta(min_length=1, max_length=6)]
    necessity: AnswerToRule
    proportionality: AnswerToRule
    subsidiarity: AnswerToRule
    consent: Consent
    for_criminal_investigation: bool
    consent_reason: OptionalReason | None = None
    exchanged_at: Moment | None = None
    recipients: Annotated[list[AuthoritySlug], Meta(max_length=20)] | None = None
    purpose: Purpose | None = None
    strict_necessity: OptionalReason | None = None
    about: About | None = None

    def tells_the_other(self) -> bool:
        """Say whether it goes to the other tovholder's authority, which it then does not name."""
        return self.recipients is None


EXCHANGE_BY_ID = sa.select(Exchange).where(Exchange.id == sa.bindparam("id"))
EXCHANGES_OF_CASE = (
    sa.select(Exchange)
    .where(Exchange.case_id == sa.bindparam("case_id"), Exchange.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(Exchange.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_WITHDRAWN_FROM = sa.select(Withdrawal.recipient_id).where(Withdrawal.exchange_id == sa.bindparam("exchange_id"))
_CARRIED = sa.select(Disclosure.record_id, Disclosure.parts).where(
    Disclosure.exchange_id == sa.bindparam("exchange_id")
)
_INFOHUS = sa.select(Infohus).where(Infohus.id == sa.bindparam("id"))
_CORRECTION_OF = sa.select(Exchange.id).where(Exchange.corrects_id == sa.bindparam("id"))


async def record_exchange(work: UnitOfWork, draft: ExchangeDraft, *, records: DisclosableRecords) -> Exchange:
    """Record an exchange; exactly its items become readable to exactly its recipients.

    Raises:
        NotPossibleNow: the case's stage allows one at PET's request alone.
        PetHasNotAsked: it answers PET, and no request of PET's under PET-loven § 4 is noted.
        ExchangeWithoutContent: it has neither items nor a summary.
        Refused: a rule of § 115 is not met.
    """
    work.audit_draft.is_for_pet = draft.requested_by_pet
    if draft.requested_by_pet:
        await require_pet_asked(work)
    else:
        PROCEDURE[work.action].require_ordinary_stage(work.case)
    is_for_investigation = draft.for_criminal_investigation and not draft.requested_by_pet
    if not draft.items and not has_words(draft.summary) and not is_for_investigation:
        raise errors.ExchangeWithoutContent
    items = await records.items_of(work, draft.items)
    about = () if items and draft.about is None else await persons_named(work, draft.about)
    exchange = await disclose(work, draft, items, summary=draft.summary, about=about)
    work.done(exchange.id)
    return exchange


async def record_oral_exchange(work: UnitOfWork, draft: OralExchangeDraft) -> Exchange:
    """Record what was said as information of the caller's authority, and disclose it, in one act.

    Defaults: to the other tovholder's authority, now, for the purpose that belongs to the case's stage.
    """
    PROCEDURE[work.action].require_ordinary_stage(work.case)
    infohus = await work.row(Infohus, _INFOHUS, id=work.infohus_id)
    assert infohus is not None  # noqa: S101 - the case's infohus exists by foreign key
    others = sorted({infohus.municipality_id, infohus.police_id} - {work.caller.authority_id})
    noted = await note_information(work, InformationDraft(
        text=draft.said, source=draft.channel.value, is_first_hand=True, about=draft.about,
    ))
    purpose = draft.purpose or Purpose(EXCHANGED_AT[work.case.stage])
    disclosure = DisclosureDraft(
        recipients=others if draft.recipients is None else draft.recipients, purpose=purpose,
        categories=draft.categories, necessity=draft.necessity, proportionality=draft.proportionality,
        subsidiarity=draft.subsidiarity, strict_necessity=draft.strict_necessity, channel=Channel(draft.channel),
        exchanged_at=draft.exchanged_at, consent=draft.consent, consent_reason=draft.consent_reason,
        for_criminal_investigation=draft.for_criminal_investigation,
    )
    exchange = await disclose(work, disclosure, [Item.of(noted)])
    work.done(exchange.id)
    return exchange


async def correct_exchange(
    work: UnitOfWork, wrong: Exchange, draft: CorrectionDraft, *, records: DisclosableRecords
) -> Exchange:
    """Record a correction: a new exchange that points to the old (rule 13).

    What it says reaches the recipients of the very exchange, as its discloser chose them, that take part still and from
    whom it was not withdrawn, and those that the draft names; its records reach only these. All others are told that it
    was wrong, and no more, where they see the wrong exchange or what was passed on to them (`corrections.py`). Another
    exchange that told the same is corrected for itself, so nobody learns of one that was made past them (rule 44).
    Whether it was made at PET's request follows from the wrong exchange alone: both stand on one track (rule 85). What
    rested on another provision than § 115 is corrected on the same, and carries no more (rule 105).

    Raises:
        NotAvailable: another authority recorded it.
        ExchangeAlreadyCorrected: correct the correction instead.
        ExchangeWithoutRecipient: it names records, and nobody who is to get them.
        CorrectionOnAnotherTrack: the draft says that PET asked, and the wrong exchange was not made at PET's request.
        CorrectionCarriesMore: outside § 115, or at a stage that allows no exchange, it names other records, or somebody
            who was not told.
        Refused: a rule of § 115, or of what the wrong exchange rests on, is not met.
    """
    if wrong.authority_id != work.caller.authority_id:
        raise errors.NotAvailable
    if draft.requested_by_pet and not wrong.is_for_pet:
        raise CorrectionOnAnotherTrack
    if await work.values(_CORRECTION_OF, id=wrong.id):
        raise errors.ExchangeAlreadyCorrected
    reached = await _reached_by_correction(work, wrong)
    items = await records.items_of(work, draft.items)
    if wrong.is_outside_115 or work.case.stage not in PROCEDURE[Action.RECORD_EXCHANGE].stages:
        carried = await _carried_by(work, wrong)
        carries = {(item.record_id, part) for item in items for part in item.contents}
        if not carries <= carried or not set(draft.recipients) <= reached:
            raise CorrectionCarriesMore
    if items and not draft.recipients:
        raise errors.ExchangeWithoutRecipient
    reaching_all = msgspec.structs.replace(
        draft, recipients=sorted({*reached, *draft.recipients}), requested_by_pet=wrong.is_for_pet
    )
    exchange = await disclose(
        work, reaching_all, items, summary=draft.summary,
        correcting=Correcting(wrong.id, told=wrong.recipients, items_for=draft.recipients), outside=Outside.of(wrong),
        about={*await persons_named(work, draft.about or ()), *await work.whom(wrong)},
    )
    work.done(exchange.id)
    return exchange


async def _carried_by(work: UnitOfWork, exchange: Exchange) -> set[tuple[UUID, str]]:
    """Name the parts of records that an exchange told somebody, in the case or outside."""
    told = [(row["record_id"], row["parts"]) for row in await work.values(_CARRIED, exchange_id=exchange.id)]
    given = zip(exchange.given_ids, (parts.split(",") for parts in exchange.given_parts), strict=True)
    return {(record_id, part) for record_id, parts in [*told, *given] for part in parts}


async def _reached_by_correction(work: UnitOfWork, wrong: Exchange) -> set[str]:
    """Name the recipients of an exchange from whom it was not withdrawn; what else told them the same says nothing."""
    withdrawn = {row["recipient_id"] for row in await work.values(_WITHDRAWN_FROM, exchange_id=wrong.id)}
    reached = {*wrong.recipients} - withdrawn
    takes_no_part = wrong.is_for_pet or wrong.purpose is Purpose.OWN_HANDLING
    return reached if takes_no_part else reached & work.parties.keys()
