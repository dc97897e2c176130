"""The draw of a log check: the same for everyone, evenly spread, without repeats, and not to be chosen (rule 63)."""

import hashlib
from collections import Counter
from itertools import combinations
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from infohus.__main__ import main
from infohus.audit.checkpoint import Checkpoint, NotACheckpoint, SigningKey
from infohus.audit.cosignature import CosignatureDoesNotHold, WitnessKey, cosign
from infohus.audit.draw import Announced, NotDrawable, draw_from, sample

ORIGIN = "infohus.test/ishoj"
CHECK = UUID("0198c0de-0000-7000-8000-000000000001")
LOG_KEY = SigningKey(bytes(range(32)))
WITNESSES = {f"w{number}.test": SigningKey(bytes([number]) * 32) for number in (1, 2, 3)}
KNOWN = [WitnessKey(name, key.verifier(name).public) for name, key in WITNESSES.items()]
VERIFIER = LOG_KEY.verifier(ORIGIN)
ANNOUNCED = Announced(CHECK, size=900, first=100, last=899, sample=40, need=2)


def note_of(*names: str, size: int = 1000, root: bytes = b"r" * 32, moment: int = 1_800_000_000) -> str:
    """Make a checkpoint that some witnesses cosigned."""
    checkpoint = Checkpoint(ORIGIN, size, root)
    lines = [cosign(checkpoint.text(), WITNESSES[name], name=name, moment=moment) for name in names]
    return LOG_KEY.sign(checkpoint) + "".join(lines)


def drawn_by_hand(note: str, announced: Announced) -> list[int]:
    """Draw as docs/log-check.md says it, with hashlib only."""
    head, _, tail = note.partition("\n\n")
    text = head + "\n"
    origin = text.split("\n", maxsplit=1)[0]
    lines = sorted((line + "\n").encode() for line in tail.splitlines() if not line.startswith(f"— {origin} "))
    hashed = hashlib.sha256()
    said = ["infohus log check seed v1", origin, str(announced.check_id), text]
    for part in [*(one.encode() for one in said), *lines]:
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    places = announced.last - announced.first + 1
    taken: list[int] = []
    counter = 0
    while len(taken) < min(announced.sample, places):
        block = hashlib.sha256(b"infohus log check draw v1" + hashed.digest() + counter.to_bytes(8, "big")).digest()
        counter += 1
        value = int.from_bytes(block[:8], "big")
        place = announced.first + value % places
        if value < 2**64 - 2**64 % places and place not in taken:
            taken.append(place)
    return taken


class WhenItIsDrawn:
    @given(
        size=st.integers(2, 5000), data=st.data(), wanted=st.integers(1, 60), root=st.binary(min_size=32, max_size=32)
    )
    def test_another_program_written_from_the_page_draws_the_same(
        self, size: int, data: st.DataObject, wanted: int, root: bytes
    ) -> None:
        first = data.draw(st.integers(0, size - 2))
        last = data.draw(st.integers(first, min(size - 2, first + 200)))
        announced = Announced(CHECK, size, first, last, wanted, 2)
        note = note_of("w1.test", "w3.test", size=size, root=root)
        draw = draw_from(note, announced, key=VERIFIER, witnesses=KNOWN)
        assert list(draw.indices) == drawn_by_hand(note, announced)
        assert not draw.is_steerable

    @given(st.binary(min_size=32, max_size=32), st.integers(0, 300), st.integers(1, 400), st.data())
    def test_each_is_in_the_period_once(
        self, seed: bytes, first: int, wanted: int, data: st.DataObject
    ) -> None:
        last = first + data.draw(st.integers(0, 200))
        drawn = sample(seed, Announced(CHECK, last + 1, first, last, wanted, 0))
        assert len(drawn) == len(set(drawn)) == min(wanted, last - first + 1)
        assert set(drawn) <= set(range(first, last + 1))

    def test_every_place_comes_as_often_as_another(self) -> None:
        """Chi-squared over 50 places and 4,000 draws of 10: 49 degrees of freedom, beyond 95 once in 10,000 times."""
        announced = Announced(CHECK, 0, 7, 56, 10, 0)
        counts = Counter(
            place for number in range(4000)
            for place in sample(hashlib.sha256(number.to_bytes(4, "big")).digest(), announced)
        )
        expected = 4000 * 10 / 50
        assert set(counts) == set(range(7, 57))
        assert sum((counts[place] - expected) ** 2 / expected for place in counts) < 95

    def test_whatever_is_another_draws_others(self) -> None:
        notes = [
            note_of("w1.test", "w2.test"), note_of("w1.test", "w3.test"), note_of("w1.test", "w2.test", "w3.test"),
            note_of("w1.test", "w2.test", moment=1_800_000_001), note_of("w1.test", "w2.test", size=1001),
            note_of("w1.test", "w2.test", root=b"s" * 32),
        ]
        draws = [draw_from(note, ANNOUNCED, key=VERIFIER, witnesses=KNOWN) for note in notes]
        another = Announced(UUID(int=1), ANNOUNCED.size, ANNOUNCED.first, ANNOUNCED.last, ANNOUNCED.sample, 2)
        draws.append(draw_from(notes[0], another, key=VERIFIER, witnesses=KNOWN))
        assert all(one.indices != other.indices for one, other in combinations(draws, 2))

    def test_neither_the_order_of_lines_nor_a_stranger_s_changes_it(self) -> None:
        stranger = cosign(Checkpoint(ORIGIN, 1000, b"r" * 32).text(), SigningKey(b"x" * 32), name="x.test", moment=1)
        expected = draw_from(note_of("w1.test", "w2.test"), ANNOUNCED, key=VERIFIER, witnesses=KNOWN)
        turned = note_of("w2.test", "w1.test") + stranger
        assert draw_from(turned, ANNOUNCED, key=VERIFIER, witnesses=KNOWN) == expected

    def test_without_witnesses_it_says_that_it_can_be_steered(self) -> None:
        alone = Announced(CHECK, 900, 100, 899, 40, 0)
        draw = draw_from(note_of(), alone, key=VERIFIER, witnesses=())
        assert (draw.is_steerable, len(draw.indices)) == (True, 40)


