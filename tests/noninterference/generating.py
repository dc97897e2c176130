"""Histories made from a seed: a small model of the case leads shared acts to every stage; hidden ones are strewn in."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from noninterference.acts import DECISIONS, Act, has_child
from noninterference.further_acts import DAYS_UNTIL_ONE_MAY_END_ALONE
from noninterference.history import History, third_of
from noninterference.installation import INSTITUTION, MUNICIPALITY, SIDES, other
from noninterference.onward_acts import AFTER_TELLING_A_THIRD
from noninterference.own_acts import AFTER, OF_THE_DRAWN_IN, ON_A_CASE, ON_AN_INFOHUS

SHARED_ACTS = (6, 16)
PAST_WHO_SIGNS = 8
"""How much likelier than other acts past the other side it is that one's own open proposal is changed; few are open."""
LIKELIER_TO_END = 12
"""How much likelier than another act it is that a side ends alone, where it has proposed a closure."""
PAUSES = (0.5, 3.0, 3.0, 20.0, 20.0, 200.0, 200.0, 1440.0, 9000.0)
"""Minutes between two shared acts: from the same minute to a week."""
AT_THE_END = (
    "search", "report the log to a person", "export the journal note", "tell the other", "propose a closure", "read",
)
"""What the observing side does last in every case: acts whose answers could tell of all that stands there."""
BETWEEN_READINGS = 0.3
"""How often hidden acts stand between two readings of their case."""
NEXT = {"cleared": "scope", "accepted": "screening", "recommending": "recommendation"}
"""The joint decision that leads on from a stage."""
LEADS_TO = {
    ("scope", 0): "accepted", ("scope", 1): "accepted", ("scope", 2): "accepted",
    ("screening", 0): "recommending", ("screening", 1): "qualifying", ("recommendation", 0): "acting",
}
"""Where a signed decision with an outcome leads; the others end the case, or leave it where it is."""


Possible = tuple[float, Callable[[], object]]
"""How likely something is, and what adds it to the history."""
Doing = Callable[..., Callable[[], object]]
Hidden = list[tuple[str, Act | None]]
"""What can be done unseen, and about what made by which earlier act."""


@dataclass
class CaseSoFar:
    """What is known of a case while its history is written."""

    number: int
    opened_by: str
    choice: int
    stage: str = "received"
    proposal: Act | None = None
    made: dict[str, list[Act]] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[Act]:
        """List what acts of these kinds made."""
        return [act for kind in kinds for act in self.made.get(kind, ())]


