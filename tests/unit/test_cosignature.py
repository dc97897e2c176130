"""Who counts as a witness: each once, under one name and with one key, and never the log itself."""

import base64

import pytest

from infohus.kernel.audit.formats.checkpoint import Checkpoint, SigningKey, VerifierKey, split_note
from infohus.kernel.audit.formats.cosignature import (
    CosignatureDoesNotHold,
    NotAWitness,
    WitnessKey,
    cosign,
    cosignatures_on,
    witnesses_of,
)

ORIGIN = "infohus.test/log"
LOG, FIRST, SECOND = SigningKey(b"l" * 32), SigningKey(b"a" * 32), SigningKey(b"b" * 32)
KEY = LOG.verifier(ORIGIN)
NOTE = LOG.sign(Checkpoint(ORIGIN, 3, bytes(32)))
TEXT = split_note(NOTE)[0]


def witness(name: str, key: SigningKey) -> WitnessKey:
    return WitnessKey(name, key.verifier(name).public)


def signed_by(name: str, key: SigningKey) -> str:
    return cosign(TEXT, key, name=name, moment=1_700_000_000)


ONE, OTHER = witness("a.example", FIRST), witness("b.example", SECOND)
NOBODY: dict[str, list[VerifierKey]] = {
    "the log's key": [KEY],
    "the log's key as a witness' kind": [witness("a.example", LOG)],
    "the log's name": [witness(ORIGIN, FIRST)],
    "one key under two names": [ONE, witness("b.example", FIRST)],
    "two keys under one name": [ONE, witness("a.example", SECOND)],
}


class WhenWitnessesAreNamed:
    def test_each_is_known_once(self) -> None:
        assert witnesses_of(KEY, [f"{OTHER}\n", str(ONE), str(OTHER)]) == [ONE, OTHER]

    @pytest.mark.parametrize("keys", NOBODY.values(), ids=NOBODY)
    def test_whoever_cannot_vouch_is_refused(self, keys: list[VerifierKey]) -> None:
        with pytest.raises(NotAWitness):
            witnesses_of(KEY, [str(key) for key in keys])

    def test_what_is_no_key_is_refused(self) -> None:
        with pytest.raises(NotAWitness):
            witnesses_of(KEY, ["a.example"])


class WhenANoteIsCosigned:
    @pytest.mark.parametrize("keys", [[ONE, witness("b.example", FIRST)], [ONE, witness("a.example", SECOND)]])
    def test_one_witness_is_no_two_under_another_name_or_key(self, keys: list[WitnessKey]) -> None:
        lines = signed_by("a.example", FIRST) + signed_by("b.example", FIRST) + signed_by("a.example", SECOND)
        assert [one.name for one in cosignatures_on(NOTE + lines, keys)] == ["a.example"]

    @pytest.mark.parametrize("first", [True, False])
    def test_every_line_of_a_known_witness_must_hold(self, *, first: bool) -> None:
        wrong = f"— a.example {base64.b64encode(ONE.key_id + bytes(72)).decode()}\n"
        right = signed_by("a.example", FIRST)
        with pytest.raises(CosignatureDoesNotHold):
            cosignatures_on(NOTE + (wrong + right if first else right + wrong), [ONE])
