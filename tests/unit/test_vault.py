"""The vault: who can unwrap what, how long it keeps keys, and what it computes under the index key."""

import gc
import hmac
import types
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infohus.kernel.sealing import vault as vault_module
from infohus.kernel.sealing.clear_columns import NO_COLUMNS
from infohus.kernel.sealing.column import WHOLE
from infohus.kernel.sealing.envelope import CannotOpen, DataKey, Place
from infohus.kernel.sealing.keepers import INSTALLATION, FileKeyKeeper
from infohus.kernel.sealing.signatures import NotSigned, Signers
from infohus.kernel.sealing.vault import PublicIntakeKey, Vault
from infohus.kernel.sealing.wraps import KeyPlace

MUNICIPALITY, POLICE = "ishoj-kommune", "kbh-vestegns-politi"
INFOHUS = UUID("01890f3e-0000-7000-8000-0000000000f1")
OTHER_INFOHUS = UUID("01890f3e-0000-7000-8000-0000000000f2")
CASE = UUID("01890f3e-0000-7000-8000-0000000000c1")
OTHER_CASE = UUID("01890f3e-0000-7000-8000-0000000000c2")
PERSON = UUID("0d9f3c52-6a41-4be7-9a1e-3f5c20d84b61")
HERE = Place(
    "information", WHOLE, "text", UUID("01890f3e-0000-7000-8000-0000000000a1"), CASE, MUNICIPALITY, 1, NO_COLUMNS
)
NEXT = replace(HERE, record_id=UUID("01890f3e-0000-7000-8000-0000000000a2"))
TEXT = "Han vil rejse."
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def place_of(key_id: UUID, who: str, case: UUID = CASE) -> KeyPlace:
    """Say what a wrap is for: the key of the municipality's record, for one reader in one case."""
    exchange_id = None if who == MUNICIPALITY else OTHER_INFOHUS
    return KeyPlace(HERE.record_id, 1, WHOLE, key_id, MUNICIPALITY, who, case, exchange_id)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move_to(self, seconds: float) -> None:
        self.now = START + timedelta(seconds=seconds)


class CountingKeeper(FileKeyKeeper):
    """The file keeper, that also writes down whom it unwrapped for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.unwrapped: list[str] = []

    def unwrap(self, authority_id: str, wrapped: bytes, context: bytes) -> bytes:
        self.unwrapped.append(authority_id)
        return super().unwrap(authority_id, wrapped, context)


class TwoAuthorities:
    """A vault with the secrets of two authorities in two cases, and short ways to wrap and unwrap."""

    def __init__(self, keys: Path, *, keep: int = 300) -> None:
        self.clock = SetClock()
        self.keeper = CountingKeeper(keys)
        self.vault = Vault(self.keeper, Signers([]), self.clock, keep_keys_seconds=keep)
        self.secrets = {
            (case, who): self.vault.new_side_secret(case, who)
            for case in (CASE, OTHER_CASE) for who in (MUNICIPALITY, POLICE)
        }

    def wrap(self, key: DataKey, who: str, case: UUID = CASE) -> bytes:
        place = place_of(key.key_id, who, case)
        return self.vault.wrap_own(key, place, self.secrets[case, who])

    def unwrap(self, wrapped: bytes, key_id: UUID, who: str, case: UUID = CASE) -> DataKey:
        place = place_of(key_id, who, case)
        return self.vault.unwrap_own(wrapped, place, self.secrets[case, who])

    def use(self, who: str = MUNICIPALITY, case: UUID = CASE) -> None:
        """Need the secret of a side."""
        self.wrap(DataKey(PERSON, bytes(32)), who, case)

    def secret(self, who: str = MUNICIPALITY, case: UUID = CASE) -> bytes:
        context = b"\0\0\0\x04side\0\0\0\x10" + case.bytes
        return FileKeyKeeper.unwrap(self.keeper, who, self.secrets[case, who].wrapped, context)

    def derived_key(self, who: str = MUNICIPALITY, case: UUID = CASE) -> bytes:
        """Derive the key that wraps data keys, by HKDF-Expand's own definition (RFC 5869, section 2.3)."""
        parts = b"infohus/v1/own", case.bytes, who.encode()
        named = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(self.secret(who, case), named + b"\x01", "sha256")

    def in_memory(self) -> set[tuple[UUID, str]]:
        """Say whose keys can be reached from the vault, whatever it keeps them in; the keeper's own do not count."""
        found: set[bytes] = set()
        seen = {id(self.keeper), id(self.clock)}
        waiting: list[object] = [self.vault]
        while waiting:
            each = waiting.pop()
            if id(each) in seen or isinstance(each, type | types.ModuleType | types.FunctionType):
                continue
            seen.add(id(each))
            if isinstance(each, bytes | bytearray):
                found.add(bytes(each))
            waiting += gc.get_referents(each)
        assert found.isdisjoint(self.secret(who, case) for case, who in self.secrets)
        return {(case, who) for case, who in self.secrets if self.derived_key(who, case) in found}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vault") / "keys"
    FileKeyKeeper.create(folder, [MUNICIPALITY, POLICE], [INFOHUS, OTHER_INFOHUS, INSTALLATION])
    return folder


