"""A key sealed to an authority: what opens it, and everything that does not."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from infohus.kernel.sealing.envelope import CannotOpen
from infohus.kernel.sealing.intake import (
    PUBLIC_KEY_BYTES,
    SEALED_BYTES,
    SUITE,
    Info,
    IntakeKeyNotUsable,
    exchange_info,
    open_with,
    public_key_of,
    seal_to,
)
from infohus.kernel.sealing.keepers import FileKeyKeeper

MUNICIPALITY, POLICE = "ishoj-kommune", "kbh-vestegns-politi"
KEY = bytes(range(100, 132))
SEED = bytes(range(32))
CONTEXT = b"intake of an infohus"
PLACE: dict[str, Any] = {
    "exchange_id": UUID(int=1), "case_id": UUID(int=2), "discloser_id": MUNICIPALITY, "recipient_id": POLICE,
    "generation": 1, "number": 0,
}
ELSEWHERE: dict[str, Any] = {
    "exchange_id": UUID(int=2), "case_id": UUID(int=1), "discloser_id": POLICE, "recipient_id": MUNICIPALITY,
    "generation": 2, "number": 1,
}
INFO = exchange_info(**PLACE)
LOW_ORDER = [bytes(32), (1).to_bytes(32, "little"), (2**255 - 19).to_bytes(32, "little")]


@dataclass
class Police:
    """The police's keeper with an intake key, and what the municipality sealed to it."""

    keeper: FileKeyKeeper
    public: bytes
    wrapped_seed: bytes
    sealed: bytes

    def open(self, **other: Any) -> bytes:
        """Let the keeper open it; `other` is said instead of what is true."""
        said = {
            "authority_id": POLICE, "wrapped_seed": self.wrapped_seed, "seed_context": CONTEXT, "sealed": self.sealed,
            "info": INFO, **other,
        }
        return self.keeper.open_intake(**said)


@pytest.fixture
def police(tmp_path: Path) -> Police:
    keeper = FileKeyKeeper.create(tmp_path / "keys", [MUNICIPALITY, POLICE], [])
    public, wrapped_seed = keeper.new_intake(POLICE, CONTEXT)
    return Police(keeper, public, wrapped_seed, seal_to(public, KEY, INFO))


