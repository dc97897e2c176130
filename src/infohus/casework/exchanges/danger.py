"""Fare: new danger reaches the police at every stage, by a report of its own that waits for nothing (rule 84).

Whoever takes part reports it, drawn in or tovholder. What the police report goes to the municipality, which the danger
may be meant for, in police alone too (rule 20). It is an exchange like any other: sealed, signed, acknowledged,
and in the log. It never rests on § 115, and carries no record that was there before.
"""

from enum import StrEnum
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta

from infohus.cases.disclosures.model import Category, Channel, DisclosureDraft, Exchange, Paragraph, Purpose
from infohus.cases.disclosures.operations import disclose
from infohus.cases.disclosures.outside_115 import Outside, basis_for
from infohus.cases.persons.about import About, all_at_hand, persons_named
from infohus.kernel.access.model import Infohus
from infohus.kernel.requests.asked import TellsTheOther
from infohus.kernel.requests.moments import Moment
from infohus.kernel.requests.words import AnswerToRule, OptionalReason, Reason
from infohus.kernel.unit_of_work.unit import UnitOfWork


class DangerBasis(StrEnum):
    """The provisions by which danger is reported; which of them fit follows from what the reporter's authority is."""

    BETWEEN_AUTHORITIES = Paragraph.BETWEEN_AUTHORITIES.value
    BY_INSTITUTION = Paragraph.BY_INSTITUTION.value
    CRIME_TO_BE_PREVENTED = Paragraph.CRIME_TO_BE_PREVENTED.value
    BY_HEALTH_PERSON = Paragraph.BY_HEALTH_PERSON.value


class DangerDraft(TellsTheOther, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the danger is, whether it is acute, and why the other must know. It goes to the police of the infohus, and
    what the police report to its municipality.

    `basis` is left out where the authority's ordinary one fits. `strict_necessity` is asked for where rule 11 asks.
    `about` says whom of those whom the side knows it concerns; left out, all of them: danger waits for no question.
    """

    danger: Reason
    is_acute: bool
    categories: Annotated[list[Category], Meta(min_length=1, max_length=5)]
    necessity: AnswerToRule
    strict_necessity: OptionalReason | None = None
    basis: DangerBasis | None = None
    channel: Channel = Channel.SYSTEM
    exchanged_at: Moment | None = None
    about: About | None = None

    def tells_the_other(self) -> bool:
        """Say that it goes to the other authority, which it does not name."""
        return True


_TWO_AUTHORITIES = sa.select(Infohus.municipality_id, Infohus.police_id).where(Infohus.id == sa.bindparam("id"))


async def report_danger(work: UnitOfWork, draft: DangerDraft) -> Exchange:
    """Report danger to the police of the infohus, or from them to its municipality, at any stage.

    Raises:
        BasisDoesNotFit: the caller's authority cannot report by the basis stated.
        CategoryNotOutside115: a category goes along that § 115 alone lets be disclosed.
        NoPersonOfTheSide: it names somebody whom the side does not know.
        Refused: necessity or a category is missing, or the moment cannot be.
    """
    two = (await work.values(_TWO_AUTHORITIES, id=work.infohus_id))[0]
    recipient = two["municipality_id"] if work.caller.authority_id == two["police_id"] else two["police_id"]
    stated = None if draft.basis is None else Paragraph(draft.basis.value)
    outside = Outside(basis_for(work.caller.authority_kind, stated), is_acute=draft.is_acute)
    disclosure = DisclosureDraft(
        recipients=[recipient], purpose=Purpose.DANGER, categories=draft.categories, necessity=draft.necessity,
        strict_necessity=draft.strict_necessity, channel=draft.channel, exchanged_at=draft.exchanged_at,
    )
    about = await (all_at_hand(work) if draft.about is None else persons_named(work, draft.about))
    report = await disclose(work, disclosure, [], summary=draft.danger, outside=outside, about=about)
    work.done(report.id)
    return report
