"""The policies say what the oracle says in every situation; and what matters most is said once more, by itself."""

from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import Decision, Policies
from infohus.kernel.database.tables import Record
from infohus.kernel.identity.caller import Assurance, AuthorityKind, Role
from policies.asking import FOLDER, agree, decision_on, fewer_situations, policies_as_json
from policies.oracle import ACTS, CONTENT, COORDINATORS, KINDS, Situation, Standing, verdict_on
from policies.oracle import situations as every_situation

Answers = dict[Situation, Decision]


@pytest.fixture(scope="module")
def policies() -> Policies:
    return Policies.load(FOLDER)


@pytest.fixture(scope="module")
def answers(policies: Policies, request: pytest.FixtureRequest) -> Answers:
    """Ask the policies, once, about every situation of a role that can do the act, and of the others about a part."""
    asked = every_situation() if request.config.getoption("--every-situation") else fewer_situations()
    return {case: decision_on(policies, case) for case in asked}


NEVER_OPENED = frozenset({"invitation"})
"""Kinds that no act is about: their clear columns are read beside the participant, the sealed reason by nobody yet."""


class WhenEverySituationIsAskedAbout:
    @pytest.mark.rule(46)
    @pytest.mark.rule(44)
    def test_it_is_answered_as_the_rules_say(self, answers: Answers) -> None:
        differ = [
            (case, verdict_on(case), decision)
            for case, decision in answers.items()
            if not agree(decision, verdict_on(case))
        ]
        assert differ == []

    def test_the_table_holds_every_act_role_kind_of_authority_participation_and_record(self) -> None:
        every = list(every_situation())
        assert set(ACTS) == set(Action)
        assert {(case.action, case.role, case.works_for, case.participation) for case in every} == {
            (action, role, works_for, participation)
            for action in Action for role in Role for works_for in AuthorityKind
            for participation in ("none", "invited", "coordinator")
        }
        assert {case.kind for case in every} == KINDS | {"", "unheard_of"}

    def test_every_act_is_allowed_to_somebody_and_refused_to_somebody(self, answers: Answers) -> None:
        allowed = {case.action for case, decision in answers.items() if decision.allowed}
        refused = {case.action for case, decision in answers.items() if not decision.allowed}
        assert (allowed, refused) == (set(Action), set(Action))

    @pytest.mark.rule(47)
    def test_the_roles_that_can_ever_do_an_act_are_exactly_those_whom_some_situation_allows_it(
        self, policies: Policies, answers: Answers
    ) -> None:
        """So who is told that the role cannot is told nothing about a case; and nobody is told so wrongly."""
        allowed = {(case.action, case.role) for case in answers if verdict_on(case).allowed}
        assert {(action, role) for action, roles in policies.roles.items() for role in roles} == allowed

    def test_every_policy_decides_something(self, answers: Answers) -> None:
        deciding = {name for decision in answers.values() for name in decision.policies}
        assert deciding == {policy["annotations"]["id"] for policy in policies_as_json().values()}

    def test_every_table_with_sealed_records_is_a_kind_the_policies_know(self) -> None:
        assert {record.__tablename__ for record in _records(Record)} == KINDS | NEVER_OPENED


class WhenSomebodyTakesNoPart:
    @pytest.mark.rule(46)
    def test_no_role_alone_opens_anything_of_a_case(self, answers: Answers) -> None:
        assert not _allowed(answers, lambda case: case.action in CONTENT and case.participation == "none")

    @pytest.mark.rule(3)
    def test_no_authority_acts_in_a_case_it_takes_no_part_in(self, answers: Answers) -> None:
        assert not _allowed(
            answers, lambda case: ACTS[case.action].on == "Case" and case.standing is Standing.OUTSIDER
        )

    @pytest.mark.rule(44)
    def test_what_was_not_disclosed_is_not_read(self, answers: Answers) -> None:
        untold = _allowed(answers, lambda case: case.standing is Standing.UNTOLD)
        assert {case.action for case in untold} == {Action.END_PARTICIPATION, Action.EXTEND_PARTICIPATION}


class WhenSomebodySupervisesOrKeepsTheSystemRunning:
    OUTSIDE = frozenset({Role.ADMINISTRATOR, Role.INTEGRATION, Role.LEGAL, Role.DATA_PROTECTION_OFFICER})

    @pytest.mark.rule(46)
    @pytest.mark.rule(49)
    def test_they_see_no_content_even_if_they_are_made_participants(self, answers: Answers) -> None:
        assert not _allowed(answers, lambda case: case.role in self.OUTSIDE and case.action in CONTENT)

    @pytest.mark.rule(61)
    def test_the_log_is_read_by_those_who_supervise_and_nobody_else(self, answers: Answers) -> None:
        reading = {Action.SUPERVISE_EXCHANGES, Action.VERIFY_LOG, Action.LIST_LOG_ENTRIES, Action.EXPORT_LOG}
        readers = _allowed(answers, lambda case: case.action in reading)
        assert {case.role for case in readers} == {Role.DATA_PROTECTION_OFFICER, Role.LEGAL}
        # A log is the caller's own authority's: there is none to be a stranger to.
        assert {(case.action is Action.SUPERVISE_EXCHANGES, case.standing) for case in readers} == {
            (True, Standing.MEMBER), (False, Standing.NOBODY),
        }


