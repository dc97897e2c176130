"""Propose, amend and sign a joint decision: one sealed document, proposed by one authority, signed by both.

A signature is on the hash of all that the decision says; any change makes earlier signatures void (rules 17 and 18).
Who changes a proposal writes its next version, and is the one who is named as its author.
"""

from enum import StrEnum
from typing import Any, Protocol, TypeVar

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.model import DisclosureDraft, Item
from infohus.cases.disclosures.operations import disclose
from infohus.cases.disclosures.receipts import acknowledge_by_signing
from infohus.cases.joint_decisions.closing_signatures import (
    CLOSURE,
    HAS_ENDED,
    replace_ended_signature,
    require_no_closure_signed,
)
from infohus.cases.joint_decisions.document import salted_document, signed_hash
from infohus.cases.joint_decisions.model import JointDecision, Signature
from infohus.cases.joint_decisions.refusals import NotShownToTheOther
from infohus.cases.procedure.table import PROCEDURE, next_stage
from infohus.kernel.access.model import Infohus
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.database.tables import new_id
from infohus.kernel.unit_of_work.unit import UnitOfWork

AnyDecision = TypeVar("AnyDecision", bound=JointDecision)


class Proposal(Protocol):
    """A proposal as it is sent: what it says, and the § 115 fields of showing it to the other authority."""

    @property
    def outcome(self) -> StrEnum: ...
    @property
    def content(self) -> msgspec.Struct: ...
    @property
    def disclosure(self) -> DisclosureDraft: ...


_SIGNATURES = sa.select(Signature).where(
    Signature.record_id == sa.bindparam("record_id"), Signature.content_hash == sa.bindparam("content_hash"),
    Signature.withdrawn_at.is_(None), ~HAS_ENDED,
)
_SUPERSEDED = sa.select(
    sa.func.infohus.is_superseded(
        sa.bindparam("record_id", type_=sa.Uuid), sa.bindparam("version", type_=sa.Integer)
    ).label("is_superseded")
)
_INFOHUS = sa.select(Infohus).where(Infohus.id == sa.bindparam("id"))


async def propose(work: UnitOfWork, model: type[AnyDecision], draft: Proposal) -> AnyDecision:
    """Write a decision, sign it for the proposer, and disclose it to the other authority for signing.

    Raises:
        AlreadyProposed: another proposal of this kind is open in the case.
        Refused: the disclosure does not meet § 115.
    """
    decision = await begin_decision(
        work, model, draft.content, outcome=draft.outcome.value, disclosure=draft.disclosure
    )
    _sign_for_caller(work, decision)
    work.done(decision.id)
    return decision


async def begin_decision(
    work: UnitOfWork, model: type[AnyDecision], content: msgspec.Struct, *, outcome: str, disclosure: DisclosureDraft,
    **columns: Any,
) -> AnyDecision:
    """Write a decision, unsigned, and disclose it to the other authority.

    Raises:
        AlreadyProposed: another proposal of this kind is open in the case.
        ClosureIsSigned: it is no closure, and the caller's authority has signed one.
        NotShownToTheOther: the other tovholder's authority is no recipient.
        Refused: the disclosure does not meet § 115.
    """
    await require_shown_to_the_other(work, disclosure)
    if model.__tablename__ != CLOSURE:
        await require_no_closure_signed(work)
    if await work.values(open_proposals(model), case_id=work.case.id):
        raise errors.AlreadyProposed
    text, record_id = salted_document(content), new_id()
    content_hash = signed_hash(
        text, outcome=outcome, kind=model.__tablename__, record_id=record_id, case_id=work.case.id
    )
    decision = work.create(
        model, sealed={"content": text}, id=record_id, outcome=outcome, content_hash=content_hash, exchange_id=None,
        decided_at=None, **columns,
    )
    exchange = await disclose(work, disclosure, [Item.of(decision)])
    work.change(decision, exchange_id=exchange.id)
    return decision


async def amend(work: UnitOfWork, decision: AnyDecision, draft: Proposal) -> AnyDecision:
    """Replace the content of an open proposal: earlier signatures are void, and the new content is disclosed anew.

    Raises:
        NotShownToTheOther: the other tovholder's authority is no recipient.
        DecisionAlreadyMade: both have signed; a made decision is immutable (rule 40).
        ChangedMeanwhile: there is a later version, which was not disclosed to the caller.
    """
    await require_shown_to_the_other(work, draft.disclosure)
    await require_open(work, decision)
    text, outcome = salted_document(draft.content), draft.outcome.value
    content_hash = signed_hash(
        text, outcome=outcome, kind=decision.__tablename__, record_id=decision.id, case_id=decision.case_id
    )
    await work.rewrite(
        decision, sealed={"content": text}, outcome=outcome, content_hash=content_hash, exchange_id=None
    )
    exchange = await disclose(work, draft.disclosure, [Item.of(decision)])
    work.change(decision, exchange_id=exchange.id)
    _sign_for_caller(work, decision)
    return decision


