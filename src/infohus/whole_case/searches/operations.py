"""Search for one person by CPR number, which is sent in the body; the log names the persons who were shown.

Whom the caller's authority does not know stands in no log.
"""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from infohus import errors
from infohus.cases.persons.cpr_numbers import CprText, as_digits, read_identifying_number
from infohus.cases.procedure.purposes import OF_SEARCH
from infohus.kernel.access.model import Case
from infohus.kernel.answers.pages import Page, page_of
from infohus.kernel.requests.asked import LooksFor
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.whole_case.earlier_concerns.appearances import Appearance, appearances_of


class SearchPurpose(StrEnum):
    """Why somebody looks for a person: a closed list (rule 52)."""

    NEW_CONCERN = "new_concern"
    """A concern has come in and is not recorded yet."""
    CASEWORK = "casework"
    """Work on a case that the caller takes part in."""
    SUBJECT_ACCESS = "subject_access"
    """The person asks what is held about them."""


NAMES_A_CASE = {
    SearchPurpose.NEW_CONCERN: frozenset({False}), SearchPurpose.CASEWORK: frozenset({True}),
    SearchPurpose.SUBJECT_ACCESS: frozenset({True, False}),
}
"""For each purpose, whether a search names a case (`True`), does not (`False`), or may do either."""


class SearchDraft(LooksFor, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom to look for, and why."""

    cpr_number: CprText
    purpose: SearchPurpose
    case_id: UUID | None = None

    def looked_for(self) -> str:
        """Give the number."""
        return as_digits(self.cpr_number)


_CASE_HERE = sa.select(Case.id).where(
    Case.id == sa.bindparam("case_id"), Case.infohus_id == sa.bindparam("infohus_id")
)


async def search_person(
    work: UnitOfWork, draft: SearchDraft, *, after: UUID, limit: int
) -> Page[Appearance]:
    """Find the cases a person is in, among those the caller may see; each page is a search, and logged, also of none.

    The entry names the persons shown, the case it was made for with the persons of the own side, and holds the number
    as a keyed hash, by which equal searches are known.

    Raises:
        CprNumberNotPossible: nobody has this number.
        CprNumberIdentifiesNobody: it is a replacement number (rule 74).
        SearchPurposeAndCaseDiffer: the purpose needs a case and none is named, or the other way round.
        NotAvailable: the case is unknown, or the caller takes no part in it.
    """
    number = read_identifying_number(draft.cpr_number)
    index = work.lookup_index("cpr", number.digits)
    work.audit_draft.state_purpose(OF_SEARCH, draft.purpose.value)
    if (draft.case_id is not None) not in NAMES_A_CASE[draft.purpose]:
        raise errors.SearchPurposeAndCaseDiffer
    if draft.case_id is not None:
        if not await work.values(_CASE_HERE, case_id=draft.case_id, infohus_id=work.infohus_id):
            raise errors.NotAvailable(field="case_id")
        await work.side.look_at(draft.case_id)
    found = await appearances_of(work, index, after=after, limit=limit + 1)
    page = page_of(found, [one.subject_id for one in found], limit=limit)
    await work.side.meet([(one.case_id, one.subject_id) for one in page.items])
    return page
