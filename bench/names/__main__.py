"""`make names NAMES=folder`: how well misspelt names are found, who comes along, and how long it takes.

The folder holds tables of invented people, `names*.tsv` and `distractors*.tsv`, as docs/decisions/0032 describes them.
Ends with 1 where a target is missed.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

from measuring import TARGETS, Asked, Measured, People, measure
from rich.console import Console
from rich.table import Table

from infohus.cases.persons.comparison.parts import prepare
from infohus.cases.persons.comparison.ranking import Compared, Register
from infohus.cases.persons.family_names import family_names

SIZES = {1_000: None, 3_000: 50, 10_000: 100}
"""Persons in a register, and the milliseconds in which 95 of 100 rankings are to be done."""
_TIMED = 60
_SAMPLE = 1_000


def main() -> None:
    """Measure, print, and fail where a target is missed."""
    arguments = argparse.ArgumentParser(prog="names", description=__doc__)
    arguments.add_argument("folder", type=Path, help="with names*.tsv and distractors*.tsv")
    people = People.read(arguments.parse_args().folder)
    if not people.rows:
        sys.exit("There are no names*.tsv in this folder.")
    console = Console()
    register = Register(people.compared)
    missed = []
    for asked in Asked:
        found = measure(people, register, asked)
        console.print(_table(asked, found))
        missed += [f"{asked.value}: {one}" for one in found.missed(TARGETS[asked])]
    console.print(_leakage(people))
    missed += _too_slow(console, people)
    for one in missed:
        console.print(f"MISSED {one}", style="bold")
    sys.exit(1 if missed else 0)


def _table(asked: Asked, found: Measured) -> Table:
    table = Table(
        title=f"{asked.value}: {found.recall:.2f} % among the first ten, {found.shown_share:.2f} % by a score that is "
        f"shown; wrong people where 95 % are: {found.wrong:.2f}",
        title_justify="left",
    )
    for column in ("language or kind", "wanted", "found, %"):
        table.add_column(column)
    for key in sorted(key for key in found.wanted if key):
        table.add_row(key, str(found.wanted[key]), f"{100 * found.found[key] / found.wanted[key]:.1f}")
    return table


def _leakage(people: People) -> Table:
    """Show which names of 1,000 persons whoever has the database recovers without a key, who knows how common each is.

    A full and a given name are stored sealed alone. `subject.family_names` is a keyed index for each family name: equal
    names have equal indexes, so the commonest index is taken for the commonest name, and so on.
    """
    drawn = random.Random(3)  # noqa: S311 - draws invented people
    rows = drawn.sample(people.rows, min(_SAMPLE, len(people.rows)))
    table = Table(title="names recovered from the database without a key, %", title_justify="left")
    for column in ("", "from what is stored", "by guessing the commonest"):
        table.add_column(column)
    for kind, names in (("full", _full), ("family", _family), ("given", _given)):
        everywhere, here = Counter(n for r in people.rows for n in names(r.name)), Counter(
            n for r in rows for n in names(r.name)
        )
        alike = sum(
            count for (name, count), (guess, _) in zip(here.most_common(), everywhere.most_common(), strict=False)
            if name == guess
        ) if kind == "family" else 0
        commonest = here[everywhere.most_common(1)[0][0]]
        table.add_row(kind, *(f"{100 * one / here.total():.1f}" for one in (alike, commonest)))
    return table


def _full(name: str) -> list[str]:
    return [name]


def _family(name: str) -> list[str]:
    return sorted(family_names(name))


def _given(name: str) -> list[str]:
    return name.split()[:1]


def _too_slow(console: Console, people: People) -> Iterator[str]:
    drawn = random.Random(7)  # noqa: S311 - draws invented people
    for size, target in SIZES.items():
        persons = [*people.compared, *_invented(people, drawn, size)][:size]
        taken = []
        for asked in drawn.sample(people.rows, min(_TIMED, len(people.rows))):
            begun = time.perf_counter()
            Register(persons).likely(prepare(asked.name), asked.born)
            taken.append(1_000 * (time.perf_counter() - begun))
        slowest = quantiles(taken, n=20)[-1]
        console.print(f"{size} persons: 95 of 100 rankings within {slowest:.0f} ms")
        if target is not None and slowest > target:
            yield f"{size} persons take {slowest:.0f} ms, to hold: {target}"


def _invented(people: People, drawn: random.Random, wanted: int) -> Iterator[Compared]:
    """Give people with a given name of one and a family name of another."""
    for _ in range(wanted):
        one, other = drawn.sample(people.rows, 2)
        yield Compared([prepare(f"{one.name.split()[0]} {other.name.split()[-1]}")], one.born)


if __name__ == "__main__":
    main()
