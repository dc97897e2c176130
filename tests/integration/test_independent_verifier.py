"""The verifier that shares no code with us, and Go's own tlog and note packages: they accept what is whole only."""

import base64
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from counted_log import busy_log
from exported_logs import KEY, ORIGIN, VERIFIER, entry, verifier, write_entries, write_log
from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey, VerifierKey, split_note
from infohus.kernel.audit.formats.cosignature import WitnessKey, cosign
from infohus.kernel.audit.formats.merkle import inclusion_ranges, leaf_hash, proof_from, root_of
from infohus.kernel.audit.formats.tiles import bundle_of, entries_in, tile_path
from infohus.kernel.audit.storage.export import proof_text
from infohus.kernel.audit.verification.exported_log import verify_export
from infohus.kernel.audit.verification.tally import core_of, tally_faults

REPOSITORY = Path(__file__).resolve().parents[2]
GO_PROGRAM = REPOSITORY / "tests" / "go" / "crosscheck.go"
GO_SOURCES = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")
FIRST, SECOND = SigningKey(b"a" * 32), SigningKey(b"b" * 32)


def proof_of(index: int, size: int) -> str:
    hashes = [leaf_hash(entry(number)) for number in range(size)]
    proof = proof_from(
        inclusion_ranges(index, size), lambda node: root_of(hashes[node[1] << node[0] : (node[1] + 1) << node[0]])
    )
    return proof_text(index, proof, KEY.sign(Checkpoint(ORIGIN, size, root_of(hashes))))


def in_bundle(index: int, width: int, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / tile_path("entries", index, width)
        path.write_bytes(change(path.read_bytes()))

    return spoil


def in_file(path: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / path).write_bytes(change((folder / path).read_bytes()))

    return spoil


def flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def swapped(content: bytes) -> bytes:
    first, second, *others = entries_in(content)
    return bundle_of([second, first, *others])


SPOILED: dict[str, tuple[Callable[[Path], None], str]] = {
    "a bit of an entry": (in_bundle(1, 256, flipped(40)), "entry 256 is not what was logged"),
    "two entries change places": (in_bundle(0, 256, swapped), "entry 0 is not what was logged"),
    "a bundle is cut off": (in_bundle(2, 88, lambda content: content[:-1]), "ends inside entry 599"),
    "an entry is taken away": (in_bundle(2, 88, lambda text: bundle_of(entries_in(text)[1:])), "holds 87 entries"),
    "a bundle is gone": (lambda folder: (folder / tile_path("entries", 1)).unlink(), "is missing"),
    "a stored hash": (in_file(tile_path(0, 1), flipped(3)), "entry 256 is not what was logged"),
    "a hash of a higher level": (in_file(tile_path(1, 0, 2), flipped(40)), "hash 1 is not what was logged"),
    "a hash too many": (in_file(tile_path(0, 2, 88), lambda content: content + bytes(32)), "holds more than it should"),
    "a smaller size": (in_file("checkpoint", lambda text: text.replace(b"\n600\n", b"\n599\n")), "does not hold"),
    "another origin": (in_file("checkpoint", lambda text: text.replace(b"infohus.test/log\n6", b"infohus.test/lag\n6")),
                       "does not hold"),
    "no signature": (in_file("checkpoint", lambda text: text.split(b"\n\n")[0] + b"\n"), "no signed note"),
}


class WhenALogIsWhole:
    @pytest.mark.rule(58)
    @pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 600, 65_536, 66_000])
    def test_the_independent_verifier_agrees_with_ours(self, tmp_path: Path, size: int) -> None:
        folder = write_log(tmp_path / "log", size)
        ours = verify_export(folder, [KEY.verifier(ORIGIN)])
        assert ours.is_whole
        assert ours.checkpoint is not None
        assert verifier(folder, "--key", folder / "log.pub") == (
            0, f"whole: {size} entries of {ORIGIN}, root {ours.checkpoint.root.hex()}, witnesses not looked for",
        )

    @pytest.mark.rule(58)
    @pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (5, 7), (255, 257), (256, 257), (599, 600)])
    def test_a_proof_holds_for_its_entry_and_no_other(self, tmp_path: Path, index: int, size: int) -> None:
        (tmp_path / "proof").write_text(proof_of(index, size), encoding="utf-8")
        (tmp_path / "log.pub").write_text(str(KEY.verifier(ORIGIN)), encoding="utf-8")
        asked = ("--proof", tmp_path / "proof", "--entry", tmp_path / "entry", "--key", tmp_path / "log.pub")
        (tmp_path / "entry").write_bytes(entry(index))
        assert verifier(*asked) == (0, f"proved: it is entry {index} of {size} in {ORIGIN}")
        (tmp_path / "entry").write_bytes(entry(index + 1))
        assert verifier(*asked)[0] == 1

    @pytest.mark.rule(64)
    def test_it_counts_each_persons_entries_again(self, tmp_path: Path) -> None:
        entries = busy_log(random.Random(11), 300)[0].entries
        whole = write_entries(tmp_path / "whole", entries)
        assert verifier(whole, "--key", whole / "log.pub")[0] == 0
        for at in (one for one in range(100, 110) if b'"tally"' in entries[one]):
            for how, changed in (
                ("counts wrongly", [*entries[:at], *entries[at + 1 :]]),
                ("does not count whom", [*entries[:at], core_of(entries[at]), *entries[at + 1 :]]),
            ):
                folder = write_entries(tmp_path / f"{how}-{at}", changed)
                code, said = verifier(folder, "--key", whole / "log.pub")
                assert (code, how in said) == (1, True), said
                # Every hash and signature is right; only the count shows it, ours as well.
                assert verify_export(folder, [KEY.verifier(ORIGIN)]).is_whole
                assert tally_faults(folder, len(changed))

    def test_it_shares_no_code_with_us_and_is_short(self) -> None:
        source = VERIFIER.read_text(encoding="utf-8")
        assert "import infohus" not in source
        assert "from infohus" not in source
        assert source.count("\n") <= 350