class Author:
    """Writes a history that one of the two sides looks at."""

    at_the_end: tuple[str, ...] = AT_THE_END

    def __init__(self, seed: int) -> None:
        """Begin with nothing written."""
        self.seed = seed
        self.drawn = random.Random(seed)
        self.observer = self.drawn.choice(SIDES)
        self.hides = other(self.observer)
        self.passes_on = self.drawn.random() < 0.5
        self.acts: list[Act] = []
        self.cases: list[CaseSoFar] = []
        self.minute = 0.0

    def history(self) -> History:
        """Write one."""
        self.open()
        self.begin()
        for _ in range(self.drawn.randint(*SHARED_ACTS)):
            if self.drawn.random() < 0.08 and len(self.cases) < 3:
                self.open()
                continue
            self.hide()
            case = self.drawn.choice(self.cases)
            choices = list(self.possible(case))
            self.drawn.choices(choices, [weight for weight, _ in choices])[0][1]()
        self.hide()
        for case in self.cases:
            for kind in self.at_the_end:
                self.add(kind, self.observer, case=case)
        return History(self.seed, self.observer, tuple(self.acts))

    def begin(self) -> None:
        """Begin more than half of the histories further on in a case."""
        if self.drawn.random() < 0.7:
            self.lead_on(self.cases[0], self.drawn.choice([1, 3, 5, 7, 7, 7, 7, 7]))

    def hands_over(self, case: CaseSoFar) -> bool:
        """Say whether its child, if any, is handed over in both runs: by the municipality, or one that is alike."""
        is_alike = self.acts[case.number].choice_elsewhere is None
        return has_child(case.choice) and (is_alike or case.opened_by == MUNICIPALITY)

    def lead_on(self, case: CaseSoFar, acts: int) -> None:
        """Bring a case some acts further, with nobody looking."""
        first = len(self.acts)
        if self.drawn.random() < 0.5 or self.passes_on:
            self.add("invite", self.hides, case=case, choice=2 + 3 * self.drawn.randrange(5))
        if self.hands_over(case):
            self.add("hand over the child", case.opened_by, case=case, about=case.number)
        for _ in range(acts):
            if case.proposal is not None:
                self.sign(case)
            elif case.stage == "received":
                self.check(case)
            elif case.stage in NEXT:
                self.propose(case, NEXT[case.stage], choice=self.leading(NEXT[case.stage]))
            elif case.stage == "qualifying":
                self.add("open an assessment", self.drawn.choice(SIDES), case=case)
                break
        self.acts[first:] = [replace(act, is_looked_at=False) for act in self.acts[first:]]

    # --- shared acts -------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open a case; what the hiding side writes is another in the second run, unless the concern is told later."""
        side = self.drawn.choice(SIDES)
        choice = self.drawn.choice([1, 1, 2, 3, 4, 8, 9, 17, 0])
        differs = side == self.hides and self.drawn.random() < 0.5
        elsewhere = self.drawn.choice([0, 1, 2, 4, 8, 12, 21]) if differs else None
        number = len(self.acts)
        case = CaseSoFar(number, side, choice)
        self.cases.append(case)
        self.add("open a case", side, case=case, choice=choice, choice_elsewhere=elsewhere)

    def possible(self, case: CaseSoFar) -> Iterator[Possible]:
        """List what can be shared next in a case, and how likely it is."""
        side = self.drawn.choice(SIDES)

        def do(kind: str, by: str = side, **more: Any) -> Callable[[], Act]:
            return lambda: self.add(kind, by, case=case, **more)

        yield 2, do("tell the other")
        for kind in ("tell by phone", "report danger", "ask the other", "invite"):
            yield 1, do(kind)
        yield 4, do(self.drawn.choice(ON_A_CASE), self.observer)
        yield 1, do(self.drawn.choice(ON_AN_INFOHUS), self.observer)
        for kinds, after, by_maker in _FOLLOWS:
            for act in case.of(*kinds)[-2:]:
                yield 1, do(after, act.side if by_maker else other(act.side), about=act.number)
        opening = self.acts[case.number]
        if opening.choice_elsewhere is None:
            yield 2, do("tell of a concern", case.opened_by, about=case.number)
        if self.third_takes_part(case):
            much = 5 if self.passes_on else 1
            yield 2 * much, do("tell both", self.hides)
            yield 4 * much, lambda: self.correct_when_withdrawn(case)
            yield much, do("tell the other", self.observer)
            for act in case.of("tell both")[-2:]:
                yield 2 * much, do("correct an exchange", self.hides, about=act.number)
            for act in case.of("tell the other")[-2:]:
                if act.side == self.observer:
                    elsewhere = self.drawn.randrange(40)
                    yield 3 * much, do("pass on", self.hides, about=act.number, choice_elsewhere=elsewhere)
        yield from self.leading_on(case, do)

    def correct_when_withdrawn(self, case: CaseSoFar) -> None:
        """Tell both and correct it; in one run it was withdrawn from the third meanwhile."""
        told = self.add("tell both", self.hides, case=case)
        self.hidden("withdraw from the third", case, told, by=self.hides)
        self.add("correct an exchange", self.hides, case=case, about=told.number)

    def take_over(self, case: CaseSoFar) -> None:
        """Let the police take the case over, for another reason in the second run where the municipality looks."""
        elsewhere = self.drawn.randrange(40) if self.hides == "police" else None
        self.add("take over", "police", case=case, choice_elsewhere=elsewhere)
        case.stage, case.proposal = "closed", None

    def leading_on(self, case: CaseSoFar, do: Doing) -> Iterator[Possible]:
        """List what brings the case to its next stage."""
        yield 0.4, lambda: self.take_over(case)
        if case.proposal is not None:
            yield 9, lambda: self.sign(case)
            yield 1, do("amend a proposal", case.proposal.side, about=case.proposal.number)
            if case.proposal.kind == "propose a closure":
                yield 1, do("take back the signature", case.proposal.side, about=case.proposal.number)
            if case.proposal.kind == "propose a scope":
                yield 0.5, do("differ on the scope", other(case.proposal.side), about=case.proposal.number)
        elif case.stage == "received":
            yield 9, lambda: self.check(case)
        else:
            yield from self.at_stage(case, do)
            yield (2 if case.stage != "closed" else 0.2), lambda: self.propose(case, "closure")

    def at_stage(self, case: CaseSoFar, do: Doing) -> Iterator[Possible]:
        """List what a stage after the police check, and no other, asks for."""
        if case.stage == "cleared":
            yield 1, do("state a first view")
            for act in case.of("state a first view"):
                if act.shared:
                    yield 2, do("reveal a first view", act.side, about=act.number)
        if case.stage in NEXT:
            if case.stage == "accepted" and self.hands_over(case):
                yield 6, do("hand over the child", case.opened_by, about=case.number)
            yield 9, lambda: self.propose(case, NEXT[case.stage])
        if case.stage == "qualifying":
            yield 6, do("open an assessment")
            for act in case.of("open an assessment")[-1:]:
                yield 5, do("contribute", about=act.number)
                yield 3, do("conclude", about=act.number)
                yield 3, do("sign a proposal", about=act.number)
        if case.stage == "acting":
            yield 5, do("measure, told")
            yield 2, do("measure, untold", self.observer)

    def check(self, case: CaseSoFar) -> None:
        """Let the police check."""
        self.add("check", "police", case=case)
        case.stage = "cleared"

    def propose(self, case: CaseSoFar, kind: str, *, choice: int | None = None) -> None:
        """Propose a joint decision."""
        case.proposal = self.add(f"propose a {kind}", self.drawn.choice(SIDES), case=case, choice=choice)

    def leading(self, kind: str) -> int:
        """Choose an outcome that leads on."""
        outcomes = [outcome for leading, outcome in LEADS_TO if leading == kind]
        return self.drawn.choice([*outcomes[:1] * 2, *outcomes])

    def sign(self, case: CaseSoFar) -> None:
        """Sign the open proposal, so that the case goes on."""
        proposal = case.proposal
        assert proposal is not None
        self.add("sign a proposal", other(proposal.side), case=case, about=proposal.number)
        kind = proposal.kind.rsplit(" ", 1)[-1]
        outcome = proposal.choice % len(DECISIONS[kind][2])
        case.stage = LEADS_TO.get((kind, outcome), "closed" if kind in {"closure", "scope"} else case.stage)
        case.proposal = None

    # --- hidden acts -------------------------------------------------------------------------------------------------

    def hide(self) -> None:
        """Strew in what the other side does for itself, in one run only or differently in the second.

        Sometimes between two readings of the case, so that an entity tag or a hash that changes meanwhile is seen to.
        """
        compared = self.drawn.choice(self.cases) if self.drawn.random() < BETWEEN_READINGS else None
        if compared is not None:
            self.read_again(compared)
        self.hide_some(only_in=compared)
        if compared is not None:
            self.read_again(compared)

    def read_again(self, case: CaseSoFar) -> None:
        """Let the observing side read a case and its exchanges, and nothing else."""
        act = self.add("read again", self.observer, case=case, choice=0)
        self.acts[act.number] = replace(act, is_looked_at=False)

    def hide_some(self, *, only_in: CaseSoFar | None) -> None:
        """Add some hidden acts."""
        for _ in range(self.drawn.choice([0, 1, 1, 2, 2, 3, 4])):
            case = only_in or self.drawn.choice(self.cases)
            kinds: Hidden = [(kind, None) for kind in ON_A_CASE]
            kinds += [(kind, None) for kind in ON_AN_INFOHUS]
            if self.third_takes_part(case):
                kinds += [("tell the third authority", None)] * 5 + [("ask the third authority", None)] * 3
                kinds += list(self.past_the_other(case)) * (8 if self.passes_on else 3)
            kinds += [("tell PET", act) for act in case.of("tell the other")] * 2
            kinds += [
                ("end the own side", act) for act in (case.proposal,)
                if act is not None and (act.kind, act.side) == ("propose a closure", self.hides)
            ] * LIKELIER_TO_END
            kinds += [("measure, untold", None)] * (14 if case.stage == "acting" else 0)
            kinds += [
                (after, act) for before, those in AFTER.items() for act in case.of(before) if act.side == self.hides
                for after in those
            ] * 2
            children = case.of("open a case", "add a concern") if self.hides == MUNICIPALITY else ()
            kinds += [("hand over the child", act) for act in children if act.side == MUNICIPALITY] * 2
            kind, about = self.drawn.choice(kinds)
            institution = self.institution_hidden(case)
            if institution and self.drawn.random() < 0.2:
                kind, about = self.drawn.choice(institution)
                self.hidden(kind, case, about, by=INSTITUTION)
            else:
                self.hidden(kind, case, about, by=self.hides)

    def institution_hidden(self, case: CaseSoFar) -> Hidden:
        """List what an institution that the hiding side drew in can do, seen at most by that side."""
        if third_of(self.seed) != INSTITUTION or not self.third_takes_part(case):
            return []
        told = [act for act in case.of("tell both", "tell the third authority") if act.side == self.hides]
        return [
            *((kind, None) for kind in OF_THE_DRAWN_IN), *(("acknowledge an exchange", act) for act in told[-3:])
        ]

    def third_takes_part(self, case: CaseSoFar) -> bool:
        """Say whether the hiding side has drawn in somebody of a third authority."""
        return any(act.side == self.hides and act.choice % 3 == 2 for act in case.of("invite"))

    def past_the_other(self, case: CaseSoFar) -> Iterator[tuple[str, Act]]:
        """List what the hiding side can do past the other about what it told a third, or proposed."""
        for before, after in AFTER_TELLING_A_THIRD.items():
            yield from ((after, act) for act in case.of(before) if act.side == self.hides)
        if case.proposal is not None:
            likely = PAST_WHO_SIGNS if case.proposal.side == self.hides else 1
            yield from [("change a proposal past the other", case.proposal)] * likely

    def hidden(self, kind: str, case: CaseSoFar, about: Act | None, *, by: str) -> None:
        """Add a hidden act, which may be done by an invited professional; ending alone waits for the other's days."""
        if kind == "end the own side":
            self.minute += DAYS_UNTIL_ONE_MAY_END_ALONE * 1440
        runs = "A" if about is None or about.shared else about.runs
        differently = self.drawn.random() < 0.2 and runs != "B"
        guests = [act for act in case.of("invite") if act.side == by]
        role = "guest" if guests and kind in {"note", "read"} and self.drawn.random() < 0.4 else "tovholder"
        self.add(
            kind, by, case=case, shared=False, runs="AB" if differently and about is None else runs,
            about=None if about is None else about.number, role=role,
            choice_elsewhere=self.drawn.randrange(40) if differently else None,
        )

    def add(self, kind: str, side: str, *, case: CaseSoFar, **more: Any) -> Act:
        """Add an act at a later time, or, when it is hidden, in the pause before the next shared one."""
        shared = more.get("shared", True)
        self.minute += self.drawn.choice(PAUSES) if shared else self.drawn.random()
        choice = more.pop("choice", None)
        act = Act(
            len(self.acts), kind, side, round(self.minute, 2), case=case.number,
            choice=self.drawn.randrange(40) if choice is None else choice, **more,
        )
        self.acts.append(act)
        case.made.setdefault(kind, []).append(act)
        return act


_FOLLOWS = (
    (("tell the other", "tell by phone"), "correct an exchange", True),
    (("tell the other", "tell by phone", "tell both", "report danger"), "withdraw an exchange", True),
    (
        ("tell the other", "tell by phone", "tell both", "correct an exchange", "report danger"),
        "acknowledge an exchange", False,
    ),
    (("ask the other",), "decline", False),
    (("ask the other",), "answer by telling", False),
    (("invite",), "end a participation", True),
    (("invite",), "extend a participation", True),
    (("measure, told",), "follow up, told", True),
)
"""After which acts which can follow, by whoever did the first (`True`) or by the other side."""
