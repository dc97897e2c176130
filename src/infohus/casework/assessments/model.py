"""An assessment and its contributions, the template as an infohus loaded it, and what is sent to write them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.disclosures.model import DisclosureDraft
from infohus.cases.information import Origin
from infohus.cases.joint_decisions.model import JointDecision
from infohus.cases.persons.about import About
from infohus.cases.procedure.outcomes import AssessmentOutcome
from infohus.kernel.access.model import Infohus
from infohus.kernel.database.tables import Record, Row, choice, once_per_record, owned_by_authority
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import OptionalReason, Reason
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed

DimensionId = Annotated[str, Meta(pattern="^[a-z_]{1,60}$")]


class Answer(StrEnum):
    """What is known of a dimension; a value of its own when nothing is (rule 36)."""

    DESCRIBED = "described"
    UNKNOWN = "unknown"
    NOT_RELEVANT = "not_relevant"


class Assessment(JointDecision):
    """One use of the tool. Concluded by both; after that a re-assessment is a new version (rule 40)."""

    __tablename__ = "assessment"
    __table_args__ = owned_by_authority(once_per_record("assessment", "case_id", "authority_id", "version"))

    opened_at: Mapped[datetime]
    version: Mapped[int]
    template_id: Mapped[str]
    template_digest: Mapped[bytes]
    users_are_trained: Mapped[bool]


class LoadedTemplate(Row):
    """An infohus' own template of the tool as it was loaded, as TOML; a new version is a new row."""

    __tablename__ = "assessment_template"

    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Infohus.id), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str]
    digest: Mapped[bytes]
    loaded_at: Mapped[datetime]


class Contribution(Record):
    """What one authority brings to one dimension (rule 39)."""

    __tablename__ = "contribution"
    __table_args__ = owned_by_authority()

    assessment_id: Mapped[UUID] = mapped_column(index=True)
    dimension: Mapped[str]
    answer: Mapped[Answer] = choice(Answer, name="answer")
    origin: Mapped[Origin] = choice(Origin, name="origin")
    is_first_hand: Mapped[bool]
    dated_on: Mapped[date] = mapped_column(sa.Date)
    text: Mapped[Sealed | None] = mapped_column(SealedColumn)
    source: Mapped[Sealed] = mapped_column(SealedColumn)


class Conclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole, in words: problems and resources, and which dimensions of life to work on (rule 37).

    A re-assessment also says in its own words what changed since the last one (rule 40).
    """

    problems: OptionalReason = ""
    resources: OptionalReason = ""
    overall_assessment: OptionalReason = ""
    dimensions_to_work_on: Annotated[list[DimensionId], Meta(max_length=9)] = []
    what_changed: OptionalReason = ""


class OpeningDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Opening the tool: whether its users are trained, and the § 115 fields of showing it to the other authority."""

    users_are_trained: bool
    disclosure: DisclosureDraft


class ContributionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One contribution to one dimension."""

    dimension: DimensionId
    answer: Answer
    text: Reason | None = None
    source: Reason
    dated_on: Day
    is_first_hand: bool
    origin: Origin
    about: About | None = None


class ContributionsDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an authority brings to the table. With `disclosure` the other side reads it; without, it stays its own."""

    contributions: Annotated[list[ContributionDraft], Meta(min_length=1, max_length=30)]
    disclosure: DisclosureDraft | None = None


class ConclusionDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The conclusion as proposed to the other authority."""

    outcome: AssessmentOutcome = AssessmentOutcome.CONCLUDED
    content: Conclusion
    disclosure: DisclosureDraft
