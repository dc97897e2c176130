import sys; sys.path.insert(0,"."); from e import sub
sub("migrations/tables/cases.py",('''        "custody_release",
        sa.Column("released_on", sa.Date(), nullable=False),
        choice("judgement", "radicalised", "at_risk"),
        sealed("basis"),
''','''        "custody_release",
        sa.Column("subject_id", sa.Uuid()),
        sealed("ground"),
        sealed("released_on"),
        sealed("judgement", nullable=True),
        sealed("basis"),
        sa.ForeignKeyConstraint(["case_id", "subject_id"], ["infohus.subject.case_id", "infohus.subject.id"]),
'''))
open("src/infohus/cases/persons/custody_releases.py","w").write('''"""Løsladelse: from where a person was released, and whether judged radicalised or at risk, with who says so.

Without one, retsplejeloven § 115, stk. 1, nr. 3, cannot carry an exchange about the person (rule 9). All of it is
sealed: that somebody was in prison or in custody tells of the person.
"""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.cases.persons.model import Subject
from infohus.kernel.database.tables import Record, owned_by_authority
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class ReleaseGround(StrEnum):
    """From where somebody was released: litra a, b and c of nr. 3."""

    CONVICT = "convict"
    CONVICTED_MINOR = "convicted_minor"
    CUSTODY = "custody"


class Judgement(StrEnum):
    """What the releasing authority judged; asked for litra c alone."""

    RADICALISED = "radicalised"
    AT_RISK = "at_risk"


class CustodyRelease(Record):
    """One release of one of the side's persons, on the word of the authority that records it.

    `subject_id` is missing where the authority knows of no person in the case; no exchange rests on it then.
    """

    __tablename__ = "custody_release"
    __table_args__ = owned_by_authority(
        sa.ForeignKeyConstraint(["case_id", "subject_id"], [Subject.case_id, Subject.id])
    )

    subject_id: Mapped[UUID | None]
    ground: Mapped[Sealed] = mapped_column(SealedColumn)
    released_on: Mapped[Sealed] = mapped_column(SealedColumn)
    judgement: Mapped[Sealed | None] = mapped_column(SealedColumn)
    basis: Mapped[Sealed] = mapped_column(SealedColumn)
''')
open("src/infohus/casework/exchanges/custody_releases.py","w").write('''"""Record a løsladelse, which an exchange under retsplejeloven § 115, stk. 1, nr. 3, rests on (rule 9)."""

from datetime import date
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.told import Told, told_of
from infohus.cases.persons.custody_releases import CustodyRelease, Judgement, ReleaseGround
from infohus.cases.persons.model import Subject
from infohus.casework.exchanges.refusals import NoPersonOfTheCase, ReleaseWithoutJudgement, WhoWasReleased
from infohus.danish_calendar import danish_day
from infohus.kernel.authorization.action import Action
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import Reason
from infohus.kernel.unit_of_work.unit import UnitOfWork


class CustodyReleaseDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who was released, left out for the only person; from where, when, what was judged, and on what basis."""

    subject_id: UUID | None = None
    ground: ReleaseGround = ReleaseGround.CUSTODY
    released_on: Day
    judgement: Judgement | None = None
    basis: Reason


class CustodyReleaseView(msgspec.Struct, frozen=True):
    """A release as its record says it."""

    id: UUID
    subject_id: UUID | None
    ground: ReleaseGround
    released_on: date
    judgement: Judgement | None
    basis: str
    told: Told | None

    @classmethod
    async def opened(cls, work: UnitOfWork, release: CustodyRelease) -> "CustodyReleaseView":
        """Open a release."""
        texts = (await work.open(release, reading=Action.READ_CUSTODY_RELEASE))[release.id]
        return cls(
            id=release.id, subject_id=release.subject_id, ground=ReleaseGround(texts["ground"]),
            released_on=date.fromisoformat(texts["released_on"]),
            judgement=Judgement(texts["judgement"]) if "judgement" in texts else None, basis=texts["basis"],
            told=(await told_of(work, release)).get(release.id),
        )


CUSTODY_RELEASE_BY_ID = sa.select(CustodyRelease).where(CustodyRelease.id == sa.bindparam("id"))
_PERSONS = sa.select(Subject.id).where(Subject.case_id == sa.bindparam("case_id")).order_by(Subject.id)


async def record_custody_release(work: UnitOfWork, draft: CustodyReleaseDraft) -> CustodyRelease:
    """Record a release for the caller's own authority.

    Raises:
        InTheFuture: `released_on` is after the Danish date of today.
        ReleaseWithoutJudgement: litra c asks what was judged.
        NoPersonOfTheCase: the side knows of no such person.
        WhoWasReleased: the side knows of several persons, and none is named.
    """
    if draft.released_on > danish_day(work.now):
        raise errors.InTheFuture(field="released_on")
    if draft.ground is ReleaseGround.CUSTODY and draft.judgement is None:
        raise ReleaseWithoutJudgement(field="judgement")
    release = work.create(
        CustodyRelease, subject_id=await _released(work, draft.subject_id), sealed={
            "ground": draft.ground.value, "released_on": draft.released_on.isoformat(), "basis": draft.basis,
            "judgement": None if draft.judgement is None else draft.judgement.value,
        },
    )
    work.done(release.id)
    return release


async def _released(work: UnitOfWork, subject_id: UUID | None) -> UUID | None:
    persons: list[UUID] = [row["id"] for row in await work.values(_PERSONS, case_id=work.case.id)]
    if subject_id is not None and subject_id not in persons:
        raise NoPersonOfTheCase(field="subject_id")
    if subject_id is None and len(persons) > 1:
        raise WhoWasReleased(field="subject_id")
    return subject_id or next(iter(persons), None)
''')
sub("src/infohus/casework/exchanges/request_routes.py",('''        recorded = await work.earlier(CustodyRelease, CUSTODY_RELEASE_BY_ID) or record_custody_release(work, data)
        return await _release_view(work, recorded)
''','''        recorded = await work.earlier(CustodyRelease, CUSTODY_RELEASE_BY_ID)
        return await CustodyReleaseView.opened(work, recorded or await record_custody_release(work, data))
'''),('''        return await _release_view(work, work.subject(CustodyRelease))


async def _release_view(work: UnitOfWork, recorded: CustodyRelease) -> CustodyReleaseView:
    texts = (await work.open(recorded, reading=Action.READ_CUSTODY_RELEASE))[recorded.id]
    told = (await told_of(work, recorded)).get(recorded.id)
    return CustodyReleaseView(recorded.id, recorded.released_on, recorded.judgement, texts["basis"], told)
''','''        return await CustodyReleaseView.opened(work, work.subject(CustodyRelease))
'''),('''    """Record that the subject was released from custody and judged radicalised or at risk (stk. 1, nr. 3, litra c)."""
''','''    """Record that a person was released, from where, and what was judged (stk. 1, nr. 3, litra a to c)."""
'''))
open("src/infohus/cases/disclosures/cooperation_forms.py","w").write('''"""Samarbejdsform: what nr. 2 and nr. 3 of § 115, stk. 1, ask of who takes part and of whom it concerns (rules 5, 9).

nr. 1 asks for nothing besides. Whom an exchange concerns is looked for among the persons that its records are, and
otherwise among all whom the own side knows: then each of them was released.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import sqlalchemy as sa

from infohus import errors
from infohus.cases.disclosures.model import CooperationForm, Item
from infohus.cases.disclosures.refusals import FormLacksParticipants
from infohus.cases.persons.custody_releases import CustodyRelease, ReleaseGround
from infohus.cases.persons.model import Subject
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.unit_of_work.unit import UnitOfWork

_KSP = (AuthorityKind.PROBATION, AuthorityKind.MUNICIPALITY, AuthorityKind.POLICE)
TAKE_PART: Mapping[CooperationForm, Sequence[AuthorityKind]] = MappingProxyType({
    CooperationForm.CRIME_PREVENTION: (),
    CooperationForm.PSP: (AuthorityKind.POLICE, AuthorityKind.MUNICIPALITY, AuthorityKind.HEALTH_REGION),
    CooperationForm.KSP_RELEASED_CONVICT: _KSP,
    CooperationForm.KSP_RELEASED_MINOR: _KSP,
    CooperationForm.KSP_RELEASED_AND_AT_RISK: _KSP,
})
"""Who takes part in each form of cooperation, by the law's own words."""
RELEASED: Mapping[CooperationForm, ReleaseGround] = MappingProxyType({
    CooperationForm.KSP_RELEASED_CONVICT: ReleaseGround.CONVICT,
    CooperationForm.KSP_RELEASED_MINOR: ReleaseGround.CONVICTED_MINOR,
    CooperationForm.KSP_RELEASED_AND_AT_RISK: ReleaseGround.CUSTODY,
})
_WORDS = {
    AuthorityKind.POLICE: "politiet", AuthorityKind.MUNICIPALITY: "en social myndighed",
    AuthorityKind.HEALTH_REGION: "psykiatrien", AuthorityKind.PROBATION: "kriminalforsorgen",
}
_PERSONS = sa.select(Subject).where(Subject.case_id == sa.bindparam("case_id")).order_by(Subject.id)
_RELEASES = (
    sa.select(CustodyRelease)
    .where(CustodyRelease.case_id == sa.bindparam("case_id"), CustodyRelease.subject_id.is_not(None))
    .order_by(CustodyRelease.id)
)


async def refuse_another_form(work: UnitOfWork, form: CooperationForm, items: Sequence[Item]) -> None:
    """Require what a form of cooperation asks for, as far as the caller's own side knows it.

    Raises:
        FormLacksParticipants: somebody takes no part whom the form is a cooperation with; it names who.
        ReleaseConditionMissing: a person whom it concerns is not named, or not recorded as released as the form asks.
    """
    lacking = [kind for kind in TAKE_PART[form] if kind not in work.parties.values()]
    if lacking:
        raise FormLacksParticipants(field="cooperation_form", lacks=", ".join(_WORDS[kind] for kind in lacking))
    if form not in RELEASED:
        return
    persons = await work.rows(Subject, _PERSONS, case_id=work.case.id)
    named = {item.record_id for item in items if item.kind == Subject.__tablename__}
    concerned = [one for one in persons if not named or one.id in named]
    releases = await work.rows(CustodyRelease, _RELEASES, case_id=work.case.id)
    texts = await work.open(*releases, reading=Action.READ_CUSTODY_RELEASE)
    released = {one.subject_id for one in releases if texts[one.id]["ground"] == RELEASED[form].value}
    if not concerned or any(one.name is None or one.id not in released for one in concerned):
        raise errors.ReleaseConditionMissing(field="cooperation_form")
''')
sub("src/infohus/cases/disclosures/operations.py",('''    if draft.cooperation_form is CooperationForm.KSP_RELEASED_AND_AT_RISK and not await work.values(
        _RELEASES, case_id=work.case.id
    ):
        raise errors.ReleaseConditionMissing
''','''        await refuse_another_form(work, draft.cooperation_form or CooperationForm.CRIME_PREVENTION, items)
'''),('''_RELEASES = sa.select(CustodyRelease.id).where(CustodyRelease.case_id == sa.bindparam("case_id"))
''',''),('''from infohus.cases.persons.custody_releases import CustodyRelease
''',''),('''from infohus.cases.disclosures.gang_ties''','''from infohus.cases.disclosures.cooperation_forms import refuse_another_form
from infohus.cases.disclosures.gang_ties'''))
for p,a in (("src/infohus/cases/disclosures/refusals.py",'''

class FormLacksParticipants(Refused):
    """Rules 5 and 9: a form of cooperation is one with certain authorities, and one of them takes no part."""
'''),("src/infohus/casework/exchanges/refusals.py",'''

class ReleaseWithoutJudgement(Refused):
    """Rule 9: who was released from custody was judged radicalised or at risk."""


class NoPersonOfTheCase(Refused):
    """Rule 9: a release is one of a person whom the own side knows in the case."""


class WhoWasReleased(Refused):
    """Rule 9: of several persons it says who was released."""
''')):
    t=open(p).read(); open(p,"w").write(t+a)
