"""Known answers of sealed exchange keys and of what keepers sign, made with other libraries (make_intake_v1.mjs).

A change of a byte here makes every exchange that is not taken in unreadable: it is a new suite or a new label, never a
new answer in the file.
"""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infohus.kernel.sealing.intake import SUITE, Info, exchange_info, open_with, public_key_of, seal_to
from infohus.kernel.sealing.signatures import (
    SignerKey,
    Signers,
    exchange_statement,
    intake_statement,
    signed_with,
    version_digest,
    wrap_digest,
)
from infohus.kernel.sealing.wraps import KeyPlace

ANSWERS: dict[str, Any] = json.loads((Path(__file__).parent / "intake-v1.json").read_text("utf-8"))
SEALED: list[dict[str, Any]] = ANSWERS["sealed"]
hexadecimal = bytes.fromhex


def info_of(answer: dict[str, Any]) -> Info:
    return exchange_info(
        exchange_id=UUID(answer["exchange_id"]), case_id=UUID(answer["case_id"]), discloser_id=answer["discloser_id"],
        recipient_id=answer["recipient_id"], generation=answer["generation"], number=int(answer["number"]),
    )


def statement_of_intake() -> bytes:
    of = ANSWERS["intake"]
    return intake_statement(
        authority_id=of["authority_id"], infohus_id=UUID(of["infohus_id"]), generation=of["generation"],
        suite=of["suite"], public_key=hexadecimal(of["public_key"]),
    )


def statement_of_exchange(*, backwards: bool = False) -> bytes:
    of = ANSWERS["exchange"]
    disclosed = [(hexadecimal(wrap), hexadecimal(version)) for wrap, version in of["disclosed"]]
    return exchange_statement(
        exchange_id=UUID(of["exchange_id"]), case_id=UUID(of["case_id"]), discloser_id=of["discloser_id"],
        recipient_id=of["recipient_id"], generation=of["generation"], number=of["number"],
        sealed=hexadecimal(of["sealed"]), disclosed=disclosed[::-1] if backwards else disclosed,
    )


class WhenAnotherImplementationSealedAKey:
    def test_there_are_answers_to_compare_with(self) -> None:
        assert len(SEALED) == 3

    @pytest.mark.parametrize("answer", SEALED, ids=range(len(SEALED)))
    def test_it_opens_here(self, answer: dict[str, Any]) -> None:
        opened = open_with(hexadecimal(answer["seed"]), hexadecimal(answer["sealed"]), info_of(answer))
        assert opened == hexadecimal(answer["key"])

    @pytest.mark.parametrize("answer", SEALED, ids=range(len(SEALED)))
    def test_a_seed_has_the_same_public_key(self, answer: dict[str, Any]) -> None:
        assert public_key_of(hexadecimal(answer["seed"])) == hexadecimal(answer["public_key"])

    @pytest.mark.parametrize("answer", SEALED, ids=range(len(SEALED)))
    def test_what_it_is_for_is_written_alike(self, answer: dict[str, Any]) -> None:
        assert info_of(answer) == hexadecimal(answer["info"])

    def test_what_is_sealed_here_is_of_the_same_form(self) -> None:
        answer = SEALED[0]
        sealed = seal_to(hexadecimal(answer["public_key"]), hexadecimal(answer["key"]), info_of(answer))
        assert (sealed[0], len(sealed)) == (SUITE, len(hexadecimal(answer["sealed"])))
        assert open_with(hexadecimal(answer["seed"]), sealed, info_of(answer)) == hexadecimal(answer["key"])


class WhenAnotherImplementationSignedAStatement:
    @pytest.mark.parametrize(("of", "statement"), [
        ("intake", statement_of_intake()), ("exchange", statement_of_exchange()),
        ("exchange", statement_of_exchange(backwards=True)),
    ], ids=["an intake key", "an exchange", "an exchange, read in another order"])  # fmt: skip
    def test_the_statement_and_its_signature_are_the_same_here(self, of: str, statement: bytes) -> None:
        answer, signer = ANSWERS[of], ANSWERS["signer"]
        key = SignerKey.of("politi", "politi/sign-1", hexadecimal(signer["seed"]))
        assert key.public == hexadecimal(signer["public_key"])
        assert statement == hexadecimal(answer["statement"])
        assert signed_with(hexadecimal(signer["seed"]), statement) == hexadecimal(answer["signature"])
        Signers([key]).verify("politi", "politi/sign-1", statement, hexadecimal(answer["signature"]))

    def test_the_digest_of_a_wrap_and_its_place_is_the_same(self) -> None:
        of = ANSWERS["wrap"]
        place = KeyPlace(
            record_id=UUID(of["record_id"]), version=of["version"], part=of["part"], key_id=UUID(of["key_id"]),
            owner_id=of["owner_id"], reader_id=of["reader_id"], case_id=UUID(of["case_id"]),
            exchange_id=UUID(of["exchange_id"]), content=hexadecimal(of["content"]),
        )
        assert wrap_digest(place, hexadecimal(of["wrapped"])).hex() == of["digest"]

    def test_the_digest_of_a_versions_row_is_the_same(self) -> None:
        of = ANSWERS["version"]
        texts = {name: None if text is None else hexadecimal(text) for name, text in of["envelopes"].items()}
        digest = version_digest(
            kind=of["kind"], record_id=UUID(of["record_id"]), version=of["version"], owner_id=of["owner_id"],
            clear_digest=hexadecimal(of["clear_digest"]), envelopes=texts,
        )
        assert digest.hex() == of["digest"]
