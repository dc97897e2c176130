"""A case played at random against the real API, by everybody, with a small model beside it that says what must come.

`INFOHUS_MACHINE_EXAMPLES` raises the number of cases played. After the last, every answer that held something of a case
has an entry in the log with its correlation id, and the log is whole.
"""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from litestar.testing import AsyncTestClient

from conftest import Database
from house import MUNICIPALITY, POLICE, CaseInHand, House, now, open_house, told
from infohus.cases.procedure.table import PROCEDURE, next_stage
from infohus.danish_calendar import danish_day
from infohus.kernel.access.model import Stage
from infohus.kernel.audit.formats.entry import Outcome
from infohus.kernel.authorization.action import Action
from infohus.web.api_examples import EXAMPLES

EXAMPLES_PLAYED = int(os.environ.get("INFOHUS_MACHINE_EXAMPLES", "12"))
STEPS = 25
TOVHOLDERE = {"kommune": MUNICIPALITY, "politi": POLICE}
PERSONS = st.sampled_from(["kommune", "politi", "kommune", "politi", "raadgiver", "dpo", "admin"])
PROPOSALS: dict[str, tuple[Action, Action, str, tuple[str, ...]]] = {
    "scope_decision": (
        Action.PROPOSE_SCOPE_DECISION, Action.SIGN_SCOPE_DECISION, "scope-decisions",
        ("within", "within", "outside", "police_alone"),
    ),
    "screening": (
        Action.PROPOSE_SCREENING, Action.SIGN_SCREENING, "screenings",
        ("qualify_further", "recommend", "recommend", "nothing_further"),
    ),
    "recommendation": (
        Action.PROPOSE_RECOMMENDATION, Action.SIGN_RECOMMENDATION, "recommendations", ("recommended",),
    ),
    "closure": (Action.PROPOSE_CLOSURE, Action.SIGN_CLOSURE, "closures", ("unfounded", "completed")),
}
CONTENT = {
    "scope_decision": {"reasons": "Ekstremisme."}, "screening": {"considered": "Det, begge ved.", "reasons": "Uklart."},
    "recommendation": {"recommendation": "En mentor."}, "closure": {"reasons": "Slut."},
}
RECORDING = {
    Action.NOTE_INFORMATION: ("information", "NoteInformation"), Action.WRITE_NOTE: ("notes", "WriteNote"),
    Action.ADD_CONCERN: ("concerns", "AddConcern"),
}
CAN_WHERE_DRAWN_IN = {("raadgiver", Action.READ_CASE), ("raadgiver", Action.NOTE_INFORMATION)}
"""What somebody who takes no part is not told to be of another role."""
Answer = TypeVar("Answer")


class Model:
    """What the case must be like."""

    def __init__(self, *, has_child: bool) -> None:
        self.stage = Stage.RECEIVED
        self.awaits_child = has_child
        self.clocks_run = has_child
        self.open: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.measures: set[str] = set()

    def refusal(self, name: str, action: Action) -> str | None:
        """Say with which problem an act on the case is refused before its own rules; `None` lets it on."""
        if name not in TOVHOLDERE or (action is Action.RECORD_CLEARANCE_CHECK and name != "politi"):
            return "not-available" if (name, action) in CAN_WHERE_DRAWN_IN else "role-may-not"
        if self.stage not in PROCEDURE[action].stages:
            return "not-possible-now"
        waiting = {Action.PROPOSE_SCREENING, Action.SIGN_SCREENING}
        if action in waiting and self.awaits_child and name == "kommune":
            return "screening-awaits-child-notification"
        opening = {Action.START_MEASURE, Action.REQUEST_INFORMATION, *(one for one, *_ in PROPOSALS.values())}
        if action in opening - {Action.PROPOSE_CLOSURE} and name in self.open.get("closure", {"signed": ()})["signed"]:
            return "closure-is-signed"
        return None

    def stands_open(self, name: str, *, besides: str = "") -> bool:
        """Say whether something joint or of somebody's own side must be finished before they can sign a closure."""
        child = (self.awaits_child or self.clocks_run) and name == "kommune"
        lacks_a_step = self.stage in {Stage.RECEIVED, Stage.CLEARED}
        return child or lacks_a_step or bool(self.asked) or name in self.measures or bool(self.open.keys() - {besides})


