"""What a plan file may hold, for any municipality. A file that holds anything else is refused, with the place.

Nothing here knows the database. Texts are the municipality's own; the codes that a field may have are fixed here.
"""

import hashlib
import re
from datetime import date, time
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from infohus.danish_calendar import Days, Hours
from infohus.kernel.database.tables import Regime
from infohus.kernel.identity.caller import AuthorityId, AuthorityKind
from infohus.kernel.unit_of_work.begin import REGIMES

Text = Annotated[str, Meta(min_length=1, max_length=400)]
Slug = Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Phone = Annotated[str, Meta(pattern="^[0-9+][0-9 ]{1,19}$")]
Email = Annotated[str, Meta(pattern="^[^@ ]+@[^@ ]+$", max_length=254)]
Period = Annotated[str, Meta(pattern="^P[1-9][0-9]?[YMWD]$")]
"""A duration as ISO 8601 writes it: `P2Y` is two years."""
Year = Annotated[int, Meta(ge=2020, le=2100)]
Sector = Literal["social", "education", "employment", "social_psychiatry", "treatment_psychiatry"]
"""Source: retsplejeloven § 115, stk. 3."""
CooperationForm = Literal["rpl-115-1-1", "rpl-115-1-2", "rpl-115-1-3-a", "rpl-115-1-3-b", "rpl-115-1-3-c"]
"""Source: retsplejeloven § 115, stk. 1, nr. 1–3."""

_DANISH_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "é": "e", "ü": "u", "ö": "oe", "ä": "ae"})


class PlanHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The plan itself: its legal basis, and who is responsible for it."""

    title: Text
    adopted: date
    legal_basis: Text | None = None
    political_responsibility: Text | None = None
    revision_owner: Text | None = None
    coordination: Text | None = None
    next_revision_year: Year | None = None


class InfohusOfPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The infohus: its name, how it meets, and the form of cooperation its exchanges rest on."""

    name: Text
    cooperation_form: CooperationForm
    established: Text | None = None
    exchange_guidance: Text | None = None
    assessment_tool: Slug | None = None