async def sign(work: UnitOfWork, decision: AnyDecision, content_hash: bytes) -> AnyDecision:
    """Sign what was read; with both authorities' signatures the decision is made and the case moves.

    Raises:
        DecisionAlreadyMade: both have signed.
        SignedContentDiffers: the hash stated is not the present content's, or the content is not what was hashed.
        AlreadySigned: the caller, or the caller's authority, has signed this content.
    """
    if decision.decided_at is not None:
        raise errors.DecisionAlreadyMade
    text = (await work.open(decision))[decision.id]["content"]
    present = signed_hash(
        text, outcome=decision.outcome, kind=decision.__tablename__, record_id=decision.id, case_id=decision.case_id
    )
    if not content_hash == decision.content_hash == present or await _is_superseded(work, decision):
        raise errors.SignedContentDiffers
    signatures = await signatures_of(work, decision)
    caller = work.caller
    if any(caller.authority_id == row.authority_id or caller.person_id == row.person_id for row in signatures):
        raise errors.AlreadySigned
    if decision.__tablename__ == CLOSURE:
        await replace_ended_signature(work, decision)
    _sign_for_caller(work, decision)
    if decision.exchange_id is not None:
        await acknowledge_by_signing(work, decision.exchange_id)
    infohus = await work.row(Infohus, _INFOHUS, id=work.infohus_id)
    assert infohus is not None  # noqa: S101 - the case's infohus exists by foreign key
    signed_for = {row.authority_id for row in signatures} | {work.caller.authority_id}
    if not {infohus.municipality_id, infohus.police_id} <= signed_for:
        return decision
    work.change(decision, decided_at=work.now)
    work.change(work.case, stage=next_stage(work.action, decision.outcome))
    return decision


async def require_open(work: UnitOfWork, decision: JointDecision) -> None:
    """Refuse to change, or to differ from, what is decided or is no longer what is proposed.

    Raises:
        DecisionAlreadyMade, ChangedMeanwhile
    """
    if decision.decided_at is not None:
        raise errors.DecisionAlreadyMade
    if await _is_superseded(work, decision):
        raise errors.ChangedMeanwhile


async def signatures_of(work: UnitOfWork, decision: JointDecision) -> list[Signature]:
    """List the signatures that stand on the present content, with the one that this unit of work is about to write."""
    stored = await work.rows(Signature, _SIGNATURES, record_id=decision.id, content_hash=decision.content_hash)
    pending = [row for row in work.pending(Signature) if row.content_hash == decision.content_hash]
    return [*stored, *pending]


async def require_shown_to_the_other(work: UnitOfWork, disclosure: DisclosureDraft) -> None:
    """Refuse a version that is kept from the other tovholder, who would learn of it by signing in vain (rule 44).

    Where nothing is exchanged any more, nobody else is shown what the two sign (rules 19 and 20).
    """
    infohus = await work.row(Infohus, _INFOHUS, id=work.infohus_id)
    assert infohus is not None  # noqa: S101 - the case's infohus exists by foreign key
    both = {infohus.municipality_id, infohus.police_id}
    if not both <= {work.caller.authority_id, *disclosure.recipients}:
        raise NotShownToTheOther
    if not both >= {*disclosure.recipients} and work.case.stage not in PROCEDURE[Action.RECORD_EXCHANGE].stages:
        raise errors.NotPossibleNow(stage=work.case.stage.value)


def _sign_for_caller(work: UnitOfWork, decision: JointDecision) -> None:
    work.add(Signature(
        case_id=decision.case_id, record_id=decision.id, record_version=decision.record_version,
        record_kind=decision.__tablename__, content_hash=decision.content_hash, authority_id=work.caller.authority_id,
        person_id=work.caller.person_id, signed_at=work.now, withdrawn_at=None,
    ))


async def _is_superseded(work: UnitOfWork, decision: JointDecision) -> bool:
    """Say whether there is a later version; who signs or changes a joint document needs the last one."""
    rows = await work.values(_SUPERSEDED, record_id=decision.id, version=decision.record_version)
    return bool(rows[0]["is_superseded"])


_OPEN: dict[type[JointDecision], AnySelect] = {}


def open_proposals(model: type[JointDecision]) -> AnySelect:
    """Give the statement that finds open proposals of a kind by `:case_id`; it is built once for each kind."""
    if model not in _OPEN:
        _OPEN[model] = sa.select(model.id).where(
            model.case_id == sa.bindparam("case_id"), model.decided_at.is_(None)
        ).order_by(model.id)
    return _OPEN[model]
