"""A history played twice, step by step side by side, and the first thing that differs.

In run B rows come in any order that their statement leaves open: an answer that shows the order differs, too.
"""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from noninterference import acts, observing
from noninterference.acts import Act
from noninterference.canonical import Numbering, differences
from noninterference.history import History
from noninterference.installation import Answer, Installation, Run

LOOKS_AFTER_AN_ACT = 3
FINAL_LOOKS = 48
"""How many GETs are looked at; the suite looks at half as many, `make noninterference` at twice as many."""
SHOWN = 700
"""So many characters of an answer are shown on each side of the first place that differs."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first answer in which the runs differ: after which act, to what, and how."""

    after: int
    request: str
    operation: str
    answers: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def places(self) -> list[str]:
        """List what differs: the status, headers by name, and JSON pointers into the body."""
        one, another = self.answers
        if one[0] != another[0]:
            return ["status"]
        heads = [
            {line.partition(":")[0]: line for line in answer[1:-1]} for answer in self.answers
        ]
        found = [name for name in sorted({*heads[0], *heads[1]}) if heads[0].get(name) != heads[1].get(name)]
        try:
            bodies = json.loads(one[-1]), json.loads(another[-1])
        except ValueError:
            return [*found, "body"] if one[-1] != another[-1] else found
        return [*found, *sorted(set(differences(*bodies)))]

    def __str__(self) -> str:
        """Say what differs, and show both answers around the first place where they do."""
        one, another = (answer[-1] for answer in self.answers)
        at = next((at for at, (a, b) in enumerate(zip(one, another, strict=False)) if a != b), 0)
        shown = "\n".join(
            f"  run {name}: {answer[0]} … {answer[-1][max(0, at - SHOWN):at + SHOWN]} …"
            for name, answer in zip("AB", self.answers, strict=True)
        )
        return f"after act {self.after}, {self.request} ({self.operation}) differs in {', '.join(self.places)}\n{shown}"


class Struck(Exception):  # noqa: N818 - names the situation
    """A shared act of the other side was refused in one run alone: the history is played again without it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass
class _Play:
    run: Run
    name: str
    numbering: Numbering


@dataclass
class Played:
    """What came of a history."""

    difference: Difference | None = None
    struck: list[int] = field(default_factory=list)
    """Shared acts that were left out, because the other side was refused them in one run alone."""
    answers_compared: int = 0
    done: set[str] = field(default_factory=set)
    """The kinds of act that were done, and not refused, in a run."""


async def compare(installation: Installation, history: History, *, looks: float = 1.0) -> Played:
    """Play a history in two runs and compare what the observing side sees, until something differs."""
    played = Played()
    remaining = list(history.acts)
    while True:
        try:
            played.difference = await _Comparison(installation, history, played, looks).play(remaining)
        except Struck as struck:
            played.struck.append(struck.number)
            remaining = [act for act in remaining if act.number != struck.number]
        else:
            return played


class _Comparison:
    def __init__(self, installation: Installation, history: History, played: Played, looks: float) -> None:
        self._installation = installation
        self._history = history
        self._played = played
        self._looks = looks
        self._plays: list[_Play] = []

    async def play(self, remaining: Sequence[Act]) -> Difference | None:
        for name in "AB":
            run = await self._installation.run()
            run.third = run.authorities.get(self._history.third, self._history.third)
            if name == "B":
                run.shuffled_by = random.Random(f"{self._history.seed} {self._history.order}")
            self._plays.append(_Play(run, name, Numbering(run.mark)))
        pending: list[Act] = []
        for act in remaining:
            if not act.shared:
                pending.append(act)
                continue
            difference = await self._step(pending, act)
            if difference is not None:
                return difference
            pending.clear()
        return await self._look(-1, observing.final_looks(
            self._plays[0].run, self._made(), f"{self._history.seed} end", count=int(FINAL_LOOKS * self._looks)
        ))

    async def _step(self, hidden: Sequence[Act], act: Act) -> Difference | None:
        answers, were_played = [], set()
        for play in self._plays:
            for one in hidden:
                if play.name in one.runs:
                    self._clock(one)
                    await self._play(play, one)
            self._clock(act)
            were_played.add(await self._play(play, act))
            answers.append(list(play.run.answers))
        if len(were_played) > 1:
            raise Struck(act.number)  # it is about what was made in one run alone
        difference = self._judge(act, *answers)
        if difference is not None or not act.is_looked_at:
            return difference
        count = max(1, int(LOOKS_AFTER_AN_ACT * self._looks))
        looks = observing.some_looks(
            self._plays[0].run, self._made(), f"{self._history.seed} {act.number}", count=count,
            often=0.4 * min(1.0, self._looks),
        )
        return await self._look(act.number, looks)

    def _judge(
        self, act: Act, one: list[tuple[str, Answer]], another: list[tuple[str, Answer]]
    ) -> Difference | None:
        if act.side != self._history.observer:
            refused = [any(not answer.is_success for _, answer in answers) for answers in (one, another)]
            if refused[0] != refused[1]:
                raise Struck(act.number)
            return None
        for (path, left), (elsewhere, right) in zip(one, another, strict=False):
            difference = self._compared(act.number, act.kind, (path, left), (elsewhere, right), act.kind)
            if difference is not None:
                return difference
        return None

    async def _look(self, after: int, looks: Sequence[observing.Look]) -> Difference | None:
        for look in looks:
            one, another = await asyncio.gather(*(self._looked_at(play.run, look) for play in self._plays))
            request = f"GET {look.path} as {look.role} {[number for _, number, _ in look.ids]}"
            difference = self._compared(after, look.operation, one, another, request)
            if difference is not None:
                return difference
        return None

    async def _looked_at(self, run: Run, look: observing.Look) -> tuple[str, Answer]:
        address = look.address(run)
        return address, await run.send(self._history.observer, "GET", address, role=look.role)

    def _compared(
        self, after: int, operation: str, one: tuple[str, Answer], another: tuple[str, Answer], request: str
    ) -> Difference | None:
        self._played.answers_compared += 1
        written = []
        for play, (path, answer) in zip(self._plays, (one, another), strict=True):
            written.append(play.numbering.answer(path, answer))
        if written[0] == written[1]:
            return None
        return Difference(after, request, operation, (written[0], written[1]))

    def _made(self) -> dict[int, Any]:
        """Name what was made in either run."""
        return {**self._plays[1].run.made, **self._plays[0].run.made}

    def _clock(self, act: Act) -> None:
        self._installation.clock.at = self._history.begins_at + timedelta(minutes=act.at_minute)

    async def _play(self, play: _Play, act: Act) -> bool:
        choice = act.choice_elsewhere
        if choice is not None and play.name == "B":
            act = acts.with_choice(act, choice)
        was_played = await acts.play(play.run, act)
        if play.run.answers and all(answer.is_success for _, answer in play.run.answers):
            self._played.done.add(act.kind)
        return was_played
