"""Videregivelse: who told whom what, why, by which law. Recording one *is* what lets the recipient read.

Every slice that proposes something to the other authority discloses through `disclose`. Source: retsplejeloven § 115.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import Mapped, mapped_column

from infohus import errors
from infohus.cases.persons.custody_releases import CustodyRelease
from infohus.kernel.access.model import Authority, InfohusAuthority
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.tables import Record, Regime, choice, unique_in_case
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.sealing.column import KeptForSupervision, SealedColumn, SupervisionColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.kernel.unit_of_work.unit import UnitOfWork

LongText = Annotated[str, Meta(max_length=20_000)]
AuthoritySlug = Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class Paragraph(StrEnum):
    """The provision a disclosure rests on; it follows from the direction (rule 4)."""

    POLICE_DISCLOSES = "rpl-115-1"
    AUTHORITY_DISCLOSES = "rpl-115-2"
    SELF_GOVERNING_INSTITUTION = "rpl-115-3"
    ON_REQUEST_OF_PET = "pet-loven-4"
    """A duty of its own: never § 115, and stk. 4's right to decline does not apply (rule 14)."""


class CooperationForm(StrEnum):
    """The cooperation a disclosure is part of. Source: retsplejeloven § 115, stk. 1, nr. 1–3."""

    CRIME_PREVENTION = "rpl-115-1-1"
    PSP = "rpl-115-1-2"
    KSP_RELEASED_CONVICT = "rpl-115-1-3-a"
    KSP_RELEASED_MINOR = "rpl-115-1-3-b"
    KSP_RELEASED_AND_AT_RISK = "rpl-115-1-3-c"


class Purpose(StrEnum):
    """Why it is disclosed: a closed list that cannot express the investigation of a crime (rule 2)."""

    CLEARANCE_CHECK = "clearance_check"
    SCOPE_DECISION = "scope_decision"
    SCREENING = "screening"
    ASSESSMENT = "assessment"
    RECOMMENDATION = "recommendation"
    MEASURE = "measure"
    FOLLOW_UP = "follow_up"
    CLOSURE = "closure"


class Category(StrEnum):
    """What kind of personal data (rule 10)."""

    ORDINARY = "ordinary"
    PURELY_PRIVATE = "purely_private"
    SPECIAL = "special_categories"
    CRIMINAL_OFFENCES = "criminal_offences"
    CPR_NUMBER = "cpr_number"


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
    """The § 115 fields that every disclosure carries."""

    recipients: Annotated[list[AuthoritySlug], Meta(max_length=20)]
    purpose: Purpose
    categories: Annotated[list[Category], Meta(max_length=5)] = []
    necessity: LongText = ""
    proportionality: LongText = ""
    subsidiarity: LongText = ""
    strict_necessity: LongText | None = None
    channel: Channel = Channel.SYSTEM
    exchanged_at: Annotated[datetime, Meta(tz=True)] | None = None
    paragraph: Paragraph | None = None
    cooperation_form: CooperationForm | None = None
    consent: Consent = Consent.NOT_SOUGHT
    consent_reason: LongText | None = None
    requested_by_pet: bool = False
    for_criminal_investigation: bool = False


class Answers(msgspec.Struct, frozen=True):
    """How the discloser answered § 115's three questions, and that of strict necessity where it was asked (rule 11)."""

    necessity: str
    proportionality: str
    subsidiarity: str
    strict_necessity: str | None