class WhenALogIsNotWhole:
    @pytest.mark.rule(58)
    @pytest.mark.parametrize(("spoil", "found"), SPOILED.values(), ids=SPOILED)
    def test_the_independent_verifier_says_where(
        self, tmp_path: Path, spoil: Callable[[Path], None], found: str
    ) -> None:
        folder = write_log(tmp_path / "log", 600)
        key = tmp_path / "log.pub"
        key.write_bytes((folder / "log.pub").read_bytes())
        spoil(folder)
        status, said = verifier(folder, "--key", key)
        assert (status, said.startswith("WRONG: "), found in said) == (1, True, True), said
        assert not verify_export(folder, [KEY.verifier(ORIGIN)]).is_whole or found == "holds more than it should"

    @pytest.mark.rule(58)
    def test_a_log_that_was_written_anew_is_found_by_who_kept_a_checkpoint(self, tmp_path: Path) -> None:
        kept = (write_log(tmp_path / "before", 300) / "checkpoint").rename(tmp_path / "kept")
        grown, anew = write_log(tmp_path / "grown", 600), write_log(tmp_path / "anew", 600, first=1)
        cut = write_log(tmp_path / "cut", 200)
        key = grown / "log.pub"
        assert verifier(grown, "--key", key, "--older", kept)[0] == 0
        assert verifier(anew, "--key", key)[0] == 0  # without an earlier checkpoint, the log is whole
        assert "is not the one whose checkpoint" in verifier(anew, "--key", key, "--older", kept)[1]
        assert "it was cut off or replaced" in verifier(cut, "--key", key, "--older", kept)[1]

    def test_witnesses_that_are_needed_and_missing_are_missed(self, tmp_path: Path) -> None:
        folder = write_log(tmp_path / "log", 3)
        said = asked_with(folder, witness("a.example", FIRST), witness("b.example", SECOND), need=2)
        assert said == (1, "WRONG: 0 witnesses have cosigned, and 2 are needed")

    def test_one_who_uses_it_wrongly_is_not_told_that_the_log_was_changed(self, tmp_path: Path) -> None:
        folder = write_log(tmp_path / "log", 3)
        key, gone, empty = folder / "log.pub", tmp_path / "gone", tmp_path / "empty"
        empty.touch()
        for arguments in (
            ["--key", key], [folder, "--key", gone], [gone, "--key", key],
            [folder, "--key", empty], [folder, "--key", folder / "checkpoint"], [folder, "--key", key, "--need", 2],
            [folder, "--key", key, "--cosigner", gone], [folder, "--key", key, "--older", gone],
            ["--proof", gone, "--entry", key, "--key", key], ["--proof", key, "--entry", gone, "--key", key],
        ):
            code, said = verifier(*arguments)
            assert (code, "error: " in said, "Traceback" in said) == (2, True, False), (arguments, said)