class WhenItCannotBeDrawn:
    @pytest.mark.parametrize(("announced", "note"), [
        (ANNOUNCED, note_of("w1.test")),
        (ANNOUNCED, note_of("w1.test", "w1.test")),
        (ANNOUNCED, note_of("w1.test", "w2.test", size=899)),
        (Announced(CHECK, 900, 100, 1000, 40, 2), note_of("w1.test", "w2.test")),
        (Announced(CHECK, 900, 200, 100, 40, 2), note_of("w1.test", "w2.test")),
        (Announced(CHECK, 900, -1, 100, 40, 2), note_of("w1.test", "w2.test")),
    ], ids=["one witness", "one witness twice", "known before", "beyond the log", "backwards", "before the log"])
    def test_it_is_refused(self, announced: Announced, note: str) -> None:
        with pytest.raises(NotDrawable):
            draw_from(note, announced, key=VERIFIER, witnesses=KNOWN)

    def test_a_note_that_was_changed_is_refused(self) -> None:
        note = note_of("w1.test", "w2.test")
        with pytest.raises(NotACheckpoint):
            draw_from(note.replace("\n1000\n", "\n1001\n"), ANNOUNCED, key=VERIFIER, witnesses=KNOWN)
        other = cosign("something else\n", WITNESSES["w2.test"], name="w2.test", moment=1)
        with pytest.raises(CosignatureDoesNotHold):
            draw_from(note_of("w1.test") + other, ANNOUNCED, key=VERIFIER, witnesses=KNOWN)


class WhenAnyoneDrawsAgain:
    def arguments(self, folder: Path, note: str, *, need: int) -> list[str]:
        (folder / "checkpoint").write_text(note, encoding="utf-8")
        (folder / "log.pub").write_text(f"{VERIFIER}\n", encoding="utf-8")
        for number, witness in enumerate(KNOWN):
            (folder / f"w{number}.pub").write_text(f"{witness}\n", encoding="utf-8")
        cosigners = [part for number in range(3) for part in ("--cosigner", str(folder / f"w{number}.pub"))]
        return [
            "audit", "draw", str(folder / "checkpoint"), "--key", str(folder / "log.pub"), *cosigners, "--need",
            str(need), "--check", str(CHECK), "--announced-at", "900", "--first", "100", "--last", "899", "--sample",
            "40",
        ]

    def test_the_command_draws_the_same_offline(self, tmp_path: Path) -> None:
        note = note_of("w1.test", "w2.test")
        told = CliRunner().invoke(main, self.arguments(tmp_path, note, need=2))
        expected = draw_from(note, ANNOUNCED, key=VERIFIER, witnesses=KNOWN)
        assert (told.exit_code, told.stderr) == (0, f"seed {expected.seed.hex()}\n")
        assert [int(line) for line in told.stdout.split()] == list(expected.indices)

    def test_the_command_says_when_it_could_have_been_steered(self, tmp_path: Path) -> None:
        told = CliRunner().invoke(main, self.arguments(tmp_path, note_of(), need=0))
        assert told.exit_code == 0
        assert "kan have styret det" in told.stderr

    @pytest.mark.parametrize("note", [note_of("w1.test"), "no note\n", note_of("w1.test", "w2.test", size=899)])
    def test_the_command_draws_nothing_that_may_not_be_drawn(self, tmp_path: Path, note: str) -> None:
        told = CliRunner().invoke(main, self.arguments(tmp_path, note, need=2))
        assert (told.exit_code, told.stdout) == (1, "")
