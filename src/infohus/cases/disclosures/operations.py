"""Record a disclosure, which is what lets its recipients read; every step that proposes something discloses it here.

Source: retsplejeloven § 115, and of what rests on another provision: `outside_115.py`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.forms import require_form
from infohus.cases.disclosures.gang_ties import refuse_gang_ties_beside_stk_5, refuse_passing_on_gang_ties
from infohus.cases.disclosures.manifests import manifest_of, new_salt
from infohus.cases.disclosures.model import (
    SENSITIVE,
    Answers,
    Consent,
    CooperationForm,
    DisclosureDraft,
    Exchange,
    Item,
    Paragraph,
    Purpose,
)
from infohus.cases.disclosures.onward_notices import notify_owners
from infohus.cases.disclosures.outside_115 import Outside, refuse_other_categories
from infohus.cases.disclosures.refusals import (
    BeforeTheCase,
    ChildIsNotifiedByItself,
    ConsentNotConsidered,
    DangerIsReportedByItself,
    InvestigationNotRuledOut,
    NotDisclosedUnder115,
    ParticipantIsToldUnder115,
    PetIsAnsweredByItself,
    RecipientIsOneself,
    RecipientTookNoPartThen,
)
from infohus.cases.procedure.purposes import OF_EXCHANGE
from infohus.kernel.access.model import Authority, InfohusAuthority, Participant
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.tables import Regime, new_id
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.requests.words import has_words
from infohus.kernel.unit_of_work.unit import UnitOfWork

LATE_AFTER = timedelta(hours=24)
"""An exchange recorded more than this after it took place shows as late (rule 12; the figure is a design choice)."""
CLOCK_TOLERANCE = timedelta(minutes=2)
_ANSWERS_PET = frozenset({Action.RECORD_EXCHANGE, Action.CORRECT_EXCHANGE})
"""Acts that can disclose at PET's request: what both sides see is never shown by an exchange that one may not see."""
_BY_AN_ACT_OF_ITS_OWN = {
    Purpose.DANGER: DangerIsReportedByItself, Purpose.OWN_HANDLING: NotDisclosedUnder115,
    Purpose.CHILD_NOTIFICATION: ChildIsNotifiedByItself,
}
"""Purposes outside § 115, each with the refusal of whatever else has it."""
_TOOK_PART = sa.select(Participant.acts_for).distinct().where(
    Participant.case_id == sa.bindparam("case_id"), Participant.begins_at <= sa.bindparam("at"),
    Participant.goes_on_at(sa.bindparam("at")),
)
_AUTHORITIES_HERE = (
    sa.select(Authority.id, Authority.kind)
    .join(InfohusAuthority, InfohusAuthority.authority_id == Authority.id)
    .where(
        InfohusAuthority.infohus_id == sa.bindparam("infohus_id"),
        Authority.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Text))),
    )
)


class Correcting(NamedTuple):
    """That an exchange corrects another, who that one told, and who gets the correction's items.

    Whom the correction reaches besides depends on what was withdrawn from others. A recipient must not see that in what
    it is shown, so neither paragraph nor manifest follows from it (rule 44).
    """

    exchange_id: UUID
    told: Collection[str]
    items_for: Collection[str]


