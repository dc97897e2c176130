"""The draw of a log check: the same for everyone, evenly spread, without repeats, and not to be chosen (rule 63)."""

import hashlib
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from infohus.cli.commands import main
from infohus.kernel.audit.formats.checkpoint import Checkpoint, NotACheckpoint, SigningKey, VerifierKey
from infohus.kernel.audit.formats.cosignature import CosignatureDoesNotHold, WitnessKey, cosign
from infohus.kernel.audit.formats.draw import Announced, Draw, NotDrawable, commitment_of, draw_from, sample

ORIGIN = "infohus.test/ishoj"
CHECK = UUID("0198c0de-0000-7000-8000-000000000001")
LOG_KEY = SigningKey(bytes(range(32)))
WITNESSES = {f"w{number}.test": SigningKey(bytes([number]) * 32) for number in (1, 2, 3)}
KNOWN = [WitnessKey(name, key.verifier(name).public) for name, key in WITNESSES.items()]
VERIFIER = LOG_KEY.verifier(ORIGIN)
SECRET, OTHER_SECRET = "5e" * 32, "5e" * 31 + "5f"
COMMITMENT = hashlib.sha256(SECRET.encode()).digest()
ANNOUNCED = Announced(CHECK, size=900, first=100, last=899, sample=40, need=2, commitment=COMMITMENT)


def note_of(*names: str, size: int = 1000, root: bytes = b"r" * 32, moment: int = 1_800_000_000) -> str:
    """Make a checkpoint that some witnesses cosigned."""
    checkpoint = Checkpoint(ORIGIN, size, root)
    lines = [cosign(checkpoint.text(), WITNESSES[name], name=name, moment=moment) for name in names]
    return LOG_KEY.sign(checkpoint) + "".join(lines)


def drawn_from(note: str, announced: Announced = ANNOUNCED, *, secret: str = SECRET) -> Draw:
    """Draw with the keys that everybody here knows."""
    return draw_from(note, announced, secret=secret, key=VERIFIER, witnesses=KNOWN)


def drawn_by_hand(note: str, announced: Announced, secret: str) -> list[int]:
    """Draw as docs/log-check.md says it, with hashlib only."""
    assert hashlib.sha256(secret.encode()).digest() == announced.commitment
    head, _, tail = note.partition("\n\n")
    text = head + "\n"
    origin = text.split("\n", maxsplit=1)[0]
    lines = sorted((line + "\n").encode() for line in tail.splitlines() if not line.startswith(f"— {origin} "))
    hashed = hashlib.sha256()
    said = ["infohus log check seed v2", origin, str(announced.check_id), secret, text]
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
        size=st.integers(2, 5000), data=st.data(), wanted=st.integers(1, 60),
        root=st.binary(min_size=32, max_size=32), secret=st.binary(min_size=32, max_size=32).map(bytes.hex),
    )
    def test_another_program_written_from_the_page_draws_the_same(
        self, size: int, data: st.DataObject, wanted: int, root: bytes, secret: str
    ) -> None:
        first = data.draw(st.integers(0, size - 2))
        last = data.draw(st.integers(first, min(size - 2, first + 200)))
        announced = Announced(CHECK, size, first, last, wanted, 2, commitment_of(secret))
        note = note_of("w1.test", "w3.test", size=size, root=root)
        draw = drawn_from(note, announced, secret=secret)
        assert list(draw.indices) == drawn_by_hand(note, announced, secret)
        assert not draw.is_steerable

    @given(st.binary(min_size=32, max_size=32), st.integers(0, 300), st.integers(1, 400), st.data())
    def test_each_is_in_the_period_once(
        self, seed: bytes, first: int, wanted: int, data: st.DataObject
    ) -> None:
        last = first + data.draw(st.integers(0, 200))
        drawn = sample(seed, Announced(CHECK, last + 1, first, last, wanted, 0, COMMITMENT))
        assert len(drawn) == len(set(drawn)) == min(wanted, last - first + 1)
        assert set(drawn) <= set(range(first, last + 1))

    def test_every_place_comes_as_often_as_another(self) -> None:
        """Chi-squared over 50 places and 4,000 draws of 10: 49 degrees of freedom, beyond 95 once in 10,000 times."""
        announced = Announced(CHECK, 0, 7, 56, 10, 0, COMMITMENT)
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
        draws = [drawn_from(note) for note in notes]
        draws.append(drawn_from(notes[0], replace(ANNOUNCED, check_id=UUID(int=1))))
        promised = replace(ANNOUNCED, commitment=commitment_of(OTHER_SECRET))
        draws.append(drawn_from(notes[0], promised, secret=OTHER_SECRET))
        assert all(one.indices != other.indices for one, other in combinations(draws, 2))

    def test_neither_the_order_of_lines_nor_a_stranger_s_changes_it(self) -> None:
        stranger = cosign(Checkpoint(ORIGIN, 1000, b"r" * 32).text(), SigningKey(b"x" * 32), name="x.test", moment=1)
        turned = note_of("w2.test", "w1.test") + stranger
        assert drawn_from(turned) == drawn_from(note_of("w1.test", "w2.test"))

    def test_without_witnesses_it_says_that_it_can_be_steered(self) -> None:
        draw = draw_from(note_of(), replace(ANNOUNCED, need=0), secret=SECRET, key=VERIFIER, witnesses=())
        assert (draw.is_steerable, len(draw.indices)) == (True, 40)


