"""A sealed text opens at its own place, under its own key and unchanged: nowhere else, and never otherwise."""

import random
import traceback
from dataclasses import FrozenInstanceError, replace
from uuid import UUID

import pytest

from infohus.kernel.sealing.clear_columns import NO_COLUMNS, digest_of
from infohus.kernel.sealing.envelope import CannotOpen, DataKey, Place, Sealed, length_prefixed, open_sealed, seal

KEY = DataKey(UUID("01890f3e-0000-7000-8000-000000000001"), bytes(range(32)))
HERE = Place(
    kind="concern",
    part="whole",
    field="observation",
    record_id=UUID("01890f3e-0000-7000-8000-0000000000a1"),
    case_id=UUID("01890f3e-0000-7000-8000-0000000000c1"),
    owner_id="ishoj-kommune",
    version=7,
    clear_digest=NO_COLUMNS,
)
OTHER_ROW = UUID("01890f3e-0000-7000-8000-0000000000a2")
OTHER_CASE = UUID("01890f3e-0000-7000-8000-0000000000c2")
TEXT = "Han taler om våben. CPR 010104-1234."
SEALED = seal(KEY, HERE, TEXT)
VERSION_BYTES, KEY_ID_BYTES, NONCE_BYTES, TAG_BYTES = 1, 16, 12, 16

ELSEWHERE = {
    "another kind": replace(HERE, kind="reporter"),
    "another part": replace(HERE, part="observation"),
    "another field": replace(HERE, field="interpretation"),
    "another record": replace(HERE, record_id=OTHER_ROW),
    "another case": replace(HERE, case_id=OTHER_CASE),
    "another owner": replace(HERE, owner_id="kbh-vestegns-politi"),
    "other clear columns": replace(HERE, clear_digest=digest_of({"outcome": "within"})),
    "the version before": replace(HERE, version=6),
    "the version after": replace(HERE, version=8),
    "version 7 plus 256": replace(HERE, version=7 + 256),
    "record and case exchanged": replace(HERE, record_id=HERE.case_id, case_id=HERE.record_id),
    "kind and field exchanged": replace(HERE, kind="observation", field="concern"),
    "a letter from part to kind": replace(HERE, kind="concernw", part="hole"),
    "no kind, all in the part": replace(HERE, kind="", part="concernwhole"),
    "another case of letters": replace(HERE, kind="Concern"),
    "a trailing NUL": replace(HERE, field="observation\0"),
}


def nonce_of(sealed: Sealed) -> bytes:
    return sealed.envelope[17:29]


def opens(envelope: bytes, *, key: DataKey = KEY, place: Place = HERE) -> bool:
    """Try to open; whatever is not `CannotOpen` is the test's failure."""
    try:
        open_sealed(key, place, Sealed(envelope))
    except CannotOpen:
        return False
    return True


@pytest.mark.parametrize("length", [0, 1, 255, 256, 70_000])
def test_the_length_of_each_part_stands_before_it_in_four_bytes(length: int) -> None:
    part = b"x" * length
    assert length_prefixed([part, b"y"]) == length.to_bytes(4, "big") + part + b"\0\0\0\x01y"


class WhenATextIsSealed:
    @pytest.mark.parametrize(
        "text", ["", "x", TEXT, "Ærø, Ålborg, ß, 漢字, 👩‍👩‍👧", "\0\n\r\t", " " * 65_536],
        ids=["empty", "one letter", "Danish", "many alphabets", "control characters", "64 KiB"],
    )  # fmt: skip
    def test_it_opens_where_it_was_sealed(self, text: str) -> None:
        assert open_sealed(KEY, HERE, seal(KEY, HERE, text)) == text

    @pytest.mark.parametrize("text", ["", "x", TEXT, "å" * 1000])
    def test_the_envelope_is_as_long_as_the_format_says(self, text: str) -> None:
        sealed = seal(KEY, HERE, text)
        overhead = VERSION_BYTES + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES
        assert len(sealed.envelope) == overhead + len(text.encode())
        assert sealed.envelope[:17] == b"\x01" + KEY.key_id.bytes

    def test_no_part_of_the_text_stands_in_the_envelope(self) -> None:
        plain = TEXT.encode()
        windows = [plain[start : start + 4] for start in range(len(plain) - 3)]
        assert [window for window in windows if window in SEALED.envelope] == []

    def test_nothing_of_the_key_stands_in_the_envelope(self) -> None:
        windows = [KEY.material[start : start + 4] for start in range(29)]
        assert [window for window in windows if window in SEALED.envelope] == []


