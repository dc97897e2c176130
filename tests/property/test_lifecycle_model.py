"""Every way a case can go, walked through: all states × acts × callers × orders, until nothing new is found.

Who may is asked of the real policies, what is possible and where it leads of the real tables; what a signature does is
written here a second time. The invariants must hold after every single step.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from infohus import errors
from infohus.cases.procedure.outcomes import ScreeningOutcome
from infohus.cases.procedure.row import ProcedureRow
from infohus.cases.procedure.table import PROCEDURE
from infohus.kernel.access.model import Case, Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import Participation, Policies, Resource
from infohus.kernel.identity.caller import Assurance, AuthorityId, AuthorityKind, Caller, Role
from infohus.kernel.unit_of_work.lookup import OwnSide
from infohus.settings import REPOSITORY

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
M, P, OTHER = "municipality", "police", "probation"
KINDS = {
    M: AuthorityKind.MUNICIPALITY, P: AuthorityKind.POLICE, OTHER: AuthorityKind.PROBATION,
    "elsewhere": AuthorityKind.POLICE,
}
PROPOSING = {
    Action.PROPOSE_SCOPE_DECISION: ("scope_decision", ("within", "outside", "police_alone")),
    Action.PROPOSE_SCREENING: ("screening", ("qualify_further", "recommend", "nothing_further")),
    Action.PROPOSE_RECOMMENDATION: ("recommendation", ("recommended",)),
    Action.PROPOSE_CLOSURE: ("closure", ("unfounded",)),
    Action.OPEN_ASSESSMENT: ("assessment", ("draft",)),
}
SIGNING = {
    Action.SIGN_SCOPE_DECISION: "scope_decision", Action.SIGN_SCREENING: "screening",
    Action.SIGN_ASSESSMENT: "assessment", Action.SIGN_RECOMMENDATION: "recommendation", Action.SIGN_CLOSURE: "closure",
}
DECIDING = {Action.RECORD_CLEARANCE_CHECK: ("nothing_hinders", "hindered"), Action.TAKE_OVER_CASE: ("taken_over",)}
ENDS = {Stage.HINDERED, Stage.NOT_TAKEN_IN, Stage.POLICE_ALONE, Stage.CLOSED}
OF_A_CHILD = {Action.HAND_OVER_CHILD_NOTIFICATION, Action.STATE_AGE}  # in a closed case, too


@dataclass(frozen=True, slots=True)
class Somebody:
    """A caller, and how they take part."""

    name: str
    authority: str
    role: Role
    participation: str = "none"

    @property
    def caller(self) -> Caller:
        """As the token says it."""
        return Caller(
            uuid5(UUID(int=0), self.name), AuthorityId(self.authority), KINDS[self.authority], self.role,
            Assurance.SUBSTANTIAL, NOW, NOW + timedelta(hours=1), b"token",
        )


EVERYBODY = (
    Somebody("M", M, Role.MUNICIPAL_COORDINATOR, "coordinator"),
    Somebody("M's deputy", M, Role.MUNICIPAL_COORDINATOR, "coordinator"),
    Somebody("P", P, Role.POLICE_COORDINATOR, "coordinator"),
    Somebody("P elsewhere", "elsewhere", Role.POLICE_COORDINATOR),
    Somebody("guest", OTHER, Role.INVITED_PROFESSIONAL, "invited"),
    Somebody("M's DPO", M, Role.DATA_PROTECTION_OFFICER),
    Somebody("P's lawyer", P, Role.LEGAL),
    Somebody("M's administrator", M, Role.ADMINISTRATOR),
    Somebody("M's integration", M, Role.INTEGRATION),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An open joint decision, and who has signed it: (person, authority)."""

    kind: str
    outcome: str
    owner: str
    signed: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class State:
    """All of a case that the rules look at, and what has been decided by both."""

    stage: Stage
    awaits_child: frozenset[str] = frozenset()
    """The sides that know of a child whose underretning is not handed over."""
    open: frozenset[Proposal] = frozenset()
    told: frozenset[str] = frozenset()
    guest: bool = False
    asked: bool = False
    qualified: bool = False
    assessed: bool = False
    closed_by: frozenset[str] = frozenset()


