"""Everybody who might look at the rows: each person, as whom they are signed in, and when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Final
from uuid import UUID, uuid5

from house import INSTITUTION, MUNICIPALITY, POLICE, PROBATION
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.identity.caller import Assurance, AuthorityId, AuthorityKind, Caller, Role
from policies.oracle import AREAS

OUTSIDE: Final = "anden-kommune"
KINDS: Final = {
    MUNICIPALITY: AuthorityKind.MUNICIPALITY, POLICE: AuthorityKind.POLICE, PROBATION: AuthorityKind.PROBATION,
    INSTITUTION: AuthorityKind.SELF_GOVERNING, OUTSIDE: AuthorityKind.MUNICIPALITY,
}
COORDINATOR_OF: Final = {
    AuthorityKind.MUNICIPALITY: Role.MUNICIPAL_COORDINATOR, AuthorityKind.POLICE: Role.POLICE_COORDINATOR,
}
LATER: Final = timedelta(days=60)
"""By then every invitation has ended, and the one that lay ahead has begun."""
INVITING: Final = (MUNICIPALITY, POLICE, PROBATION)
SCOPES: Final = {**{area: (area,) for area in AREAS}, "every area": AREAS}


@dataclass(frozen=True, slots=True)
class Looker:
    """Somebody who looks at the rows: who they are to the cases, and as whom they are signed in."""

    name: str
    caller: Caller
    moment: datetime

    @property
    def is_let_in(self) -> bool:
        """Say whether the gate lets somebody in so: well enough signed in, a tovholder for their own kind only."""
        role, kind = self.caller.role, self.caller.authority_kind
        is_tovholder = role in COORDINATOR_OF.values()
        return self.caller.assurance > Assurance.LOW and (not is_tovholder or role is COORDINATOR_OF.get(kind))

    def __str__(self) -> str:
        return f"{self.name} as {self.caller.role.value} of {self.caller.authority_id} at {self.moment.date()}"


def person(name: str) -> UUID:
    """Give an invented person an id, the same each time."""
    return uuid5(UUID(int=0), name)


def _people() -> Iterator[tuple[str, UUID, str]]:
    for name in ("kommune", "politi", "raadgiver", "dpo", "jurist", "admin", "politi-dpo"):
        yield name, DEMO_PEOPLE[name].person_id, DEMO_PEOPLE[name].authority_id
    # The same two persons, but for the other authority: a participation is for one authority only.
    yield "kommune elsewhere", DEMO_PEOPLE["kommune"].person_id, POLICE
    yield "politi elsewhere", DEMO_PEOPLE["politi"].person_id, MUNICIPALITY
    for authority, name in product(INVITING, SCOPES):
        yield (named := f"invited for {name}, {authority}"), person(named), authority
    yield (named := "invited for every area, vaerestedet"), person(named), INSTITUTION
    for authority in (MUNICIPALITY, PROBATION):
        yield (named := f"invited for one item, {authority}"), person(named), authority
    for named in ("invited from a day ahead", "invited and ended"):
        yield named, person(named), PROBATION
    for authority in (MUNICIPALITY, POLICE):
        for when in ("came later", "left"):
            yield (named := f"tovholder who {when}, {authority}"), person(named), authority
    for authority in KINDS:
        yield f"stranger, {authority}", person(f"stranger, {authority}"), authority


def lookers(moment: datetime) -> Iterator[Looker]:
    """List every person in every role that the gate may let them in with, at two moments; and some it never lets in."""
    for (name, person_id, authority), role, at in product(_people(), Role, (moment, moment + LATER)):
        yield Looker(name, _caller(person_id, authority, role, at), at)
    for name in ("kommune", "politi"):
        person_id, authority = DEMO_PEOPLE[name].person_id, DEMO_PEOPLE[name].authority_id
        role = COORDINATOR_OF[KINDS[authority]]
        weak = _caller(person_id, authority, role, moment, assurance=Assurance.LOW)
        yield Looker(f"{name}, weakly signed in", weak, moment)
        stale = _caller(person_id, authority, role, moment, age=timedelta(hours=1))
        yield Looker(f"{name}, signed in an hour ago", stale, moment)


def _caller(
    person_id: UUID, authority: str, role: Role, at: datetime, *, assurance: Assurance = Assurance.HIGH,
    age: timedelta = timedelta(minutes=1),
) -> Caller:
    return Caller(
        person_id, AuthorityId(authority), KINDS[authority], role, assurance, at - age, at + timedelta(hours=1),
        b"token",
    )
