"""Exactly the front that the log says is empty may be empty, wherever following it began; any other row is noticed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from infohus.kernel.audit.formats.emptying import EmptiedEntries, entry_of
from infohus.kernel.audit.formats.entry import Emptied
from infohus.kernel.audit.formats.tiles import bundle_of, hashed_entries

LOG = UUID("01890f3e-0000-7000-8000-0000000000f1")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
PLAIN = b'{"action":"readCase"}'


@st.composite
def emptied_logs(draw: st.DrawFn) -> list[bytes | None]:
    """Draw a log that was emptied some times, further each time, with other entries between."""
    entries: list[bytes | None] = [PLAIN] * draw(st.integers(1, 30))
    done = 0
    for _ in range(draw(st.integers(0, 4))):
        stop = draw(st.integers(done, len(entries)))
        if stop > done:
            entries[done:stop] = [None] * (stop - done)
            entries.append(entry_of(LOG, Emptied(done, stop, NOW - timedelta(days=1827)), at=NOW))
            done = stop
        entries += [PLAIN] * draw(st.integers(0, 5))
    return entries


def faults(entries: list[bytes | None], first: int = 0) -> list[int]:
    """Follow a log from an entry on, and give where something is wrong."""
    front = EmptiedEntries(first)
    for index, entry in enumerate(entries[first:], first):
        front.see(index, entry)
    return [index for index, _ in front.faults()]


@given(emptied_logs(), st.data())
def test_what_the_log_says_is_believed_wherever_one_begins(entries: list[bytes | None], data: st.DataObject) -> None:
    assert faults(entries) == []
    assert faults(entries, data.draw(st.integers(0, len(entries)))) == []


@given(emptied_logs(), st.data())
def test_one_row_emptied_or_filled_by_hand_is_noticed(entries: list[bytes | None], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(entries) - 1))
    changed = [*entries[:at], PLAIN if entries[at] is None else None, *entries[at + 1 :]]
    assert faults(changed) != []


@given(emptied_logs(), st.data(), st.integers(1, 9))
def test_parts_that_are_joined_say_the_same_as_rows(
    entries: list[bytes | None], data: st.DataObject, width: int
) -> None:
    for at in data.draw(st.sets(st.integers(0, len(entries) - 1), max_size=3)):
        entries[at] = PLAIN if entries[at] is None else None
    rows, joined, bundles = EmptiedEntries(), EmptiedEntries(), EmptiedEntries()
    for index, entry in enumerate(entries):
        rows.see(index, entry)
    for first in range(0, len(entries), width):
        part, bundle = EmptiedEntries(first), EmptiedEntries(first)
        for index, entry in enumerate(entries[first : first + width], first):
            part.see(index, entry)
        content = memoryview(bytearray(bundle_of([entry or b"" for entry in entries[first : first + width]])))
        emptied = bundle.see_bundle(first, content, hashed_entries(content)[1])
        assert emptied == [at for at, entry in enumerate(entries[first : first + width]) if entry is None]
        joined.join(part)
        bundles.join(bundle)
    assert rows.faults() == joined.faults() == bundles.faults()