@dataclass
class World:
    """The rules under test."""

    policies: Policies
    procedure: Mapping[Action, ProcedureRow] = field(default_factory=lambda: PROCEDURE)
    remembered: dict[object, bool] = field(default_factory=dict)

    def may(self, who: Somebody, action: Action, state: State, record: tuple[str, str, frozenset[str]] | None) -> bool:
        """Ask the policies, once per question."""
        key = (who.name, action, state.guest, record)
        if key not in self.remembered:
            self.remembered[key] = self._ask(who, action, state, record)
        return self.remembered[key]

    def _ask(self, who: Somebody, action: Action, state: State, record: tuple[str, str, frozenset[str]] | None) -> bool:
        case_id = UUID(int=1)
        if record is None:
            takes_part = [M, P, *([OTHER] if state.guest else [])]
            resource = Resource.case(case_id, infohus_id=UUID(int=2), authorities=takes_part)
        else:
            kind, owner, readers = record
            resource = Resource.record(UUID(int=3), kind=kind, owner=owner, readers=sorted(readers), case_id=case_id)
        here = who.participation if who.participation != "invited" or state.guest else "none"
        scope = frozenset({"information", "assessment", "measures"}) if here == "invited" else frozenset[str]()
        return self.policies.decide(who.caller, action, resource, Participation(here, scope), now=NOW).allowed

    def can(self, action: Action, state: State, who: Somebody) -> bool:
        """Ask the procedure's table, once per question, through the method that the unit of work calls."""
        side = OwnSide(awaits_child_notification=who.authority in state.awaits_child)
        key = (action, state.stage, side.awaits_child_notification)
        if key not in self.remembered:
            self.remembered[key] = self._is_possible(action, state.stage, side)
        return self.remembered[key]

    def _is_possible(self, action: Action, stage: Stage, side: OwnSide) -> bool:
        with suppress(errors.NotPossibleNow, errors.ScreeningAwaitsChildNotification):
            self.procedure[action].require_possible(Case(stage=stage), side)
            return stage in self.procedure[action].stages  # and not for PET alone
        return False

    def next_stage(self, action: Action, outcome: str) -> Stage:
        """Say where the table leads from an outcome."""
        return next(stage for known, stage in self.procedure[action].leads_to.items() if known.value == outcome)

    def but_for(self, action: Action, **columns: object) -> "World":
        """Make a world in which the row of one act says something else."""
        other: Any = columns
        return World(self.policies, {**self.procedure, action: replace(self.procedure[action], **other)})


def record_of(proposal: Proposal) -> tuple[str, str, frozenset[str]]:
    """Describe a proposal to the policies: it was disclosed to the other authority when it was made."""
    return proposal.kind, proposal.owner, frozenset({M, P})


def steps(world: World, state: State, who: Somebody, action: Action) -> Iterator[State]:  # noqa: C901 - a table
    """Give every state an act of somebody leads to; none when it is refused."""
    if not world.can(action, state, who):
        return
    if action in SIGNING:
        for proposal in state.open:
            if proposal.kind == SIGNING[action] and world.may(who, action, state, record_of(proposal)):
                yield from signed(world, state, who, proposal, action)
        return
    if action is Action.CONCLUDE_ASSESSMENT:
        for proposal in state.open:
            if proposal.kind == "assessment" and world.may(who, action, state, record_of(proposal)):
                concluded = replace(proposal, outcome="concluded", signed=frozenset({(who.name, who.authority)}))
                yield replace(state, open=state.open - {proposal} | {concluded})
        return
    if action is Action.ANSWER_INFORMATION_REQUEST:
        if state.asked and world.may(who, action, state, ("information_request", M, frozenset({M, P}))):
            yield replace(state, asked=False)
        return
    if action is Action.END_PARTICIPATION:
        if world.may(who, action, state, ("participant", M, frozenset({M}))):
            yield replace(state, guest=False)
        return
    if not action.value.startswith("read") and world.may(who, action, state, None):
        yield from acted_on_case(world, state, who, action)