@pytest.fixture
def both(keys: Path) -> TwoAuthorities:
    return TwoAuthorities(keys)


class WhenADataKeyIsWrapped:
    def test_its_authority_unwraps_it(self, both: TwoAuthorities) -> None:
        key = both.vault.new_data_key()
        for who in (MUNICIPALITY, POLICE):
            wrapped = both.wrap(key, who)
            assert len(wrapped) == 60
            found = both.unwrap(wrapped, key.key_id, who)
            assert (found.key_id, found.material) == (key.key_id, key.material)

    def test_it_is_wrapped_under_the_key_the_standard_derives(self, both: TwoAuthorities) -> None:
        key = both.vault.new_data_key()
        wrapped, context = both.wrap(key, POLICE), place_of(key.key_id, POLICE).associated_data()
        assert AESGCM(both.derived_key(POLICE)).decrypt(wrapped[:12], wrapped[12:], context) == key.material

    def test_every_new_key_is_another(self, both: TwoAuthorities) -> None:
        made = [both.vault.new_data_key() for _ in range(1000)]
        assert len({key.material for key in made}) == len({key.key_id for key in made}) == 1000
        assert {len(key.material) for key in made} == {32}
        assert len({both.vault.new_side_secret(CASE, POLICE).wrapped for _ in range(1000)}) == 1000

    @pytest.mark.rule(44)
    @pytest.mark.parametrize(("owner", "other"), [(MUNICIPALITY, POLICE), (POLICE, MUNICIPALITY)])
    def test_no_key_the_other_authority_holds_unwraps_it(self, both: TwoAuthorities, owner: str, other: str) -> None:
        key = both.vault.new_data_key()
        wrapped = both.wrap(key, owner)
        attempts = [
            (case, who, replace(both.secrets[source], case_id=case, authority_id=who))
            for case in (CASE, OTHER_CASE) for who in (owner, other) for source in both.secrets
        ]  # fmt: skip
        opened = []
        for case, who, secret in attempts:
            try:
                both.vault.unwrap_own(wrapped, place_of(key.key_id, who, case), secret)
            except CannotOpen:
                continue
            opened.append((case, who, secret))
        # Of every secret under every name in every case: only the owner's own, as itself, in its own case.
        assert opened == [(CASE, owner, both.secrets[CASE, owner])]

    def test_it_does_not_unwrap_changed_or_cut(self, both: TwoAuthorities) -> None:
        wrapped = both.wrap(DataKey(PERSON, bytes(range(32))), MUNICIPALITY)
        changed = [wrapped[:at] + bytes([wrapped[at] ^ 1 << bit]) + wrapped[at + 1 :]
                   for at in range(60) for bit in range(8)]  # fmt: skip
        for attempt in changed + [wrapped[:size] for size in range(60)] + [wrapped + b"\0", wrapped * 2]:
            with pytest.raises(CannotOpen) as refused:
                both.unwrap(attempt, PERSON, MUNICIPALITY)
            assert (refused.value.args, refused.value.__cause__) == ((), None)

    @pytest.mark.parametrize("length", [1, 16, 24, 31, 33, 64])
    def test_what_unwraps_to_another_length_is_no_data_key(self, both: TwoAuthorities, length: int) -> None:
        context = place_of(PERSON, MUNICIPALITY).associated_data()
        wrapped = bytes(12) + AESGCM(both.derived_key()).encrypt(bytes(12), bytes(length), context)
        with pytest.raises(CannotOpen):
            both.unwrap(wrapped, PERSON, MUNICIPALITY)