class PlanAuthority(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One of the two authorities that carry the infohus."""

    id: Slug
    name: Text
    kind: Literal["municipality", "police"]
    regime: Regime
    cvr: Annotated[str, Meta(pattern="^[0-9]{8}$")] | None = None
    coordinator_title: Text | None = None

    def __post_init__(self) -> None:
        """Refuse a regime that the kind of authority is not under."""
        _require_regime(AuthorityKind(self.kind), self.regime)


class PossibleParticipant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may be drawn in: a part of an `authority` of the plan, or an authority in its own right with kind and regime.

    An authority without an `id` gets one from its name. The log of one that has no DPO of its own is checked by the DPO
    of each authority that draws it in (rule 90).
    """

    name: Text
    authority: Slug | None = None
    id: Slug | None = None
    kind: Literal["probation", "health_region", "security_service", "self_governing"] | None = None
    regime: Regime | None = None
    public_task_sector: Sector | None = None
    solves_public_task: bool = False
    has_own_dpo: bool = True

    def __post_init__(self) -> None:
        """Refuse an entry that is neither or both, and an institution that § 115, stk. 3, does not cover."""
        if self.authority is not None:
            own = (self.id, self.kind, self.regime, self.public_task_sector)
            if any(part is not None for part in own) or self.solves_public_task or not self.has_own_dpo:
                message = "a part of an `authority` has no id, kind, regime, sector or DPO of its own"
                raise ValueError(message)
            return
        if not self.has_own_dpo and self.id is None:
            message = "an authority without a DPO of its own has an `id`"
            raise ValueError(message)
        if self.kind is None or self.regime is None:
            message = "name the `authority` it is a part of, or give its `kind` and `regime`"
            raise ValueError(message)
        _require_regime(AuthorityKind(self.kind), self.regime)
        is_institution = self.kind == "self_governing"
        if is_institution != (self.public_task_sector is not None) or is_institution != self.solves_public_task:
            message = "a self_governing institution, and no other, has `public_task_sector` and `solves_public_task`"
            raise ValueError(message)
        if not self.own_id:
            message = "give it an `id`, for its name makes none"
            raise ValueError(message)

    @property
    def own_id(self) -> str:
        """The id it has as an authority in its own right: the `id` given, else one made from its name."""
        return self.id or slug_of(self.name)


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom to turn to. Hours are given as `opens`, `closes` and `days`, as a list of `hours`, or not at all.

    Each answers for itself; `stands_in_for` names those in whose place it can be turned to while they are closed.
    """

    id: Slug
    audience: Literal["under_18", "over_18", "anyone", "acute"] = field(name="for")
    name: Text
    email: Email | None = None
    phone: Phone | None = None
    purpose: Text | None = None
    opens: time | None = None
    closes: time | None = None
    days: Days | None = None
    hours: list[Hours] = field(default_factory=list)
    stands_in_for: list[Slug] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse a contact without `email` and `phone`, and hours that are half given."""
        if self.email is None and self.phone is None:
            message = "give an `email` or a `phone`"
            raise ValueError(message)
        stated = [part is not None for part in (self.opens, self.closes, self.days)]
        if any(stated) and (not all(stated) or self.hours):
            message = "give `opens`, `closes` and `days` together, or a list of `hours` instead"
            raise ValueError(message)
        self.opening_hours()

    def opening_hours(self) -> list[Hours]:
        """List when the contact is open; empty when the plan does not say."""
        if self.opens is None or self.closes is None or self.days is None:
            return self.hours
        return [Hours(opens=self.opens, closes=self.closes, days=self.days)]


class Sign(msgspec.Struct, frozen=True):
    """Help for the observer, never a checklist: nothing here can carry a count, a weight or a level (rule 34)."""

    id: str
    group: Literal["individual", "social"]
    label: str


class ConcernSign(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A sign with a `label`, or a group's signs in a list of `labels`; an id that is not given is made of the words."""

    group: Literal["individual", "social"]
    id: Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,39}$")] | None = None
    label: Text | None = None
    labels: list[Text] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse what has neither words nor an id that can be made of them, or both a label and a list."""
        if (self.label is None) != bool(self.labels) or (self.id is not None and self.label is None):
            message = "give a `label`, or a list of `labels` without an `id`"
            raise ValueError(message)
        if not all(re.match("[a-z]", sign.id) for sign in self.signs):
            message = "an id begins with a letter a-z; where none is given, the words do"
            raise ValueError(message)

    @property
    def signs(self) -> list[Sign]:
        """List each sign by itself."""
        words = self.labels if self.label is None else [self.label]
        return [Sign(self.id or slug_of(one)[:40].rstrip("-"), self.group, one) for one in words]


class ExtremismForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A form of extremism; every infohus has `other` and `unknown`, named or not (rule 27)."""

    id: Annotated[str, Meta(pattern="^[a-z]{1,30}$")]
    name: Text


class ConcernKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A kind of concern beside a person, a group, a single issue and a place, which are always there."""

    id: Annotated[str, Meta(pattern="^[a-z][a-z_]{0,29}$")]
    name: Text


class PlanPreventionLevel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A level of the forebyggelsestrekant."""

    id: Literal["universal", "selective", "indicated"]
    name: Text
    target: Text
    carried_out_by: list[Text] = field(default_factory=list)


class Obligation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the plan promises to do. Without an `owner` it is the one that `obligations.owner_of` names."""

    id: Slug
    text: Text
    owner: Text | UnsetType = UNSET
    """Left out of `encoded()` when the file does not say, so that plans without it keep their digest."""
    every: Period | None = None
    also: Text | None = None
    due_year: Year | None = None


class BriefingAudience(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A group that is to be briefed about the plan."""

    centre: Text
    who: Annotated[list[Text], Meta(min_length=1)]


class AuthorityOfPlan(msgspec.Struct, frozen=True):
    """An authority that can take part in the infohus' cases.

    `is_named` is false where the id was made from the name, so that two plans may mean different ones by it.
    """

    id: AuthorityId
    name: str
    kind: AuthorityKind
    regime: Regime
    public_task_sector: str | None
    is_named: bool


class PlanDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole plan file."""

    plan: PlanHead
    infohus: InfohusOfPlan
    carrying: list[PlanAuthority] = field(name="authority")
    possible_participants: list[PossibleParticipant] = field(name="possible_participant", default_factory=list)
    contacts: list[Contact] = field(name="contact", default_factory=list)
    concern_signs: list[ConcernSign] = field(name="concern_sign", default_factory=list)
    extremism_forms: list[ExtremismForm] = field(name="extremism_form", default_factory=list)
    concern_kinds: list[ConcernKind] = field(name="concern_kind", default_factory=list)
    prevention_levels: list[PlanPreventionLevel] = field(name="prevention_level", default_factory=list)
    obligations: list[Obligation] = field(name="obligation", default_factory=list)
    briefing_audiences: list[BriefingAudience] = field(name="briefing_audience", default_factory=list)

    @property
    def signs(self) -> list[Sign]:
        """The signs of concern, in the plan's order."""
        return [sign for entry in self.concern_signs for sign in entry.signs]

    @property
    def municipality_id(self) -> AuthorityId:
        """The municipality whose plan it is."""
        return next(AuthorityId(authority.id) for authority in self.carrying if authority.kind == "municipality")

    @property
    def police_id(self) -> AuthorityId:
        """The police district that covers the municipality."""
        return next(AuthorityId(authority.id) for authority in self.carrying if authority.kind == "police")

    @property
    def authorities(self) -> tuple[AuthorityOfPlan, ...]:
        """Every authority that can take part: the two that carry the infohus, then those that may be drawn in."""
        carrying = (
            AuthorityOfPlan(AuthorityId(own.id), own.name, AuthorityKind(own.kind), own.regime, None, is_named=True)
            for own in self.carrying
        )
        drawn_in = (
            AuthorityOfPlan(
                AuthorityId(other.own_id), other.name, AuthorityKind(other.kind), other.regime,
                other.public_task_sector, is_named=other.id is not None,
            )
            for other in self.possible_participants
            if other.kind is not None and other.regime is not None
        )
        return (*carrying, *drawn_in)

    def encoded(self) -> bytes:
        """Write the plan as JSON, the same bytes for the same plan however the file was laid out."""
        return msgspec.json.encode(self)

    def digest(self) -> bytes:
        """Compute the SHA-256 of `encoded()`, 32 bytes."""
        return hashlib.sha256(self.encoded()).digest()


def slug_of(name: str) -> str:
    """Make an id from a name, at most 60 characters: `Børne- og ungerådgivningen` is `boerne-og-ungeraadgivningen`."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower().translate(_DANISH_LETTERS)).strip("-")
    return plain[:60].rstrip("-")


def _require_regime(kind: AuthorityKind, regime: Regime) -> None:
    required = REGIMES.get(kind, Regime.GDPR)
    if regime is not required:
        message = f"an authority of kind `{kind.value}` is under `{required.value}`, not `{regime.value}` (rule 42)"
        raise ValueError(message)