def acted_on_case(world: World, state: State, who: Somebody, action: Action) -> Iterator[State]:
    """Give every state an act on the case itself leads to."""
    if action in PROPOSING:
        kind, outcomes = PROPOSING[action]
        if any(one.kind == kind for one in state.open) or (kind == "closure" and unfinished(state, who, 0)):
            return
        if kind == "assessment" and not state.assessed and state.stage is not Stage.QUALIFYING:
            return
        signer = frozenset[tuple[str, str]]() if kind == "assessment" else frozenset({(who.name, who.authority)})
        for outcome in outcomes:
            yield replace(
                state, open=state.open | {Proposal(kind, outcome, who.authority, signer)},
                assessed=state.assessed or kind == "assessment",
            )
    elif action in DECIDING:
        for outcome in DECIDING[action]:
            stage = world.next_stage(action, outcome)
            goes_on = {kind for signing, kind in SIGNING.items() if stage in PROCEDURE[signing].stages}
            yield replace(state, stage=stage, open=frozenset(one for one in state.open if one.kind in goes_on))
    elif action in OF_A_CHILD:
        yield replace(state, awaits_child=state.awaits_child - {who.authority})
    elif action is Action.ADD_CONCERN:  # an age stated later can bring the wait just so
        yield from (replace(state, awaits_child=state.awaits_child | more) for more in (set[str](), {who.authority}))
    else:
        yield replace(
            state, guest=state.guest or action is Action.INVITE_PARTICIPANT,
            asked=state.asked or action is Action.REQUEST_INFORMATION,
            told=state.told | {who.authority} if action is Action.RECORD_EXCHANGE else state.told,
        )


def unfinished(state: State, who: Somebody, proposals: int) -> bool:
    """Say whether something joint, or of somebody's own side, stands in the way of closing (rule 70)."""
    return len(state.open) > proposals or who.authority in state.awaits_child or state.asked


def signed(world: World, state: State, who: Somebody, proposal: Proposal, action: Action) -> Iterator[State]:
    """Sign: one authority signs once, one person signs once; with both authorities the case moves (rules 17, 18)."""
    before = {part for signature in proposal.signed for part in signature}
    if proposal.outcome == "draft" or before & {who.name, who.authority}:
        return
    if proposal.kind == "closure" and unfinished(state, who, 1):
        return
    now_signed = replace(proposal, signed=proposal.signed | {(who.name, who.authority)})
    if not {M, P} <= {authority for _, authority in now_signed.signed}:
        yield replace(state, open=state.open - {proposal} | {now_signed})
        return
    check_decision(now_signed)
    closes = proposal.kind == "closure"
    yield replace(
        state, open=frozenset() if closes else state.open - {proposal},
        stage=world.next_stage(action, proposal.outcome),
        qualified=state.qualified or (proposal.kind, proposal.outcome) == ("screening", "qualify_further"),
        closed_by=frozenset({authority for _, authority in now_signed.signed}) if closes else frozenset(),
    )


# --- the promises ---------------------------------------------------------------------------------------------------
def check_decision(proposal: Proposal) -> None:
    """No joint decision without both authorities, by two persons."""
    names = {name for name, _ in proposal.signed}
    assert {authority for _, authority in proposal.signed} == {M, P}, proposal
    assert len(names) == len(proposal.signed) == 2, proposal
    assert names <= {"M", "M's deputy", "P"}, proposal


def check_step(before: State, action: Action, who: Somebody, after: State) -> None:
    """What must be true of every single step."""
    assert action is not Action.OPEN_ASSESSMENT or before.qualified, "the tool was opened without a joint reason"
    is_screened = action is Action.PROPOSE_SCREENING
    assert not is_screened or who.authority not in before.awaits_child, "a child was screened before the hand-over"
    assert after.stage is not Stage.CLOSED or after.closed_by == {M, P}, "closed without both"
    if before.stage is Stage.CLOSED:
        owed = after.awaits_child if action in OF_A_CHILD else before.awaits_child
        assert after == replace(before, awaits_child=owed), f"{who.name} changed a closed case by {action}"
    if action is Action.TAKE_OVER_CASE:
        assert (who.name, after.stage) == ("P", Stage.POLICE_ALONE), f"{who.name} took the case over"
    elif before.stage in ENDS - {Stage.CLOSED} and after.stage != before.stage:
        assert after.stage is Stage.CLOSED, "a case came back from its end"
    if after.stage != before.stage:
        assert who.role in {Role.MUNICIPAL_COORDINATOR, Role.POLICE_COORDINATOR}, f"{who.name} moved the case"


