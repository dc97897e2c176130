"""Ask another authority, note what one was asked from outside the system, and answer."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.model import AuthoritySlug, DisclosureDraft, Exchange, Item
from infohus.cases.disclosures.operations import CLOCK_TOLERANCE, disclose
from infohus.cases.joint_decisions.closing_signatures import require_no_closure_signed
from infohus.cases.persons.about import About, persons_named
from infohus.cases.procedure.table import PROCEDURE
from infohus.casework.exchanges.aftermath import aftermath_of
from infohus.casework.exchanges.model import WITHOUT_EXCHANGE, Answer, InformationRequest
from infohus.casework.exchanges.refusals import (
    AnswerIsWithdrawn,
    AskedFromOutsideAlone,
    PetHasNotAsked,
    PetStatesItsBasis,
)
from infohus.casework.exchanges.withdrawals import Withdrawal
from infohus.kernel.access.model import Authority, InfohusAuthority
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.requests.moments import Moment
from infohus.kernel.requests.words import Reason
from infohus.kernel.unit_of_work.unit import UnitOfWork


class RequestDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is asked. With `disclosure` it goes to its one recipient; with `received_from` it came from outside.

    Of what came from outside can be said when it was asked, and by whom. Of what PET asks it is said whether it states
    straffelovens chapters 12–13: it rests on PET-loven § 4 if it does, and else on its ordinary basis (rule 14).
    """

    question: Reason
    disclosure: DisclosureDraft | None = None
    received_from: AuthoritySlug | None = None
    asked_at: Moment | None = None
    asked_by_name: Reason | None = None
    states_chapters_12_13: bool | None = None
    about: About | None = None


class AnswerDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How it is answered; unless declined, or there is nothing to disclose, by which exchange."""

    answer: Answer
    exchange_id: UUID | None = None


REQUEST_BY_ID = sa.select(InformationRequest).where(InformationRequest.id == sa.bindparam("id"))
REQUESTS_OF_CASE = (
    sa.select(InformationRequest)
    .where(
        InformationRequest.case_id == sa.bindparam("case_id"),
        InformationRequest.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(InformationRequest.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_EXCHANGE = sa.select(Exchange).where(Exchange.id == sa.bindparam("id"), Exchange.case_id == sa.bindparam("case_id"))
_WITHDRAWN = sa.select(Withdrawal.exchange_id).where(
    Withdrawal.exchange_id == sa.func.any(sa.bindparam("exchange_ids", type_=sa.ARRAY(sa.Uuid)))
)
_WITHDRAWN_FROM = sa.select(Withdrawal.id).where(
    Withdrawal.exchange_id == sa.bindparam("exchange_id"), Withdrawal.recipient_id == sa.bindparam("recipient_id")
)
_PET_ASKED = (
    sa.select(InformationRequest.id)
    .where(
        InformationRequest.case_id == sa.bindparam("case_id"), InformationRequest.under_pet_loven_4,
        InformationRequest.asked_of == sa.bindparam("authority_id"),
    )
    .limit(1)
)
_AUTHORITY_HERE = (
    sa.select(Authority.kind)
    .join(InfohusAuthority, InfohusAuthority.authority_id == Authority.id)
    .where(InfohusAuthority.infohus_id == sa.bindparam("infohus_id"), Authority.id == sa.bindparam("authority_id"))
)


async def request_information(
    work: UnitOfWork, draft: RequestDraft, *, police_answer_pet: bool
) -> InformationRequest:
    """Ask another authority, which is an exchange in itself; or note that the caller's own was asked.

    A request of PET's under PET-loven § 4 is noted at every stage. `police_answer_pet` is the setting that says whether
    a police district is "anden forvaltningsmyndighed" there; if not, what PET asks the police is like what others ask.

    Raises:
        NotPossibleNow: the stage allows to note a request of PET's under § 4 alone.
        PetStatesItsBasis: it is not said of PET's request, or it is said of another, what it states.
        ClosureIsSigned: the caller's authority has signed a closure, and it is not PET that asked.
        RequestHasOneAddressee: not exactly one of `disclosure` and `received_from` is given, or not one recipient.
        AskedFromOutsideAlone: when or by whom is said of what the caller's authority asks itself.
        InTheFuture: it was not asked yet.
        NotAnAuthorityHere: `received_from` is the caller's own authority, or not in the infohus' plan.
        PersonsNotNamed, NoPersonOfTheSide: see `persons_named`.
        Refused: the disclosure does not meet § 115.
    """
    ours: str = work.caller.authority_id
    kind = None if draft.received_from is None else await _kind_of(work, draft.received_from)
    is_pet = kind is AuthorityKind.SECURITY_SERVICE
    owes = police_answer_pet or work.caller.authority_kind is not AuthorityKind.POLICE
    work.audit_draft.is_for_pet = is_pet and owes and draft.states_chapters_12_13 is True
    if not work.audit_draft.is_for_pet:
        PROCEDURE[work.action].require_ordinary_stage(work.case)
    if (draft.states_chapters_12_13 is not None) is not is_pet:
        raise PetStatesItsBasis(field="states_chapters_12_13")
    if not is_pet:
        # A signature taken back for PET's request would tell the other tovholder of it (rule 85).
        await require_no_closure_signed(work)
    if (draft.disclosure is None) == (draft.received_from is None):
        raise errors.RequestHasOneAddressee
    if draft.disclosure is None:
        _refuse_what_did_not_come_from_outside(work, draft, kind)
        asked_by, asked_of = draft.received_from or "", ours
    else:
        asked_by, asked_of = ours, _one_addressee(draft, draft.disclosure)
    request = work.create(
        InformationRequest, sealed={"question": draft.question, "asked_by_name": draft.asked_by_name},
        about=await persons_named(work, draft.about), asked_by=asked_by, asked_of=asked_of,
        asked_at=draft.asked_at, under_pet_loven_4=work.audit_draft.is_for_pet,
        exchange_id=None, answer=None, answer_exchange_id=None, answered_at=None,
    )
    if draft.disclosure is not None:
        exchange = await disclose(work, draft.disclosure, [Item.of(request)])
        work.change(request, exchange_id=exchange.id)
    work.done(request.id)
    return request


def _refuse_what_did_not_come_from_outside(
    work: UnitOfWork, draft: RequestDraft, kind: AuthorityKind | None
) -> None:
    if draft.received_from == work.caller.authority_id or kind is None:
        raise errors.NotAnAuthorityHere
    if draft.asked_at is not None and draft.asked_at > work.now + CLOCK_TOLERANCE:
        raise errors.InTheFuture(field="asked_at")


def _one_addressee(draft: RequestDraft, disclosure: DisclosureDraft) -> str:
    if len(disclosure.recipients) != 1:
        raise errors.RequestHasOneAddressee
    if draft.asked_at is not None or draft.asked_by_name is not None:
        raise AskedFromOutsideAlone
    return disclosure.recipients[0]


async def answer_request(work: UnitOfWork, request: InformationRequest, draft: AnswerDraft) -> InformationRequest:
    """Answer for the authority that was asked; nothing asks why it declines.

    Raises:
        NotAvailable: another authority was asked.
        NotPossibleNow: the case is closed, and it is not PET's request under PET-loven § 4.
        RequestAlreadyAnswered
        AnswerNamesNoExchange: what is disclosed must be an exchange of the caller's to the one who asked, on its basis.
        AnswerIsWithdrawn: that exchange was withdrawn from the one who asked, or all that it told rests on what was.
        PetRequestCannotBeDeclined: answering PET is a duty (rule 14).
    """
    if request.asked_of != work.caller.authority_id:
        raise errors.NotAvailable
    if not request.is_for_pet:
        PROCEDURE[work.action].require_ordinary_stage(work.case)
    if request.answer is not None:
        raise errors.RequestAlreadyAnswered
    if draft.answer in WITHOUT_EXCHANGE:
        if draft.exchange_id is not None:
            raise errors.AnswerNamesNoExchange
        if request.is_for_pet and draft.answer is Answer.DECLINED:
            raise errors.PetRequestCannotBeDeclined
    else:
        await _require_answer_by_exchange(work, request, draft.exchange_id)
    work.change(request, answer=draft.answer, answer_exchange_id=draft.exchange_id, answered_at=work.now)
    return request


async def require_pet_asked(work: UnitOfWork) -> None:
    """Require that a request of PET's under PET-loven § 4 to the caller's authority is noted in the case.

    It may be answered already: what turns up later is given by the same request.

    Raises:
        PetHasNotAsked
    """
    if not await work.values(_PET_ASKED, case_id=work.case.id, authority_id=work.caller.authority_id):
        raise PetHasNotAsked


async def taken_back_of(work: UnitOfWork, requests: Sequence[InformationRequest]) -> set[UUID]:
    """Give those of the caller's authority's own requests that it took back, by withdrawing the exchange that asked."""
    asked_by = {one.exchange_id: one.id for one in requests if one.authority_id == work.caller.authority_id}
    exchange_ids = sorted(one for one in asked_by if one is not None)
    rows = await work.values(_WITHDRAWN, exchange_ids=exchange_ids) if exchange_ids else []
    return {asked_by[row["exchange_id"]] for row in rows}


async def _require_answer_by_exchange(
    work: UnitOfWork, request: InformationRequest, exchange_id: UUID | None
) -> None:
    exchange = None
    if exchange_id is not None:
        exchange = await work.row(Exchange, _EXCHANGE, id=exchange_id, case_id=request.case_id)
    if (
        exchange is None or exchange.authority_id != request.asked_of or request.asked_by not in exchange.recipients
        or exchange.is_for_pet is not request.is_for_pet
    ):
        raise errors.AnswerNamesNoExchange
    if await work.values(_WITHDRAWN_FROM, exchange_id=exchange.id, recipient_id=request.asked_by):
        raise AnswerIsWithdrawn
    told = [
        one for one in (await aftermath_of(work, [exchange]))[exchange.id].disclosed
        if one.recipient_id == request.asked_by and one.record_id != exchange.id
    ]
    if told and exchange.summary is None and not any(one.stands for one in told):
        raise AnswerIsWithdrawn


async def _kind_of(work: UnitOfWork, authority_id: str) -> AuthorityKind | None:
    rows = await work.values(_AUTHORITY_HERE, infohus_id=work.infohus_id, authority_id=authority_id)
    return AuthorityKind(rows[0]["kind"]) if rows else None
