"""Who acted in a case on somebody of the same family name: what tells that a colleague looked up their own.

Names meet as keyed indexes only. The names of those who acted are opened for it, which stands in the log; those of the
persons the cases are about are not.
"""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from infohus.cases.persons.family_names import INDEX, family_names
from infohus.kernel.access.model import Case
from infohus.kernel.unit_of_work.actors import names_of
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.log_checks.risk_rules import Namesakes, Numbered

MOST_NAMES = 150
"""So many names are opened at most, of those who acted most: each opened place takes room in the entry."""

_MATCHES = sa.func.infohus.cases_on_family(
    sa.bindparam("infohus_id", type_=sa.Uuid), sa.bindparam("names", type_=sa.ARRAY(sa.LargeBinary)),
).table_valued(sa.column("case_id", sa.Uuid()), sa.column("family_name", sa.LargeBinary()), name="matches")
_CASES_ON_FAMILY = sa.select(_MATCHES.c.family_name, Case.id, Case.subject_pseudonyms).join(
    Case, Case.id == _MATCHES.c.case_id
)


async def namesakes_among(work: UnitOfWork, entries: Numbered) -> Namesakes:
    """Find for each of the caller's own authority's people the cases on somebody with a family name of theirs.

    Another authority's people are looked at in that authority's own check.
    """
    acted = Counter(
        entry.caller for _, entry in entries
        if entry.caller is not None and entry.authority == work.caller.authority_id
        and (entry.case is not None or entry.persons)
    )
    called = await names_of(work, [caller for caller, _ in acted.most_common()], most=MOST_NAMES)
    own = {
        caller: {work.lookup_index(INDEX, one) for name in names for one in family_names(name)}
        for caller, names in called.items()
    }
    about = await _cases_by_name(work, frozenset[bytes]().union(*own.values()))
    return {
        caller: frozenset().union(*(about.get(one, frozenset()) for one in indexes)) for caller, indexes in own.items()
    }


async def _cases_by_name(work: UnitOfWork, names: Collection[bytes]) -> dict[bytes, frozenset[UUID | str]]:
    about: dict[bytes, set[UUID | str]] = {}
    for row in await work.values(_CASES_ON_FAMILY, infohus_id=work.infohus_id, names=sorted(names)):
        about.setdefault(row["family_name"], set()).update((row["id"], *row["subject_pseudonyms"]))
    return {name: frozenset(found) for name, found in about.items()}
