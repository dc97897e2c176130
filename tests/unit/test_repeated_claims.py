"""What the operator did is said again in the logs of those it concerns: that is no claim of theirs."""

from typing import Any, cast
from unittest.mock import AsyncMock, Mock

import pytest

from infohus.kernel.access.key_row_rules import RulesOfKeyRows
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.claims import Claims
from infohus.kernel.audit.verification.logged_rows import LoggedRows, Written

FIRST, SECOND, OTHER = "11", "22", "33"
CARRIED = {"verb": "carry", "action": "carryRowDigests"}


def written(log: str, revision: int, digest: str | None, **more: Any) -> Written:
    """Make the operator's word on a plan."""
    said = {"verb": "insert", "was": None, "at": 0.0, "place": revision, "case_id": None, "authority": None}
    said |= {"moment": 0.0, "action": "loadPlan", "log": log, "revision": revision, "digest": digest}
    said |= {"role": "municipal_coordinator"}
    return Written(**{**said, **more})


@pytest.mark.parametrize(("in_installation", "elsewhere", "is_repeated"), [
    ([(1, FIRST, {})], (1, FIRST, {}), True),
    ([(1, FIRST, {})], (1, OTHER, {}), False),
    ([(1, FIRST, {})], (2, SECOND, {"verb": "update"}), False),
    ([(1, FIRST, {})], (1, FIRST, {"authority": "politi"}), False),
    ([(1, FIRST, {})], (1, FIRST, CARRIED), True),
    ([(2, SECOND, CARRIED)], (1, FIRST, {}), True),
    ([(2, SECOND, CARRIED)], (2, SECOND, {"verb": "update"}), True),
    ([], (1, FIRST, {}), False),
])
@pytest.mark.rule(58)
async def test_it_is_one_only_where_it_says_something_else(
    in_installation: list[tuple[int, str, dict[str, Any]]], elsewhere: tuple[int, str, dict[str, Any]],
    is_repeated: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    logged = LoggedRows()
    logged.store.execute("INSERT INTO carried VALUES ('installation', 0, 9), ('politi', 0, 9)")
    claims = Claims(RulesOfKeyRows(), logged)
    claims.logs = {"installation": None, "politi": "politi"}
    operators = [written("installation", revision, digest, **more) for revision, digest, more in in_installation]
    revision, digest, more = elsewhere
    copy = written("politi", revision, digest, **more)
    stored = {"infohus_id": "ishoj", "version": 1}
    said = [*operators, copy]
    sorted_out = await claims.on_stored(cast("AnyConnection", Mock()), "plan", stored, '["ishoj","1"]', said)
    assert not sorted_out.was_anothers
    assert (sorted_out.counting, sorted_out.others) == (operators, [] if is_repeated else [copy])


@pytest.mark.rule(62)
async def test_who_deleted_a_key_wrote_it_though_its_recipients_log_was_emptied_first() -> None:
    logged = LoggedRows()
    logged.store.execute("INSERT INTO carried VALUES ('politi', 9, 10)")
    claims = Claims(RulesOfKeyRows(), logged)
    claims.logs = {"kommune": "kommune", "politi": "politi"}
    act = {"authority": "kommune", "case_id": "sag"}
    carried = written("politi", 2, SECOND, place=9, at=9.0, **CARRIED)
    told = written("kommune", 1, FIRST, action="recordExchange", **act)
    gone = written("kommune", 2, None, at=5.0, action="withdrawExchange", **{**act, "verb": "delete"})
    key = {"exchange_id": "x", "number": "1", "recipient_id": "politi"}
    nowhere = cast("AnyConnection", Mock(fetch=AsyncMock(return_value=[{"kind": "municipality"}])))
    for said in ([told, gone, carried], [carried]):
        sorted_out = await claims.on_missing(nowhere, "exchange_key", key, said, has_case=True)
        assert (sorted_out.counting, sorted_out.others) == (said, [])


@pytest.mark.rule(58)
@pytest.mark.parametrize(("seconds", "may_be_theirs"), [(20, True), (300, False)])
async def test_no_log_makes_a_key_gone_that_another_says_it_gave_at_the_same_moment(
    seconds: int, may_be_theirs: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    claims = Claims(RulesOfKeyRows(), LoggedRows())
    claims.logs = {"kommune": "kommune", "pet": "pet"}
    given, theirs, gone = (
        written(log, 1, digest, at=at, action=action, verb=verb, authority=log, case_id="sag")
        for log, digest, at, action, verb in (
            ("kommune", FIRST, 1000.0, "recordExchange", "insert"),
            ("pet", OTHER, 1000.0 + seconds * (-1 if may_be_theirs else 1), "recordExchange", "insert"),
            ("pet", None, 2000.0, "withdrawExchange", "delete"),
        )
    )
    key = {"exchange_id": "x", "number": "1", "recipient_id": "politi"}
    nowhere = cast("AnyConnection", Mock(fetch=AsyncMock(return_value=[{"kind": "municipality"}])))
    sorted_out = await claims.on_missing(nowhere, "exchange_key", key, [given, theirs, gone], has_case=True)
    assert sorted_out.counting == [given], "which is not deleted, so it is named as gone"
    assert sorted_out.others == ([] if may_be_theirs else [theirs, gone])
