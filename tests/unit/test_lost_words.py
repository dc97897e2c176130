"""A gap in what the logs say of a row is excused by emptied entries only where these may have told of that row."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest

from infohus.kernel.audit.formats.emptying import CARRIED, entry_of
from infohus.kernel.audit.formats.entry import Emptied, Wrote, decode
from infohus.kernel.audit.storage.log import log_of
from infohus.kernel.audit.verification.logged_rows import LoggedRows, key_text
from small_entries import small_entry

AT, YEAR = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=366)
OURS, THEIRS = log_of("kommune"), log_of("politi")
KEY = ["a"]


class Told:
    """What two logs say of one row, entry by entry."""

    def __init__(self, logged: LoggedRows) -> None:
        self.logged = logged
        self._places = count(1)

    def __call__(self, verb: str, revision: int, *, log: UUID = OURS, years: int = 0) -> None:
        """Tell of the row in an entry of a log."""
        wrote = Wrote(verb, "case", KEY, revision, f"{revision}", f"{revision - 1}")
        entry = small_entry(log, "x", at=AT + years * YEAR, wrote=[wrote])
        self.logged.see(log, next(self._places), decode(entry))

    def empty(self, *, log: UUID = OURS, years: int = 1) -> None:
        """Say in a log that its entries older than these years are emptied, as one before is."""
        before = AT + years * YEAR
        entry = decode(entry_of(log, Emptied(0, 1, before), at=before + 5 * YEAR))
        self.logged.see_emptied(log)
        self.logged.see(log, next(self._places), entry)

    @property
    def wrong(self) -> list[str]:
        """What is wrong with it."""
        return self.logged.contradictions(self.logged.history_of("case", key_text(KEY)))


@pytest.fixture
def told() -> Iterator[Told]:
    with LoggedRows() as logged:
        yield Told(logged)


@pytest.mark.rule(62)
class WhenARowsFirstWordsWereEmptied:
    def test_the_log_goes_on_behind_them(self, told: Told) -> None:
        told("update", 3)
        told.empty()
        assert told.wrong == []

    def test_what_was_said_last_is_carried_and_the_other_log_may_have_lost_what_was_between(self, told: Told) -> None:
        told("update", 3, log=THEIRS)
        told.empty(log=THEIRS)
        told(CARRIED, 1)
        told.empty()
        assert told.wrong == []

    def test_a_row_is_deleted_of_which_no_more_is_told(self, told: Told) -> None:
        told("delete", 1)
        told.empty()
        assert told.wrong == []


@pytest.mark.rule(58)
class WhenOthersWordsWereEmptied:
    def test_a_log_that_lost_nothing_of_the_row_excuses_no_gap(self, told: Told) -> None:
        told.empty()
        told("insert", 1)
        told("update", 3)
        assert len(told.wrong) == 1

    def test_nor_one_whose_first_word_came_after_the_emptying(self, told: Told) -> None:
        told("insert", 1)
        told.empty(log=THEIRS)
        told("update", 3, log=THEIRS)
        assert len(told.wrong) == 1

    def test_nor_one_that_kept_all_that_is_younger_than_the_row(self, told: Told) -> None:
        told("insert", 1, years=3)
        told("update", 3, log=THEIRS, years=3)
        told.empty(log=THEIRS)
        assert len(told.wrong) == 1

    def test_nor_is_a_row_lawful_that_an_emptied_log_never_named(self, told: Told) -> None:
        told.empty(log=THEIRS)
        told("update", 2)
        assert len(told.wrong) == 1

    def test_nor_one_that_is_emptied_without_a_word_of_it(self, told: Told) -> None:
        told("update", 2)
        told.logged.see_emptied(OURS)
        assert len(told.wrong) == 1

    def test_a_key_was_withdrawn_by_them_only_if_it_is_as_old(self, told: Told) -> None:
        told("insert", 1, years=3)
        history = told.logged.history_of("case", key_text(KEY))
        told.empty(log=THEIRS)
        assert not told.logged.may_be_silent(history)
        told.empty(log=THEIRS, years=4)
        assert told.logged.may_be_silent(history)
        told.empty(years=4)
        told.logged.see_emptied(OURS)
        assert told.logged.may_be_silent(history)