def check_reading(world: World, state: State) -> None:
    """Nobody reads the other's undisclosed material, and outsiders read nothing."""
    for owner in (M, P):
        readers = frozenset({owner, *({M, P} if owner in state.told else ())})
        for who in EVERYBODY:
            if reads := world.may(who, Action.READ_INFORMATION, state, ("information", owner, readers)):
                assert who.authority in readers, f"{who.name} reads what {owner} never told"
                assert who.participation != "none", f"{who.name} takes no part and reads"
            if who.role in {Role.ADMINISTRATOR, Role.INTEGRATION, Role.LEGAL, Role.DATA_PROTECTION_OFFICER}:
                assert not reads


def explore(world: World) -> tuple[int, int, set[Stage]]:
    """Walk breadth first until no new state is found; give states, transitions tried, and stages reached."""
    starts = [State(Stage.RECEIVED, awaits) for awaits in (frozenset[str](), frozenset({M}), frozenset({P}))]
    seen, waiting, tried = set(starts), deque(starts), 0
    actions = [action for action in Action if action not in NOT_ON_A_CASE]
    while waiting:
        state = waiting.popleft()
        check_reading(world, state)
        for action in actions:
            for who in EVERYBODY:
                tried += 1
                for after in steps(world, state, who, action):
                    check_step(state, action, who, after)
                    if after not in seen:
                        seen.add(after)
                        waiting.append(after)
    return len(seen), tried, {state.stage for state in seen}


NOT_ON_A_CASE = {
    Action.SIGN_IN, Action.LIST_INFOHUSE, Action.LIST_CASES, Action.READ_INFOHUS, Action.RECORD_CONCERN,
    Action.LIST_STALLED_MEASURES, Action.RELEASE_YEARLY_STATUS, Action.READ_YEARLY_STATUS, Action.FULFIL_OBLIGATION,
    Action.ADD_NETWORK_MATERIAL, Action.SUPERVISE_EXCHANGES, Action.VERIFY_LOG, Action.PROVE_LOG_ENTRY,
    Action.EXPORT_LOG, Action.LOAD_PLAN, Action.REGISTER_COORDINATOR, Action.REMOVE_COORDINATOR,
    Action.LOAD_TEMPLATE, Action.MAKE_INTAKE_KEYS, Action.WITHDRAW_KEYS_AGAIN, Action.REPLACE_SIGNER,
    Action.SET_LOG_RETENTION, Action.SEARCH_PERSONS,
}


@pytest.fixture(scope="module")
def policies() -> Policies:
    return Policies.load(REPOSITORY / "policies")


class WhenEveryWayIsWalked:
    @pytest.mark.rule(17)
    @pytest.mark.rule(32)
    @pytest.mark.rule(35)
    @pytest.mark.rule(44)
    @pytest.mark.rule(70)
    def test_the_promises_hold_after_every_step(self, policies: Policies) -> None:
        states, tried, stages = explore(World(policies))
        print(f"\nlifecycle: {states:,} states, {tried:,} transitions")  # noqa: T201 - what the proof covers
        assert stages == set(Stage)
        assert tried >= 1_000_000

    @pytest.mark.parametrize(("action", "stage", "says"), [
        (Action.PROPOSE_SCOPE_DECISION, Stage.CLOSED, "changed a closed case"),
        (Action.RECORD_EXCHANGE, Stage.CLOSED, "changed a closed case"),
        (Action.RECORD_CLEARANCE_CHECK, Stage.POLICE_ALONE, "came back from its end"),
    ])
    def test_a_table_with_one_stage_too_many_breaks_one(
        self, policies: Policies, action: Action, stage: Stage, says: str
    ) -> None:
        with pytest.raises(AssertionError, match=says):
            explore(World(policies).but_for(action, stages=PROCEDURE[action].stages | {stage}))

    def test_a_table_that_leads_elsewhere_breaks_one(self, policies: Policies) -> None:
        with pytest.raises(AssertionError, match="joint reason"):
            explore(World(policies).but_for(Action.SIGN_SCREENING, leads_to={
                **PROCEDURE[Action.SIGN_SCREENING].leads_to, ScreeningOutcome.RECOMMEND: Stage.QUALIFYING,
            }))

    def test_a_child_that_does_not_wait_breaks_one(self, policies: Policies) -> None:
        with pytest.raises(AssertionError, match="before the hand-over"):
            explore(World(policies).but_for(Action.PROPOSE_SCREENING, conditions=()))
