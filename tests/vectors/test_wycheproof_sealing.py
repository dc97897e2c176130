"""Project Wycheproof's AES-GCM, HMAC and HKDF vectors, through our own functions where we have them.

Envelopes are opened by `open_sealed` and keys unwrapped by `unwrap`. HMAC and HKDF we only call over messages of
our own shape (tests/unit/test_vault.py pins those), so here the functions the vault calls meet the vectors themselves.
"""

import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from infohus.kernel.sealing.envelope import VERSION, CannotOpen, DataKey, Place, Sealed, open_sealed
from infohus.kernel.sealing.wraps import unwrap

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "wycheproof"
FILES = {
    "aes_gcm_test.json": 316, "hmac_sha256_test.json": 174, "hkdf_sha256_test.json": 86,
}  # fmt: skip

if not all((FOLDER / name).is_file() for name in FILES):
    pytest.skip(
        "NOT CHECKED: Wycheproof's AES-GCM, HMAC and HKDF vectors are missing; expected in "
        "../shared/vectors/wycheproof beside the repository",
        allow_module_level=True,
    )

Vector = dict[str, Any]
"""A test of the file with its group's sizes in bits; `tcId` is its number."""


def vectors(name: str) -> list[Vector]:
    groups = json.loads((FOLDER / name).read_text("utf-8"))["testGroups"]
    sizes = ("keySize", "ivSize", "tagSize")
    return [
        {**test, **{size: group[size] for size in sizes if size in group}}
        for group in groups
        for test in group["tests"]
    ]


GCM, HMAC, HKDF = (vectors(name) for name in FILES)
OURS_GCM = [vector for vector in GCM if vector["keySize"] == 256]
KEY_ID = UUID("01890f3e-0000-7000-8000-000000000001")
hexadecimal = bytes.fromhex


def number(vector: Vector) -> str:
    return str(vector["tcId"])


@dataclass(frozen=True)
class AsTheVectorSays(Place):
    """A place that is written as the vector's associated data, whose shape is not ours."""

    written: bytes

    def associated_data(self, key_id: UUID) -> bytes:
        assert key_id == KEY_ID
        return self.written


def place(vector: Vector) -> Place:
    return AsTheVectorSays("", "", "", KEY_ID, KEY_ID, "", 0, b"", hexadecimal(vector["aad"]))


def envelope(vector: Vector) -> Sealed:
    return Sealed(VERSION + KEY_ID.bytes + b"".join(hexadecimal(vector[part]) for part in ("iv", "ct", "tag")))


def text_of(vector: Vector) -> str | None:
    """Give the text that must come out, or none: also a genuine message opens to nothing when it is no text."""
    if vector["result"] != "valid" or vector["ivSize"] != 96:
        return None
    try:
        return hexadecimal(vector["msg"]).decode()
    except UnicodeDecodeError:
        return None


def opened(vector: Vector) -> str | None:
    try:
        return open_sealed(DataKey(KEY_ID, hexadecimal(vector["key"])), place(vector), envelope(vector))
    except CannotOpen:
        return None


class WhenWycheproofsVectorsAreRead:
    def test_none_is_left_out(self) -> None:
        assert [len(read) for read in (GCM, HMAC, HKDF)] == list(FILES.values())
        assert {vector["result"] for read in (GCM, HMAC, HKDF) for vector in read} == {"valid", "invalid"}


class WhenAnEnvelopeHoldsAGcmVector:
    @pytest.mark.parametrize("vector", OURS_GCM, ids=number)
    def test_it_opens_exactly_if_it_is_valid_and_text(self, vector: Vector) -> None:
        assert opened(vector) == text_of(vector)

    def test_some_open_and_every_invalid_one_was_tried(self) -> None:
        expected = [text_of(vector) for vector in OURS_GCM]
        assert sum(text is not None for text in expected) == 4
        assert sum(vector["result"] == "invalid" for vector in OURS_GCM) == 29

    @pytest.mark.parametrize(
        "vector", [vector for vector in OURS_GCM if vector["ivSize"] == 96 and vector["result"] == "valid"], ids=number
    )
    def test_its_key_makes_and_reads_the_same_bytes(self, vector: Vector) -> None:
        nonce, aad, message = (hexadecimal(vector[part]) for part in ("iv", "aad", "msg"))
        ciphertext = hexadecimal(vector["ct"] + vector["tag"])
        cipher = DataKey(KEY_ID, hexadecimal(vector["key"])).cipher
        assert cipher.encrypt(nonce, message, aad) == ciphertext
        assert cipher.decrypt(nonce, ciphertext, aad) == message

    def test_a_shorter_key_is_no_data_key(self) -> None:
        shorter = [vector for vector in GCM if vector["keySize"] != 256]
        assert len(shorter) == len(GCM) - len(OURS_GCM) > 0
        for vector in shorter:
            with pytest.raises(ValueError, match=r"^a data key is 32 bytes$"):
                DataKey(KEY_ID, hexadecimal(vector["key"]))


class WhenAWrapIsAGcmVector:
    """A wrap holds 32 bytes, and no vector does: each is refused for its length. envelope-v1.json holds known wraps."""

    @pytest.mark.parametrize("vector", OURS_GCM, ids=number)
    def test_it_does_not_unwrap(self, vector: Vector) -> None:
        wrapped = hexadecimal(vector["iv"] + vector["ct"] + vector["tag"])
        with pytest.raises(CannotOpen):
            unwrap(hexadecimal(vector["key"]), hexadecimal(vector["aad"]), wrapped)


class WhenTheHmacThatTheVaultCallsMeetsItsVectors:
    @pytest.mark.parametrize("vector", HMAC, ids=number)
    def test_it_gives_exactly_the_valid_tags(self, vector: Vector) -> None:
        digest = hmac.digest(hexadecimal(vector["key"]), hexadecimal(vector["msg"]), "sha256")
        same = digest[: vector["tagSize"] // 8] == hexadecimal(vector["tag"])
        assert same is (vector["result"] == "valid")


class WhenTheHkdfThatTheVaultCallsMeetsItsVectors:
    """Ours is the second half, "expand"; the first is done here: the vectors begin with key material of any shape."""

    @pytest.mark.parametrize("vector", HKDF, ids=number)
    def test_it_expands_exactly_the_valid_ones(self, vector: Vector) -> None:
        uniform = hmac.digest(hexadecimal(vector["salt"]) or bytes(32), hexadecimal(vector["ikm"]), "sha256")
        try:
            expand = HKDFExpand(hashes.SHA256(), vector["size"], hexadecimal(vector["info"]))
        except ValueError:
            assert vector["result"] == "invalid"
            return
        assert vector["result"] == "valid"
        assert expand.derive(uniform) == hexadecimal(vector["okm"])