sub("src/infohus/danish/bounds.py",('''    "release-condition-missing": (
        "Betingelsen for nr. 3, litra c, er ikke registreret",
        (
            "Registrér, at personen er løsladt fra varetægtsfængsling eller anden frihedsberøvende foranstaltning efter"
            " retsplejelovens kapitel 70 og skønnet radikaliseret eller i risiko for at blive det, eller vælg en anden"
            " samarbejdsform."
        ),
    ),
''','''    "release-condition-missing": (
        "Betingelsen for nr. 3 er ikke registreret for den, det handler om",
        (
            "Nr. 3 kræver en navngiven person, som er registreret løsladt: litra a) dømt og løsladt fra"
            " kriminalforsorgens institutioner, b) dømt, under 18 år og løsladt fra en institution uden for den, c)"
            " løsladt fra varetægtsfængsling eller anden frihedsberøvende foranstaltning efter kapitel 70 og skønnet"
            " radikaliseret eller i risiko for at blive det. Registrér løsladelsen, nævn personen, eller vælg en anden"
            " samarbejdsform."
        ),
    ),
    "form-lacks-participants": (
        "Samarbejdsformen mangler en deltager",
        "I sagen deltager ikke: {lacks}. Inddrag dem først, eller vælg nr. 1, som er infohusets form.",
    ),
    "release-without-judgement": (
        "Hvad blev der skønnet?",
        "Litra c gælder den, der skønnes radikaliseret eller i risiko for at blive det. Skriv hvilket.",
    ),
    "no-person-of-the-case": (
        "Personen er ikke en, I kender i sagen",
        "Vælg en person, som jeres myndighed har registreret eller fået oplyst i sagen.",
    ),
    "who-was-released": (
        "Hvem er løsladt?",
        "I kender flere personer i sagen. Skriv i »subject_id«, hvem af dem der er løsladt.",
    ),
'''))
sub("src/infohus/danish/codes.py",('''    ("custody_release", "judgement"): {
        "radicalised": "skønnet radikaliseret", "at_risk": "skønnet i risiko for at blive radikaliseret",
    },
''',''),('''EXTREMISM_WEIGHTS: Mapping''','''JUDGEMENTS: Mapping[str, str] = {
    "radicalised": "skønnet radikaliseret", "at_risk": "skønnet i risiko for at blive radikaliseret",
}
RELEASE_GROUNDS: Mapping[str, str] = {
    "convict": "dømt, løsladt fra kriminalforsorgens institutioner",
    "convicted_minor": "dømt, under 18 år, løsladt fra en institution uden for kriminalforsorgen",
    "custody": "løsladt fra varetægtsfængsling eller anden frihedsberøvende foranstaltning",
}
"""Of a release, which is sealed."""
EXTREMISM_WEIGHTS: Mapping'''))
sub("src/infohus/whole_case/rights/package.py",('''    if kind is not AccessKind.CONCERN or name not in READING_CODES:
        return _document(text)
''','''    if (words := _OF_RELEASES.get(name)) is not None and kind is AccessKind.CUSTODY_RELEASE:
        return words.get(text, text)
    if kind is not AccessKind.CONCERN or name not in READING_CODES:
        return _document(text)
'''),('''READING_CODES = ''','''_OF_RELEASES = {"ground": RELEASE_GROUNDS, "judgement": JUDGEMENTS}
READING_CODES = '''),("from infohus.danish.codes import CODES, EXTREMISM_WEIGHTS","from infohus.danish.codes import CODES, EXTREMISM_WEIGHTS, JUDGEMENTS, RELEASE_GROUNDS"))
sub("docs/trust.md",('''| `custody_release` | `released_on`, `judgement` (*radicalised* or *at risk*) |
''','''| `custody_release` | that there is one, and `subject_id` of whom |
'''))
