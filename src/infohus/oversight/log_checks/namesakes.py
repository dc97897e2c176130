"""Find staff who acted in a case about a person with a family name of theirs, for a risk rule of log checks.

Names are compared by keyed indexes. The staff's names are opened to compute theirs, which the log records; the names of
the persons whom the cases are about are not opened.
"""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from infohus.cases.persons.family_names import INDEX, family_names
from infohus.kernel.access.model import SidePerson
from infohus.kernel.unit_of_work.actors import names_of
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.log_checks.risk_rules import Namesakes, Numbered

MOST_NAMES = 150
"""The most names that are opened, those of who acted most: the log entry names each, and has a limit."""

_MATCHES = sa.func.infohus.cases_on_family(
    sa.bindparam("infohus_id", type_=sa.Uuid), sa.bindparam("names", type_=sa.ARRAY(sa.LargeBinary)),
).table_valued(sa.column("case_id", sa.Uuid()), sa.column("family_name", sa.LargeBinary()), name="matches")
_CASES_ON_FAMILY = sa.select(_MATCHES.c.family_name, _MATCHES.c.case_id, SidePerson.log_id).outerjoin(
    SidePerson,
    (SidePerson.case_id == _MATCHES.c.case_id) & (SidePerson.authority_id == sa.bindparam("authority_id")),
)


async def namesakes_among(work: UnitOfWork, entries: Numbered) -> Namesakes:
    """Find for each person of the caller's authority the cases about somebody with a family name of theirs.

    Another authority's staff are left to that authority's own check.
    """
    acted = Counter(
        entry.caller for _, entry in entries
        if entry.caller is not None and entry.authority == work.caller.authority_id
        and (entry.case is not None or entry.persons)
    )
    called = await names_of(work, [caller for caller, _ in acted.most_common()], most=MOST_NAMES)
    own = {
        caller: {work.lookup_index(INDEX, family_name) for name in names for family_name in family_names(name)}
        for caller, names in called.items()
    }
    about = await _cases_by_name(work, frozenset[bytes]().union(*own.values()))
    return {
        caller: frozenset().union(*(about.get(index, frozenset()) for index in indexes))
        for caller, indexes in own.items()
    }


async def _cases_by_name(work: UnitOfWork, names: Collection[bytes]) -> dict[bytes, frozenset[UUID | str]]:
    about: dict[bytes, set[UUID | str]] = {}
    matches = await work.values(
        _CASES_ON_FAMILY, infohus_id=work.infohus_id, names=sorted(names), authority_id=work.caller.authority_id
    )
    for row in matches:
        found = about.setdefault(row["family_name"], set())
        found.add(row["case_id"])
        if row["log_id"] is not None:
            found.add(row["log_id"])
    return {name: frozenset(cases) for name, cases in about.items()}
