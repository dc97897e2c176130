"""Whatever is sealed opens at its place; whatever was done to it, or is put in its stead, does not open."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from infohus.kernel.sealing.clear_columns import NO_COLUMNS
from infohus.kernel.sealing.column import WHOLE, PlainTextInSealedColumn, SealedColumn
from infohus.kernel.sealing.envelope import CannotOpen, DataKey, Place, Sealed, open_sealed, seal
from infohus.kernel.sealing.keepers import FileKeyKeeper
from infohus.kernel.sealing.signatures import Signers
from infohus.kernel.sealing.vault import Vault
from infohus.kernel.sealing.wraps import KeyPlace

MUNICIPALITY, POLICE = "ishoj-kommune", "kbh-vestegns-politi"
INFOHUS = UUID("01890f3e-0000-7000-8000-0000000000f1")
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEEP_SECONDS = 300

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
# Few letters and few ids, so that parts often run into one another and places are often almost the same.
NAMES = st.text("ab\0_", max_size=4) | st.sampled_from(["concern", "observation", "subject", "cpr_number"])
IDS = st.sampled_from([UUID(int=number) for number in (0, 1, 2, 2**64, 2**127)]) | st.uuids()
AUTHORITIES = st.sampled_from([MUNICIPALITY, POLICE])
VERSIONS = st.integers(0, 3) | st.integers(0, 2**63 - 1)
DIGESTS = st.sampled_from([NO_COLUMNS, bytes(32)]) | st.binary(min_size=32, max_size=32)
PLACES = st.builds(Place, NAMES, NAMES, NAMES, IDS, IDS, AUTHORITIES | NAMES, VERSIONS, DIGESTS)
KEY_PLACES = st.builds(
    KeyPlace, IDS, VERSIONS, NAMES, IDS, AUTHORITIES, AUTHORITIES, IDS, st.none() | IDS, st.none() | IDS,
    st.none() | st.binary(min_size=32, max_size=32),
)
KEYS = st.builds(DataKey, IDS, st.binary(min_size=32, max_size=32))
KEY = DataKey(UUID(int=7), bytes(range(32)))
HERE = Place("subject", WHOLE, "cpr_number", UUID(int=1), UUID(int=2), MUNICIPALITY, 1, NO_COLUMNS)
SEALED = seal(KEY, HERE, "010104-1234").envelope


def opens(envelope: bytes, *, key: DataKey = KEY, place: Place = HERE) -> bool:
    try:
        open_sealed(key, place, Sealed(envelope))
    except CannotOpen:
        return False
    return True


def viewed(content: bytes) -> memoryview:
    return memoryview(content)


class WhenAnyTextIsSealedAnywhere:
    @given(KEYS, PLACES, TEXTS)
    def test_it_opens_there_to_itself(self, key: DataKey, place: Place, text: str) -> None:
        assert open_sealed(key, place, seal(key, place, text)) == text

    @given(KEYS, PLACES, PLACES, TEXTS)
    def test_it_opens_nowhere_else(self, key: DataKey, place: Place, other: Place, text: str) -> None:
        assert opens(seal(key, place, text).envelope, key=key, place=other) is (place == other)

    @given(PLACES, st.sampled_from([one.name for one in fields(Place)]), st.data())
    def test_it_does_not_open_where_one_thing_differs(self, place: Place, part: str, data: st.DataObject) -> None:
        values: dict[str, st.SearchStrategy[Any]] = {
            "kind": NAMES, "part": NAMES, "field": NAMES, "record_id": IDS, "case_id": IDS, "owner_id": NAMES,
            "version": VERSIONS, "clear_digest": DIGESTS,
        }  # fmt: skip
        change: dict[str, Any] = {part: data.draw(values[part])}
        other = replace(place, **change)
        assume(other != place)
        assert not opens(seal(KEY, place, "x").envelope, place=other)

    @given(KEYS, KEYS)
    def test_it_opens_under_no_other_key(self, key: DataKey, other: DataKey) -> None:
        assume((key.key_id, key.material) != (other.key_id, other.material))
        assert not opens(seal(key, HERE, "x").envelope, key=other)

    @given(PLACES)
    def test_its_place_can_be_read_back_from_how_it_is_written(self, place: Place) -> None:
        rest, parts = place.associated_data(KEY.key_id), []
        while rest:
            end = 4 + int.from_bytes(rest[:4], "big")
            parts.append(rest[4:end])
            rest = rest[end:]
        domain, kind, part, field, record_id, case_id, owner_id, version, key_id, digest = parts
        read = Place(
            kind.decode(), part.decode(), field.decode(), UUID(bytes=record_id), UUID(bytes=case_id),
            owner_id.decode(), int.from_bytes(version, "big"), digest,
        )
        assert (domain, read, UUID(bytes=key_id)) == (b"infohus/v1", place, KEY.key_id)


class WhenAnythingAtAllStandsInItsStead:
    @given(st.binary(max_size=200))
    @example(b"\x01")
    def test_it_does_not_open(self, envelope: bytes) -> None:
        assert not opens(envelope)

    @given(st.binary(max_size=80))
    def test_nor_behind_the_right_version_and_key_id(self, rest: bytes) -> None:
        assert not opens(SEALED[:17] + rest)

    @given(st.binary(max_size=60))
    def test_nor_behind_the_right_nonce(self, rest: bytes) -> None:
        assume(rest != SEALED[29:])
        assert not opens(SEALED[:29] + rest)

    @given(st.integers(0, len(SEALED)), st.integers(0, len(SEALED)), st.binary(max_size=20))
    def test_nor_with_any_stretch_replaced(self, start: int, end: int, put_in: bytes) -> None:
        changed = SEALED[: min(start, end)] + put_in + SEALED[max(start, end) :]
        assert opens(changed) is (changed == SEALED)


class WhenAnythingAtAllIsBoundToASealedColumn:
    @given(
        st.text() | st.binary() | st.binary().map(bytearray) | st.binary().map(viewed) | st.integers()
        | st.booleans() | st.floats() | st.uuids() | st.dates() | st.lists(st.text(), max_size=3)
        | st.dictionaries(st.text(), st.text(), max_size=3)
    )  # fmt: skip
    def test_it_is_refused_without_being_quoted(self, value: object) -> None:
        with pytest.raises(PlainTextInSealedColumn) as refused:
            SealedColumn().process_bind_param(value, DIALECT)
        assert str(refused.value) == f"a sealed column takes a Sealed, not {type(value).__name__}"

    @given(KEYS, PLACES, TEXTS)
    def test_what_was_sealed_passes_and_comes_back(self, key: DataKey, place: Place, text: str) -> None:
        column, sealed = SealedColumn(), seal(key, place, text)
        assert column.process_result_value(column.process_bind_param(sealed, DIALECT), DIALECT) == sealed


class CountingKeeper(FileKeyKeeper):
    """The file keeper, that also counts how often it unwrapped."""

    unwrapped = 0

    def unwrap(self, authority_id: str, wrapped: bytes, context: bytes) -> bytes:
        self.unwrapped += 1
        return super().unwrap(authority_id, wrapped, context)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("properties") / "keys"
    FileKeyKeeper.create(folder, [MUNICIPALITY, POLICE], [INFOHUS])
    return folder


class WhenKeysAreWrapped:
    @given(st.binary(min_size=32, max_size=32), KEY_PLACES, KEY_PLACES)
    def test_only_the_reader_it_was_wrapped_for_unwraps_it_at_its_own_place(
        self, keys: Path, material: bytes, place: KeyPlace, other: KeyPlace
    ) -> None:
        vault = Vault(FileKeyKeeper(keys), Signers([]), lambda: START)
        secret = vault.new_side_secret(place.case_id, place.reader_id)
        wrapped = vault.wrap_own(DataKey(place.key_id, material), place, secret)
        try:
            found = vault.unwrap_own(wrapped, other, secret)
        except CannotOpen:
            assert place != other
        else:
            assert (other, found.material) == (place, material)

    @given(st.lists(st.tuples(st.integers(-400, 400), st.integers(0, 3)), max_size=30))
    def test_the_keeper_is_asked_exactly_when_the_seconds_have_passed(
        self, keys: Path, steps: list[tuple[int, int]]
    ) -> None:
        now = START
        keeper = CountingKeeper(keys)
        vault = Vault(keeper, Signers([]), lambda: now, keep_keys_seconds=KEEP_SECONDS)
        secrets = [vault.new_side_secret(UUID(int=case), MUNICIPALITY) for case in range(4)]
        since: dict[int, datetime] = {}
        expected = 0
        for seconds, case in steps:
            now += timedelta(seconds=seconds)
            if seconds < 0:
                since.clear()
            if case not in since or now - since[case] >= timedelta(seconds=KEEP_SECONDS):
                since[case], expected = now, expected + 1
            place = KeyPlace(INFOHUS, 1, WHOLE, KEY.key_id, MUNICIPALITY, MUNICIPALITY, UUID(int=case))
            vault.wrap_own(KEY, place, secrets[case])
            assert keeper.unwrapped == expected
            in_memory = sum(now - at < timedelta(seconds=KEEP_SECONDS) for at in since.values())
            assert len(vault._remembered) == in_memory


class WhenValuesAreIndexed:
    @given(TEXTS, TEXTS, TEXTS, TEXTS)
    @example("ab", "c", "a", "bc")
    @example("", "ab", "ab", "")
    def test_two_are_equal_only_if_kind_and_value_are(
        self, keys: Path, kind: str, value: str, other_kind: str, other_value: str
    ) -> None:
        vault = Vault(FileKeyKeeper(keys), Signers([]), lambda: START)
        same = vault.index(INFOHUS, kind, value) == vault.index(INFOHUS, other_kind, other_value)
        assert same is ((kind, value) == (other_kind, other_value))