class WhenASecretIsRemembered:
    def test_the_keeper_is_not_asked_again_within_its_seconds(self, both: TwoAuthorities) -> None:
        for second in (0, 100, 299.999):
            both.clock.move_to(second)
            both.use()
        assert both.keeper.unwrapped == [MUNICIPALITY]

    def test_using_it_does_not_prolong_its_seconds(self, both: TwoAuthorities) -> None:
        for second in (0, 100, 200, 299, 300, 599):
            both.clock.move_to(second)
            both.use()
        assert both.keeper.unwrapped == [MUNICIPALITY] * 2

    def test_neither_it_nor_what_it_wraps_is_kept_but_the_key_derived_for_one_case_and_authority(
        self, both: TwoAuthorities
    ) -> None:
        assert both.in_memory() == set()
        key = both.vault.new_data_key()
        both.unwrap(both.wrap(key, MUNICIPALITY), key.key_id, MUNICIPALITY)
        assert both.in_memory() == {(CASE, MUNICIPALITY)}

    @pytest.mark.parametrize(("second", "kept"), [(299.999, {(CASE, MUNICIPALITY)}), (300, set()), (86_400, set())])
    def test_it_leaves_memory_when_they_have_passed(
        self, both: TwoAuthorities, second: float, kept: set[tuple[UUID, str]]
    ) -> None:
        both.use()
        both.clock.move_to(second)
        both.vault.forget_the_old()
        assert both.in_memory() == kept

    def test_it_leaves_memory_when_another_is_used(self, both: TwoAuthorities) -> None:
        both.use(MUNICIPALITY)
        both.clock.move_to(200)
        both.use(POLICE)
        both.clock.move_to(300)
        # The police's is remembered, so nothing is derived here: the old one must go all the same.
        both.use(POLICE)
        assert (both.in_memory(), both.keeper.unwrapped) == ({(CASE, POLICE)}, [MUNICIPALITY, POLICE])

    def test_it_does_not_live_longer_by_a_clock_set_back(self, both: TwoAuthorities) -> None:
        both.use()
        both.clock.move_to(-3600)
        both.vault.forget_the_old()
        assert both.in_memory() == set()
        both.use()
        assert both.keeper.unwrapped == [MUNICIPALITY] * 2

    def test_nor_by_one_set_back_to_after_it_was_unwrapped(self, both: TwoAuthorities) -> None:
        for second in (0, 200, 100):
            both.clock.move_to(second)
            both.use()
        assert both.keeper.unwrapped == [MUNICIPALITY] * 2

    def test_none_is_kept_for_no_seconds(self, keys: Path) -> None:
        both = TwoAuthorities(keys, keep=0)
        both.use()
        both.use()
        assert (both.in_memory(), len(both.keeper.unwrapped)) == (set(), 2)

    def test_there_is_an_end_to_how_many_are_kept(self, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vault_module, "REMEMBERED_KEYS", 2)
        both = TwoAuthorities(keys)
        for who, case in ((MUNICIPALITY, CASE), (POLICE, CASE), (MUNICIPALITY, OTHER_CASE)):
            both.use(who, case)
        assert both.in_memory() == {(CASE, POLICE), (OTHER_CASE, MUNICIPALITY)}

    def test_a_case_can_be_forgotten_at_once_and_no_other_with_it(self, both: TwoAuthorities) -> None:
        for case, who in both.secrets:
            both.use(who, case)
        both.vault.forget(CASE)
        assert both.in_memory() == {(OTHER_CASE, MUNICIPALITY), (OTHER_CASE, POLICE)}
        both.vault.forget(UUID(int=1))
        assert len(both.in_memory()) == 2

    def test_one_that_does_not_open_is_not_remembered(self, both: TwoAuthorities) -> None:
        for _ in range(2):
            with pytest.raises(CannotOpen):
                both.vault.wrap_own(
                    DataKey(PERSON, bytes(32)), place_of(PERSON, POLICE),
                    replace(both.secrets[CASE, MUNICIPALITY], authority_id=POLICE),
                )
        assert (both.in_memory(), both.keeper.unwrapped) == (set(), [POLICE] * 2)


