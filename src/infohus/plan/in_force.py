"""The plan in force of an infohus, and the codes that a concern may name: those of the plan and no other."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus.danish import CONCERN_KINDS, EXTREMISM_FORMS, FORMS_WITHOUT_PLAN
from infohus.kernel.access.model import LoadedPlan
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.plan.document import PlanDocument

_NEWEST = (
    sa.select(LoadedPlan.version, LoadedPlan.document)
    .where(LoadedPlan.infohus_id == sa.bindparam("infohus_id"))
    .order_by(LoadedPlan.version.desc())
    .limit(1)
)


def _code(pattern: str, listed: str) -> Meta:
    return Meta(pattern=pattern, description=f"A code of the infohus' plan: `plan.{listed}` of ReadInfohus.")


KindCode = Annotated[str, _code("^[a-z][a-z_]{0,29}$", "concern_kinds")]
SignCode = Annotated[str, _code("^[a-z][a-z0-9-]{0,39}$", "concern_signs")]
FormCode = Annotated[str, _code("^[a-z]{1,30}$", "extremism_forms")]


class PlanInForce(msgspec.Struct, frozen=True):
    """The newest version that was loaded; versions count from 1."""

    version: int
    document: PlanDocument


class ConcernCodes(msgspec.Struct, frozen=True):
    """What a concern of an infohus may name, by code, in the plan's order; each with its Danish words."""

    kinds: Mapping[str, str]
    signs: Mapping[str, str]
    extremism_forms: Mapping[str, str]


async def plan_in_force(work: UnitOfWork) -> PlanInForce | None:
    """Read the plan in force of the unit's infohus; None until one is loaded."""
    rows = await work.values(_NEWEST, infohus_id=work.infohus_id)
    if not rows:
        return None
    return PlanInForce(rows[0]["version"], msgspec.json.decode(rows[0]["document"], type=PlanDocument))


def concern_codes(document: PlanDocument | None) -> ConcernCodes:
    """List the codes of a plan beside those of every infohus (rules 26 and 27).

    Without a plan there are no signs.
    """
    if document is None:
        return ConcernCodes(CONCERN_KINDS, {}, FORMS_WITHOUT_PLAN | EXTREMISM_FORMS)
    named = {form.id: form.name for form in document.extremism_forms}
    return ConcernCodes(
        kinds=CONCERN_KINDS | {kind.id: kind.name for kind in document.concern_kinds},
        signs={sign.id: sign.label for sign in document.signs},
        extremism_forms=named | {code: name for code, name in EXTREMISM_FORMS.items() if code not in named},
    )
