"""Known answers of envelope v1 and of the keys around it, made with another implementation (make_envelope_v1.mjs).

Whoever must read an infohus' texts without this program can check their own reading against the same file. A change of
a byte here makes every stored text unreadable: it is a new version of the envelope, never a new answer in the file.
"""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infohus.kernel.sealing.clear_columns import NO_COLUMNS, digest_of
from infohus.kernel.sealing.envelope import CannotOpen, DataKey, Place, Sealed, open_sealed, seal
from infohus.kernel.sealing.exchange_keys import ExchangeKeyPlace
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.signatures import Signers
from infohus.kernel.sealing.vault import Vault, WrappedSecret
from infohus.kernel.sealing.wraps import KeyPlace
from infohus.kernel.sealing.wraps import wrap as wrap_under

ANSWERS: dict[str, Any] = json.loads((Path(__file__).parent / "envelope-v1.json").read_text("utf-8"))
ENVELOPES: list[dict[str, Any]] = ANSWERS["envelopes"]
WRAPS: list[dict[str, Any]] = ANSWERS["wraps"]
KEYED: dict[str, Any] = ANSWERS["keyed"]
INFOHUS = UUID(KEYED["infohus_id"])
hexadecimal = bytes.fromhex


def key_of(vector: dict[str, Any]) -> DataKey:
    return DataKey(UUID(vector["key_id"]), hexadecimal(vector["data_key"]))


def place_of(vector: dict[str, Any]) -> Place:
    return Place(
        kind=vector["kind"], part=vector["part"], field=vector["field"], record_id=UUID(vector["record_id"]),
        case_id=UUID(vector["case_id"]), owner_id=vector["owner_id"], version=int(vector["version"]),
        clear_digest=hexadecimal(vector["clear_digest"]),
    )


def key_place_of(wrap: dict[str, Any]) -> KeyPlace:
    exchange_id = None if wrap["exchange"] is None else UUID(wrap["exchange"]["exchange_id"])
    person_id = None if wrap["person_id"] is None else UUID(wrap["person_id"])
    return KeyPlace(
        record_id=UUID(wrap["record_id"]), version=wrap["version"], part=wrap["part"], key_id=UUID(wrap["key_id"]),
        owner_id=wrap["owner_id"], reader_id=wrap["reader_id"], case_id=UUID(wrap["case_id"]), exchange_id=exchange_id,
        person_id=person_id, content=None if wrap["content"] is None else hexadecimal(wrap["content"]),
    )


def secret_of(wrap: dict[str, Any]) -> WrappedSecret:
    return WrappedSecret(UUID(wrap["case_id"]), wrap["reader_id"], hexadecimal(wrap["wrapped_secret"]))


def exchange_key_place_of(wrap: dict[str, Any]) -> ExchangeKeyPlace:
    exchange = wrap["exchange"]
    return ExchangeKeyPlace(
        exchange_id=UUID(exchange["exchange_id"]), case_id=UUID(wrap["case_id"]),
        discloser_id=exchange["discloser_id"], recipient_id=wrap["reader_id"], infohus_id=UUID(wrap["infohus_id"]),
        generation=exchange["generation"], number=exchange["number"],
    )


def unwrapped(vault: Vault, wrap: dict[str, Any], at: dict[str, Any], keyed: dict[str, Any]) -> DataKey:
    """Unwrap one answer's key at the place of another, with the keys of a third."""
    wrapped, place = hexadecimal(wrap["wrapped_data_key"]), key_place_of(at)
    if keyed["use"] == "disclosed":
        taken_in = hexadecimal(keyed["exchange"]["taken_in"])
        return vault.open_taken_in(taken_in, exchange_key_place_of(keyed), secret_of(keyed)).unwrap(wrapped, place)
    unwrap = vault.unwrap_own if keyed["use"] == "own" else vault.unwrap_kept
    return unwrap(wrapped, place, secret_of(keyed))