class Exchange(Record):
    """One videregivelse. Append-only: a correction is a new exchange that points to the old (rule 13).

    It is unique with its case, so that what refers to it refers to an exchange of that case.
    `answers` holds its `Answers` as JSON once more, for the discloser's own supervision, who opens nothing else of it.
    """

    __tablename__ = "exchange"
    __table_args__ = (
        *unique_in_case("id"),
        sa.UniqueConstraint("corrects_id"),
        sa.CheckConstraint("(answers IS NULL) = (answers_key IS NULL)", name="answers_have_a_key"),
    )

    kept_for_supervision: ClassVar = KeptForSupervision(wrapped_key="answers_key", bound_to="case_id")

    paragraph: Mapped[Paragraph] = choice(Paragraph, name="paragraph")
    cooperation_form: Mapped[CooperationForm] = choice(CooperationForm, name="cooperation_form")
    purpose: Mapped[Purpose] = choice(Purpose, name="purpose")
    channel: Mapped[Channel] = choice(Channel, name="channel")
    categories: Mapped[list[str]]
    recipients: Mapped[list[str]]
    exchanged_at: Mapped[datetime]
    is_late: Mapped[bool]
    corrects_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("infohus.exchange.id"))
    manifest: Mapped[bytes]
    is_onward: Mapped[bool]
    consent: Mapped[Consent] = choice(Consent, name="consent")
    consent_reason: Mapped[Sealed | None] = mapped_column(SealedColumn)
    necessity: Mapped[Sealed] = mapped_column(SealedColumn)
    proportionality: Mapped[Sealed] = mapped_column(SealedColumn)
    subsidiarity: Mapped[Sealed] = mapped_column(SealedColumn)
    strict_necessity: Mapped[Sealed | None] = mapped_column(SealedColumn)
    summary: Mapped[Sealed | None] = mapped_column(SealedColumn)
    answers: Mapped[Sealed | None] = mapped_column(SupervisionColumn)
    answers_key: Mapped[bytes | None]


class Item(msgspec.Struct, frozen=True, order=True):
    """One record that is disclosed."""

    kind: str
    record_id: UUID
    owner: str
    record_version: int

    @classmethod
    def of(cls, record: Record) -> "Item":
        """Name a record."""
        return cls(record.__tablename__, record.id, record.authority_id, record.record_version)


LATE_AFTER = timedelta(hours=24)
"""An exchange recorded later than this after it took place shows as late (rule 12; design)."""
CLOCK_TOLERANCE = timedelta(minutes=2)


_RELEASES = sa.select(CustodyRelease.id).where(CustodyRelease.case_id == sa.bindparam("case_id"))
_AUTHORITIES_HERE = (
    sa.select(Authority.id, Authority.kind)
    .join(InfohusAuthority, InfohusAuthority.authority_id == Authority.id)
    .where(
        InfohusAuthority.infohus_id == sa.bindparam("infohus_id"),
        Authority.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.Text))),
    )
)


async def disclose(  # noqa: PLR0913 - all by name
    work: UnitOfWork, draft: DisclosureDraft, items: Sequence[Item], *, summary: str | None = None,
    corrects_id: UUID | None = None, earlier: frozenset[str] = frozenset(),
) -> Exchange:
    """Record an exchange and let its recipients read `items` and the exchange itself.

    `earlier` recipients of what is corrected stay recipients when they take part no longer: their receipt is awaited.

    Raises:
        NotAvailable: the caller may take part in this, and yet not disclose.
        Refused: a rule of § 115 is not met; nothing is disclosed and the attempt stands in the log.
    """
    work.require(Action.RECORD_EXCHANGE)
    _refuse_what_the_law_refuses(draft, work.regime)
    if draft.cooperation_form is CooperationForm.KSP_RELEASED_AND_AT_RISK and not await work.values(
        _RELEASES, case_id=work.case.id
    ):
        raise errors.ReleaseConditionMissing
    await _refuse_outsiders(draft, work, earlier)
    paragraph = _paragraph(work, draft)
    work.audit_draft.justification, work.audit_draft.purpose = paragraph.value, draft.purpose.value
    work.audit_draft.recipients = sorted(set(draft.recipients))
    exchanged_at = draft.exchanged_at or work.now
    if exchanged_at > work.now + CLOCK_TOLERANCE:
        raise errors.InTheFuture(field="exchanged_at")
    answers = Answers(draft.necessity, draft.proportionality, draft.subsidiarity, draft.strict_necessity)
    exchange = work.create(
        Exchange,
        sealed={
            "necessity": draft.necessity, "proportionality": draft.proportionality, "subsidiarity": draft.subsidiarity,
            "strict_necessity": draft.strict_necessity, "consent_reason": draft.consent_reason, "summary": summary,
        },
        for_supervision={"answers": msgspec.json.encode(answers).decode()},
        paragraph=paragraph, cooperation_form=draft.cooperation_form or CooperationForm.CRIME_PREVENTION,
        purpose=draft.purpose, channel=draft.channel, categories=sorted({part.value for part in draft.categories}),
        recipients=work.audit_draft.recipients, exchanged_at=exchanged_at, is_late=work.now - exchanged_at > LATE_AFTER,
        corrects_id=corrects_id, manifest=manifest_of(draft, items), consent=draft.consent,
        is_onward=any(item.owner != work.caller.authority_id for item in items),
    )
    itself = Item.of(exchange)
    await work.grant(exchange.id, [*items, itself], [one for one in work.audit_draft.recipients if one in work.parties])
    # Rule 16: whoever owns what is passed on learns that it was, to whom and why.
    owners = {item.owner for item in items} - {work.caller.authority_id, *work.audit_draft.recipients}
    await work.grant(exchange.id, [itself], sorted(owners.intersection(work.parties)))
    return exchange


