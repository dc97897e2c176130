"""A person's age, stated or corrected later: it brings the underretning, or shows that none is owed (rule 82).

A side states it of whom it recorded or was told. What was recorded before stays as it was written.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

import msgspec
import sqlalchemy as sa

from infohus import errors
from infohus.cases.joint_decisions.closing_signatures import require_no_closure_signed
from infohus.cases.persons.ages import OLDEST, Age, AgeDraft, AgeStanding, StatedAge, age_of, age_on
from infohus.cases.persons.cpr_numbers import read_cpr_number
from infohus.cases.persons.model import AgeStatement, Subject
from infohus.casework.concerns.clocks import Clocks, told_at
from infohus.casework.concerns.model import ChildNotification, Concern
from infohus.casework.concerns.refusals import AgeNotPossible, AgeNotStated, BirthDateNotPossible
from infohus.danish.children import AGE_WARNINGS
from infohus.danish_calendar import danish_day
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.requests.moments import Day
from infohus.kernel.requests.words import Reason
from infohus.kernel.unit_of_work.unit import UnitOfWork


class AgeStatementDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was learned of an age, and from where; `is_under_18` is said of the day of the concern.

    It adds to what was stated before, or takes its place where `earlier_is_wrong`.
    """

    reason: Reason
    is_under_18: bool | None = None
    age: AgeDraft | None = None
    birth_date: Day | None = None
    earlier_is_wrong: bool = False


class AgeStatementView(msgspec.Struct, frozen=True, kw_only=True):
    """One later statement."""

    id: UUID
    recorded_at: datetime
    stated: StatedAge
    earlier_is_wrong: bool
    reason: str