class WhenTheFileOfKeysIsTheOneThatIsHandedOver:
    """One line for each log of the installation, as `infohus audit keys` prints them: one key signs all of them."""

    def test_the_key_that_bears_the_logs_name_is_used(self, tmp_path: Path) -> None:
        folder, names = write_log(tmp_path / "log", 7), ("infohus.test/first", ORIGIN, "infohus.test/last")
        every, others = tmp_path / "logs.pub", tmp_path / "others.pub"
        every.write_text("".join(f"{KEY.verifier(name)}\n" for name in names), encoding="utf-8")
        others.write_text("".join(f"{KEY.verifier(name)}\n" for name in names if name != ORIGIN), encoding="utf-8")
        (tmp_path / "proof").write_text(proof_of(5, 7), encoding="utf-8")
        (tmp_path / "entry").write_bytes(entry(5))
        for asked in ((folder,), ("--proof", tmp_path / "proof", "--entry", tmp_path / "entry")):
            assert verifier(*asked, "--key", every) == verifier(*asked, "--key", folder / "log.pub")
            assert verifier(*asked, "--key", every)[0] == 0
            code, said = verifier(*asked, "--key", others)
            assert (code, "in the name of its log" in said) == (1, True), said

    def test_an_earlier_checkpoint_of_another_of_these_logs_is_refused(self, tmp_path: Path) -> None:
        folder, every, other = write_log(tmp_path / "log", 7), tmp_path / "logs.pub", "infohus.test/first"
        every.write_text(f"{KEY.verifier(other)}\n{KEY.verifier(ORIGIN)}\n", encoding="utf-8")
        head = [leaf_hash(entry(number)) for number in range(3)]
        (tmp_path / "kept").write_text(KEY.sign(Checkpoint(other, 3, root_of(head))), encoding="utf-8")
        code, said = verifier(folder, "--key", every, "--older", tmp_path / "kept")
        assert (code, "in the name of its log" in said) == (1, True), said


def witness(name: str, key: SigningKey) -> WitnessKey:
    return WitnessKey(name, key.verifier(name).public)


def cosigned_log(folder: Path, *lines: tuple[str, SigningKey], note: str | None = None) -> Path:
    """Write a log of three entries whose checkpoint, or another `note`, these names and keys cosigned."""
    checkpoint = write_log(folder, 3) / "checkpoint"
    note = note or checkpoint.read_text(encoding="utf-8")
    text = split_note(note)[0]
    added = "".join(cosign(text, key, name=name, moment=1_700_000_000) for name, key in lines)
    checkpoint.write_text(note + added, encoding="utf-8")
    return folder


def asked_with(folder: Path, *cosigners: object, need: int) -> tuple[int, str]:
    """Verify a folder with these keys of witnesses."""
    named: list[object] = []
    for number, key in enumerate(cosigners):
        (folder / f"{number}.pub").write_text(f"{key}\n", encoding="utf-8")
        named += ["--cosigner", folder / f"{number}.pub"]
    return verifier(folder, "--key", folder / "log.pub", *named, "--need", need)