def manifest_of(draft: DisclosureDraft, items: Sequence[Item]) -> bytes:
    """Hash exactly what was disclosed to whom: SHA-256 over the sorted items, recipients and categories, 32 bytes."""
    content = [sorted(items), sorted(set(draft.recipients)), sorted(set(draft.categories)), draft.purpose]
    return hashlib.sha256(msgspec.json.encode(content)).digest()


def _refuse_what_the_law_refuses(draft: DisclosureDraft, regime: Regime) -> None:
    if draft.for_criminal_investigation:
        raise errors.ExchangeForInvestigation
    if not draft.necessity.strip():
        raise errors.ExchangeWithoutNecessity
    if not draft.proportionality.strip():
        raise errors.ProportionalityNotAnswered
    if not draft.subsidiarity.strip():
        raise errors.SubsidiarityNotAnswered
    if not draft.categories:
        raise errors.ExchangeWithoutCategory
    if regime is Regime.LED and SENSITIVE & set(draft.categories) and not (draft.strict_necessity or "").strip():
        raise errors.StrictNecessityMissing


async def _refuse_outsiders(draft: DisclosureDraft, work: UnitOfWork, earlier: frozenset[str]) -> None:
    """Rule 3: the discloser and every recipient take part at the moment of exchange; PET need not (rule 14)."""
    if not draft.recipients:
        raise errors.ExchangeWithoutRecipient
    if draft.requested_by_pet:
        known = await work.values(_AUTHORITIES_HERE, infohus_id=work.infohus_id, ids=draft.recipients)
        kinds = {row["id"]: row["kind"] for row in known}
        if any(kinds.get(one) != AuthorityKind.SECURITY_SERVICE.value for one in draft.recipients):
            raise errors.PetRequestHasAnotherRecipient
        return
    for recipient in draft.recipients:
        if recipient == work.caller.authority_id or recipient not in {*work.parties, *earlier}:
            raise errors.RecipientTakesNoPart


def _paragraph(work: UnitOfWork, draft: DisclosureDraft) -> Paragraph:
    """Derive the paragraph from the direction (rule 4), or from PET's request (rule 14)."""
    if draft.requested_by_pet:
        if draft.paragraph not in (None, Paragraph.ON_REQUEST_OF_PET):
            raise errors.ParagraphDoesNotFollow(paragraph=Paragraph.ON_REQUEST_OF_PET.value)
        return Paragraph.ON_REQUEST_OF_PET
    told = {work.parties[recipient] for recipient in draft.recipients if recipient in work.parties}
    parties = {work.caller.authority_kind, *told}
    if AuthorityKind.SELF_GOVERNING in parties:
        follows = Paragraph.SELF_GOVERNING_INSTITUTION
    elif work.caller.authority_kind is AuthorityKind.POLICE:
        follows = Paragraph.POLICE_DISCLOSES
    else:
        follows = Paragraph.AUTHORITY_DISCLOSES
    if draft.paragraph not in (None, follows):
        raise errors.ParagraphDoesNotFollow(paragraph=follows.value)
    return follows
