"""A witness cosigns only a log that grew from what it remembers. C2SP tlog-witness, tlog-cosignature."""

import base64
import runpy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event

import pytest

from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey
from infohus.kernel.audit.formats.cosignature import (
    Cosignature,
    CosignatureDoesNotHold,
    WitnessKey,
    cosign,
    cosignatures_on,
)
from infohus.kernel.audit.formats.merkle import EMPTY_ROOT, consistency_ranges, leaf_hash, proof_from, root_of
from infohus.kernel.audit.witness.witness import (
    AddCheckpoint,
    NotARequest,
    NotConsistent,
    NotSignedByTheLog,
    OtherSizeRemembered,
    StateNotReadable,
    UnknownLog,
    Witness,
)

VERIFIER = Path(__file__).parents[2] / "deploy" / "verifier" / "verify.py"
ORIGIN = "infohus.example/log"
LOG = SigningKey(b"l" * 32)
STRANGER = SigningKey(b"s" * 32)
MOMENT = datetime(2026, 11, 2, 8, tzinfo=UTC)
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(20)]
FORKED = [*LEAVES[:5], leaf_hash(b"another"), *LEAVES[6:]]


def tree(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root_of(leaves[:size]))


def addition(old: int, new: int, leaves: list[bytes] = LEAVES) -> AddCheckpoint:
    proof = [] if old in (0, new) else proof_from(
        consistency_ranges(old, new),
        lambda node: root_of(leaves[node[1] << node[0] : (node[1] + 1) << node[0]]),
    )
    return AddCheckpoint(old, tuple(proof), LOG.sign(tree(new, leaves)))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return reopened(tmp_path)


def reopened(folder: Path, clock: Callable[[], datetime] = lambda: MOMENT) -> Witness:
    return Witness(
        SigningKey(b"w" * 32), name="politi.example/vidne", folder=folder, logs=[LOG.verifier(ORIGIN)], clock=clock
    )


class WhenALogGrows:
    def test_it_is_cosigned_with_the_witness_own_time(self, witness: Witness) -> None:
        asked = addition(0, 7)
        line = witness.add(asked.body())
        expected = [Cosignature("politi.example/vidne", int(MOMENT.timestamp()), line)]
        assert cosignatures_on(asked.note + line, [witness.verifier]) == expected

    def test_each_size_is_cosigned_from_each_before_it(self, tmp_path: Path) -> None:
        for old in range(20):
            for new in range(old, 20):
                witness = reopened(tmp_path / f"{old}-{new}")
                witness.add(addition(0, old).body())
                witness.add(addition(old, new).body())
                assert witness.remembered(ORIGIN) == tree(new)

    def test_the_same_again_is_cosigned_again(self, witness: Witness) -> None:
        assert witness.add(addition(0, 7).body()) == witness.add(addition(7, 7).body())

    def test_what_it_cosigned_is_remembered_when_it_starts_again(self, witness: Witness, tmp_path: Path) -> None:
        witness.add(addition(0, 7).body())
        with pytest.raises(OtherSizeRemembered) as refused:
            reopened(tmp_path).add(addition(0, 5).body())
        assert refused.value.size == 7

    def test_of_two_at_once_the_larger_tree_never_has_the_earlier_moment(self, tmp_path: Path) -> None:
        seconds, reading, go_on = count(1), Event(), Event()

        def clock() -> datetime:
            """Keep the first who reads it waiting, before it is read."""
            if not reading.is_set():
                reading.set()
                go_on.wait(0.2)
            return MOMENT + timedelta(seconds=next(seconds))

        witness = reopened(tmp_path, clock)

        def moment_of(asked: AddCheckpoint) -> int:
            return cosignatures_on(asked.note + witness.add(asked.body()), [witness.verifier])[0].moment

        with ThreadPoolExecutor(2) as pool:
            smaller = pool.submit(moment_of, addition(0, 2))
            assert reading.wait(5)
            larger = pool.submit(moment_of, addition(2, 4))
            larger.add_done_callback(lambda _: go_on.set())
        assert smaller.result() < larger.result()

    def test_of_many_at_once_exactly_one_of_two_forks_is_cosigned(self, witness: Witness) -> None:
        bodies = [addition(0, 9).body(), addition(0, 9, FORKED).body()] * 8

        def answer(body: bytes) -> str:
            try:
                return witness.add(body)
            except OtherSizeRemembered:
                return ""

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(answer, bodies))
        assert sum(1 for one in answers if one) == 1


    def test_sixteen_more_signatures_of_the_largest_kind_are_no_hindrance(self, witness: Witness) -> None:
        # "MUST accept at least up to 16 signatures" (C2SP signed-note); an ML-DSA-87 cosignature has 4,639 bytes.
        large = base64.b64encode(bytes(4639)).decode()
        others = "".join(f"— {number:062} {large}\n" for number in range(16))
        asked = addition(7, 20)
        witness.add(addition(0, 7).body())
        witness.add(AddCheckpoint(7, asked.proof, asked.note + others).body())
        assert witness.remembered(ORIGIN) == tree(20)


