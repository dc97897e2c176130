"""Two acts that found an exchange key sealed both say that they took it in: neither contradicts the other."""

from dataclasses import replace

import pytest

from infohus.kernel.audit.formats.emptying import CARRIED
from infohus.kernel.audit.verification.key_rows import digests_of, is_sealed_still, told_once
from infohus.kernel.audit.verification.logged_rows import LoggedRows, Written
from infohus.kernel.database.row_digests import digest_of

STORED = {"exchange_id": "x", "number": 1, "revision": 1}
GIVEN = Written(
    revision=1, verb="insert", digest=digest_of("exchange_key", STORED), was=None, at=0.0, log="kommune", place=0,
    case_id="sag", authority="kommune", action="recordExchange", moment=0.0,
)
FIRST = replace(GIVEN, revision=2, verb="update", digest="22", was=GIVEN.digest, log="politi", at=1.0)
SECOND = replace(FIRST, digest="33", place=1)

OVERWRITTEN = {**STORED, "key_digest": b"garbage"}
TOLD_SO = replace(SECOND, was=digest_of("exchange_key", OVERWRITTEN))
"""The recipient's log says that it read what somebody wrote over the key."""


@pytest.mark.rule(58)
class WhenAnExchangeKeyIsTakenIn:
    def test_two_acts_that_found_it_sealed_do_not_contradict_each_other(self) -> None:
        history = [GIVEN, FIRST, SECOND]
        with LoggedRows() as logged:
            assert logged.contradictions(history) != []
            assert logged.contradictions(told_once(history)) == []
            forged = replace(SECOND, was="44")
            assert logged.contradictions(told_once([GIVEN, FIRST, forged])) != []
        assert digests_of(history) == {"22", "33"}
        assert digests_of([GIVEN]) == {GIVEN.digest}

    def test_it_is_sealed_still_only_as_it_was_given(self) -> None:
        assert is_sealed_still(STORED, [GIVEN, FIRST])
        assert is_sealed_still(STORED, [replace(GIVEN, verb=CARRIED), FIRST])
        for stored, history in (
            ({**STORED, "number": 2}, [GIVEN, FIRST]), (STORED, [GIVEN]), ({**STORED, "revision": 2}, [GIVEN, FIRST]),
            (OVERWRITTEN, [GIVEN, FIRST]), (OVERWRITTEN, [GIVEN, TOLD_SO]), (OVERWRITTEN, [GIVEN, FIRST, TOLD_SO]),
            (OVERWRITTEN, [TOLD_SO]),
        ):
            assert not is_sealed_still(stored, history)
