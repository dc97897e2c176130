"""`make noninterference`: a thousand histories, or with `--leaks` the leaks that they must find."""

import argparse
import asyncio
import sys
import time
from collections import Counter
from pathlib import Path

from conftest import Database, clone_of
from noninterference.generating import history_of
from noninterference.installation import open_installation
from noninterference.playing import compare
from noninterference.server import migrated_template

PLACES = 120


def main() -> int:
    """Play, and say what was found."""
    parser = argparse.ArgumentParser(prog="make noninterference")
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--go-on", action="store_true", help="go on after a difference, without shrinking")
    parser.add_argument("--looks", type=float, default=1.0, help="how much is looked at, as a factor")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.histories)
    with migrated_template() as (template, folder):
        return play(template, folder, seeds, asked)


def play(template: Database, folder: Path, seeds: range, asked: argparse.Namespace) -> int:
    """Play the histories of the seeds, in as many installations as it takes."""
    pending, differing, began = list(seeds), 0, time.monotonic()
    done: Counter[str] = Counter()
    compared = 0

    async def in_one(dsns: tuple[str, str, str]) -> None:
        nonlocal differing, compared
        async with open_installation(dsns, folder / str(len(pending)), places=PLACES) as installation:
            while pending and not installation.is_used_up:
                seed = pending.pop(0)
                played = await compare(installation, history_of(seed), looks=asked.looks)
                done.update(played.done)
                compared += played.answers_compared
                if played.difference is not None:
                    differing += 1
                    print(f"\nseed {seed}: {played.difference}", flush=True)
                    if not asked.go_on:
                        pending.clear()

    while pending:
        with clone_of(template) as database:
            asyncio.run(in_one((database.dsn("app"), database.dsn("superuser"), database.dsn("verifier"))))
    seconds = time.monotonic() - began
    print(f"{len(seeds)} histories, {compared} answers compared, {differing} differ, {seconds:.0f} s")
    print(f"acts done: {dict(done.most_common())}")
    return differing > 0


if __name__ == "__main__":
    sys.exit(main())
