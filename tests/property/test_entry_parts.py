"""No act on rows and persons is too large to log: its entries fit, say all of it once, and count everybody."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infohus.kernel.audit.formats.entry import (
    LARGEST_ENTRY_BYTES,
    MOST_PERSONS_OF_A_PART,
    TALLIED_BYTES,
    TALLY_BYTES,
    Entry,
    EntryTooLarge,
    Opened,
    Wrote,
    decode,
    encode_parts,
)
from small_entries import log_id_of, small_entry

LOG = UUID(int=1)
ACT = msgspec.structs.replace(
    decode(small_entry(LOG, "act", correlation="one act", caller=UUID(int=2), authority="kommune", case=UUID(int=3))),
    purpose="intake", policies=["one", "another"], recipients=["politi"],
)


def act_on(opened: int, wrote: int, persons: int) -> Entry:
    """Make an act on so many rows and persons."""
    return msgspec.structs.replace(
        ACT, persons=[log_id_of(f"person-{number}") for number in range(persons)],
        opened=[Opened("concern", "interpretation", UUID(int=number)) for number in range(opened)],
        wrote=[
            Wrote("insert", "disclosed_key", [str(UUID(int=number))] * 4, 1, "0" * 64, "1" * 64)
            for number in range(wrote)
        ],
    )


@pytest.mark.fault("B2")
@given(st.integers(0, 3000), st.integers(0, 1500), st.integers(0, 1200))
def test_an_act_of_any_size_is_as_many_entries_as_it_takes(opened: int, wrote: int, persons: int) -> None:
    act = act_on(opened, wrote, persons)
    encoded = encode_parts(act)
    parts = [decode(one) for one in encoded]
    for one, part in zip(encoded, parts, strict=True):
        assert len(one) + TALLY_BYTES + TALLIED_BYTES * len(part.persons) <= LARGEST_ENTRY_BYTES
        bare = msgspec.structs.replace(
            part, part=msgspec.UNSET, nonce=act.nonce, persons=act.persons, opened=act.opened, wrote=act.wrote
        )
        assert bare == act
    assert [row for part in parts for row in part.opened] == act.opened
    assert [row for part in parts for row in part.wrote] == act.wrote
    assert {person for part in parts for person in part.persons} == set(act.persons)
    assert len({part.nonce for part in parts}) == len(parts)
    if len(parts) == 1:
        assert parts == [act]
    else:
        assert [part.part for part in parts] == [(number, len(parts)) for number in range(1, len(parts) + 1)]
    if persons <= MOST_PERSONS_OF_A_PART:
        assert all(part.persons == act.persons for part in parts)


@pytest.mark.fault("B2")
def test_only_what_is_said_besides_rows_and_persons_can_be_too_large() -> None:
    with pytest.raises(EntryTooLarge):
        encode_parts(msgspec.structs.replace(act_on(1, 1, 1), recipients=["x" * 60_000, "y" * 6_000]))