NO_WITNESSES: dict[str, list[object]] = {
    "the same twice": [witness("a.example", FIRST)] * 2,
    "one key under two names": [witness("a.example", FIRST), witness("b.example", FIRST)],
    "two keys under one name": [witness("a.example", FIRST), witness("a.example", SECOND)],
    "the log's key": [KEY.verifier(ORIGIN)],
    "the log's key as a witness' kind": [witness("a.example", KEY)],
    "the log's name": [witness(ORIGIN, FIRST)],
}


class WhenWitnessesVouch:
    @pytest.mark.rule(58)
    def test_two_of_three_are_two(self, tmp_path: Path) -> None:
        folder = cosigned_log(tmp_path / "log", ("a.example", FIRST), ("b.example", SECOND))
        absent = witness("c.example", SigningKey(b"c" * 32))
        keys = [witness("b.example", SECOND), witness("a.example", FIRST), absent]
        assert asked_with(folder, *keys, need=2)[1].endswith("cosigned by b.example, a.example")
        assert "2 witnesses have cosigned, and 3 are needed" in asked_with(folder, *keys, need=3)[1]

    @pytest.mark.rule(58)
    @pytest.mark.parametrize("keys", NO_WITNESSES.values(), ids=NO_WITNESSES)
    def test_nobody_counts_twice_and_the_log_not_at_all(self, tmp_path: Path, keys: list[object]) -> None:
        lines = [("a.example", FIRST), ("b.example", FIRST), ("a.example", SECOND), ("a.example", KEY), (ORIGIN, FIRST)]
        folder = cosigned_log(tmp_path / "log", *lines)
        status, said = asked_with(folder, *keys, need=len(keys))
        assert (status, "each --cosigner is another witness' key" in said) == (2, True), said

    def test_a_witness_key_does_not_pass_for_the_logs(self, tmp_path: Path) -> None:
        signed_by_another = SECOND.sign(Checkpoint(ORIGIN, 3, bytes(32)))
        folder = cosigned_log(tmp_path / "log", (ORIGIN, FIRST), note=signed_by_another)
        assert asked_with(folder, witness(ORIGIN, FIRST), need=0)[0] == 2
        (folder / "log.pub").write_text(f"{witness(ORIGIN, FIRST)}\n", encoding="utf-8")
        assert "--key is logs' keys" in asked_with(folder, need=0)[1]

    @pytest.mark.parametrize("first", [True, False])
    @pytest.mark.parametrize("key", [KEY.verifier(ORIGIN), witness("a.example", FIRST)], ids=["log", "witness"])
    def test_every_line_of_a_known_key_must_hold(self, tmp_path: Path, key: VerifierKey, *, first: bool) -> None:
        folder = cosigned_log(tmp_path / "log", ("a.example", FIRST))
        head, found, lines = (folder / "checkpoint").read_text(encoding="utf-8").rpartition("\n\n")
        wrong = f"— {key.name} {base64.b64encode(key.key_id + bytes(72)).decode()}\n"
        note = head + found + (wrong + lines if first else lines + wrong)
        (folder / "checkpoint").write_text(note, encoding="utf-8")
        said = asked_with(folder, witness("a.example", FIRST), need=1)[1]
        assert f"the signature of {key.name} does not hold" in said

    def test_a_name_with_a_plus_or_a_space_is_none(self, tmp_path: Path) -> None:
        for name in ("a+b", "a\u2003b", "a\u00a0b"):
            folder = write_log(tmp_path / "log", 3)
            with (folder / "checkpoint").open("a", encoding="utf-8") as note:
                note.write(f"— {name} {base64.b64encode(bytes(70)).decode()}\n")
            assert "a signature line is malformed" in asked_with(folder, need=0)[1]
            shutil.rmtree(folder)
        (tmp_path / "nameless.pub").write_text(str(witness("", FIRST)), encoding="utf-8")
        folder = write_log(tmp_path / "log", 3)
        assert "no verifier key" in verifier(folder, "--key", tmp_path / "nameless.pub")[1]


