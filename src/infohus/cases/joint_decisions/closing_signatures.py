"""A signature on a closure: nothing is opened on the side of whoever has signed, until the signature is taken back.

It ends by itself when the other tells the signer of something that opens the signer's side. So a case never closes
while something of a signer's own side is open, and the other, who may sign at any moment, is refused nothing for what
it cannot see: it learns only that the signature is gone (rule 70).
"""

import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.model import Exchange
from infohus.cases.joint_decisions.model import JointDecision, Signature
from infohus.kernel.access.model import Disclosure
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.unit_of_work.unit import UnitOfWork

CLOSURE = "closure"
"""The kind of joint decision that closes a case; its model is on a higher floor."""
OPENS_A_SIDE = ("child_notification", "measure", "subject")
"""Kinds of record that open something on the side that is told of them: clocks, a measure, earlier concerns to see."""
HAS_ENDED = sa.and_(
    Signature.record_kind == CLOSURE,
    sa.exists().where(
        Disclosure.case_id == Signature.case_id, Disclosure.recipient_id == Signature.authority_id,
        sa.or_(*(Disclosure.record_kind == kind for kind in OPENS_A_SIDE)), Exchange.id == Disclosure.exchange_id,
        Exchange.recorded_at > Signature.signed_at,
    ),
)
"""Whether a signature ended by what its authority was told since: both the discloser and the signer see that alike."""
_NOT_TAKEN_BACK = sa.select(Signature).where(
    Signature.case_id == sa.bindparam("case_id"), Signature.record_kind == CLOSURE,
    Signature.authority_id == sa.bindparam("authority_id"), Signature.withdrawn_at.is_(None),
).order_by(Signature.id)
_STANDING = _NOT_TAKEN_BACK.where(~HAS_ENDED)
_ENDED = _NOT_TAKEN_BACK.where(HAS_ENDED)


async def require_no_closure_signed(work: UnitOfWork) -> None:
    """Refuse to open something on the own side while the caller's authority's signature on a closure stands.

    Raises:
        ClosureIsSigned: it does; take it back first.
    """
    if await own_closing_signature(work) is not None:
        raise errors.ClosureIsSigned


async def own_closing_signature(work: UnitOfWork) -> Signature | None:
    """Give the caller's authority's signature on a closure, while it stands."""
    return await work.row(Signature, _STANDING, case_id=work.case.id, authority_id=work.caller.authority_id)


async def take_back_signature(work: UnitOfWork, closure: JointDecision) -> None:
    """Take back the caller's authority's signature on a proposed closure; a second time changes nothing.

    Raises:
        DecisionAlreadyMade: both have signed, and the case is closed.
    """
    if closure.decided_at is not None:
        raise errors.DecisionAlreadyMade
    await _take_back(work, _NOT_TAKEN_BACK, closure)


async def replace_ended_signature(work: UnitOfWork, closure: JointDecision) -> None:
    """Take back what has ended, so that the caller's authority can sign the same content again."""
    await _take_back(work, _ENDED, closure)


async def _take_back(work: UnitOfWork, statement: AnySelect, closure: JointDecision) -> None:
    own = await work.rows(Signature, statement, case_id=work.case.id, authority_id=work.caller.authority_id)
    for signature in own:
        if signature.record_id == closure.id:
            work.change(signature, withdrawn_at=work.now)