class WhenTextsAreSealedManyTimes:
    def test_no_nonce_comes_twice_under_one_key(self) -> None:
        nonces = [nonce_of(seal(KEY, HERE, TEXT)) for _ in range(20_000)]
        assert len(set(nonces)) == len(nonces)
        assert {len(nonce) for nonce in nonces} == {NONCE_BYTES}

    def test_no_envelope_tells_that_two_texts_are_equal(self) -> None:
        bodies = [seal(KEY, HERE, TEXT).envelope[17:] for _ in range(100)]
        # A tag or a first block that repeats would show equal texts.
        assert len({body[-8:] for body in bodies}) == len({body[12:20] for body in bodies}) == 100

    def test_the_nonce_does_not_follow_from_a_seed(self) -> None:
        random.seed(1)
        first = nonce_of(seal(KEY, HERE, TEXT))
        random.seed(1)
        assert nonce_of(seal(KEY, HERE, TEXT)) != first

    def test_every_byte_of_the_nonce_varies(self) -> None:
        nonces = [nonce_of(seal(KEY, HERE, TEXT)) for _ in range(300)]
        # A counter or a clock would hold some byte still; 300 random values of one byte are never fewer than 100.
        assert [position for position in range(NONCE_BYTES) if len({nonce[position] for nonce in nonces}) < 100] == []


class WhenASealedValueIsMoved:
    @pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE)
    def test_it_does_not_open_there(self, place: Place) -> None:
        with pytest.raises(CannotOpen):
            open_sealed(KEY, place, SEALED)

    @pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE)
    def test_what_belongs_there_does_not_open_here(self, place: Place) -> None:
        with pytest.raises(CannotOpen):
            open_sealed(KEY, HERE, seal(KEY, place, TEXT))

    def test_no_two_of_these_places_are_written_alike(self) -> None:
        places = [HERE, *ELSEWHERE.values()]
        assert len({place.associated_data(KEY.key_id) for place in places}) == len(places)


class WhenASealedValueIsChanged:
    def test_it_does_not_open_with_any_one_bit_flipped(self) -> None:
        envelope = SEALED.envelope
        opened = []
        for position in range(len(envelope)):
            for bit in range(8):
                changed = bytearray(envelope)
                changed[position] ^= 1 << bit
                if opens(bytes(changed)):
                    opened.append((position, bit))
        assert opened == []

    def test_it_does_not_open_with_any_byte_replaced_by_zero_or_full(self) -> None:
        envelope = SEALED.envelope
        opened = [
            (position, byte)
            for position in range(len(envelope))
            for byte in (b"\x00", b"\xff")
            if envelope[position : position + 1] != byte
            and opens(envelope[:position] + byte + envelope[position + 1 :])
        ]
        assert opened == []

    def test_it_does_not_open_cut_off_at_any_length(self) -> None:
        assert [length for length in range(len(SEALED.envelope)) if opens(SEALED.envelope[:length])] == []

    def test_it_does_not_open_begun_at_any_later_byte(self) -> None:
        assert [start for start in range(1, len(SEALED.envelope) + 1) if opens(SEALED.envelope[start:])] == []

    def test_it_does_not_open_with_any_one_byte_left_out(self) -> None:
        envelope = SEALED.envelope
        left_out = range(len(envelope))
        assert [at for at in left_out if opens(envelope[:at] + envelope[at + 1 :])] == []

    def test_it_does_not_open_with_a_byte_put_in_anywhere(self) -> None:
        envelope = SEALED.envelope
        assert [at for at in range(len(envelope) + 1) if opens(envelope[:at] + b"\x01" + envelope[at:])] == []

    def test_an_empty_text_is_guarded_no_less(self) -> None:
        envelope = seal(KEY, HERE, "").envelope
        assert len(envelope) == 45
        assert [length for length in range(45) if opens(envelope[:length])] == []

    def test_parts_of_two_values_of_the_same_place_do_not_make_a_third(self) -> None:
        one, two = SEALED.envelope, seal(KEY, HERE, TEXT[::-1]).envelope
        assert len(one) == len(two)
        assert [cut for cut in range(18, len(one)) if opens(one[:cut] + two[cut:])] == []

    @pytest.mark.parametrize("version", [byte for byte in range(256) if byte != 1])
    def test_no_other_version_is_read_as_this_one(self, version: int) -> None:
        assert not opens(bytes([version]) + SEALED.envelope[1:])


