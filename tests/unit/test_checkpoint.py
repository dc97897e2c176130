"""Checkpoints and tile paths as C2SP writes them, and every way a note can be wrong."""

import base64
from pathlib import Path

import pytest

from infohus.kernel.audit.formats.checkpoint import (
    Checkpoint,
    NotACheckpoint,
    SigningKey,
    UnsafeSigningKey,
    VerifierKey,
    open_checkpoint,
)
from infohus.kernel.audit.formats.merkle import leaf_hash
from infohus.kernel.audit.formats.tiles import bundle_of, entries_in, hashed_entries, tile_path, widths

CHECKPOINT = Checkpoint("infohus.test/ishoj", 20_852_163, bytes(range(32)))
KEY = SigningKey(bytes(range(32)))
TRUSTED = KEY.verifier(CHECKPOINT.origin)
NOTE = KEY.sign(CHECKPOINT)
TEXT, SIGNATURE = NOTE.split("\n\n")


def resigned(text: str) -> str:
    """Sign any text with our key, as if it were a checkpoint."""
    raw = TRUSTED.key_id + KEY._key.sign(text.encode())
    return f"{text}\n— {TRUSTED.name} {base64.b64encode(raw).decode()}\n"


def with_line(number: int, line: str) -> str:
    lines = CHECKPOINT.text().split("\n")
    lines[number] = line
    return "\n".join(lines)


BAD = {
    "nothing": "",
    "no signature": TEXT + "\n",
    "no end of line": NOTE.removesuffix("\n"),
    "another key's signature": SigningKey(bytes(32)).sign(CHECKPOINT),
    "a signature of another text": resigned(CHECKPOINT.text()).replace("20852163", "20852164"),
    "a shortened signature": NOTE.replace(SIGNATURE, SIGNATURE.strip()[:-12] + "\n"),
    "a hyphen for a dash": NOTE.replace("—", "-"),
    "no name": NOTE.replace(f"— {TRUSTED.name} ", "—  "),
    "a plus in a name": NOTE + f"— a+b {base64.b64encode(bytes(70)).decode()}\n",
    "a wide space in a name": NOTE + f"— a\u2003b {base64.b64encode(bytes(70)).decode()}\n",
    "a space that does not break in a name": NOTE + f"— a\u00a0b {base64.b64encode(bytes(70)).decode()}\n",
    "one more word in the signature": NOTE.replace("— ", "— x "),
    "a control character": NOTE.replace("ishoj", "ishoj\x07"),
    "a carriage return": NOTE.replace("\n", "\r\n"),
    "a size with a sign": resigned(with_line(1, "+20852163")),
    "a size with a zero before it": resigned(with_line(1, "020852163")),
    "a size in other digits": resigned(with_line(1, "２０")),
    "a negative size": resigned(with_line(1, "-1")),
    "a root that is too short": resigned(with_line(2, base64.b64encode(bytes(31)).decode())),
    "a root that is no base64": resigned(with_line(2, "!!!!")),
    "no root": resigned("infohus.test/ishoj\n5\n"),
    "an empty origin": resigned("\n5\n" + base64.b64encode(bytes(32)).decode() + "\n"),
    "another log's checkpoint under our key's name": resigned(with_line(0, "infohus.test/other")),
    "too much": NOTE.replace(SIGNATURE, SIGNATURE * 2000),
}


class WhenACheckpointIsSigned:
    def test_it_is_written_as_c2sp_says(self) -> None:
        assert NOTE.split("\n")[:4] == [
            "infohus.test/ishoj", "20852163", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "",
        ]
        assert SIGNATURE.startswith("— infohus.test/ishoj ")

    def test_it_opens_with_the_key_and_passes_over_other_signatures(self) -> None:
        other = SigningKey(bytes(32)).sign(CHECKPOINT).split("\n\n")[1]
        for note in (NOTE, NOTE + other, f"{TEXT}\n\n{other}{SIGNATURE}"):
            assert open_checkpoint(note, [TRUSTED]) == CHECKPOINT

    @pytest.mark.parametrize("note", BAD.values(), ids=BAD)
    def test_anything_else_does_not_open(self, note: str) -> None:
        with pytest.raises(NotACheckpoint):
            open_checkpoint(note, [TRUSTED])

    def test_no_flipped_bit_opens_as_something_else(self) -> None:
        raw = NOTE.encode()
        for at in range(len(raw)):
            flipped = bytearray(raw)
            flipped[at] ^= 1
            try:
                opened = open_checkpoint(flipped.decode(), [TRUSTED])
            except (NotACheckpoint, UnicodeDecodeError):
                continue
            assert opened == CHECKPOINT

    def test_a_known_key_whose_signature_is_wrong_spoils_the_note(self) -> None:
        wrong = base64.b64encode(TRUSTED.key_id + bytes(64)).decode()
        with pytest.raises(NotACheckpoint):
            open_checkpoint(f"{NOTE}— {TRUSTED.name} {wrong}\n", [TRUSTED])

    def test_a_key_counts_only_for_the_log_of_its_name(self) -> None:
        # One key signs all logs of an installation, and a signature covers the text alone.
        other = KEY.verifier("infohus.test/other")
        raw = base64.b64decode(SIGNATURE.split(" ")[2])
        line = f"— {other.name} {base64.b64encode(other.key_id + raw[4:]).decode()}\n"
        with pytest.raises(NotACheckpoint):
            open_checkpoint(f"{TEXT}\n\n{line}", [other])
        with pytest.raises(NotACheckpoint):
            open_checkpoint(f"{TEXT}\n\n{line}", [TRUSTED, other])
        assert open_checkpoint(NOTE + line, [TRUSTED, other]) == CHECKPOINT


