"""The table of requests for content, and the kinds of record that can be asked for. It reads and writes nothing."""

from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.kernel.access.model import Authority, Infohus
from infohus.kernel.database.tables import Record, Row, choice, new_id
from infohus.kernel.sealing.column import KeptForSupervision, SupervisionColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.whole_case.erasure.own_records import OWN_RECORDS

OPEN_FOR: Final = timedelta(minutes=30)
"""How long a request lets its DPO read; row security allows no longer. As long as rule 55 lets a stranger in."""


class ContentKind(StrEnum):
    """The kinds of record whose content a DPO can ask for: all that hold text, but those kept apart (rules 29, 54)."""

    ACCESS_REQUEST = "access_request"
    AGE_STATEMENT = "age_statement"
    ARCHIVE_CLEARANCE = "archive_clearance"
    ASSESSMENT = "assessment"
    CHILD_NOTIFICATION = "child_notification"
    CHILD_NOTIFICATION_STEP = "child_notification_step"
    CLEARANCE_CHECK = "clearance_check"
    CLOSURE = "closure"
    CONCERN = "concern"
    CONTRIBUTION = "contribution"
    CUSTODY_RELEASE = "custody_release"
    EXCHANGE = "exchange"
    FIRST_VIEW = "first_view"
    FOLLOW_UP = "follow_up"
    INFORMATION = "information"
    INFORMATION_REQUEST = "information_request"
    INVITATION = "invitation"
    JOURNAL_REFERENCE = "journal_reference"
    KEPT_MARK = "kept_mark"
    LEGAL_HOLD = "legal_hold"
    MEASURE = "measure"
    NOTE = "note"
    ONWARD_NOTICE = "onward_notice"
    RECOMMENDATION = "recommendation"
    RELEASE = "release"
    RESTRICTION = "restriction"
    SCOPE_DECISION = "scope_decision"
    SCOPE_DISAGREEMENT = "scope_disagreement"
    SCREENING = "screening"
    SUBJECT = "subject"
    WITHDRAWAL = "withdrawal"


REVIEWABLE: MappingProxyType[ContentKind, type[Record]] = MappingProxyType({
    ContentKind(model.__tablename__): model for model in OWN_RECORDS if model.__tablename__ in set(ContentKind)
})
"""The table of each kind."""


class ContentRequest(Row):
    """A DPO's request to read one record, for which of the four purposes, and why; it is never changed.

    Row security shows that DPO the record, and the wraps of its keys, until `ends_at`, where its authority wrote it or
    was told. Nothing here says whether there is such a record, so asking tells nothing.
    """

    __tablename__ = "content_request"
    __table_args__ = (sa.Index(None, "record_id", "requested_by"),)

    kept_for_supervision: ClassVar = KeptForSupervision(wrapped_key="wrapped_key", bound_to="record_id")

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Infohus.id))
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    record_kind: Mapped[ContentKind] = choice(ContentKind, name="record_kind")
    record_id: Mapped[UUID]
    purpose: Mapped[LogReadingPurpose] = choice(LogReadingPurpose, name="purpose")
    requested_at: Mapped[datetime]
    requested_by: Mapped[UUID]
    ends_at: Mapped[datetime]
    wrapped_key: Mapped[bytes]
    reason: Mapped[Sealed] = mapped_column(SupervisionColumn)
