"""What stands in the way of closing a case (rule 70), in words a tovholder can act on, and who can lift it."""

from enum import StrEnum
from functools import cache

import msgspec
import sqlalchemy as sa

from infohus.cases.joint_decisions.joint_decision import JointDecision, open_proposals
from infohus.casework.measures.stalled_measures import stalled_measures
from infohus.kernel.database.statements import AnySelect
from infohus.kernel.database.tables import SCHEMA, Row
from infohus.kernel.unit_of_work.unit import UnitOfWork


class ResolvableBy(StrEnum):
    """Who can lift what stands in the way."""

    MUNICIPALITY = "municipal_coordinator"
    POLICE = "police_coordinator"
    THE_OTHER = "the_other_coordinator"
    YOURSELF = "yourself"
    NOBODY = "nobody"
    BOTH = "both_coordinators"
    THE_AUTHORITY_ASKED = "the_authority_asked"
    THE_RESPONSIBLE_AUTHORITY = "the_responsible_authority"
    THE_RECIPIENT = "the_recipient"


class Blocker(msgspec.Struct, frozen=True):
    """One thing that must be finished first: what it is in Danish, by which rule, and who can lift it and how."""

    code: str
    rule: int
    what: str
    lifted_by: ResolvableBy
    how: str


_SIGN = "Begge tovholdere underskriver det samme, eller forslaget ændres."
_DECISIONS = {
    "scope_decision": Blocker(
        "scope-not-signed", 17, "en afgrænsning, der ikke er underskrevet af begge", ResolvableBy.BOTH, _SIGN
    ),
    "screening": Blocker(
        "screening-not-signed", 17, "en screening, der ikke er underskrevet af begge", ResolvableBy.BOTH, _SIGN
    ),
    "assessment": Blocker(
        "assessment-not-finished", 37, "en vurdering, der ikke er afsluttet", ResolvableBy.BOTH,
        "Skriv konklusionen, og underskriv den begge.",
    ),
    "recommendation": Blocker(
        "recommendation-not-signed", 17, "en anbefaling, der ikke er underskrevet af begge", ResolvableBy.BOTH, _SIGN
    ),
}
"""Joint decisions that must not hang when a case closes; the closure itself is being made."""
_CHILD = Blocker(
    "child-notification-not-handed-over", 32, "aflevering af underretningen om barnet", ResolvableBy.MUNICIPALITY,
    "Kommunens tovholder registrerer, hvornår underretningen blev afleveret, og til hvem.",
)
_CLOCKS = Blocker(
    "child-notification-clock-runs", 32, "en underretning, hvor vurderingen eller kvitteringen ikke er registreret",
    ResolvableBy.MUNICIPALITY,
    "Kommunens tovholder registrerer, hvornår den blev vurderet, og hvornår der blev kvitteret.",
)
_REQUEST = Blocker(
    "request-not-answered", 8, "en anmodning, der ikke er besvaret", ResolvableBy.THE_AUTHORITY_ASKED,
    "Den myndighed, der er spurgt, svarer. Den må gerne afslå uden grund.",
)
_CORRECTION = Blocker(
    "correction-not-confirmed", 13, "en rettelse, som den anden tovholder ikke har kvitteret for",
    ResolvableBy.THE_RECIPIENT, "Modtageren læser rettelsen og kvitterer.",
)
_MEASURE = Blocker(
    "measure-not-ended", 23, "en indsats med en opfølgning, der venter", ResolvableBy.THE_RESPONSIBLE_AUTHORITY,
    "Den ansvarlige myndighed registrerer, hvad indsatsen endte med; den kan godt fortsætte uden for infohuset.",
)


async def blockers_of_closing(work: UnitOfWork) -> list[Blocker]:
    """List what must be finished first; empty when nothing hinders. Closing itself refuses by exactly this list."""
    found = [_CHILD] if work.case.awaits_child_notification else []
    for mapper in Row.registry.mappers:
        model = mapper.class_
        blocker = _DECISIONS.get(model.__tablename__)
        if blocker and issubclass(model, JointDecision) and await work.values(
            open_proposals(model), case_id=work.case.id
        ):
            found.append(blocker)
    for statement, blocker in (
        (_open_requests(), _REQUEST), (_unconfirmed_corrections(), _CORRECTION), (_running_clocks(), _CLOCKS),
    ):
        if await work.values(statement, case_id=work.case.id):
            found.append(blocker)
    # Every measure that has not ended, told to the caller or not: one that nobody looks at must not be closed away.
    if await stalled_measures(work, quiet_days=-1, case_id=work.case.id, limit=1):
        found.append(_MEASURE)
    return sorted(found, key=lambda blocker: blocker.code)


@cache
def _open_requests() -> AnySelect:
    table = Row.metadata.tables[f"{SCHEMA}.information_request"]
    return sa.select(table.c.id).where(table.c.case_id == sa.bindparam("case_id"), table.c.answer.is_(None))


@cache
def _unconfirmed_corrections() -> AnySelect:
    """Find corrections that reached the other tovholder's authority, which has not acknowledged them.

    Others drawn in have nobody in the case who acknowledges; what they were sent shows among the exchanges.
    """
    exchange, receipt, case, infohus = (
        Row.metadata.tables[f"{SCHEMA}.{name}"].c for name in ("exchange", "receipt", "case", "infohus")
    )

    def waits_for(authority: sa.Column[str]) -> sa.ColumnElement[bool]:
        has_confirmed = sa.exists().where(receipt.exchange_id == exchange.id, receipt.authority_id == authority)
        return (authority == sa.func.any(exchange.recipients)) & ~has_confirmed

    return (
        sa.select(exchange.id)
        .join(case.id.table, case.id == exchange.case_id)
        .join(infohus.id.table, infohus.id == case.infohus_id)
        .where(
            exchange.case_id == sa.bindparam("case_id"), exchange.corrects_id.is_not(None),
            waits_for(infohus.municipality_id) | waits_for(infohus.police_id),
        )
        .limit(1)
    )


@cache
def _running_clocks() -> AnySelect:
    table = Row.metadata.tables[f"{SCHEMA}.child_notification"]
    return sa.select(table.c.id).where(
        table.c.case_id == sa.bindparam("case_id"),
        sa.or_(table.c.assessed_at.is_(None), table.c.receipt_given_on.is_(None)),
    )
