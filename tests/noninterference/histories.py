"""The history of a seed: mostly one of the two sides looks, sometimes an institution that was drawn in."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from noninterference.acts import Act
from noninterference.generating import Author, CaseSoFar, Hidden, Possible
from noninterference.history import History, third_of
from noninterference.installation import INSTITUTION, SIDES, other
from noninterference.own_acts import AFTER, OF_THE_DRAWN_IN, ON_A_CASE, ON_AN_INFOHUS

LOOKS_DRAWN_IN = 0.3
"""In how many of the histories with an institution it is the institution that looks."""
TELLS_IT = ("tell both", "tell the third authority")
TELLS_THE_OTHER = ("tell the other", "tell by phone")


class _Institution(Author):
    """Writes a history that an institution looks at: what the sides tell each other is as hidden as what each keeps."""

    at_the_end = ("read again", "read", "note", "report the log to a person")

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.observer = INSTITUTION
        self.passes_on = True

    def begin(self) -> None:
        """Draw the institution in, for it sees nothing before."""
        self.lead_on(self.cases[0], self.drawn.choice([0, 1, 3, 5, 7, 7]))

    def possible(self, case: CaseSoFar) -> Iterator[Possible]:
        """List what the institution can do or learn."""
        side = self.drawn.choice(SIDES)

        def do(kind: str, by: str = side, **more: Any) -> Callable[[], Act]:
            return lambda: self.add(kind, by, case=case, **more)

        yield 6, do(self.drawn.choice(OF_THE_DRAWN_IN), INSTITUTION)
        yield 0.3, do("leave", INSTITUTION)
        yield 1, do("invite", choice=2 + 3 * self.drawn.randrange(5))
        for kind in TELLS_IT:
            yield 4, do(kind)
        yield 1, do("ask the third authority")
        yield 1, do("tell the other")
        for kinds, after, by_maker, how_likely in _FOLLOWS:
            for act in [act for act in case.of(*kinds) if act.shared][-2:]:
                yield how_likely, do(after, act.side if by_maker else other(act.side), about=act.number)
        for act in [act for act in case.of(*TELLS_IT) if act.shared][-2:]:
            yield 2, do("acknowledge an exchange", INSTITUTION, about=act.number)
        yield from self.leading_on(case, do)

    def hide_some(self, *, only_in: CaseSoFar | None) -> None:
        """Add some acts of either side that the institution is not told of."""
        for _ in range(self.drawn.choice([0, 1, 1, 2, 2, 3, 4])):
            case, by = only_in or self.drawn.choice(self.cases), self.drawn.choice(SIDES)
            kind, about = self.drawn.choice(self.hidden_by(by, case))
            self.hidden(kind, case, about, by=by)

    def hidden_by(self, by: str, case: CaseSoFar) -> Hidden:
        """List what a side can do unseen by the institution."""
        kinds: Hidden = [(kind, None) for kind in (*ON_A_CASE, *ON_AN_INFOHUS)]
        kinds += [(kind, None) for kind in (*TELLS_THE_OTHER, "ask the other")] * 4
        kinds += [("measure, untold", None)] * (8 if case.stage == "acting" else 0)
        kinds += [
            (after, act) for before, those in AFTER.items() for act in case.of(before) if act.side == by
            for after in those if after not in TELLS_IT
        ] * 2
        between = [act for act in case.of(*TELLS_THE_OTHER) if not act.shared]
        kinds += [("correct an exchange", act) for act in between if act.side == by] * 2
        kinds += [("acknowledge an exchange", act) for act in between if act.side != by] * 2
        kinds += [("acknowledge an exchange", act) for act in case.of("tell both") if act.side != by] * 2
        kinds += [("withdraw an exchange", act) for act in case.of("tell both") if act.side == by] * 4
        return kinds


_FOLLOWS = (
    (TELLS_IT, "correct an exchange", True, 2), (TELLS_IT, "withdraw from the third", True, 2),
    (("tell the other",), "pass on", False, 2), (("invite",), "end a participation", True, 0.3),
    (("invite",), "extend a participation", True, 1),
)
"""After which shared acts which can follow, by whoever did the first (`True`) or by the other side, and how likely."""


def history_of(seed: int, order: int = 0) -> History:
    """Write the history of a seed, to be played with rows in an order."""
    looks = third_of(seed) == INSTITUTION and random.Random(f"who looks {seed}").random() < LOOKS_DRAWN_IN
    return replace((_Institution if looks else Author)(seed).history(), order=order)
