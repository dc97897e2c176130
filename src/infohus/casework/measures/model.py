"""A recommendation both sign, the measures that follow, and what became of them."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.disclosures.model import AuthoritySlug, DisclosureDraft
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.persons.about import About
from infohus.cases.procedure.outcomes import RecommendationOutcome
from infohus.kernel.access.model import Authority
from infohus.kernel.database.tables import Record, choice, owned_by_authority
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import OptionalReason, Reason
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class PreventionLevel(StrEnum):
    """Opbyggende, foregribende, indgribende (forebyggelsestrekanten)."""

    UNIVERSAL = "universal"
    SELECTIVE = "selective"
    INDICATED = "indicated"


class MeasureKind(StrEnum):
    """A course for the citizen, or advice to professionals."""

    COURSE = "course"
    ADVICE = "advice"


class MeasureOutcome(StrEnum):
    """What a measure ended in."""

    GOAL_REACHED = "goal_reached"
    PARTLY_REACHED = "partly_reached"
    NOT_REACHED = "not_reached"
    DECLINED_BY_THE_CITIZEN = "declined_by_the_citizen"
    MOVED_ELSEWHERE = "moved_elsewhere"
    UNKNOWN = "unknown"


class Recommendation(JointDecision):
    """What the infohus recommends, signed by both."""

    __tablename__ = "recommendation"
    __table_args__ = owned_by_authority()


class Measure(Record):
    """One measure with exactly one responsible authority and the first date on which somebody looks again.

    `delivered_by` is the one professional who carries it out and so sees it; the other professionals do not. How it
    goes on and ends stands in the follow-ups, which belong to whoever wrote them.
    """

    __tablename__ = "measure"
    __table_args__ = owned_by_authority()

    level: Mapped[PreventionLevel] = choice(PreventionLevel, name="level")
    kind: Mapped[MeasureKind] = choice(MeasureKind, name="kind")
    responsible_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    delivered_by: Mapped[UUID | None]
    is_social_support: Mapped[bool]
    starts_on: Mapped[date] = mapped_column(sa.Date)
    follow_up_on: Mapped[date] = mapped_column(sa.Date)
    description: Mapped[Sealed] = mapped_column(SealedColumn)


class FollowUp(Record):
    """What was found when somebody looked again, and the next date, or with what outcome the measure ended.

    The measure's deliverer sees it too.
    """

    __tablename__ = "follow_up"
    __table_args__ = owned_by_authority(
        sa.CheckConstraint("(next_follow_up_on IS NULL) = (outcome IS NOT NULL)", name="goes_on_or_ends")
    )

    measure_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Measure.id), index=True)
    delivered_by: Mapped[UUID | None]
    next_follow_up_on: Mapped[date | None] = mapped_column(sa.Date)
    outcome: Mapped[MeasureOutcome | None] = choice(MeasureOutcome, name="outcome")
    text: Mapped[Sealed] = mapped_column(SealedColumn)


IS_ENDED = sa.exists().where(FollowUp.measure_id == Measure.id, FollowUp.outcome.is_not(None))
"""Whether a measure has ended, as far as the caller may read its follow-ups."""


class RecommendationContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is recommended, and why."""

    recommendation: Reason
    reasons: OptionalReason = ""


class RecommendationDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A proposal: what it says, and the § 115 fields of showing it to the other authority."""

    outcome: RecommendationOutcome = RecommendationOutcome.RECOMMENDED
    content: RecommendationContent
    disclosure: DisclosureDraft


class MeasureDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A measure. With `disclosure` the named recipients read it too.

    `deliverer` is the participation, in this case, of the professional who carries it out. An indicated measure is the
    police's, PET's, the probation service's or social support; the last is confirmed by `is_social_support`.
    """

    level: PreventionLevel
    kind: MeasureKind = MeasureKind.COURSE
    responsible_authority: AuthoritySlug | None = None
    deliverer: UUID | None = None
    is_social_support: bool = False
    description: Reason
    starts_on: Day
    follow_up_on: Day
    about: About | None = None
    disclosure: DisclosureDraft | None = None


class FollowUpDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A follow-up: what was found, and when to look again, or with what outcome the measure ends."""

    text: Reason
    next_follow_up_on: Day | None = None
    outcome: MeasureOutcome | None = None
    disclosure: DisclosureDraft | None = None