class WhenTheKeyIsAnother:
    def test_another_key_under_the_same_id_does_not_open(self) -> None:
        assert not opens(SEALED.envelope, key=DataKey(KEY.key_id, bytes(32)))

    def test_a_key_one_bit_off_does_not_open(self) -> None:
        material = bytearray(KEY.material)
        material[31] ^= 1
        assert not opens(SEALED.envelope, key=DataKey(KEY.key_id, bytes(material)))

    def test_the_same_key_under_another_id_does_not_open(self) -> None:
        assert not opens(SEALED.envelope, key=DataKey(OTHER_ROW, KEY.material))

    @pytest.mark.parametrize("length", [0, 1, 16, 24, 31, 33, 48, 64])
    def test_a_key_of_another_length_cannot_be_made(self, length: int) -> None:
        with pytest.raises(ValueError, match=r"^a data key is 32 bytes$"):
            DataKey(KEY.key_id, bytes(length))


class WhenItDoesNotOpen:
    """One error for every cause: what tells the causes apart tells an attacker how close they came."""

    CAUSES = {  # noqa: RUF012 - a table of causes
        "moved": (KEY, ELSEWHERE["another record"], SEALED),
        "another key": (DataKey(KEY.key_id, bytes(32)), HERE, SEALED),
        "another key's id": (DataKey(OTHER_ROW, KEY.material), HERE, SEALED),
        "empty": (KEY, HERE, Sealed(b"")),
        "only a version": (KEY, HERE, Sealed(b"\x01")),
        "half a nonce": (KEY, HERE, Sealed(SEALED.envelope[:22])),
        "no tag": (KEY, HERE, Sealed(SEALED.envelope[:-TAG_BYTES])),
        "plain text": (KEY, HERE, Sealed(TEXT.encode())),
        "genuine, and not UTF-8": (
            KEY, HERE,
            Sealed(SEALED.envelope[:29] + KEY.cipher.encrypt(
                nonce_of(SEALED), b"\xff\xfe", HERE.associated_data(KEY.key_id)
            )),
        ),
    }  # fmt: skip

    @pytest.mark.parametrize(("key", "place", "sealed"), CAUSES.values(), ids=CAUSES)
    def test_the_error_says_nothing_about_the_cause(self, key: DataKey, place: Place, sealed: Sealed) -> None:
        with pytest.raises(CannotOpen) as refused:
            open_sealed(key, place, sealed)
        error = refused.value
        assert (type(error), error.args, error.__cause__) == (CannotOpen, (), None)
        printed = traceback.format_exception(error)
        assert printed[0] == "Traceback (most recent call last):\n"
        assert "During handling" not in "".join(printed)


class WhenItIsShown:
    @pytest.mark.rule(53)
    def test_a_sealed_cpr_number_shows_only_how_long_it_is(self) -> None:
        sealed = seal(KEY, replace(HERE, kind="subject", field="cpr_number"), "010104-1234")
        shown = {repr(sealed), str(sealed), f"{sealed}", f"{sealed!r:}", "%s" % sealed, "%r" % sealed}  # noqa: UP031
        assert shown == {"Sealed(56 bytes)"}
        assert repr({"cpr": [sealed]}) == "{'cpr': [Sealed(56 bytes)]}"

    def test_a_data_key_shows_only_its_id(self) -> None:
        assert KEY.cipher is not None
        name = f"DataKey({KEY.key_id})"
        assert {repr(KEY), str(KEY), f"{KEY}", "%s" % KEY} == {name}  # noqa: UP031
        assert repr((KEY,)) == f"({name},)"

    def test_a_traceback_with_local_values_shows_neither_key_nor_text(self) -> None:
        with pytest.raises(CannotOpen) as refused:
            open_sealed(KEY, ELSEWHERE["another case"], SEALED)
        report = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
        printed = "".join(report.format())
        # `envelope` is a local of open_sealed: sealed bytes may be printed, key material and text may not.
        assert "key = DataKey" in printed
        assert [form for form in (TEXT, repr(KEY.material), KEY.material.hex()) if form in printed] == []

    def test_neither_has_a_dictionary_that_a_library_would_print(self) -> None:
        assert [hasattr(each, "__dict__") for each in (KEY, SEALED, HERE)] == [False, False, False]


class WhenSealedValuesAreCompared:
    def test_they_are_equal_when_their_bytes_are(self) -> None:
        assert Sealed(SEALED.envelope) == SEALED
        assert Sealed(SEALED.envelope[:-1]) != SEALED

    def test_they_cannot_be_changed(self) -> None:
        with pytest.raises(FrozenInstanceError):
            SEALED.envelope = b""  # type: ignore[misc]
        with pytest.raises(FrozenInstanceError):
            HERE.version = 8  # type: ignore[misc]
