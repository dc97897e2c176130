"""The rows that say who may read what: infohus, case, participants, wraps of data keys and disclosures.

The unit of work reads them to find a subject and to open what is sealed; every package above uses them. It holds no
operation.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.database.tables import SCHEMA, Changing, Record, Regime, Row, choice, new_id, owned_by_authority
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed

PERSON_KIND = "subject"
"""The kind of record, in a disclosure, that is a person whom a concern is about."""


class Stage(StrEnum):
    """Where a case stands; `cases/procedure/table.py` says what can be done at each."""

    RECEIVED = "received"
    CLEARED = "cleared"
    HINDERED = "hindered"
    ACCEPTED = "accepted"
    QUALIFYING = "qualifying"
    RECOMMENDING = "recommending"
    ACTING = "acting"
    NOT_TAKEN_IN = "not_taken_in"
    POLICE_ALONE = "police_alone"
    CLOSED = "closed"


class ParticipationKind(StrEnum):
    """A tovholder of the case, or a professional drawn in for a time and a purpose (rule 22)."""

    COORDINATOR = "coordinator"
    INVITED = "invited"


class Authority(Row, Changing):
    """A controller: a municipality, a police district or another authority that may be drawn in."""

    __tablename__ = "authority"
    __table_args__ = (sa.UniqueConstraint("id", "regime"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[AuthorityKind] = choice(AuthorityKind, name="kind")
    regime: Mapped[Regime] = choice(Regime, name="regime")
    public_task_sector: Mapped[str | None]


class Infohus(Row, Changing):
    """The forum of one municipality and its police district."""

    __tablename__ = "infohus"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    municipality_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"))
    police_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"))
    cooperation_form: Mapped[str]


class InfohusAuthority(Row):
    """An authority of the plan that can take part in an infohus' cases."""

    __tablename__ = "infohus_authority"

    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.infohus.id"), primary_key=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"), primary_key=True)


class CaseNumber(Row):
    """The last number that an infohus gave a case in a year; `infohus.next_case_number` alone reads and writes it."""

    __tablename__ = "case_number"

    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.infohus.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class LoadedPlan(Row):
    """A municipality's beredskabsplan as it was loaded; a new version is a new row."""

    __tablename__ = "plan"

    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.infohus.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[dict[str, object]] = mapped_column(JSONB)
    digest: Mapped[bytes]
    loaded_at: Mapped[datetime]


class Coordinator(Row):
    """A tovholder of an infohus: one natural person of one of its two authorities."""

    __tablename__ = "coordinator"

    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.infohus.id"), primary_key=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)


class Case(Row, Changing):
    """One concern taken up: what is joint of it (rule 44). Holds no text about anyone.

    `version` is the next one with every change of the row. `taken_over_at` is when the police took it over, alone.
    """

    __tablename__ = "case"
    __table_args__ = (sa.UniqueConstraint("infohus_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    infohus_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.infohus.id"))
    number: Mapped[str]
    stage: Mapped[Stage] = choice(Stage, name="stage")
    version: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    taken_over_at: Mapped[datetime | None]


class CaseSide(Row, Changing):
    """What one authority has of a case, seen by that authority alone (rule 44).

    Made by its own authority's first act that writes in the case. `version` is the next one with every change of what
    the side knows, and 0 for a side that is not there yet. `ended_at` is when its authority ended it although the other
    had not signed; whether it has ended still is `whole_case/closures/side_ends.py`'s to say.
    """

    __tablename__ = "case_side"

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.case.id"), primary_key=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"), primary_key=True)
    version: Mapped[int]
    ended_at: Mapped[datetime | None]


class SidePerson(Row):
    """A person that one side knows, recorded by its own authority or received by an exchange.

    `log_id` is how the person stands in that authority's log: 22 characters of base64url (128 random bits), made once.
    `place` counts the side's persons in the order in which it came to know them: a person's id is random.
    The foreign key to the person is declared in cases/persons, which this package may not import.
    """

    __tablename__ = "side_person"

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.case.id"), primary_key=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    place: Mapped[int]
    log_id: Mapped[str] = mapped_column(unique=True)