class CaseMachine(RuleBasedStateMachine):
    """One case after another; each rule is an act that somebody tries."""

    house: House
    runner: asyncio.Runner
    answered: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.case: CaseInHand
        self.model: Model

    def run(self, call: Coroutine[Any, Any, Answer]) -> Answer:
        """Wait for a call."""
        return self.runner.run(call)

    def send(self, name: str, method: str, path: str, body: Any = None) -> Any:
        """Send a request about the case; what succeeded is remembered by its correlation id."""
        answer = self.run(self.house.person(name).call(method, f"{self.case.path}{path}", json=body))
        if answer.is_success:
            self.answered.add(answer.headers["X-Correlation-Id"])
        return answer

    def expect(self, answer: Any, refusal: str | None) -> bool:
        """Compare with what the model says; true when it was done."""
        found = answer.json()["type"].removeprefix("/problems/") if answer.is_error else None
        assert found == refusal, f"{answer.request.url}: {found}, and the model says {refusal}"
        return refusal is None

    @initialize(has_child=st.booleans(), start=st.sampled_from(["received", "cleared", "accepted", "acting", "acting"]))
    def begin(self, has_child: bool, start: str) -> None:  # noqa: FBT001 - Hypothesis passes by position
        """Record a concern, and let some cases have come some way already."""
        has_child = has_child and start != "acting"
        person = {"name": "Barn", "is_under_18": True} if has_child else {"name": "Prøve", "birth_date": "1990-02-01"}
        self.case = self.run(self.house.case(subjects=[person]))
        self.model = Model(has_child=has_child)
        self.model.stage = Stage(start)
        if start != "received":
            ways = {"cleared": self.case.clear, "accepted": self.case.accept, "acting": self.case.recommend}
            self.run(ways[start]())

    @rule(name=PERSONS)
    def read(self, name: str) -> None:
        """Read the case: those who take part, and no others."""
        self.expect(self.send(name, "GET", ""), self.model.refusal(name, Action.READ_CASE))

    @rule(name=PERSONS, outcome=st.sampled_from(["nothing_hinders", "nothing_hinders", "hindered"]))
    def check(self, name: str, outcome: str) -> None:
        """The police check."""
        refusal = self.model.refusal(name, Action.RECORD_CLEARANCE_CHECK)
        if self.expect(self.send(name, "POST", "/clearance-checks", {"outcome": outcome}), refusal):
            self.model.stage = next_stage(Action.RECORD_CLEARANCE_CHECK, outcome)

    @rule(name=PERSONS, action=st.sampled_from(sorted(RECORDING)))
    def record(self, name: str, action: Action) -> None:
        """Record something of one's own."""
        path, example = RECORDING[action]
        refusal = self.model.refusal(name, action)
        body = EXAMPLES[example] if action is not Action.ADD_CONCERN else {**EXAMPLES[example], "subjects": []}
        self.expect(self.send(name, "POST", f"/{path}", body), refusal)

    @rule(name=PERSONS, data=st.data())
    def propose(self, name: str, data: st.DataObject) -> None:
        """Propose a joint decision, most often one that the stage allows."""
        fitting = [kind for kind in sorted(PROPOSALS) if self.model.stage in PROCEDURE[PROPOSALS[kind][0]].stages]
        kind = data.draw(st.sampled_from([*fitting, *fitting, *sorted(PROPOSALS)]))
        action, _, path, outcomes = PROPOSALS[kind]
        outcome = data.draw(st.sampled_from(outcomes))
        refusal = self.model.refusal(name, action)
        if refusal is None and kind == "closure" and self.model.stands_open(name, besides="closure"):
            refusal = "case-has-unfinished-business"
        if refusal is None and kind in self.model.open:
            refusal = "already-proposed"
        by = TOVHOLDERE.get(name, MUNICIPALITY)
        draft = {"outcome": outcome, "content": CONTENT[kind], "disclosure": told(by, purpose=kind)}
        answer = self.send(name, "POST", f"/{path}", draft)
        if self.expect(answer, refusal):
            made = answer.json()
            self.model.open[kind] = {
                "id": made["id"], "hash": made["content_hash"], "outcome": outcome, "signed": {name},
            }

    @precondition(lambda self: self.model.open)
    @rule(name=PERSONS, data=st.data())
    def sign(self, name: str, data: st.DataObject) -> None:
        """Sign what is open; both signatures move the case."""
        kind = data.draw(st.sampled_from(sorted(self.model.open)))
        proposal, (_, action, path, _) = self.model.open[kind], PROPOSALS[kind]
        refusal = self.model.refusal(name, action)
        if refusal is None and kind == "closure" and self.model.stands_open(name, besides="closure"):
            refusal = "case-has-unfinished-business"
        if refusal is None and name in proposal["signed"]:
            refusal = "already-signed"
        answer = self.send(name, "POST", f"/{path}/{proposal['id']}/signatures", {"content_hash": proposal["hash"]})
        if self.expect(answer, refusal):
            proposal["signed"].add(name)
            if proposal["signed"] == TOVHOLDERE.keys():
                del self.model.open[kind]
                self.model.stage = next_stage(action, proposal["outcome"])

    @precondition(lambda self: "closure" in self.model.open)
    @rule(name=PERSONS)
    def take_back(self, name: str) -> None:
        """Take back one's signature on a closure, which opens one's side again."""
        closure = self.model.open["closure"]
        answer = self.send(name, "DELETE", f"/closures/{closure['id']}/signature")
        if self.expect(answer, self.model.refusal(name, Action.SIGN_CLOSURE)):
            closure["signed"].discard(name)

    @rule(name=PERSONS)
    def ask(self, name: str) -> None:
        """Ask the other for information."""
        by = TOVHOLDERE.get(name, MUNICIPALITY)
        answer = self.send(name, "POST", "/information-requests", {"question": "Kender I ham?", "disclosure": told(by)})
        if self.expect(answer, self.model.refusal(name, Action.REQUEST_INFORMATION)):
            self.model.asked.append((name, answer.json()["id"]))

    @precondition(lambda self: self.model.asked)
    @rule()
    def decline(self) -> None:
        """Decline the oldest request."""
        if self.model.stage is not Stage.CLOSED:
            asker, request_id = self.model.asked.pop(0)
            other = "politi" if asker == "kommune" else "kommune"
            self.expect(self.send(other, "POST", f"/information-requests/{request_id}/answer",
                                  {"answer": "declined"}), None)

    @rule(name=PERSONS)
    def start_measure(self, name: str) -> None:
        """Start a measure."""
        by = TOVHOLDERE.get(name, MUNICIPALITY)
        body = {
            "level": "selective", "responsible_authority": by, "description": "Mentor.", "starts_on": "2026-12-01",
            "follow_up_on": "2099-01-01",
        }
        if self.expect(self.send(name, "POST", "/measures", body), self.model.refusal(name, Action.START_MEASURE)):
            self.model.measures.add(name)

    @precondition(lambda self: self.model.measures)
    @rule()
    def end_measures(self) -> None:
        """End every measure."""
        if self.model.stage in PROCEDURE[Action.RECORD_FOLLOW_UP].stages:
            self.run(self.case.end_measures())
            self.model.measures.clear()

    @precondition(lambda self: self.model.awaits_child)
    @rule()
    def hand_over(self) -> None:
        """Hand the underretning over, with both clocks stopped."""
        if self.model.stage is not Stage.CLOSED:
            concern = self.send("kommune", "GET", f"/concerns/{self.case.concern_id}").json()
            path = f"/child-notifications/{concern['child_notifications'][0]['id']}"
            handed = {"handed_over_at": now().isoformat(), "handed_over_to": "Familieafdelingen"}
            self.expect(self.send("kommune", "POST", f"{path}/hand-over", handed), None)
            self.expect(self.send("kommune", "POST", f"{path}/assessment", {"assessed_at": now().isoformat()}), None)
            given = {"receipt_given_on": str(danish_day(now()))}
            self.expect(self.send("kommune", "POST", f"{path}/receipt", given), None)
            self.model.awaits_child = self.model.clocks_run = False

    @invariant()
    def the_case_stands_where_the_model_says(self) -> None:
        """Compare the stage after each act."""
        if hasattr(self, "model"):
            assert self.send("kommune", "GET", "").json()["case"]["stage"] == self.model.stage.value