def store(path: Path, key: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(hexadecimal(key))
    path.chmod(0o600)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """Make a vault whose keeper holds the file's keys."""
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    for wrap in WRAPS:
        store(keys / wrap["reader_id"] / "kek-1.key", wrap["keeper_key"])
    store(keys / "index" / f"{INFOHUS}.key", KEYED["index_key"])
    return Vault(FileKeyKeeper(keys), Signers([]), lambda: datetime(2026, 11, 23, tzinfo=UTC))


class WhenAnotherImplementationSealedAText:
    def test_there_are_answers_to_compare_with(self) -> None:
        assert (len(ENVELOPES), len(WRAPS), len(KEYED["indexes"])) == (6, 4, 3)

    @pytest.mark.parametrize("vector", ENVELOPES, ids=lambda vector: vector["name"])
    def test_it_opens_here(self, vector: dict[str, Any]) -> None:
        sealed = Sealed(hexadecimal(vector["envelope"]))
        assert open_sealed(key_of(vector), place_of(vector), sealed) == vector["text"]

    @pytest.mark.parametrize("vector", ENVELOPES, ids=lambda vector: vector["name"])
    def test_the_place_is_written_alike(self, vector: dict[str, Any]) -> None:
        assert place_of(vector).associated_data(UUID(vector["key_id"])) == hexadecimal(vector["associated_data"])

    @pytest.mark.parametrize("vector", ENVELOPES, ids=lambda vector: vector["name"])
    def test_what_is_sealed_here_differs_in_its_nonce_only(self, vector: dict[str, Any]) -> None:
        made = seal(key_of(vector), place_of(vector), vector["text"]).envelope
        known, nonce = hexadecimal(vector["envelope"]), made[17:29]
        assert known[17:29] == hexadecimal(vector["nonce"]) != nonce
        under_its_nonce = AESGCM(hexadecimal(vector["data_key"])).encrypt(
            nonce, vector["text"].encode(), hexadecimal(vector["associated_data"])
        )
        assert made == known[:17] + nonce + under_its_nonce

    def test_each_opens_at_its_own_place_only(self) -> None:
        opened = []
        for vector in ENVELOPES:
            sealed, key = Sealed(hexadecimal(vector["envelope"])), key_of(vector)
            for other in ENVELOPES:
                for key_tried in (key, key_of(other)):
                    try:
                        open_sealed(key_tried, place_of(other), sealed)
                    except CannotOpen:
                        continue
                    opened.append((vector["name"], other["name"]))
        # Twice each: its own key is tried as its own and as the other's.
        assert opened == [(vector["name"], vector["name"]) for vector in ENVELOPES for _ in range(2)]

    @pytest.mark.parametrize("vector", ENVELOPES, ids=lambda vector: vector["name"])
    def test_it_does_not_open_as_another_version_of_the_record(self, vector: dict[str, Any]) -> None:
        place = place_of(vector)
        for version in {0, 1, 2, 255, 256, 4294967295, 2**63 - 1} - {place.version}:
            with pytest.raises(CannotOpen):
                open_sealed(
                    key_of(vector), replace(place, version=version), Sealed(hexadecimal(vector["envelope"]))
                )


class WhenAnotherImplementationReadTheClearColumns:
    def test_it_computes_the_same_digest(self) -> None:
        known, none = ANSWERS["columns"]
        columns = {
            **known["columns"], "id": UUID(known["columns"]["id"]), "dated_on": date(2026, 10, 31),
            "manifest": bytes([0, 1, 2, 255]), "recorded_at": datetime(2026, 11, 23, 12, tzinfo=UTC),
            "exchanged_at": datetime(2026, 11, 23, 11, 59, 59, 1, tzinfo=timezone(timedelta(hours=1))),
        }
        assert digest_of(columns) == hexadecimal(known["digest"])
        assert digest_of({}) == NO_COLUMNS == hexadecimal(none["digest"])


class WhenAnotherImplementationWrappedAKey:
    @pytest.mark.parametrize("wrap", WRAPS, ids=lambda wrap: wrap["reader_id"])
    def test_it_unwraps_here_from_the_keepers_key_down(self, vault: Vault, wrap: dict[str, Any]) -> None:
        found = unwrapped(vault, wrap, wrap, wrap)
        assert (found.key_id, found.material) == (UUID(wrap["key_id"]), hexadecimal(wrap["data_key"]))

    @pytest.mark.parametrize("wrap", WRAPS, ids=lambda wrap: wrap["reader_id"])
    def test_what_it_is_for_is_written_alike(self, wrap: dict[str, Any]) -> None:
        assert key_place_of(wrap).associated_data() == hexadecimal(wrap["associated_data"])

    @pytest.mark.parametrize("wrap", WRAPS, ids=lambda wrap: wrap["reader_id"])
    def test_what_is_wrapped_here_differs_in_its_nonce_only(self, wrap: dict[str, Any]) -> None:
        made = wrap_under(hexadecimal(wrap["wrapping_key"]), hexadecimal(wrap["associated_data"]),
                          hexadecimal(wrap["data_key"]))  # fmt: skip
        cipher = AESGCM(hexadecimal(wrap["wrapping_key"]))
        assert made[12:] == cipher.encrypt(
            made[:12], hexadecimal(wrap["data_key"]), hexadecimal(wrap["associated_data"])
        )
        assert len(made) == len(hexadecimal(wrap["wrapped_data_key"])) == 60

    def test_each_opens_at_its_own_place_only(self, vault: Vault) -> None:
        opened = []
        for wrap in WRAPS:
            for other in WRAPS:
                for keyed in (wrap, other):
                    try:
                        unwrapped(vault, wrap, other, keyed)
                    except CannotOpen:
                        continue
                    opened.append((wrap["reader_id"], other["reader_id"]))
        assert opened == [(wrap["reader_id"], wrap["reader_id"]) for wrap in WRAPS for _ in range(2)]


class WhenAnotherImplementationLookedAValueUp:
    @pytest.mark.parametrize("answer", KEYED["indexes"], ids=lambda answer: answer["kind"] or "nothing")
    def test_its_index_is_the_same_here(self, vault: Vault, answer: dict[str, str]) -> None:
        assert vault.index(INFOHUS, answer["kind"], answer["value"]) == hexadecimal(answer["index"])

    def test_a_request_has_the_same_fingerprint_here(self, vault: Vault) -> None:
        known = KEYED["fingerprint"]
        assert vault.fingerprint(INFOHUS, hexadecimal(known["payload"])) == hexadecimal(known["fingerprint"])