class WhenAKeyIsSealedToAnAuthority:
    def test_its_keeper_opens_it(self, police: Police) -> None:
        assert police.open() == KEY

    def test_its_form_is_its_suite_and_nothing_that_tells_the_key(self, police: Police) -> None:
        assert (police.sealed[0], len(police.sealed), len(police.public)) == (SUITE, SEALED_BYTES, PUBLIC_KEY_BYTES)
        assert [KEY[at : at + 4] for at in range(29) if KEY[at : at + 4] in police.sealed] == []

    def test_twice_the_same_is_sealed_differently(self, police: Police) -> None:
        again = seal_to(police.public, KEY, INFO)
        assert again[1:] != police.sealed[1:]
        assert police.open(sealed=again) == KEY

    @pytest.mark.rule(44)
    @pytest.mark.parametrize("field", PLACE)
    def test_it_opens_for_nothing_else(self, police: Police, field: str) -> None:
        with pytest.raises(CannotOpen):
            police.open(info=exchange_info(**{**PLACE, field: ELSEWHERE[field]}))

    def test_no_two_fields_can_lend_each_other_a_letter(self) -> None:
        moved = {**PLACE, "discloser_id": MUNICIPALITY + POLICE[:1], "recipient_id": POLICE[1:]}
        assert exchange_info(**moved) != INFO

    @pytest.mark.parametrize("other", [
        {"authority_id": MUNICIPALITY}, {"seed_context": CONTEXT + b"2"}, {"seed_context": b""},
        {"wrapped_seed": bytes(60)}, {"wrapped_seed": b""},
    ])  # fmt: skip
    def test_nobody_elses_seed_opens_it(self, police: Police, other: dict[str, Any]) -> None:
        with pytest.raises(CannotOpen):
            police.open(**other)

    def test_another_intake_key_of_its_own_does_not(self, police: Police) -> None:
        _, other = police.keeper.new_intake(POLICE, CONTEXT)
        with pytest.raises(CannotOpen):
            police.open(wrapped_seed=other)

    def test_it_does_not_open_changed_cut_lengthened_or_of_another_suite(self, police: Police) -> None:
        good = police.sealed
        flipped = [good[:at] + bytes((good[at] ^ 1 << at % 8,)) + good[at + 1 :] for at in range(len(good))]
        cut = [good[:size] for size in (0, 1, 2, 17, 1088, 1121, 1152, 1168)] + [good[1:]]
        longer = [good + b"\0", good + good, b"\1" + good]
        suites = [bytes((suite,)) + good[1:] for suite in range(256) if suite != SUITE]
        low_order = [good[:1089] + share + good[1121:] for share in LOW_ORDER]
        for changed in flipped + cut + longer + suites + low_order:
            with pytest.raises(CannotOpen) as refused:
                police.open(sealed=changed)
            assert (refused.value.args, refused.value.__cause__) == ((), None)

    @pytest.mark.parametrize("info", [Info(b""), Info(bytes(65_536))], ids=["none", "too long"])
    def test_what_it_is_for_cannot_be_left_out(self, info: Info) -> None:
        with pytest.raises(ValueError, match="info"):
            seal_to(public_key_of(SEED), KEY, info)
        with pytest.raises(ValueError, match="info"):
            open_with(SEED, b"", info)

    @pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
    def test_a_key_is_32_bytes(self, size: int) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            seal_to(public_key_of(SEED), bytes(size), INFO)

    @pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
    def test_a_seed_is_32_bytes(self, size: int) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            public_key_of(bytes(size))


GOOD = public_key_of(SEED)
SPOILED: dict[str, Callable[[], bytes]] = {
    "none": lambda: b"",
    "short": lambda: GOOD[:-1],
    "long": lambda: GOOD + b"\0",
    "coefficients that are none": lambda: b"\xff" * 1152 + GOOD[1152:],
    **{f"a share of low order {at}": lambda share=share: GOOD[:-32] + share for at, share in enumerate(LOW_ORDER)},  # type: ignore[misc]
}


class WhenAnIntakeKeyIsNoKey:
    @pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED)
    def test_nothing_is_sealed_to_it(self, spoiled: Callable[[], bytes]) -> None:
        with pytest.raises(IntakeKeyNotUsable) as refused:
            seal_to(spoiled(), KEY, INFO)
        assert refused.value.__cause__ is None

    def test_a_share_of_low_order_is_one_that_the_library_takes_for_a_key(self) -> None:
        # Else the examples above would be refused for another reason.
        assert [X25519PublicKey.from_public_bytes(share).public_bytes_raw() == share for share in LOW_ORDER[:2]] == [
            True, True
        ]


class WhenAnIntakeKeyIsMade:
    def test_each_is_another_and_shows_no_part_of_its_seed(self, police: Police) -> None:
        made = [police.keeper.new_intake(POLICE, CONTEXT) for _ in range(3)]
        assert (len({public for public, _ in made}), len({wrapped for _, wrapped in made})) == (3, 3)
        assert {(len(public), len(wrapped)) for public, wrapped in made} == {(PUBLIC_KEY_BYTES, 60)}

    def test_the_keeper_gives_its_seed_to_nobody(self, police: Police) -> None:
        with pytest.raises(CannotOpen):
            police.keeper.unwrap(POLICE, police.wrapped_seed, CONTEXT)

    def test_nor_takes_another_key_for_a_seed(self, police: Police) -> None:
        wrapped = police.keeper.wrap(POLICE, os.urandom(32), CONTEXT)
        with pytest.raises(CannotOpen):
            police.open(wrapped_seed=wrapped)
