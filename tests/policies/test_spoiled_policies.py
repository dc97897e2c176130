"""Each policy is spoiled in every small way; the oracle must notice by another answer or other prohibitions."""

from collections import defaultdict
from itertools import chain, groupby, zip_longest
from random import Random

import cedarpy
import msgspec
import pytest

from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import SCHEMA_FILE, Policies
from policies.asking import FOLDER, Policy, agree, decision_on, policies_as_json
from policies.mutants import Mutant, mutants
from policies.oracle import CONTENT, Situation, Verdict, situations, verdict_on

Questions = dict[Action, list[tuple[Situation, Verdict]]]

GROUPS = {
    "content": CONTENT,
    "supervision": frozenset({Action.SUPERVISE_EXCHANGES, Action.READ_YEARLY_STATUS}),
}

NO_DIFFERENCE = {
    ("the-drawn-in-answer-for-an-authority-without-a-tovholder", "for every principal"):
        "Of an authority that is neither municipality nor police, every other role is prohibited from content.",
}
"""Ways of spoiling a policy that no answer can show, and why."""


@pytest.fixture(scope="module")
def sound() -> dict[str, Policy]:
    return policies_as_json()


@pytest.fixture(scope="module")
def questions() -> Questions:
    """Sort each act's situations so that every kind of verdict comes early, and neighbours are little alike."""
    alike: dict[Action, dict[Verdict, list[Situation]]] = defaultdict(lambda: defaultdict(list))
    every = list(situations())
    Random(1).shuffle(every)
    for case in every:
        alike[case.action][verdict_on(case)].append(case)
    return {
        action: [(case, verdict_on(case)) for case in chain(*zip_longest(*cases.values())) if case is not None]
        for action, cases in alike.items()
    }


class WhenAPolicyIsSpoiled:
    def test_somebody_notices_each_way_of_spoiling_each_policy(
        self, sound: dict[str, Policy], questions: Questions, pytestconfig: pytest.Config
    ) -> None:
        """A third of the ways, of each policy some; `make situations` tries all of them."""
        every, whole = list(mutants(sound)), pytestconfig.getoption("--every-situation")
        tried = every if whole else [
            one for _, ways in groupby(every, key=lambda one: one.spoiled) for one in list(ways)[::3]
        ]
        unnoticed = [(one.spoiled, one.how) for one in tried if not _noticed(one, sound, questions)]
        assert unnoticed == [(one.spoiled, one.how) for one in tried if (one.spoiled, one.how) in NO_DIFFERENCE]
        assert {one.spoiled for one in tried} == {policy["annotations"]["id"] for policy in sound.values()}
        assert len(every) > 10 * len(sound)

    @pytest.mark.parametrize("name", ["those-who-take-part-read-the-case", "dpo-supervises", "betydelig-or-higher"])
    def test_nobody_cries_when_nothing_is_spoiled(
        self, name: str, sound: dict[str, Policy], questions: Questions
    ) -> None:
        # All of them are asked in test_policies.py; here, that asking about one policy alone raises no false alarm.
        some = {action: asked[::25] for action, asked in questions.items()}
        assert not _noticed(Mutant(name, "not at all", sound), sound, some)


def _noticed(mutant: Mutant, sound: dict[str, Policy], questions: Questions) -> bool:
    """Ask about the acts that the spoiled policy speaks of, in turn, until an answer is not the oracle's."""
    policy = next(one for one in sound.values() if one["annotations"]["id"] == mutant.spoiled)
    actions = _spoken_of(policy["action"])
    text = msgspec.json.encode({"staticPolicies": mutant.policies, "templates": {}, "templateLinks": []}).decode()
    spoiled = Policies(
        by_action=dict.fromkeys(actions, cedarpy.PolicySet.from_json_str(text)),
        roles={}, schema=cedarpy.Schema.from_str((FOLDER / SCHEMA_FILE).read_text(encoding="utf-8")),
        digest="",
    )
    in_turn = (asked for asked in chain(*zip_longest(*(questions[action] for action in actions))) if asked)
    return any(not agree(decision_on(spoiled, case), verdict) for case, verdict in in_turn)


def _spoken_of(head: Policy) -> list[Action]:
    if head["op"] == "All":
        return list(Action)
    names = [entity["id"] for entity in head.get("entities") or [head["entity"]]]
    return sorted(chain(*(GROUPS.get(name) or [Action(name)] for name in names)))