class WhenALogDidNotOnlyGrow:
    @pytest.mark.parametrize(
        ("asked", "refusal"),
        [
            (addition(0, 5), OtherSizeRemembered),
            (addition(5, 9), OtherSizeRemembered),
            (addition(7, 7, FORKED), OtherSizeRemembered),
            (addition(7, 9, FORKED), NotConsistent),
            (AddCheckpoint(7, (), LOG.sign(tree(9))), NotConsistent),
            (AddCheckpoint(7, addition(7, 9).proof * 2, LOG.sign(tree(9))), NotConsistent),
            (AddCheckpoint(7, (EMPTY_ROOT,), LOG.sign(tree(7))), NotConsistent),
            (AddCheckpoint(7, (), LOG.sign(tree(5))), NotARequest),
            (AddCheckpoint(7, addition(7, 9).proof, STRANGER.sign(tree(9))), NotSignedByTheLog),
            (AddCheckpoint(7, (), LOG.sign(Checkpoint("other.example", 9, EMPTY_ROOT))), UnknownLog),
        ],
        ids=[
            "older", "a size never cosigned", "other tree of the same size", "forked", "without proof",
            "proof too long", "proof of nothing", "smaller", "stranger's signature", "unknown log",
        ],
    )
    def test_it_is_refused_and_the_memory_stays(
        self, witness: Witness, asked: AddCheckpoint, refusal: type[Exception]
    ) -> None:
        witness.add(addition(0, 7).body())
        with pytest.raises(refusal):
            witness.add(asked.body())
        assert witness.remembered(ORIGIN) == tree(7)

    def test_a_first_checkpoint_with_a_proof_is_refused(self, witness: Witness) -> None:
        with pytest.raises(NotConsistent):
            witness.add(AddCheckpoint(0, (EMPTY_ROOT,), LOG.sign(tree(7))).body())

    def test_a_damaged_memory_is_never_taken_for_an_empty_one(self, witness: Witness, tmp_path: Path) -> None:
        witness.add(addition(0, 7).body())
        for file in tmp_path.glob("*.checkpoint"):
            file.write_text("", encoding="utf-8")
        with pytest.raises(StateNotReadable):
            witness.add(addition(0, 7).body())


class WhenTheRequestIsMalformed:
    @pytest.mark.parametrize(
        "body",
        [
            b"", b"\n\n", b"old 0", b"old 0\n\n", b"0\n\n" + addition(0, 7).note.encode(),
            addition(0, 7).body().replace(b"old 0", b"old 00"), addition(0, 7).body().replace(b"old 0", b"old -1"),
            addition(0, 7).body().replace(b"old 0", b"old " + b"9" * 5000),
            addition(0, 7).body().replace(b"old 0", b"old 0\nAAAA"),
            addition(0, 7).body().replace(b"old 0", b"old 0\n" + base64.b64encode(bytes(32)) + b"\n?"),
            AddCheckpoint(0, (bytes(32),) * 64, addition(0, 7).note).body(),
            addition(0, 7).body().replace(b"\n7\n", b"\n" + b"7" * 5000 + b"\n"),
            addition(0, 7).body() + b"\xff", b"x" * 200_000,
        ],
        ids=lambda body: f"{len(body)} bytes {body[:8]!r}",
    )
    def test_it_is_refused(self, witness: Witness, body: bytes) -> None:
        with pytest.raises(NotARequest):
            witness.add(body)


class WhenACosignatureIsRead:
    KEY = SigningKey(b"w" * 32)
    WITNESS = WitnessKey("dpo.example", KEY.verifier("dpo.example").public)

    def test_its_key_is_written_and_read_back(self) -> None:
        assert WitnessKey.parse(str(self.WITNESS)) == self.WITNESS

    def test_one_for_another_tree_does_not_hold(self) -> None:
        line = cosign(tree(7).text(), self.KEY, name="dpo.example", moment=1)
        with pytest.raises(CosignatureDoesNotHold):
            cosignatures_on(LOG.sign(tree(8)) + line, [self.WITNESS])

    def test_an_unknown_witness_is_passed_over(self) -> None:
        line = cosign(tree(7).text(), STRANGER, name="dpo.example", moment=1)
        assert cosignatures_on(LOG.sign(tree(7)) + line, [self.WITNESS]) == []


class WhenTheIndependentVerifierReadsACosignedCheckpoint:
    def test_it_counts_each_witness_and_refuses_a_spoiled_line(self) -> None:
        names = ["kommune.example", "politi.example"]
        keys = [SigningKey(name.encode().ljust(32)) for name in names]
        lines = [cosign(tree(7).text(), key, name=name, moment=5) for name, key in zip(names, keys, strict=True)]
        code = runpy.run_path(str(VERIFIER))
        read = [code["read_key"](str(WitnessKey(name, key.verifier(name).public)))
                for name, key in zip(names, keys, strict=True)]
        log = code["read_key"](str(LOG.verifier(ORIGIN)))
        note = LOG.sign(tree(7)) + "".join(lines)
        assert code["open_note"](note, [log], read) == (log, 7, tree(7).root, names)
        with pytest.raises(code["Wrong"]):
            code["open_note"](LOG.sign(tree(8)) + "".join(lines), [log], read)