class WhenAKeyIsWritten:
    def test_it_reads_back_as_itself(self) -> None:
        assert VerifierKey.parse(f"{TRUSTED}\n") == TRUSTED

    @pytest.mark.parametrize("text", [
        "", "name", "a+b", "infohus+00000000+AQ==", str(TRUSTED).replace("+", "-", 1), str(TRUSTED)[:-4],
        str(VerifierKey("other", TRUSTED.public)).replace("other", "othes"), str(VerifierKey("", TRUSTED.public)),
        str(VerifierKey("an\u00a0other", TRUSTED.public)), str(VerifierKey("an\u2003other", TRUSTED.public)),
    ])
    def test_another_is_refused(self, text: str) -> None:
        with pytest.raises(NotACheckpoint):
            VerifierKey.parse(text)

    def test_its_file_is_closed_to_others_and_never_overwritten(self, tmp_path: Path) -> None:
        path = tmp_path / "keys" / "log-signing.key"
        first = SigningKey.create(path)
        assert (path.stat().st_mode & 0o777, path.stat().st_size) == (0o600, 32)
        assert SigningKey.create(path).verifier("x") == first.verifier("x")
        assert repr(first) == "SigningKey()"

    @pytest.mark.parametrize("spoil", ["missing", "loose", "short", "long", "link"])
    def test_an_unsafe_file_is_refused(self, tmp_path: Path, spoil: str) -> None:
        path = tmp_path / "log-signing.key"
        if spoil != "missing":
            path.write_bytes(bytes({"short": 31, "long": 33}.get(spoil, 32)))
            path.chmod(0o640 if spoil == "loose" else 0o600)
        if spoil == "link":
            path.rename(tmp_path / "elsewhere")
            path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(UnsafeSigningKey, match=r"log-signing\.key"):
            SigningKey.load(path)


class WhenTilesAreNamed:
    @pytest.mark.parametrize(("level", "index", "width", "path"), [
        (0, 0, 256, "tile/0/000"), (3, 1_234_067, 256, "tile/3/x001/x234/067"), ("entries", 5, 256, "tile/entries/005"),
        (0, 273, 42, "tile/0/273.p/42"), (1, 1000, 1, "tile/1/x001/000.p/1"),
    ])
    def test_the_path_is_c2sp_s(self, level: int | str, index: int, width: int, path: str) -> None:
        assert tile_path(level, index, width) == path

    def test_a_tree_of_70000_has_the_tiles_of_the_standard_s_example(self) -> None:
        found = list(widths(70_000))
        assert (len([one for one in found if one[0] == 0]), found[-1]) == (274, (2, 0, 1))
        assert (0, 273, 112) in found
        assert (1, 1, 17) in found

    @pytest.mark.parametrize("bundle", [b"\x00", b"\x00\x05abc", b"\x00\x01a\x00"])
    def test_a_bundle_that_ends_inside_an_entry_is_refused(self, bundle: bytes) -> None:
        with pytest.raises(ValueError, match="ends inside"):
            entries_in(bundle)
        with pytest.raises(ValueError, match="ends inside"):
            hashed_entries(memoryview(bytearray(bundle)))

    def test_each_entry_of_a_bundle_is_hashed_as_a_leaf_where_it_stands(self) -> None:
        entries = [b"", b"a", b"}" * 125, b"x" * 65_535, b""]
        bundle = bundle_of(entries)
        hashes, ends = hashed_entries(memoryview(bytearray(bundle)))
        assert hashes == [leaf_hash(entry) for entry in entries]
        assert [bundle[end - len(entry) : end] for entry, end in zip(entries, ends, strict=True)] == entries
        assert hashed_entries(memoryview(b"")) == ([], [])

    def test_a_bundle_comes_apart_as_it_was_put_together(self) -> None:
        entries = [b"", b"a", b"x" * 65_535]
        assert entries_in(bundle_of(entries)) == entries