class WhenItCannotBeDrawn:
    @pytest.mark.parametrize(("announced", "note"), [
        (ANNOUNCED, note_of("w1.test")),
        (ANNOUNCED, note_of("w1.test", "w1.test")),
        (ANNOUNCED, note_of("w1.test", "w2.test", size=899)),
        (replace(ANNOUNCED, last=1000), note_of("w1.test", "w2.test")),
        (replace(ANNOUNCED, first=200, last=100), note_of("w1.test", "w2.test")),
        (replace(ANNOUNCED, first=-1, last=100), note_of("w1.test", "w2.test")),
    ], ids=["one witness", "one witness twice", "known before", "beyond the log", "backwards", "before the log"])
    def test_it_is_refused(self, announced: Announced, note: str) -> None:
        with pytest.raises(NotDrawable):
            drawn_from(note, announced)

    @pytest.mark.rule(63)
    def test_the_first_checkpoint_that_holds_the_announcement_is_enough(self) -> None:
        assert len(drawn_from(note_of("w1.test", "w2.test", size=900)).indices) == 40
        with pytest.raises(NotDrawable, match="announced after it"):
            drawn_from(note_of("w1.test", "w2.test", size=899), replace(ANNOUNCED, last=898))

    @pytest.mark.rule(63)
    @pytest.mark.parametrize("secret", [OTHER_SECRET, SECRET.upper(), f"{SECRET}\n", COMMITMENT.hex(), ""])
    def test_a_secret_that_was_not_promised_is_refused(self, secret: str) -> None:
        with pytest.raises(NotDrawable, match="not the one that was promised"):
            drawn_from(note_of("w1.test", "w2.test"), secret=secret)

    @pytest.mark.rule(63)
    def test_nobody_knows_the_secret_of_a_check_from_before_secrets_were_promised(self) -> None:
        with pytest.raises(NotDrawable):
            drawn_from(note_of("w1.test", "w2.test"), replace(ANNOUNCED, commitment=bytes(32)))

    def test_a_note_that_was_changed_is_refused(self) -> None:
        note = note_of("w1.test", "w2.test")
        with pytest.raises(NotACheckpoint):
            drawn_from(note.replace("\n1000\n", "\n1001\n"))
        other = cosign("something else\n", WITNESSES["w2.test"], name="w2.test", moment=1)
        with pytest.raises(CosignatureDoesNotHold):
            drawn_from(note_of("w1.test") + other)


