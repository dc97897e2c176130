"""Tilknytning til bandemiljø: told by the police alone, under nr. 1, and whoever learns of it is bound to secrecy.

Source: retsplejeloven § 115, stk. 5 (rule 102).
"""

from collections.abc import Sequence

import sqlalchemy as sa

from infohus.cases.disclosures.model import (
    Category,
    CooperationForm,
    DisclosureDraft,
    Exchange,
    Item,
    Paragraph,
)
from infohus.cases.disclosures.refusals import GangTiesAreNotPassedOn, GangTiesByPoliceAlone
from infohus.kernel.access.model import Disclosure
from infohus.kernel.unit_of_work.unit import UnitOfWork

_TOLD_WITH_THEM = (
    sa.select(Disclosure.record_id)
    .join(Exchange, Exchange.id == Disclosure.exchange_id)
    .where(
        Disclosure.record_id == sa.func.any(sa.bindparam("record_ids", type_=sa.ARRAY(sa.Uuid))),
        Disclosure.recipient_id == sa.bindparam("authority_id"),
        sa.literal(Category.GANG_TIES.value) == sa.func.any(Exchange.categories),
    )
    .limit(1)
)


def refuse_gang_ties_beside_stk_5(draft: DisclosureDraft, *, follows: Paragraph) -> None:
    """Require of an exchange with gang ties that the police tell them, to authorities, under nr. 1.

    Raises:
        GangTiesByPoliceAlone: another authority tells them, an institution gets them, or it is under nr. 2 or 3.
    """
    is_nr_1 = draft.cooperation_form in (None, CooperationForm.CRIME_PREVENTION)
    if Category.GANG_TIES in draft.categories and not (is_nr_1 and follows is Paragraph.POLICE_DISCLOSES):
        raise GangTiesByPoliceAlone(field="categories")


async def refuse_passing_on_gang_ties(work: UnitOfWork, items: Sequence[Item]) -> None:
    """Require that no record is passed on which the police told with gang ties in it, however often without.

    Raises:
        GangTiesAreNotPassedOn: one was told so.
    """
    others = [item.record_id for item in items if item.owner != work.caller.authority_id]
    if others and await work.values(_TOLD_WITH_THEM, record_ids=others, authority_id=work.caller.authority_id):
        raise GangTiesAreNotPassedOn(field="items")
