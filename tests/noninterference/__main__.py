"""`make noninterference`: a thousand histories, or with `--leaks` the leaks that they must find."""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from conftest import Database, clone_of
from noninterference.acts import DOINGS
from noninterference.finding_leaks import hunt
from noninterference.histories import history_of
from noninterference.history import History
from noninterference.installation import Installation
from noninterference.opening import open_installation
from noninterference.planted_leaks import PlantedLeak, leaks
from noninterference.playing import Difference, compare
from noninterference.server import migrated_template
from noninterference.shrinking import shrunk

PLACES = 800
LEAKS_IN_ONE = 6
SAID_EVERY = 20
"""After so many histories a line says how far it is."""
ENOUGH = 1000
"""So many histories must reach every kind of act."""
MOST_STRUCK = 0.1
"""More of the shared acts may not be refused in one run alone: a service that refuses would hide what it tells."""
ALWAYS_REFUSED = {"try what is refused", "erase", "change a proposal past the other"}
RESULTS = Path(__file__).resolve().parents[2] / "var" / "noninterference.json"
Result = TypeVar("Result")


class Session:
    """Plays in installations, each on a clone of a migrated database."""

    def __init__(self, template: Database, folder: Path, asked: argparse.Namespace) -> None:
        """Take what was asked for on the command line."""
        self._template = template
        self._folder = folder
        self._asked = asked
        self._opened = 0
        self._console = Console(highlight=False, soft_wrap=True)
        self.done: Counter[str] = Counter()
        self.played = 0
        self.compared = 0
        self.shared, self.struck = 0, 0
        self.differing: list[tuple[int, int]] = []
        self._began = time.monotonic()

    @property
    def seconds(self) -> int:
        """How long it has taken until now."""
        return round(time.monotonic() - self._began)

    def account(self) -> str:
        """Say in a line what was played until now."""
        return (
            f"{self.played} histories, {self.struck} of {self.shared} shared acts struck, "
            f"{self.compared} answers compared, {len(self.differing)} differ, {self.seconds} s"
        )

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False)

    def in_installation(self, play: Callable[[Installation], Awaitable[Result]]) -> Result:
        """Open one, and play in it."""
        self._opened += 1

        async def opened(database: Database) -> Result:
            folder = self._folder / f"installation-{self._opened}"
            async with open_installation(database, folder, places=PLACES) as installation:
                return await play(installation)

        with clone_of(self._template) as database:
            return asyncio.run(opened(database))

    async def play(self, installation: Installation, pending: list[History]) -> None:
        """Play histories until the installation is used up, or one differs."""
        while pending and not installation.is_used_up:
            history = pending.pop(0)
            played = await compare(installation, history, looks=self._asked.looks)
            self.played += 1
            self.done.update(played.done)
            self.compared += played.answers_compared
            self.shared += sum(act.shared for act in history.acts)
            self.struck += len(played.struck)
            if self.played % SAID_EVERY == 0:
                self.say(f"{self.account()}; {len(pending)} left")
            if played.difference is None:
                continue
            self.differing.append((history.seed, history.order))
            if not self._asked.go_on:
                await self._show_small(installation, history, played.difference)
                pending.clear()
                return
            self.say(f"\nseed {history.seed}, order {history.order}: {played.difference}")

    async def _show_small(self, installation: Installation, history: History, difference: Difference) -> None:
        async def finding(candidate: History) -> Difference | None:
            return (await compare(installation, candidate, looks=self._asked.looks)).difference

        self.say(f"seed {history.seed}, order {history.order}: {difference}\nmaking it small …")
        self.say("{}\n{}".format(*await shrunk(history, difference, finding)))


def play_histories(session: Session, histories: Sequence[History]) -> bool:
    """Play them; true when none differs."""
    pending = list(histories)
    while pending:
        session.in_installation(lambda installation: session.play(installation, pending))
    session.say(session.account())
    session.say(f"acts done: {dict(session.done.most_common())}")
    never = sorted(DOINGS.keys() - session.done.keys() - ALWAYS_REFUSED)
    if never:
        session.say(f"kinds of act that nobody was allowed: {', '.join(never)}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({
        "histories": session.played, "shared_acts": session.shared, "struck": session.struck,
        "answers_compared": session.compared, "differing": session.differing,
        "seconds": session.seconds, "acts_done": session.done,
    }, indent=1), encoding="utf-8")
    has_too_few = session.struck > MOST_STRUCK * session.shared
    if has_too_few:
        session.say("too many shared acts are struck: what is refused in one run alone is no longer compared")
    return not session.differing and not has_too_few and not (never and len(histories) >= ENOUGH)


async def _hunt(
    some: Sequence[PlantedLeak], say: Callable[[str], None], installation: Installation
) -> list[PlantedLeak]:
    return await hunt(installation, some, say)


def hunt_leaks(session: Session, all_of_them: Sequence[PlantedLeak]) -> bool:
    """Put in one leak after another; true when all are found."""
    missed = list[PlantedLeak]()
    for first in range(0, len(all_of_them), LEAKS_IN_ONE):
        some = all_of_them[first:first + LEAKS_IN_ONE]
        missed += session.in_installation(partial(_hunt, some, session.say))
    kinds = {leak.kind for leak in all_of_them}
    session.say(f"{len(all_of_them)} leaks of {len(kinds)} kinds, {len(missed)} not found")
    return not missed


def main() -> int:
    """Play, and say what was found."""
    parser = argparse.ArgumentParser(prog="make noninterference")
    parser.add_argument("--leaks", action="store_true", help="put leaks in, which must be found")
    parser.add_argument("--only", default="", help="only leaks in whose name this stands")
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--order", type=int, default=0, help="the first order of rows that a statement leaves open")
    parser.add_argument("--orders", type=int, default=1, help="in how many such orders each history is played")
    parser.add_argument("--go-on", action="store_true", help="go on after a difference, without making it small")
    parser.add_argument("--looks", type=float, default=2.0, help="how much is looked at, as a factor")
    asked = parser.parse_args()
    with migrated_template() as (template, folder):
        session = Session(template, folder, asked)
        if asked.leaks:
            return 0 if hunt_leaks(session, [leak for leak in leaks() if asked.only in leak.name]) else 1
        histories = [
            history_of(seed, order) for seed in range(asked.first, asked.first + asked.histories)
            for order in range(asked.order, asked.order + asked.orders)
        ]
        return 0 if play_histories(session, histories) else 1


if __name__ == "__main__":
    sys.exit(main())
