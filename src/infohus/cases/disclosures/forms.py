"""Which form of cooperation a disclosure under § 115 can be part of: by who takes part, and what is on record.

Source: retsplejeloven § 115, stk. 1, nr. 2 and 3. The release of a convicted person (a and b) is recorded nowhere yet.
"""

from collections.abc import Mapping
from types import MappingProxyType

import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.model import CooperationForm
from infohus.cases.disclosures.refusals import CooperationLacksAnAuthority
from infohus.cases.persons.custody_releases import CustodyRelease
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.unit_of_work.unit import UnitOfWork

_KSP = (AuthorityKind.PROBATION, AuthorityKind.MUNICIPALITY, AuthorityKind.POLICE)
WITH: Mapping[CooperationForm, tuple[AuthorityKind, ...]] = MappingProxyType({
    CooperationForm.CRIME_PREVENTION: (),
    CooperationForm.PSP: (AuthorityKind.POLICE, AuthorityKind.MUNICIPALITY, AuthorityKind.HEALTH_REGION),
    CooperationForm.KSP_RELEASED_CONVICT: _KSP, CooperationForm.KSP_RELEASED_MINOR: _KSP,
    CooperationForm.KSP_RELEASED_AND_AT_RISK: _KSP,
})
"""The kinds of authority that each form is the cooperation of; the social authority is the municipality."""
_RELEASES = sa.select(CustodyRelease.id).where(CustodyRelease.case_id == sa.bindparam("case_id"))


async def require_form(work: UnitOfWork, form: CooperationForm | None) -> None:
    """Refuse a form that is stated where its conditions are not met (rules 5 and 9).

    Raises:
        ReleaseConditionMissing: of nr. 3, litra c: no release is on record.
        CooperationLacksAnAuthority: one of those whose cooperation it is takes no part in the case.
    """
    if form is CooperationForm.KSP_RELEASED_AND_AT_RISK and not await work.values(_RELEASES, case_id=work.case.id):
        raise errors.ReleaseConditionMissing
    if form is not None and not {*WITH[form]} <= {*work.parties.values()}:
        raise CooperationLacksAnAuthority(field="cooperation_form")
