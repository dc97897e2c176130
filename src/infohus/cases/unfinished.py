"""What stands in the way of closing a case (rule 70), in words a tovholder can act on."""

from functools import cache

import sqlalchemy as sa

from infohus.cases.joint import JointDecision, open_proposals
from infohus.database import AnySelect
from infohus.tables import SCHEMA, Row
from infohus.unit_of_work import UnitOfWork

DECISIONS = {
    "scope_decision": "en afgrænsning, der ikke er underskrevet af begge",
    "screening": "en screening, der ikke er underskrevet af begge",
    "assessment": "en vurdering, der ikke er afsluttet",
    "recommendation": "en anbefaling, der ikke er underskrevet af begge",
}
"""Joint decisions that must not hang when a case closes; the closure itself is being made."""


async def unfinished_business(work: UnitOfWork) -> list[str]:
    """List what must be finished first; empty when nothing hinders."""
    missing = ["aflevering af underretningen om barnet"] if work.case.awaits_child_notification else []
    for mapper in Row.registry.mappers:
        model = mapper.class_
        words = DECISIONS.get(model.__tablename__)
        if words and issubclass(model, JointDecision) and await work.values(
            open_proposals(model), case_id=work.case.id
        ):
            missing.append(words)
    if await work.values(_open_requests(), case_id=work.case.id):
        missing.append("en anmodning, der ikke er besvaret")
    if await work.values(_running_clocks(), case_id=work.case.id):
        missing.append("en underretning, hvor vurderingen eller kvitteringen ikke er registreret")
    return missing


@cache
def _open_requests() -> AnySelect:
    table = Row.metadata.tables[f"{SCHEMA}.information_request"]
    return sa.select(table.c.id).where(table.c.case_id == sa.bindparam("case_id"), table.c.answer.is_(None))


@cache
def _running_clocks() -> AnySelect:
    table = Row.metadata.tables[f"{SCHEMA}.child_notification"]
    return sa.select(table.c.id).where(
        table.c.case_id == sa.bindparam("case_id"),
        sa.or_(table.c.assessed_at.is_(None), table.c.receipt_given_on.is_(None)),
    )
