"""Find staff who acted in a case about a person with a family name of theirs, for a risk rule of log checks.

Names are compared by keyed indexes. The staff's names are opened to compute theirs, which the log records; the names of
the persons whom the cases are about are not opened.
"""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from infohus.cases.persons.family_names import INDEX, family_names
from infohus.kernel.access.model import InfohusAuthority, SidePerson
from infohus.kernel.unit_of_work.actors import names_of
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.log_checks.risk_rules import Namesakes, Numbered

MOST_NAMES = 150
"""The most names that are opened, those of who acted most: the log entry names each, and has a limit."""

_INFOHUSE = sa.select(InfohusAuthority.infohus_id).where(InfohusAuthority.authority_id == sa.bindparam("authority_id"))
_MATCHES = sa.func.infohus.cases_on_family(
    sa.bindparam("infohus_id", type_=sa.Uuid), sa.bindparam("names", type_=sa.ARRAY(sa.LargeBinary)),
).table_valued(sa.column("case_id", sa.Uuid()), sa.column("family_name", sa.LargeBinary()), name="matches")
_CASES_ON_FAMILY = sa.select(_MATCHES.c.family_name, _MATCHES.c.case_id, SidePerson.log_id).outerjoin(
    SidePerson,
    (SidePerson.case_id == _MATCHES.c.case_id) & (SidePerson.authority_id == sa.bindparam("authority_id")),
)


def count_callers(acted: Counter[UUID], entries: Numbered) -> None:
    """Count in `acted` how often each person did something on a case or a person."""
    acted.update(
        entry.caller for _, entry in entries
        if entry.caller is not None and (entry.case is not None or entry.persons)
    )


async def namesakes_among(work: UnitOfWork, acted: Counter[UUID]) -> Namesakes:
    """Find for each person who acted the cases about somebody with a family name of theirs."""
    called = await names_of(work, [caller for caller, _ in acted.most_common()], most=MOST_NAMES)
    own = {caller: {one for name in names for one in family_names(name)} for caller, names in called.items()}
    theirs = {caller: set[UUID | str]() for caller in own}
    for row in await work.values(_INFOHUSE, authority_id=work.caller.authority_id):
        infohus_id: UUID = row["infohus_id"]
        indexes = {
            name: work.lookup_index(INDEX, name, infohus_id=infohus_id) for name in frozenset().union(*own.values())
        }
        about = await _cases_by_name(work, infohus_id, indexes.values())
        for caller, names in own.items():
            theirs[caller].update(*(about.get(indexes[name], frozenset()) for name in names))
    return {caller: frozenset(cases) for caller, cases in theirs.items()}


async def _cases_by_name(
    work: UnitOfWork, infohus_id: UUID, names: Collection[bytes]
) -> dict[bytes, frozenset[UUID | str]]:
    about: dict[bytes, set[UUID | str]] = {}
    matches = await work.values(
        _CASES_ON_FAMILY, infohus_id=infohus_id, names=sorted(names), authority_id=work.caller.authority_id
    )
    for row in matches:
        found = about.setdefault(row["family_name"], set())
        found.add(row["case_id"])
        if row["log_id"] is not None:
            found.add(row["log_id"])
    return {name: frozenset(cases) for name, cases in about.items()}
