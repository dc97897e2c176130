"""The routes of scope decisions and of disagreements on them."""

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.cases.disclosures.told import Told, told_of
from infohus.cases.joint_decisions.decision_routes import DecisionKind, routes_of
from infohus.casework.scope_decisions.first_view_routes import handlers as first_view_handlers
from infohus.casework.scope_decisions.model import (
    DisagreementDraft,
    ScopeContent,
    ScopeDecision,
    ScopeDecisionDraft,
    ScopeDisagreement,
)
from infohus.casework.scope_decisions.operations import (
    DISAGREEMENT_BY_ID,
    amend_scope_decision,
    differ,
    propose_scope_decision,
    sign_scope_decision,
)
from infohus.casework.scope_decisions.residences import warnings_on
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.kernel.unit_of_work.unit import UnitOfWork

KIND = DecisionKind(
    name="ScopeDecision", path="scope-decisions", model=ScopeDecision, draft=ScopeDecisionDraft, content=ScopeContent,
    proposing=Action.PROPOSE_SCOPE_DECISION, reading=Action.READ_SCOPE_DECISION,
    amending=Action.AMEND_SCOPE_DECISION, signing=Action.SIGN_SCOPE_DECISION, propose=propose_scope_decision,
    amend=amend_scope_decision, sign=sign_scope_decision, warn=warnings_on,
)


class DisagreementView(msgspec.Struct, frozen=True):
    """The other side's reason; the proposer's own stands in the proposal."""

    id: UUID
    scope_decision_id: UUID
    authority_id: str
    reason: str
    told: Told | None

    @classmethod
    async def opened(cls, work: UnitOfWork, row: ScopeDisagreement) -> "DisagreementView":
        """Open a disagreement."""
        texts = (await work.open(row, reading=Action.READ_SCOPE_DECISION))[row.id]
        told = (await told_of(work, row)).get(row.id)
        return cls(row.id, row.scope_decision_id, row.authority_id, texts["reason"], told)


@post(
    "/cases/{case_id:uuid}/scope-decisions/{decision_id:uuid}/disagreement", operation_id="DifferOnScopeDecision"
)
async def record_disagreement(
    case_id: FromPath[UUID], decision_id: FromPath[UUID], data: JSONBody[DisagreementDraft],
    idempotent_scope: NamedDependency[RequestScope],
) -> DisagreementView:
    """Differ from the proposal: the concern is not taken in, and each side's reason stands (rule 17)."""
    async with idempotent_scope.begin(
            Action.DIFFER_ON_SCOPE_DECISION, ScopeDecision, decision_id, within=case_id
    ) as work:
        earlier = await work.earlier(ScopeDisagreement, DISAGREEMENT_BY_ID)
        return await DisagreementView.opened(work, earlier or await differ(work, work.subject(ScopeDecision), data))


@get(
    "/cases/{case_id:uuid}/scope-disagreements/{disagreement_id:uuid}", operation_id="ReadScopeDisagreement"
)
async def read_disagreement(
    case_id: FromPath[UUID], disagreement_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> DisagreementView:
    """Read why the two differed."""
    async with request_scope.begin(
            Action.READ_SCOPE_DECISION, ScopeDisagreement, disagreement_id, within=case_id
    ) as work:
        return await DisagreementView.opened(work, work.subject(ScopeDisagreement))


handlers = [*first_view_handlers, *routes_of(KIND), record_disagreement, read_disagreement]