class Participant(Record, Changing):
    """A natural person who takes part in a case for an authority; access ends by itself (rule 22).

    `authority_id` is, as on every record, its owner: the authority that drew the person in. What for stands in the
    invitation: everybody who takes part sees this row. `ended_at` is when it was ended before its time.
    """

    __tablename__ = "participant"
    __table_args__ = owned_by_authority(
        sa.Index("ix_participant_person_id_case_id_kind", "person_id", "case_id", "kind"),
        sa.CheckConstraint("ends_at IS NULL OR ends_at >= begins_at", name="ends_after_it_begins"),
        sa.CheckConstraint("kind = 'coordinator' OR ends_at IS NOT NULL", name="invited_for_a_time"),
        sa.CheckConstraint("ended_at < ends_at", name="ended_before_its_time"),
    )

    changes_later: ClassVar = frozenset({"ended_at"})

    person_id: Mapped[UUID]
    acts_for: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"))
    kind: Mapped[ParticipationKind] = choice(ParticipationKind, name="kind")
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def until(self) -> datetime | None:
        """When the participation ends, or ended; `None` for a tovholder's."""
        return self.ended_at or self.ends_at

    @classmethod
    def goes_on_at(cls, moment: sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
        """Write that a participation has not ended at a moment; a tovholder's has no end."""
        until = sa.func.coalesce(cls.ended_at, cls.ends_at)
        return sa.or_(until.is_(None), until > moment)


class Invitation(Record):
    """What a professional was drawn in for: seen by the authority that drew them in, and by themselves (rule 44)."""

    __tablename__ = "invitation"
    __table_args__ = owned_by_authority(sa.UniqueConstraint("participant_id"))

    participant_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Participant.id))
    person_id: Mapped[UUID]
    acts_for: Mapped[str] = mapped_column(sa.ForeignKey(Authority.id))
    scope: Mapped[list[str]]
    records: Mapped[list[UUID]] = mapped_column(sa.ARRAY(sa.Uuid()))
    public_task_confirmed: Mapped[bool]
    reason: Mapped[Sealed] = mapped_column(SealedColumn)


class RecordKey(Row):
    """The data key of one part of one version, wrapped for its owner, who wrote the version.

    A version has a row for each person of the side whom it concerns, wrapped under that person's secret (rule 79). One
    about nobody, and one that concerns everybody, has a row under the side's own.
    """

    __tablename__ = "record_key"

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_version: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.case.id"), index=True)
    key_id: Mapped[UUID]
    wrapped_key: Mapped[bytes]


class Disclosure(Row, Changing):
    """One version of one record disclosed to one authority by one exchange.

    `via` are the exchanges by which the discloser had it, where another authority wrote it: what is passed on falls
    with what it rests on (rule 16). `parts` are those of the record that were disclosed (rule 87). `concerns` says
    whom it concerns to whoever knows those persons' ids, and to nobody else, not even how many they are
    (`kernel/database/marks.py`).
    """

    __tablename__ = "disclosure"
    __table_args__ = (
        sa.Index("ix_disclosure_record_id_recipient_id", "record_id", "recipient_id"),
        sa.Index(None, "case_id", "recipient_id", "record_kind"),
        sa.ForeignKeyConstraint(["case_id", "exchange_id"], [f"{SCHEMA}.exchange.case_id", f"{SCHEMA}.exchange.id"]),
    )

    exchange_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"), primary_key=True)
    record_version: Mapped[int]
    record_kind: Mapped[str]
    case_id: Mapped[UUID]
    discloser_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"))
    via: Mapped[list[UUID]] = mapped_column(sa.ARRAY(sa.Uuid()))
    concerns: Mapped[list[bytes]]
    withdrawn_at: Mapped[datetime | None]
    parts: Mapped[list[str]] = mapped_column(server_default="{}")


STANDS = sa.and_(
    Disclosure.withdrawn_at.is_(None),
    sa.or_(
        sa.func.cardinality(Disclosure.via) == 0,
        sa.func.infohus.rests_on_what_stands(Disclosure.exchange_id, Disclosure.record_id, Disclosure.recipient_id),
    ),
)
"""Whether a disclosure lets its recipient read: it was not withdrawn, nor was all that it rests on."""


KNOWN = sa.or_(
    sa.and_(Disclosure.withdrawn_at.is_(None), sa.func.cardinality(Disclosure.via) == 0),
    Disclosure.record_kind == "exchange",
    sa.func.infohus.lets_read(Disclosure.exchange_id, Disclosure.record_id, Disclosure.recipient_id),
)
"""Whether a disclosure lets its recipient know of the record: it stands, or the caller's own authority keeps it.

That an exchange was stays known when it is withdrawn.
"""


class DisclosedKey(Row):
    """The data key of one part of a disclosed version, wrapped under a key of the exchange that gave it (promise 4).

    `number` names that key among the exchange's for this recipient; `owner_id` is who wrote the version. `content` is
    the digest of what was disclosed: the part's sealed texts, beside the version's clear columns.
    """

    __tablename__ = "disclosed_key"
    __table_args__ = (
        sa.Index("ix_disclosed_key_record_id_recipient_id", "record_id", "recipient_id"),
        sa.ForeignKeyConstraint(
            ["exchange_id", "record_id", "recipient_id"],
            [
                f"{SCHEMA}.disclosure.exchange_id",
                f"{SCHEMA}.disclosure.record_id",
                f"{SCHEMA}.disclosure.recipient_id",
            ],
            name="fk_disclosed_key_disclosure",
        ),
    )

    exchange_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient_id: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    record_version: Mapped[int]
    owner_id: Mapped[str]
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(f"{SCHEMA}.case.id"), index=True)
    key_id: Mapped[UUID]
    content: Mapped[bytes]
    wrapped_key: Mapped[bytes]


class AnsweredRequest(Row):
    """A request that recorded something under an Idempotency-Key, so that a repetition does not act twice.

    It ends some days after `acted_on`, the Danish day of the act.
    """

    __tablename__ = "answered_request"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    record_id: Mapped[UUID]
    acted_on: Mapped[date] = mapped_column(index=True)
