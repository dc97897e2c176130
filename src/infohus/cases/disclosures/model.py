"""Videregivelse: the enums of an exchange, the fields that every disclosure carries, and the exchange's row.

Source: retsplejeloven § 115; what rests on another provision is told apart in `outside_115.py`.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.database.tables import SCHEMA, Record, choice, unique_in_case
from infohus.kernel.requests.moments import Moment
from infohus.kernel.requests.words import AnswerToRule, Reason
from infohus.kernel.sealing.column import KeptForSupervision, SealedColumn, SupervisionColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.kernel.unit_of_work.places import contents_of

AuthoritySlug = Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class Paragraph(StrEnum):
    """The provision a disclosure rests on; it follows from the direction (rule 4)."""

    POLICE_DISCLOSES = "rpl-115-1"
    AUTHORITY_DISCLOSES = "rpl-115-2"
    SELF_GOVERNING_INSTITUTION = "rpl-115-3"
    ON_REQUEST_OF_PET = "pet-loven-4"
    """A duty of its own: never § 115, and stk. 4's right to decline does not apply (rule 14)."""
    BETWEEN_AUTHORITIES = "fvl-28"
    """Forvaltningslovens § 28 with databeskyttelseslovens §§ 6-8, between authorities of the administration."""
    ON_REQUEST_OF_ANOTHER = "fvl-31"
    """Forvaltningslovens § 31: what may be disclosed is owed to an authority that asks, outside of the infohus too."""
    BY_INSTITUTION = "dbl-6-8"
    """Databeskyttelseslovens §§ 6-8 alone: of an institution that forvaltningsloven may not cover."""
    CRIME_TO_BE_PREVENTED = "strl-141"
    """Straffelovens § 141: who knows of a planned crime that endangers lives does what is possible to prevent it."""
    BY_HEALTH_PERSON = "sul-43-2-2"
    """Sundhedslovens § 43, stk. 2, nr. 2: an evident public interest, or weighty regard for others."""

    CHILD_IS_NOTIFIED = "bl-133"
    """Barnets lovs § 133: who learns of a child in public service notifies the municipality; it cannot be declined."""


OUTSIDE_115 = frozenset({
    Paragraph.BETWEEN_AUTHORITIES, Paragraph.ON_REQUEST_OF_ANOTHER, Paragraph.BY_INSTITUTION,
    Paragraph.CRIME_TO_BE_PREVENTED, Paragraph.BY_HEALTH_PERSON, Paragraph.CHILD_IS_NOTIFIED,
})
"""The provisions outside § 115 that an authority discloses by on its own (rules 84 and 105)."""


class CooperationForm(StrEnum):
    """The cooperation a disclosure is part of. Source: retsplejeloven § 115, stk. 1, nr. 1–3."""

    CRIME_PREVENTION = "rpl-115-1-1"
    PSP = "rpl-115-1-2"
    KSP_RELEASED_CONVICT = "rpl-115-1-3-a"
    KSP_RELEASED_MINOR = "rpl-115-1-3-b"
    KSP_RELEASED_AND_AT_RISK = "rpl-115-1-3-c"


class Purpose(StrEnum):
    """Why it is disclosed: a closed list that cannot express the investigation of a crime (rule 2).

    Danger is a report of its own, outside § 115 (rule 84), and so is an underretning (rule 83); what an authority does
    for itself is none of the infohus' either (rule 105): no exchange under § 115 has these three.
    """

    CLEARANCE_CHECK = "clearance_check"
    SCOPE_DECISION = "scope_decision"
    SCREENING = "screening"
    ASSESSMENT = "assessment"
    RECOMMENDATION = "recommendation"
    MEASURE = "measure"
    FOLLOW_UP = "follow_up"
    CLOSURE = "closure"
    DANGER = "danger"
    OWN_HANDLING = "own_handling"
    CHILD_NOTIFICATION = "child_notification"


class Category(StrEnum):
    """What kind of personal data (rule 10)."""

    ORDINARY = "ordinary"
    PURELY_PRIVATE = "purely_private"
    SPECIAL = "special_categories"
    CRIMINAL_OFFENCES = "criminal_offences"
    CPR_NUMBER = "cpr_number"
    GANG_TIES = "gang_ties"
    """Told by the police alone, under nr. 1; whoever learns of it is bound to secrecy. Source: § 115, stk. 5."""


