"""Refusals that belong to nobody are counted by minute and reason, in bounded memory."""

from datetime import UTC, datetime, timedelta

import pytest

from infohus.kernel.audit.formats.entry import Counted, decode, encode
from infohus.kernel.audit.storage.log import INSTALLATION_LOG
from infohus.kernel.unit_of_work.refusal_counts import MOST_MINUTES, RefusalCounts, sign_in_entry

MINUTE = timedelta(minutes=1)
AT = datetime(2026, 11, 29, 12, 0, 30, tzinfo=UTC)


def counted(*refusals: tuple[str, datetime]) -> RefusalCounts:
    counts = RefusalCounts()
    for reason, at in refusals:
        counts.add(reason, at)
    return counts


@pytest.mark.fault("B4")
class WhenRefusalsAreCounted:
    def test_each_minute_has_its_reasons_and_how_many_of_each(self) -> None:
        begins = AT.replace(second=0)
        later = AT + timedelta(seconds=29)
        counts = counted(("b", AT), ("a", AT + MINUTE), ("b", later), ("a", AT), ("a", AT + MINUTE))
        assert counts.take() == [Counted(begins, {"a": 1, "b": 2}), Counted(begins + MINUTE, {"a": 2})]
        assert counts.take() == []

    def test_what_could_not_be_appended_is_counted_on(self) -> None:
        counts = counted(("a", AT), ("a", AT))
        taken = counts.take()
        counts.add("a", AT)
        counts.put_back(taken)
        assert counts.take() == [Counted(AT.replace(second=0), {"a": 3})]

    def test_however_long_they_cannot_be_appended_memory_is_bounded_and_none_is_lost(self) -> None:
        counts = counted(*(("a", AT + MINUTE * minute) for minute in range(MOST_MINUTES + 500)))
        taken = counts.take()
        assert len(taken) == MOST_MINUTES
        assert sum(one.refusals["a"] for one in taken) == MOST_MINUTES + 500
        assert taken[-1].refusals == {"a": 501}

    def test_the_entry_holds_them_and_names_nobody(self) -> None:
        (one,) = counted(("token_malformed", AT)).take()
        entry = decode(encode(sign_in_entry(INSTALLATION_LOG, AT, reason="counted", counted=one)))
        assert entry.counted == one
        assert (entry.caller, entry.authority, entry.subject, entry.persons) == (None, None, None, [])