class WhenAProofIsOddlyWritten:
    @pytest.mark.parametrize(("head", "status"), [
        ("index 5", 0), ("extra aGVq\nindex 5", 0), ("extra \nindex 5", 0), ("extra !\nindex 5", 1),
        ("extra aGVq\nextra aGVq\nindex 5", 1), ("index 5\nextra aGVq", 1), ("index ⁵", 1), ("index +5", 1),
        ("index 5 5", 1), ("index 05", 1), ("index " + "5" * 5000, 1), ("index", 1), ("", 1),
    ])  # fmt: skip
    def test_one_extra_line_says_nothing_and_the_index_has_one_spelling(
        self, tmp_path: Path, head: str, status: int
    ) -> None:
        (tmp_path / "proof").write_text(proof_of(5, 7).replace("index 5", head), encoding="utf-8")
        (tmp_path / "log.pub").write_text(str(KEY.verifier(ORIGIN)), encoding="utf-8")
        (tmp_path / "entry").write_bytes(entry(5))
        asked = ("--proof", tmp_path / "proof", "--entry", tmp_path / "entry", "--key", tmp_path / "log.pub")
        code, said = verifier(*asked)
        assert (code, said.split(":")[0], "Traceback" in said) == (status, "WRONG" if status else "proved", False), said


class WhenGoLooks:
    """golang.org/x/mod/sumdb, which checks the checksums of every Go module in the world."""

    @pytest.mark.skipif(
        shutil.which("go") is None or not GO_SOURCES.exists(),
        reason="NOT CHECKED: Go's sumdb is missing (apt-get install golang-go golang-golang-x-mod-dev)",
    )
    def test_it_accepts_our_checkpoints_tiles_and_proofs_and_nothing_else(self, tmp_path: Path) -> None:
        folder = write_log(tmp_path / "log", 600)
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "GOPATH": "/usr/share/gocode", "GO111MODULE": "off",
            "GOCACHE": str(tmp_path / "cache"), "GOFLAGS": "",
        }
        program = tmp_path / "crosscheck"
        built = subprocess.run(
            ["go", "build", "-o", program, GO_PROGRAM],  # noqa: S607 - Debian's own, found on the path
            env=environment, capture_output=True, text=True, check=False
        )
        assert built.returncode == 0, built.stderr

        def go(where: Path, index: int, proof: str) -> tuple[int, str]:
            (tmp_path / "proof").write_text(proof, encoding="utf-8")
            run = subprocess.run(
                [program, where, str(index), tmp_path / "proof"], capture_output=True, text=True, check=False
            )
            return run.returncode, run.stdout.strip()

        assert go(folder, 599, proof_of(599, 600)) == (0, "whole: 600 entries, entry 599 proved")
        assert go(folder, 598, proof_of(599, 600))[0] == 1
        emptied = tmp_path / "emptied"
        shutil.copytree(folder, emptied)
        in_bundle(0, 256, lambda text: bundle_of([b""] * 100 + entries_in(text)[100:]))(emptied)
        assert go(emptied, 7, proof_of(7, 600)) == (0, "whole: 600 entries, entry 7 proved")
        in_file(tile_path(0, 0), flipped(40))(emptied)
        assert go(emptied, 7, proof_of(7, 600))[0] == 1
        other = base64.b64encode(bytes(32)).decode()
        lines = proof_of(599, 600).split("\n")
        assert go(folder, 599, "\n".join([*lines[:2], other, *lines[3:]]))[0] == 1
        in_bundle(1, 256, flipped(40))(folder)
        assert go(folder, 599, proof_of(599, 600))[0] == 1