SENSITIVE = frozenset({Category.SPECIAL})
"""Categories that need strict necessity under retshåndhævelsesloven § 10 (rule 11)."""


class Channel(StrEnum):
    """How it was told; an oral exchange counts as much as a written one (rule 12)."""

    SYSTEM = "system"
    WRITTEN = "written"
    MEETING = "meeting"
    PHONE = "phone"


class Consent(StrEnum):
    """A consideration that is recorded and never a gate: § 115 works without consent (rule 15)."""

    GIVEN = "given"
    REFUSED = "refused"
    SOUGHT = "sought"
    NOT_SOUGHT = "not_sought"


class DisclosureDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The § 115 fields that every disclosure carries.

    `onward_reason` says to the owner of what is passed on why it was; the owner reads no other text of the exchange. It
    is required where somebody else's record is passed on to others than its owner, unless PET asked.

    § 115's questions are answered: necessity, proportionality, subsidiarity, and strict necessity where rule 11 asks.
    The discloser declares that it is not for the investigation of a crime (rule 2), and says what was considered of
    consent and, unless it was given, why (rule 15). Of all that nothing is asked where PET asked: the service judges
    what it needs, and for what (rules 14 and 85). What is said all the same is kept.
    """

    recipients: Annotated[list[AuthoritySlug], Meta(max_length=20)]
    purpose: Purpose
    categories: Annotated[list[Category], Meta(max_length=6)] = []
    necessity: AnswerToRule | None = None
    proportionality: AnswerToRule | None = None
    subsidiarity: AnswerToRule | None = None
    strict_necessity: AnswerToRule | None = None
    channel: Channel = Channel.SYSTEM
    exchanged_at: Moment | None = None
    paragraph: Paragraph | None = None
    cooperation_form: CooperationForm | None = None
    consent: Consent | None = None
    consent_reason: Reason | None = None
    onward_reason: Reason | None = None
    requested_by_pet: bool = False
    for_criminal_investigation: bool | None = None


class Answers(msgspec.Struct, frozen=True):
    """How the discloser answered § 115's three questions, and that of strict necessity where it was asked (rule 11).

    Beside them why consent was not given (rule 15); whether it was is one of the exchange's facts. Where PET asked,
    they may all be missing.
    """

    necessity: str | None
    proportionality: str | None
    subsidiarity: str | None
    strict_necessity: str | None
    consent_reason: str | None


_OUTSIDE = f"paragraph IN ({', '.join(repr(one.value) for one in sorted(OUTSIDE_115))})"
WEIGHED = (
    f"paragraph = 'pet-loven-4' OR ({_OUTSIDE} AND necessity IS NOT NULL) OR (declared_not_for_investigation"
    " AND num_nulls(consent, necessity, proportionality, subsidiarity) = 0)"
)
COOPERATES = f"(cooperation_form IS NULL) = (paragraph = 'pet-loven-4' OR {_OUTSIDE})"
OF_DANGER = (
    "(purpose = 'danger') = (is_acute IS NOT NULL) AND (is_acute IS NULL) = (was_told_112 IS NULL)"
    f" AND (purpose <> 'danger' OR {_OUTSIDE})"
)


class Exchange(Record):
    """One videregivelse. Append-only: a correction is a new exchange that points to the old (rule 13).

    (case_id, id) is unique, so that a foreign key of two columns can require the same case.
    `given_ids` are the records that recipients got who take no part in the case, each of the kind, in the version and
    in the parts (commas between) at the same place: they read elsewhere, so no disclosure and no key says what it was.
    `declared_not_for_investigation`: the discloser declared that it is not for the investigation of a crime (rule 2).
    That, consent and the answers to § 115's questions may be missing where PET asked. Outside § 115 necessity alone is
    answered. There and where PET asked is no form of cooperation.
    `is_acute`: of a report of danger, whether that was acute; `was_told_112`: whether its answer said to call 112.
    `answers` holds the reasons once more, as JSON of `Answers`, sealed for the discloser's own supervision, which can
    open nothing else of the exchange.
    """

    __tablename__ = "exchange"
    __table_args__ = (
        *unique_in_case("id"),
        sa.UniqueConstraint("corrects_id"),
        sa.CheckConstraint(
            "cardinality(given_kinds) = cardinality(given_ids)"
            " AND cardinality(given_versions) = cardinality(given_ids)"
            " AND cardinality(given_parts) = cardinality(given_ids)",
            name="given_is_named_whole",
        ),
        sa.CheckConstraint("(answers IS NULL) = (answers_key IS NULL)", name="answers_have_a_key"),
        sa.CheckConstraint(WEIGHED, name="weighed_as_its_provision_asks"),
        sa.CheckConstraint(COOPERATES, name="cooperates_under_115"),
        sa.CheckConstraint(OF_DANGER, name="danger_is_outside_115"),
    )

    has_own_key: ClassVar = True
    kept_for_supervision: ClassVar = KeptForSupervision(wrapped_key="answers_key", bound_to="case_id")

    paragraph: Mapped[Paragraph] = choice(Paragraph, name="paragraph")
    cooperation_form: Mapped[CooperationForm | None] = choice(CooperationForm, name="cooperation_form")
    purpose: Mapped[Purpose] = choice(Purpose, name="purpose")
    channel: Mapped[Channel] = choice(Channel, name="channel")
    categories: Mapped[list[str]]
    recipients: Mapped[list[str]]
    exchanged_at: Mapped[datetime]
    is_late: Mapped[bool]
    corrects_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(f"{SCHEMA}.exchange.id"))
    manifest: Mapped[bytes]
    is_onward: Mapped[bool]
    given_kinds: Mapped[list[str]]
    given_ids: Mapped[list[UUID]] = mapped_column(sa.ARRAY(sa.Uuid()))
    given_versions: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.Integer()))
    given_parts: Mapped[list[str]]
    declared_not_for_investigation: Mapped[bool]
    is_acute: Mapped[bool | None]
    was_told_112: Mapped[bool | None]
    consent: Mapped[Consent | None] = choice(Consent, name="consent")
    consent_reason: Mapped[Sealed | None] = mapped_column(SealedColumn)
    necessity: Mapped[Sealed | None] = mapped_column(SealedColumn)
    proportionality: Mapped[Sealed | None] = mapped_column(SealedColumn)
    subsidiarity: Mapped[Sealed | None] = mapped_column(SealedColumn)
    strict_necessity: Mapped[Sealed | None] = mapped_column(SealedColumn)
    summary: Mapped[Sealed | None] = mapped_column(SealedColumn)
    manifest_salt: Mapped[Sealed] = mapped_column(SealedColumn)
    answers: Mapped[Sealed | None] = mapped_column(SupervisionColumn)
    answers_key: Mapped[bytes | None]

    @property
    def is_for_pet(self) -> bool:
        """Say whether it was made at PET's request."""
        return self.paragraph is Paragraph.ON_REQUEST_OF_PET

    @property
    def is_sent_alone(self) -> bool:
        """Say whether it reports danger: who was drawn in tells the police nothing but that, and row security looks."""
        return self.purpose is Purpose.DANGER

    @property
    def is_outside_115(self) -> bool:
        """Say whether it rests on another provision than § 115, on the discloser's own initiative."""
        return self.paragraph in OUTSIDE_115


class Item(msgspec.Struct, frozen=True, order=True):
    """One version of a record that is disclosed, in the parts of `contents`, each with the digest of what it says.

    What `has_own_key` can stay with its recipient when the rest of the exchange is withdrawn. What `concerns_everybody`
    concerns each person whom its recipient knows, because of its kind.
    """

    kind: str
    record_id: UUID
    owner: str
    record_version: int
    has_own_key: bool
    contents: dict[str, bytes]
    concerns_everybody: bool = False

    @classmethod
    def of(cls, record: Record, parts: Collection[str] | None = None) -> "Item":
        """Name a version as it was read or written, in these of its parts, or in all (rule 87)."""
        contents = contents_of(record)
        return cls(
            record.__tablename__, record.id, record.authority_id, record.record_version, record.has_own_key,
            contents if parts is None else {part: contents[part] for part in parts}, record.concerns_everybody,
        )