class WhenAnyoneDrawsAgain:
    def arguments(self, folder: Path, note: str, *, need: int = 2, secret: str = SECRET) -> list[str]:
        (folder / "checkpoint").write_text(note, encoding="utf-8")
        (folder / "log.pub").write_text(f"{VERIFIER}\n", encoding="utf-8")
        for number, witness in enumerate(KNOWN):
            (folder / f"w{number}.pub").write_text(f"{witness}\n", encoding="utf-8")
        cosigners = [part for number in range(3) for part in ("--cosigner", str(folder / f"w{number}.pub"))]
        return [
            "audit", "draw", str(folder / "checkpoint"), "--key", str(folder / "log.pub"), *cosigners, "--need",
            str(need), "--check", str(CHECK), "--announced-at", "900", "--first", "100", "--last", "899", "--sample",
            "40", "--commitment", COMMITMENT.hex(), "--secret", secret,
        ]

    def test_the_command_draws_the_same_offline(self, tmp_path: Path) -> None:
        note = note_of("w1.test", "w2.test")
        told = CliRunner().invoke(main, self.arguments(tmp_path, note))
        expected = drawn_from(note)
        assert (told.exit_code, told.stderr) == (0, f"seed {expected.seed.hex()}\n")
        assert [int(line) for line in told.stdout.split()] == list(expected.indices)

    @pytest.mark.rule(63)
    def test_the_command_names_the_witness_whose_key_was_not_given(self, tmp_path: Path) -> None:
        note = note_of("w1.test", "w2.test", "w3.test")
        asked = self.arguments(tmp_path, note)
        told = CliRunner().invoke(main, asked)
        assert (told.exit_code, "Pas på" in told.stderr) == (0, False)
        without = asked.index(str(tmp_path / "w1.pub"))
        missed = CliRunner().invoke(main, asked[: without - 1] + asked[without + 1 :])
        assert (missed.exit_code, "linjer af w2.test, hvis nøgler" in missed.stderr) == (0, True), missed.stderr
        assert missed.stdout != told.stdout

    def test_the_command_takes_the_file_of_all_logs_keys(self, tmp_path: Path) -> None:
        asked = self.arguments(tmp_path, note_of("w1.test", "w2.test"))
        expected = CliRunner().invoke(main, asked).stdout
        other = VerifierKey("infohus.test/other", VERIFIER.public)
        (tmp_path / "log.pub").write_text(f"{other}\n{VERIFIER}\n", encoding="utf-8")
        assert (expected != "", CliRunner().invoke(main, asked).stdout) == (True, expected)

    def test_the_command_says_when_it_could_have_been_steered(self, tmp_path: Path) -> None:
        told = CliRunner().invoke(main, self.arguments(tmp_path, note_of(), need=0))
        assert told.exit_code == 0
        assert "kan tilsammen have styret det; ingen af dem kan alene" in told.stderr

    @pytest.mark.parametrize("note", [note_of("w1.test"), "no note\n", note_of("w1.test", "w2.test", size=899)])
    def test_the_command_draws_nothing_that_may_not_be_drawn(self, tmp_path: Path, note: str) -> None:
        told = CliRunner().invoke(main, self.arguments(tmp_path, note))
        assert (told.exit_code, told.stdout) == (1, "")

    def test_the_log_s_own_key_vouches_for_nothing(self, tmp_path: Path) -> None:
        asked = self.arguments(tmp_path, note_of("w1.test", "w2.test"))
        (tmp_path / "w0.pub").write_text(f"{WitnessKey('w1.test', VERIFIER.public)}\n", encoding="utf-8")
        told = CliRunner().invoke(main, asked)
        assert (told.exit_code, told.stdout) == (2, "")

    @pytest.mark.parametrize(("secret", "code"), [(OTHER_SECRET, 1), (SECRET.upper(), 2), (f"{SECRET}\n", 2), ("", 2)])
    def test_the_command_draws_nothing_from_another_secret(self, tmp_path: Path, secret: str, code: int) -> None:
        note = note_of("w1.test", "w2.test")
        told = CliRunner().invoke(main, self.arguments(tmp_path, note, secret=secret))
        assert (told.exit_code, told.stdout) == (code, "")