async def disclose(  # noqa: PLR0913 - what tells a disclosure from another, by name
    work: UnitOfWork, draft: DisclosureDraft, items: Sequence[Item], *, summary: str | None = None,
    correcting: Correcting | None = None, outside: Outside | None = None, about: Collection[UUID] = (),
) -> Exchange:
    """Record an exchange and let its recipients read it and `items`.

    It concerns whom its records concern, and `about` beside (rule 79). A correction may have no recipient: those who
    were told learn that it was wrong, and nobody what is right. The entry names all who learn something by it.
    With `outside` it rests on that, and § 115 is asked for nothing.

    Raises:
        NotAvailable: the policies do not allow the caller to disclose in this case.
        Refused: a rule of § 115, or of `outside`, is not met; nothing is disclosed and the attempt stands in the log.
    """
    _refuse_the_act_of_another(work, draft, outside)
    told = draft.recipients if correcting is None else {*draft.recipients, *correcting.told}
    if outside is not None:
        _refuse_what_any_provision_refuses(draft, work.regime, follows=outside.basis)
        refuse_other_categories(draft.categories)
    elif not draft.requested_by_pet:
        _refuse_what_115_refuses(draft, work.regime, follows=_follows(work, draft, told))
    if not draft.categories:
        raise errors.ExchangeWithoutCategory
    if not draft.requested_by_pet:
        refuse_gang_ties_beside_stk_5(draft, follows=_follows(work, draft, told))
        await refuse_passing_on_gang_ties(work, items)
    if outside is None and not draft.requested_by_pet:
        await require_form(work, draft.cooperation_form)
    if correcting is None or (draft.recipients and outside is None):
        await _refuse_outsiders(draft, work, outside)
    paragraph = _paragraph(draft, _follows(work, draft, told) if outside is None else outside.basis)
    work.audit_draft.justification = paragraph.value
    work.audit_draft.state_purpose(OF_EXCHANGE, draft.purpose.value)
    work.audit_draft.recipients = sorted(set(draft.recipients))
    exchanged_at = draft.exchanged_at or work.now
    if exchanged_at > work.now + CLOCK_TOLERANCE:
        raise errors.InTheFuture(field="exchanged_at")
    if exchanged_at < work.now:
        await _refuse_a_time_before_they_took_part(work, draft, exchanged_at)
    answers = Answers(
        necessity=draft.necessity or None, proportionality=draft.proportionality or None,
        subsidiarity=draft.subsidiarity or None, strict_necessity=draft.strict_necessity,
        consent_reason=draft.consent_reason,
    )
    takes_part = work.parties.keys() >= set(work.audit_draft.recipients)
    given = [] if takes_part else sorted({
        (one.kind, one.record_id, one.record_version, ",".join(sorted(one.contents))) for one in items
    })
    texts = {**msgspec.structs.asdict(answers), "summary": summary}
    is_under_115 = outside is None and not draft.requested_by_pet
    form = draft.cooperation_form or CooperationForm.CRIME_PREVENTION if is_under_115 else None
    facts = {
        "paragraph": paragraph, "cooperation_form": form, "purpose": draft.purpose, "channel": draft.channel,
        "categories": sorted({part.value for part in draft.categories}), "exchanged_at": exchanged_at,
        "corrects_id": correcting.exchange_id if correcting is not None else None,
        "declared_not_for_investigation": draft.for_criminal_investigation is False,
        "consent": draft.consent, **_told_of_danger(outside),
    }
    exchange_id, salt, recipients = new_id(), new_salt(), work.audit_draft.recipients
    work.audit_draft.recipients = sorted({*recipients, *told})
    exchange = work.create(
        Exchange, about={*about, *await work.whom(*items)}, id=exchange_id, sealed={**texts, "manifest_salt": salt},
        for_supervision={"answers": msgspec.json.encode(answers).decode()},
        recipients=recipients, is_late=work.now - exchanged_at > LATE_AFTER,
        is_onward=any(item.owner != work.caller.authority_id for item in items),
        given_kinds=[one[0] for one in given], given_ids=[one[1] for one in given],
        given_versions=[one[2] for one in given], given_parts=[one[3] for one in given],
        manifest=manifest_of(exchange_id, facts, recipients=draft.recipients, items=items, texts=texts, salt=salt),
        **facts,
    )
    itself = Item.of(exchange)
    if any(item.concerns_everybody for item in items):
        itself = msgspec.structs.replace(itself, concerns_everybody=True)
    readers = [one for one in recipients if one in work.parties]
    get_items = readers if correcting is None else [one for one in readers if one in correcting.items_for]
    await work.grant(exchange.id, [*items, itself], get_items)
    await work.grant(exchange.id, [itself], [one for one in readers if one not in get_items])
    await notify_owners(work, exchange, draft, items, told=get_items)
    return exchange


def _refuse_the_act_of_another(work: UnitOfWork, draft: DisclosureDraft, outside: Outside | None) -> None:
    """Require that the unit's act discloses such a thing: under § 115, in answer to PET, or outside."""
    if outside is None:
        work.require(Action.RECORD_EXCHANGE)
    for purpose, refusal in _BY_AN_ACT_OF_ITS_OWN.items():
        if (draft.purpose is purpose) != (outside is not None and outside.purpose is purpose):
            raise refusal(field="purpose")
    if draft.requested_by_pet and work.action not in _ANSWERS_PET:
        raise PetIsAnsweredByItself


def _told_of_danger(outside: Outside | None) -> dict[str, bool]:
    """Give the facts of a report of danger: that it was acute, and that the answer then said 112 (rule 84)."""
    if outside is None or outside.is_acute is None:
        return {}
    return {"is_acute": outside.is_acute, "was_told_112": outside.is_acute}


def _refuse_what_any_provision_refuses(draft: DisclosureDraft, regime: Regime, *, follows: Paragraph) -> None:
    """Refuse what nobody weighed: that it is necessary, and of sensitive categories strictly so (rules 10 and 11)."""
    if not has_words(draft.necessity):
        raise errors.ExchangeWithoutNecessity(paragraph=follows.value)
    _refuse_without_strict_necessity(draft, regime)


