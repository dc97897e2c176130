"""Who signed what: statements that cannot be taken for one another, and public keys that come from a file alone."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.signatures import (
    NotSigned,
    SignerKey,
    Signers,
    SignersNotUsable,
    add_signers,
    exchange_statement,
    intake_statement,
    signed_with,
    version_digest,
    wrap_digest,
)
from infohus.kernel.sealing.wraps import KeyPlace

MUNICIPALITY, POLICE = "ishoj-kommune", "kbh-vestegns-politi"
INTAKE: dict[str, Any] = {
    "authority_id": POLICE, "infohus_id": UUID(int=1), "generation": 1, "suite": 1, "public_key": bytes(1216),
}
PAIR, OTHER_PAIR = (b"w" * 32, b"v" * 32), (b"w" * 32, b"V" * 32)
EXCHANGE: dict[str, Any] = {
    "exchange_id": UUID(int=1), "case_id": UUID(int=2), "discloser_id": MUNICIPALITY, "recipient_id": POLICE,
    "generation": 1, "number": 0, "sealed": b"sealed", "disclosed": [PAIR],
}
VERSION: dict[str, Any] = {
    "kind": "concern", "record_id": UUID(int=1), "version": 1, "owner_id": MUNICIPALITY, "clear_digest": bytes(32),
    "envelopes": {"text": b"sealed", "other": None},
}
PLACE: dict[str, Any] = {
    "record_id": UUID(int=1), "version": 1, "part": "whole", "key_id": UUID(int=2), "owner_id": MUNICIPALITY,
    "reader_id": POLICE, "case_id": UUID(int=3), "exchange_id": UUID(int=4), "person_id": UUID(int=5),
}
CHANGED: dict[str, list[object]] = {
    "authority_id": [MUNICIPALITY], "infohus_id": [UUID(int=9)], "generation": [0, 2], "suite": [2],
    "public_key": [b"", bytes(1215)], "exchange_id": [UUID(int=9)], "case_id": [UUID(int=9)], "discloser_id": [POLICE],
    "recipient_id": [MUNICIPALITY], "number": [1], "sealed": [b"", b"Sealed"], "kind": ["note"],
    "disclosed": [[], [OTHER_PAIR], [PAIR, PAIR], [PAIR, OTHER_PAIR], [PAIR[::-1]]],
    "record_id": [UUID(int=9)], "version": [2], "owner_id": [POLICE], "clear_digest": [b"d" * 32],
    "envelopes": [{}, {"text": b"Sealed"}, {"other": b"sealed"}, {"text": b"sealed", "other": b""}],
    "part": ["other"], "key_id": [UUID(int=9)], "reader_id": [MUNICIPALITY], "person_id": [None, UUID(int=9)],
}
MADE: dict[str, tuple[Callable[..., bytes], dict[str, Any]]] = {
    "an intake key": (intake_statement, INTAKE),
    "an exchange": (exchange_statement, EXCHANGE),
    "a version": (version_digest, VERSION),
    "a wrap": (lambda **place: wrap_digest(KeyPlace(**place), b"wrapped"), PLACE),
}


@pytest.fixture
def keeper(tmp_path: Path) -> FileKeyKeeper:
    return FileKeyKeeper.create(tmp_path / "keys", [MUNICIPALITY, POLICE], [])


@pytest.fixture
def signers(keeper: FileKeyKeeper) -> Signers:
    return Signers(keeper.signer_key(authority) for authority in (MUNICIPALITY, POLICE))


class WhenSomethingIsStated:
    @pytest.mark.parametrize(
        ("what", "field", "value"),
        [(what, field, value) for what, (_, said) in MADE.items() for field in said for value in CHANGED[field]],
    )
    def test_every_part_of_it_is_in_what_is_signed(self, what: str, field: str, value: object) -> None:
        make, said = MADE[what]
        assert make(**{**said, field: value}) != make(**said)

    def test_a_wrap_itself_is_too(self) -> None:
        assert wrap_digest(KeyPlace(**PLACE), b"wrapped") != wrap_digest(KeyPlace(**PLACE), b"Wrapped")

    def test_the_order_in_which_the_wraps_were_read_is_not(self) -> None:
        one, other = ({**EXCHANGE, "disclosed": pairs} for pairs in ([PAIR, OTHER_PAIR], [OTHER_PAIR, PAIR]))
        assert exchange_statement(**one) == exchange_statement(**other)

    def test_a_text_that_is_not_there_is_none(self) -> None:
        assert version_digest(**{**VERSION, "envelopes": {"text": b"sealed"}}) == version_digest(**VERSION)

    def test_no_statement_is_one_of_the_other_kind(self) -> None:
        assert intake_statement(**INTAKE)[:26] != exchange_statement(**EXCHANGE)[:26]


class WhenAnAuthoritySigned:
    def test_its_own_key_verifies_it(self, keeper: FileKeyKeeper, signers: Signers) -> None:
        key_id, signature = keeper.sign(POLICE, b"a statement")
        assert (key_id, len(signature)) == (f"{POLICE}/sign-1", 64)
        signers.verify(POLICE, key_id, b"a statement", signature)

    @pytest.mark.parametrize(("authority", "key_id", "statement"), [
        (MUNICIPALITY, f"{MUNICIPALITY}/sign-1", b"a statement"), (MUNICIPALITY, f"{POLICE}/sign-1", b"a statement"),
        (POLICE, f"{MUNICIPALITY}/sign-1", b"a statement"), (POLICE, f"{POLICE}/sign-2", b"a statement"),
        (POLICE, f"{POLICE}/sign-1", b"a statement "), (POLICE, f"{POLICE}/sign-1", b""),
        ("nobody", "nobody/sign-1", b"a statement"),
    ])  # fmt: skip
    def test_nothing_else_is_signed_by_it(
        self, keeper: FileKeyKeeper, signers: Signers, authority: str, key_id: str, statement: bytes
    ) -> None:
        _, signature = keeper.sign(POLICE, b"a statement")
        with pytest.raises(NotSigned) as refused:
            signers.verify(authority, key_id, statement, signature)
        assert (refused.value.args, refused.value.__cause__) == ((), None)

    def test_a_signature_that_was_changed_counts_no_more(self, keeper: FileKeyKeeper, signers: Signers) -> None:
        key_id, good = keeper.sign(POLICE, b"a statement")
        changed = [good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :] for at in range(64)]
        for signature in [*changed, b"", good[:-1], good + b"\0", bytes(64)]:
            with pytest.raises(NotSigned):
                signers.verify(POLICE, key_id, b"a statement", signature)

    def test_one_who_has_only_public_keys_signs_nothing(self, keeper: FileKeyKeeper, signers: Signers) -> None:
        public = keeper.signer_key(POLICE).public
        for private in (public, hashlib.sha256(public).digest()):
            with pytest.raises(NotSigned):
                signers.verify(POLICE, f"{POLICE}/sign-1", b"a statement", signed_with(private, b"a statement"))


SIGNER = '[[signer]]\nauthority = "politi"\nid = "politi/sign-1"\npublic_key = "{}"\n'
ONE, OTHER = "A" * 43 + "=", "AQ" + "A" * 41 + "="
BAD = {
    "nothing": ("", "cannot be read"),
    "no TOML": ("[[signer", "cannot be read"),
    "no key": ('[[signer]]\nauthority = "politi"\nid = "politi/sign-1"\n', "cannot be read"),
    "an unknown field": (SIGNER.format(ONE) + "valid = true\n", "cannot be read"),
    "no base64": (SIGNER.format("å" * 44), "politi/sign-1 is not 32 bytes"),
    "base64 with a line": (SIGNER.format(ONE[:20] + "\\n" + ONE[20:]), "politi/sign-1 is not 32 bytes"),
    "bits that say nothing": (SIGNER.format("A" * 42 + "B="), "politi/sign-1 is not 32 bytes"),
    "31 bytes": (SIGNER.format("A" * 40 + "AA=="), "politi/sign-1 is not 32 bytes"),
    "33 bytes": (SIGNER.format("A" * 44), "politi/sign-1 is not 32 bytes"),
    "one name twice": (SIGNER.format(ONE) + SIGNER.format(OTHER), "politi/sign-1 of politi stands there twice"),
    "one key twice": (SIGNER.format(ONE) + SIGNER.format(ONE).replace("politi", "kommune"), "has the key of another"),
}


class WhenTheFileOfTheSignersIsRead:
    def test_it_holds_what_was_written(self, keeper: FileKeyKeeper, tmp_path: Path) -> None:
        keys = [keeper.signer_key(authority) for authority in (MUNICIPALITY, POLICE)]
        add_signers(tmp_path / "signers.toml", keys)
        signers = Signers.read(tmp_path / "signers.toml")
        assert (list(signers), signers.authorities()) == (keys, {MUNICIPALITY, POLICE})
        assert (tmp_path / "signers.toml").stat().st_mode & 0o777 == 0o644
        signers.require(keys)

    def test_what_stands_there_stays_and_what_is_missing_is_added(self, keeper: FileKeyKeeper, tmp_path: Path) -> None:
        file, ours = tmp_path / "signers.toml", keeper.signer_key(MUNICIPALITY)
        old = SignerKey.of(POLICE, f"{POLICE}/sign-0", bytes(32))
        add_signers(file, [old])
        add_signers(file, [ours, ours])
        assert list(Signers.read(file)) == [old, ours]
        before = file.stat()
        add_signers(file, [ours])
        assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_a_key_that_stands_there_otherwise_is_not_written_over(self, keeper: FileKeyKeeper, tmp_path: Path) -> None:
        file, ours = tmp_path / "signers.toml", keeper.signer_key(MUNICIPALITY)
        add_signers(file, [SignerKey.of(MUNICIPALITY, ours.key_id, bytes(32))])
        before = file.read_bytes()
        with pytest.raises(SignersNotUsable, match="is another key"):
            add_signers(file, [ours])
        assert file.read_bytes() == before

    def test_an_older_key_of_an_authority_verifies_on(self) -> None:
        old, new = (SignerKey.of(POLICE, f"{POLICE}/sign-{at}", bytes([at]) * 32) for at in (1, 2))
        Signers([old, new]).verify(POLICE, old.key_id, b"a statement", signed_with(bytes([1]) * 32, b"a statement"))

    @pytest.mark.parametrize(("text", "says"), BAD.values(), ids=BAD)
    def test_what_is_wrong_with_it_is_said_by_name(self, tmp_path: Path, text: str, says: str) -> None:
        (tmp_path / "signers.toml").write_text(text, encoding="utf-8")
        with pytest.raises(SignersNotUsable) as refused:
            Signers.read(tmp_path / "signers.toml")
        assert str(refused.value).startswith("signers.toml: ")
        assert says in str(refused.value)

    def test_a_missing_one_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SignersNotUsable, match=r"^signers\.toml: the signers cannot be read"):
            Signers.read(tmp_path / "signers.toml")

    @pytest.mark.parametrize("of", ["file", "folder"])
    def test_one_that_others_may_write_is_not_believed(self, tmp_path: Path, of: str) -> None:
        file = tmp_path / "signers.toml"
        file.write_text(SIGNER.format(ONE), encoding="utf-8")
        Signers.read(file)
        (file if of == "file" else tmp_path).chmod(0o777)
        with pytest.raises(SignersNotUsable, match=r"^signers\.toml: others may write it"):
            Signers.read(file)

    def test_a_key_of_the_keepers_that_it_lacks_or_has_otherwise_is_named(self, keeper: FileKeyKeeper) -> None:
        ours, theirs = (keeper.signer_key(authority) for authority in (MUNICIPALITY, POLICE))
        with pytest.raises(SignersNotUsable, match=rf"{POLICE}/sign-1 of {POLICE} is missing"):
            Signers([ours]).require([ours, theirs])
        forged = SignerKey.of(POLICE, theirs.key_id, bytes(32))
        with pytest.raises(SignersNotUsable, match=rf"{POLICE}/sign-1 of {POLICE} is another key"):
            Signers([ours, forged]).require([ours, theirs])