def test_a_case_goes_as_the_model_says_and_every_answer_is_in_the_log(database: Database, tmp_path: Path) -> None:
    """Play, and reconcile what was answered with the log."""
    with asyncio.Runner() as runner:
        opening = open_house(database, tmp_path)
        house = runner.run(opening.__aenter__())
        assert isinstance(house.client, AsyncTestClient)
        try:
            CaseMachine.house, CaseMachine.runner, CaseMachine.answered = house, runner, set()
            run_state_machine_as_test(CaseMachine, settings=settings(
                max_examples=EXAMPLES_PLAYED, stateful_step_count=STEPS, deadline=None, database=None,
                suppress_health_check=list(HealthCheck),
            ))
            entries = runner.run(house.all_entries())
            allowed = {UUID(entry.correlation) for entry in entries if entry.outcome is Outcome.ALLOWED}
            answered = {UUID(one) for one in CaseMachine.answered}
            assert len(answered) > EXAMPLES_PLAYED
            stages = runner.run(house.sql('SELECT DISTINCT stage FROM infohus."case"'))
            print(f"\ncases: {EXAMPLES_PLAYED}, stages at their ends: {sorted(row['stage'] for row in stages)}")  # noqa: T201
            assert answered <= allowed, f"{len(answered - allowed)} answers have no entry"
            runner.run(house.assert_logs_are_whole())
        finally:
            runner.run(opening.__aexit__(None, None, None))