def _refuse_without_strict_necessity(draft: DisclosureDraft, regime: Regime) -> None:
    is_asked = regime is Regime.LED and SENSITIVE & set(draft.categories)
    if (is_asked or draft.strict_necessity is not None) and not has_words(draft.strict_necessity):
        raise errors.StrictNecessityMissing


def _refuse_what_115_refuses(draft: DisclosureDraft, regime: Regime, *, follows: Paragraph) -> None:
    """Refuse what was not weighed as § 115 asks for; the service weighs for itself what PET asks for (rule 85)."""
    if draft.for_criminal_investigation:
        raise errors.ExchangeForInvestigation
    if draft.for_criminal_investigation is None:
        raise InvestigationNotRuledOut(field="for_criminal_investigation")
    if not has_words(draft.necessity):
        raise errors.ExchangeWithoutNecessity(paragraph=follows.value)
    if not has_words(draft.proportionality):
        raise errors.ProportionalityNotAnswered
    if not has_words(draft.subsidiarity):
        raise errors.SubsidiarityNotAnswered
    _refuse_without_strict_necessity(draft, regime)
    has_reason = draft.consent is Consent.GIVEN or has_words(draft.consent_reason)
    if draft.consent is None or not has_reason:
        raise ConsentNotConsidered(field="consent" if draft.consent is None else "consent_reason")


async def _refuse_outsiders(draft: DisclosureDraft, work: UnitOfWork, outside: Outside | None) -> None:
    """Require that every recipient takes part (rule 3); PET, which asked, need not (rule 14).

    Outside § 115 it is an authority of the infohus' plan that takes no part, but for the police who are told of danger.
    """
    if not draft.recipients:
        raise errors.ExchangeWithoutRecipient
    if outside is not None and outside.purpose is Purpose.OWN_HANDLING:
        rows = await work.values(_AUTHORITIES_HERE, infohus_id=work.infohus_id, ids=draft.recipients)
        if set(draft.recipients) - {row["id"] for row in rows}:
            raise errors.NotAnAuthorityHere
        if set(draft.recipients) & {work.caller.authority_id, *work.parties}:
            raise ParticipantIsToldUnder115(field="recipients")
        return
    if draft.requested_by_pet:
        rows = await work.values(_AUTHORITIES_HERE, infohus_id=work.infohus_id, ids=draft.recipients)
        kinds = {row["id"]: row["kind"] for row in rows}
        if any(kinds.get(recipient) != AuthorityKind.SECURITY_SERVICE.value for recipient in draft.recipients):
            raise errors.PetRequestHasAnotherRecipient
        return
    for recipient in draft.recipients:
        if recipient == work.caller.authority_id:
            raise RecipientIsOneself
        if recipient not in work.parties:
            raise errors.RecipientTakesNoPart


async def _refuse_a_time_before_they_took_part(work: UnitOfWork, draft: DisclosureDraft, at: datetime) -> None:
    """Require that it was told in the case, to those who took part at that time (rules 3 and 12)."""
    if at < work.case.opened_at:
        raise BeforeTheCase(field="exchanged_at")
    took_part = {row["acts_for"] for row in await work.values(_TOOK_PART, case_id=work.case.id, at=at)}
    if draft.purpose is Purpose.OWN_HANDLING:
        return
    if not draft.requested_by_pet and not took_part.issuperset(draft.recipients):
        raise RecipientTookNoPartThen(field="exchanged_at")


def _paragraph(draft: DisclosureDraft, follows: Paragraph) -> Paragraph:
    """Give the provision that follows; refuse a draft that states another one (rule 4)."""
    if draft.paragraph not in (None, follows):
        raise errors.ParagraphDoesNotFollow(paragraph=follows.value)
    return follows


def _follows(work: UnitOfWork, draft: DisclosureDraft, told: Collection[str]) -> Paragraph:
    """Derive the paragraph from the direction (rule 4), or from PET's request (rule 14)."""
    if draft.requested_by_pet:
        return Paragraph.ON_REQUEST_OF_PET
    recipient_kinds = {work.parties[recipient] for recipient in told if recipient in work.parties}
    kinds = {work.caller.authority_kind, *recipient_kinds}
    if AuthorityKind.SELF_GOVERNING in kinds:
        return Paragraph.SELF_GOVERNING_INSTITUTION
    if work.caller.authority_kind is AuthorityKind.POLICE:
        return Paragraph.POLICE_DISCLOSES
    return Paragraph.AUTHORITY_DISCLOSES