class WhenAnIntakeKeyIsVerified:
    def test_it_is_once_and_one_that_is_refused_each_time(
        self, both: TwoAuthorities, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[PublicIntakeKey] = []

        def verify(intake: PublicIntakeKey, _signers: Signers) -> None:
            asked.append(intake)
            if intake != signed:
                raise NotSigned

        monkeypatch.setattr(vault_module, "require_signed", verify)
        signed = PublicIntakeKey(POLICE, INFOHUS, 1, 1, b"key", "its signer", b"signature")
        for _ in range(2):
            both.vault.require_signed(replace(signed))
        changed: dict[str, Any] = {
            "authority_id": MUNICIPALITY, "infohus_id": OTHER_INFOHUS, "generation": 2, "suite": 2, "public_key": b"",
            "signer_key_id": "another", "signature": b"another",
        }
        others = [replace(signed, **{name: value}) for name, value in changed.items()]
        for other in [*others, *others]:
            with pytest.raises(NotSigned):
                both.vault.require_signed(other)
        assert asked == [signed, *others, *others]


class WhenAValueIsLookedUp:
    def test_equal_values_have_equal_indexes_and_others_others(self, both: TwoAuthorities) -> None:
        indexes: list[Callable[[], bytes]] = [
            lambda: both.vault.index(INFOHUS, "cpr", "0101041234"),
            lambda: both.vault.index(INFOHUS, "cpr", "0101041235"),
            lambda: both.vault.index(INFOHUS, "name", "0101041234"),
            lambda: both.vault.index(OTHER_INFOHUS, "cpr", "0101041234"),
            lambda: both.vault.index(INFOHUS, "cpr0", "101041234"),
            lambda: both.vault.index(INFOHUS, "", "cpr0101041234"),
            lambda: both.vault.fingerprint(INFOHUS, b"0101041234"),
            lambda: both.vault.fingerprint(OTHER_INFOHUS, b"0101041234"),
            lambda: both.vault.fingerprint(None, b"0101041234"),
        ]
        first, second = [index() for index in indexes], [index() for index in indexes]
        assert first == second
        assert {len(index) for index in first} == {32}
        assert len(set(first)) == len(indexes)

    @pytest.mark.rule(60)
    def test_each_is_a_keyed_hash_of_its_own_name_and_parts(self, both: TwoAuthorities) -> None:
        def keyed(*parts: bytes, key: bytes) -> bytes:
            named = b"".join(len(part).to_bytes(4, "big") + part for part in (b"infohus/v1", *parts))
            return hmac.digest(key, named, "sha256")

        key = both.keeper.index_key(INFOHUS)
        assert both.vault.index(INFOHUS, "cpr", "0101041234") == keyed(b"index", b"cpr", b"0101041234", key=key)
        assert both.vault.fingerprint(INFOHUS, b"{}") == keyed(b"fingerprint", b"{}", key=key)
        assert both.vault.fingerprint(None, b"{}") == keyed(
            b"fingerprint", b"{}", key=both.keeper.index_key(INSTALLATION)
        )


class WhenAVaultIsShown:
    def test_it_shows_its_name_and_nothing_in_it(self, both: TwoAuthorities) -> None:
        both.use()
        assert {repr(both.vault), str(both.vault), f"{both.vault}", "%s" % both.vault} == {"Vault()"}  # noqa: UP031

    def test_it_names_the_keepers_key(self, both: TwoAuthorities) -> None:
        assert both.vault.keeper_key_id(POLICE) == "kbh-vestegns-politi/kek-1"