class WhenATovholderActs:
    @pytest.mark.rule(17)
    def test_only_tovholdere_of_their_own_kind_of_authority_propose_and_sign(self, answers: Answers) -> None:
        verbs = ("propose", "amend", "sign", "differ", "takeBack", "endOwn")
        joint = _allowed(answers, lambda case: case.action.value.startswith(verbs) and case.kind != "")
        assert {(case.role, case.works_for) for case in joint} == {
            (Role.MUNICIPAL_COORDINATOR, AuthorityKind.MUNICIPALITY), (Role.POLICE_COORDINATOR, AuthorityKind.POLICE),
        }
        assert {case.participation for case in joint} == {"coordinator"}

    @pytest.mark.rule(19)
    def test_only_the_police_check_clearance(self, answers: Answers) -> None:
        checking = _allowed(answers, lambda case: case.action is Action.RECORD_CLEARANCE_CHECK)
        assert {(case.role, case.works_for) for case in checking} == {(Role.POLICE_COORDINATOR, AuthorityKind.POLICE)}

    @pytest.mark.rule(32)
    def test_only_the_municipality_stops_the_clocks_of_child_notifications(self, answers: Answers) -> None:
        clocks = {Action.RECORD_ASSESSMENT_OF_CHILD, Action.RECORD_RECEIPT_TO_REPORTER}
        stopping = _allowed(answers, lambda case: case.action in clocks)
        assert {case.action for case in stopping} == clocks
        assert {(case.role, case.works_for) for case in stopping} == {
            (Role.MUNICIPAL_COORDINATOR, AuthorityKind.MUNICIPALITY)
        }

    @pytest.mark.rule(29)
    def test_only_the_owner_s_tovholder_with_a_fresh_login_reads_the_reporter(self, answers: Answers) -> None:
        reading = _allowed(answers, lambda case: case.kind == "reporter")
        assert {(case.action, case.standing, case.fresh, case.participation) for case in reading} == {
            (action, Standing.OWNER, True, "coordinator")
            for action in (Action.READ_REPORTER, Action.RELEASE_REPORTER_IDENTITY)
        }
        assert {case.role for case in reading} == COORDINATORS

    @pytest.mark.rule(54)
    def test_only_the_owner_s_tovholder_with_a_fresh_login_reveals_a_protected_address(self, answers: Answers) -> None:
        revealing = _allowed(answers, lambda case: case.kind == "protected_address")
        assert {(case.action, case.standing, case.fresh, case.participation) for case in revealing} == {
            (Action.REVEAL_ADDRESS, Standing.OWNER, True, "coordinator")
        }
        assert {case.role for case in revealing} == COORDINATORS

    @pytest.mark.rule(52)
    def test_tovholdere_of_the_infohus_search_and_nobody_else(self, answers: Answers) -> None:
        searching = _allowed(answers, lambda case: case.action is Action.SEARCH_PERSONS)
        assert {(case.role, case.standing, case.participation) for case in searching} == {
            (role, Standing.MEMBER, "coordinator") for role in COORDINATORS
        }

    @pytest.mark.rule(53)
    def test_a_cpr_number_is_revealed_to_tovholdere_alone(self, answers: Answers) -> None:
        revealing = _allowed(answers, lambda case: case.action is Action.REVEAL_CPR_NUMBER)
        assert {case.role for case in revealing} == COORDINATORS
        assert {case.standing for case in revealing} == {Standing.OWNER, Standing.TOLD}


class WhenSomebodyIsDrawnIn:
    @pytest.mark.rule(8)
    @pytest.mark.rule(22)
    @pytest.mark.rule(86)
    def test_they_do_what_they_are_invited_for_and_see_that_the_case_is_there(self, answers: Answers) -> None:
        by_area = defaultdict(set)
        for case in _allowed(answers, lambda case: case.participation == "invited" and case.action in CONTENT):
            if len(case.scope) <= 1:
                by_area["".join(case.scope)].add(case.action)
        everyone = {Action.READ_CASE, Action.LEAVE_CASE, Action.REPORT_DANGER}
        assert by_area == {
            "": everyone,
            "exchange": everyone | {
                Action.LIST_EXCHANGES, Action.READ_EXCHANGE, Action.ACKNOWLEDGE_EXCHANGE, Action.KEEP_DISCLOSED,
                Action.READ_INFORMATION_REQUEST, Action.ANSWER_INFORMATION_REQUEST,
            },
            "information": everyone | {Action.NOTE_INFORMATION, Action.READ_INFORMATION},
            "assessment": everyone | {Action.READ_ASSESSMENT, Action.CONTRIBUTE_TO_ASSESSMENT},
            "measures": everyone | {Action.READ_MEASURE, Action.RECORD_FOLLOW_UP},
        }


class WhenTheLoginIsTooWeak:
    @pytest.mark.rule(48)
    def test_nothing_is_allowed(self, answers: Answers) -> None:
        assert not _allowed(answers, lambda case: case.assurance is Assurance.LOW)
        weak = [decision for case, decision in answers.items() if case.assurance is Assurance.LOW]
        assert all("betydelig-or-higher" in decision.policies for decision in weak)


def _records(model: type[Record]) -> Iterator[type[Record]]:
    for below in model.__subclasses__():
        if not below.__dict__.get("__abstract__"):
            yield below
        yield from _records(below)


def _allowed(answers: Answers, which: Callable[[Situation], bool]) -> list[Situation]:
    return [case for case, decision in answers.items() if decision.allowed and which(case)]