class AgeView(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an age on the day of the concern, what it amounts to, and what must be asked about."""

    standing: AgeStanding
    counts_as_child: bool
    at_least: int | None
    at_most: int | None
    stated: list[StatedAge]
    later: list[AgeStatementView]
    warnings: list[str]


_RECEIVED = sa.select(Concern.received_at).where(Concern.id == sa.bindparam("concern_id"))
STATEMENTS = (
    sa.select(AgeStatement)
    .where(AgeStatement.subject_id == sa.func.any(sa.bindparam("subject_ids", type_=sa.ARRAY(sa.Uuid))))
    .order_by(AgeStatement.id)
)
_OWN_TASK = sa.select(ChildNotification.id).where(
    ChildNotification.subject_id == sa.bindparam("subject_id"),
    ChildNotification.authority_id == sa.bindparam("authority_id"),
)


class Known(msgspec.Struct, frozen=True):
    """Opened texts of a person, and the later statements on them with theirs, oldest first."""

    subject: Subject
    texts: dict[str, str]
    later: Sequence[tuple[AgeStatement, dict[str, str]]]

    def age(self, on: date) -> Age:
        """Judge the age on a day, by what was not replaced as wrong."""
        return self.with_statement(None, on, replaces_earlier=False)

    def with_statement(self, statement: StatedAge | None, on: date, *, replaces_earlier: bool) -> Age:
        """Judge the age on a day with one more statement."""
        starts = [at for at, (one, _) in enumerate(self.later) if one.replaces_earlier]
        kept = () if replaces_earlier else self.later[starts[-1]:] if starts else self.later
        texts = {} if replaces_earlier or starts else self.texts
        stated = [said for _, opened in kept for said in StatedAge.read(opened.get("age"))]
        born = [read_cpr_number(texts["cpr_number"]).birth_date] if "cpr_number" in texts else []
        return age_of(texts, [*stated, *([] if statement is None else [statement])], on=on, born=born)

    def view(self, on: date) -> AgeView:
        """Show it all."""
        return self._shown(self.age(on))

    def _shown(self, age: Age) -> AgeView:
        return AgeView(
            standing=age.standing, counts_as_child=age.counts_as_child, at_least=age.youngest, at_most=age.oldest,
            stated=StatedAge.read(self.texts.get("age")),
            later=[
                AgeStatementView(
                    id=one.id, recorded_at=one.recorded_at, stated=StatedAge.read(opened["age"])[0],
                    earlier_is_wrong=one.replaces_earlier, reason=opened["reason"],
                )
                for one, opened in self.later
            ],
            warnings=[AGE_WARNINGS[key] for key in doubts_of(age)],
        )


def doubts_of(age: Age) -> list[str]:
    """Give the keys of what must be asked about; a doubt refuses nothing."""
    asked = {
        AgeStanding.UNKNOWN: "age-unknown", AgeStanding.ESTIMATED: "age-estimated",
        AgeStanding.DOUBTFUL_CENTURY: "age-century", AgeStanding.CONTRADICTED: "age-contradicted",
    }
    if age.is_contradicted and not age.counts_as_child:
        return ["age-contradicted-adult"]
    return [asked[age.standing]] if age.standing in asked else []


def require_possible_age(
    age: AgeDraft | None, birth_date: date | None, *, today: date, received_on: date, within: str = ""
) -> None:
    """Refuse what cannot be: a day that is not yet, a span that ends before it begins, a birth that was not.

    `within` is the place in the body before the fields.

    Raises:
        InTheFuture, AgeNotPossible, BirthDateNotPossible
    """
    if age is not None and age.on is not None and age.on > today:
        raise errors.InTheFuture(field=f"{within}age.on")
    if age is not None and age.at_least is not None and age.at_most is not None and age.at_least > age.at_most:
        raise AgeNotPossible(field=f"{within}age")
    if birth_date is not None and not 0 <= age_on(birth_date, received_on) <= OLDEST:
        raise BirthDateNotPossible(field=f"{within}birth_date")


async def state_age(
    work: UnitOfWork, subject: Subject, draft: AgeStatementDraft, *, saturday_counts: bool
) -> AgeStatement:
    """Record what was learned of a person's age; the underretning is owed from then on, or no more (rule 82).

    Raises:
        AgeNotStated: it says nothing.
        ClosureIsSigned: the person may be a child from now on, and the caller's authority has signed a closure.
        InTheFuture, AgeNotPossible, BirthDateNotPossible
    """
    received_on, today = await _received_on(work, subject), danish_day(work.now)
    statement = StatedAge.of(
        is_under_18=draft.is_under_18, age=draft.age, birth_date=draft.birth_date, on=received_on
    )
    if not statement.says_something and not draft.earlier_is_wrong:
        raise AgeNotStated
    require_possible_age(draft.age, draft.birth_date, today=today, received_on=received_on)
    known = await known_of(work, subject)
    age = known.with_statement(statement, received_on, replaces_earlier=draft.earlier_is_wrong)
    own = await work.values(_OWN_TASK, subject_id=subject.id, authority_id=work.caller.authority_id)
    if age.counts_as_child:
        counted = known.later[-1][0].counts_as_child if known.later else subject.is_under_18_at_receipt
        if work.case.closed_at is None and not (counted and own):
            await require_no_closure_signed(work)
        if not own:
            received_at = await told_at(work, subject.id) or work.now
            add_task(work, subject.id, received_at, saturday_counts=saturday_counts)
    recorded = work.create(
        AgeStatement, sealed={"age": msgspec.json.encode(statement).decode(), "reason": draft.reason},
        subject_id=subject.id, counts_as_child=age.counts_as_child, replaces_earlier=draft.earlier_is_wrong,
        about=[subject.id],
    )
    work.side.change()
    work.done(recorded.id)
    return recorded


def add_task(work: UnitOfWork, subject_id: UUID, received_at: datetime, *, saturday_counts: bool) -> None:
    """Make the underretning of the caller's side; its clocks run where that is the municipality's (rule 32).

    Its id is random, so that it tells of no other person's.
    """
    clocks = Clocks.since(received_at, saturday_counts=saturday_counts)
    is_municipality = work.caller.authority_kind is AuthorityKind.MUNICIPALITY
    work.create(
        ChildNotification, id=uuid4(), about=[subject_id], sealed={}, subject_id=subject_id,
        assess_by=clocks.assess_by if is_municipality else None,
        receipt_by=clocks.receipt_by if is_municipality else None,
    )


async def known_of(work: UnitOfWork, subject: Subject) -> Known:
    """Open what is known of one person's age."""
    texts = (await work.open(subject, reading=Action.READ_SUBJECT))[subject.id]
    later = await work.rows(AgeStatement, STATEMENTS, subject_ids=[subject.id])
    opened = await work.open(*later, reading=Action.READ_SUBJECT)
    return Known(subject, texts, [(one, opened[one.id]) for one in later])


async def age_view(work: UnitOfWork, subject: Subject, recorded: AgeStatement) -> AgeView:
    """Show a person's age with the statement that this unit, or an earlier one, recorded."""
    known = await known_of(work, subject)
    if recorded.id not in {one.id for one, _ in known.later}:
        opened = (await work.open(recorded))[recorded.id]
        known = Known(subject, known.texts, [*known.later, (recorded, opened)])
    return known.view(await _received_on(work, subject))


async def _received_on(work: UnitOfWork, subject: Subject) -> date:
    """Give the Danish day of the concern; of a person whose concern was not told, that on which it was recorded."""
    received = await work.values(_RECEIVED, concern_id=subject.concern_id)
    return danish_day(received[0]["received_at"] if received else subject.recorded_at)
