"""A signature on a closure: nothing is opened on the side of whoever has signed, until the signature is taken back.

So a case never closes while something of a signer's own side is open, and the other, who may sign at any moment, is
refused nothing for what it cannot see: it learns only that the signature is gone (rule 70).
"""

import sqlalchemy as sa

from infohus import errors
from infohus.cases.joint_decisions.model import JointDecision, Signature
from infohus.kernel.unit_of_work.unit import UnitOfWork

CLOSURE = "closure"
"""The kind of joint decision that closes a case; its model is on a higher floor."""
_STANDING = sa.select(Signature).where(
    Signature.case_id == sa.bindparam("case_id"), Signature.record_kind == CLOSURE,
    Signature.authority_id == sa.bindparam("authority_id"), Signature.withdrawn_at.is_(None),
)


async def require_no_closure_signed(work: UnitOfWork) -> None:
    """Refuse to open something on the own side while the caller's authority's signature on a closure stands.

    Raises:
        ClosureIsSigned: it does; take it back first.
    """
    if await work.values(_STANDING, case_id=work.case.id, authority_id=work.caller.authority_id):
        raise errors.ClosureIsSigned


async def take_back_signature(work: UnitOfWork, closure: JointDecision) -> None:
    """Take back the caller's authority's signature on a proposed closure; a second time changes nothing.

    Raises:
        DecisionAlreadyMade: both have signed, and the case is closed.
    """
    if closure.decided_at is not None:
        raise errors.DecisionAlreadyMade
    own = await work.rows(Signature, _STANDING, case_id=work.case.id, authority_id=work.caller.authority_id)
    for signature in own:
        if signature.record_id == closure.id:
            work.change(signature, withdrawn_at=work.now)
