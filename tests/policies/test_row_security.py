"""Row security shows whom the policies let read what, row by row; where the policies are stricter, it is listed here.

Never the other way round: what the policies allow, row security shows. Writing is compared in test_row_writing.py.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final, NamedTuple

import asyncpg
import pytest

from infohus.kernel.identity.caller import Role
from policies.asking_rows import Seen, every_row_of, seen_by, who
from policies.conftest import Compared
from policies.lookers import COORDINATOR_OF, Looker

COORDINATORS: Final = frozenset(COORDINATOR_OF.values())
SUPERVISORS: Final = frozenset({Role.DATA_PROTECTION_OFFICER, Role.LEGAL})
EVERY_TABLE: Final = frozenset({"every table"})


class Stricter(NamedTuple):
    """Where the policies refuse what row security shows, for whom, and why that is meant."""

    tables: frozenset[str]
    whom: Callable[[Looker], bool]
    why: str


STRICTER_POLICIES: Final = (
    Stricter(
        EVERY_TABLE, lambda looker: not looker.is_let_in,
        "the gate lets in nobody who is too weakly signed in, nor a tovholder of the other kind of authority; how"
        " somebody signed in stands in no row (rules 17 and 48)",
    ),
    Stricter(
        frozenset({"reporter", "reporter_release", "protected_address", "record_key", "disclosed_key"}),
        lambda looker: "an hour ago" in looker.name,
        "the concern's view tells that there is one; opening it is what a fresh sign-in is for (rules 29, 48, 54)",
    ),
    Stricter(
        frozenset({"record_key", "disclosed_key"}), lambda looker: looker.caller.role is Role.INVITED_PROFESSIONAL,
        "one's own authority's wraps; a key opens nothing without the record, which stays hidden",
    ),
)


def unlisted(compared: Compared, looker: Looker, seen: Seen) -> Iterator[str]:
    """Say where what somebody sees differs from what the policies allow, but for what is listed."""
    for row in compared.asked.world.rows:
        shown = (row.table, row.place) in seen
        allowed = compared.asked.shows(looker, row)
        if allowed and not shown:
            yield f"{looker} may read {row.table} {row.place}, and it is hidden"
        if shown and not allowed and not any(_excuses(one, looker, row.table) for one in STRICTER_POLICIES):
            yield f"{looker} sees {row.table} {row.place}, and may not read it"


def _excuses(one: Stricter, looker: Looker, table: str) -> bool:
    return (one.tables == EVERY_TABLE or table in one.tables) and one.whom(looker)


class WhenEverybodyLooksAtEveryRow:
    @pytest.mark.rule(45)
    @pytest.mark.rule(44)
    @pytest.mark.rule(46)
    def test_row_security_answers_as_the_policies_do(self, compared: Compared) -> None:
        assert [fault for looker, seen in compared.seen.items() for fault in unlisted(compared, looker, seen)] == []

    def test_every_listed_difference_is_there(self, compared: Compared) -> None:
        found = Counter(
            one.why
            for looker, seen in compared.seen.items()
            for row in compared.asked.world.rows
            if (row.table, row.place) in seen and not compared.asked.shows(looker, row)
            for one in STRICTER_POLICIES
            if _excuses(one, looker, row.table)
        )
        assert set(found) == {one.why for one in STRICTER_POLICIES}

    def test_the_world_holds_rows_of_every_table_that_some_see_and_others_do_not(self, compared: Compared) -> None:
        world = compared.asked.world
        seen_tables = {table for seen in compared.seen.values() for table, _ in seen}
        seen_by_all = frozenset[tuple[str, str]].intersection(*compared.seen.values())
        assert {row.table for row in world.rows} == seen_tables == set(world.tables)
        assert seen_by_all == frozenset()

    def test_what_was_disclosed_is_seen_by_one_side_and_what_was_not_is_not(self, compared: Compared) -> None:
        sides = {
            looker.name: seen for looker, seen in compared.seen.items()
            if looker.name in {"kommune", "politi"} and looker.caller.role in COORDINATORS
            and looker.caller.role is COORDINATOR_OF[looker.caller.authority_kind]
        }
        texts = {
            (row.columns["authority_id"], (row.table, row.place) in sides["kommune"],
             (row.table, row.place) in sides["politi"])
            for row in compared.asked.world.rows if row.table in {"information", "contribution", "measure"}
        }
        assert texts == {
            ("ishoj-kommune", True, True), ("ishoj-kommune", True, False),
            ("kbh-vestegns-politi", True, True), ("kbh-vestegns-politi", False, True),
        }


class WhenSomebodyTakesNoPart:
    @pytest.mark.rule(46)
    @pytest.mark.rule(94)
    @pytest.mark.fault("A15")
    def test_no_role_alone_shows_a_row_of_a_case_but_ids_of_the_own_side_and_those_of_supervision(
        self, compared: Compared
    ) -> None:
        tables = {
            role: {
                table for looker, seen in compared.seen.items() for table, _ in seen
                if looker.caller.role is role and looker.name.startswith(("stranger", "tovholder who"))
            }
            for role in Role
        }
        supervision = {"case", "exchange", "onward_notice", "disclosure", "receipt"}
        own_side = {"case_side", "side_person"}
        assert tables == {role: own_side | (supervision if role in SUPERVISORS else set()) for role in Role}

    @pytest.mark.rule(46)
    def test_an_administrator_sees_no_content_whoever_it_is(self, compared: Compared) -> None:
        administrators = {
            looker: {table for table, _ in seen} - {"case_side", "side_person"}
            for looker, seen in compared.seen.items() if looker.caller.role in {Role.ADMINISTRATOR, Role.INTEGRATION}
        }
        assert len(administrators) > 100
        # What somebody sent under an Idempotency-Key is their own in whatever role, and holds no text.
        assert set().union(*administrators.values()) == {"answered_request"}
        assert {looker.name for looker, tables in administrators.items() if tables} <= {
            "kommune", "politi", "kommune elsewhere", "politi elsewhere",
        }

    @pytest.mark.rule(46)
    def test_who_supervises_another_infohus_or_none_sees_nothing(self, compared: Compared) -> None:
        outside = [seen for looker, seen in compared.seen.items() if looker.caller.authority_id == "anden-kommune"]
        assert outside == [frozenset()] * 14

    @pytest.mark.rule(45)
    async def test_without_a_caller_nothing_is_visible(self, compared: Compared, app: asyncpg.Connection) -> None:
        tables = compared.asked.world.tables
        assert await app.fetch(every_row_of(tables)) == []
        for setting, value in (("role", "municipal_coordinator"), ("authority", "ishoj-kommune")):
            async with app.transaction():
                await app.execute(f"SET LOCAL infohus.{setting} = '{value}'")
                assert await app.fetch(every_row_of(tables)) == []

    @pytest.mark.rule(45)
    async def test_a_caller_is_forgotten_at_once(self, compared: Compared, app: asyncpg.Connection) -> None:
        looker, seen = next(iter(compared.seen.items()))
        tables = compared.asked.world.tables
        async with app.transaction():
            await app.execute("SELECT infohus.act_as($1, $2, $3, $4)", *who(looker))
            rows = await app.fetch(every_row_of(tables))
            assert frozenset((row["table"], row["place"]) for row in rows) == seen != frozenset()
        assert await app.fetch(every_row_of(tables)) == []
        assert await seen_by(app, looker, tables) == seen
        assert await app.fetch(every_row_of(tables)) == []


_CALL = re.compile(
    r"infohus\.(?:takes_part|was_told|supervises_case|supervises_exchange)\((?:[^()]|\([^()]*\))*\)"
)
_PIECES: Final = {
    "finds_participation": (
        # Not `p.kind = 'coordinator'`: whoever is on the list of tovholdere takes part as one.
        "AND p.person_id = person", "AND p.acts_for = authority",
        "AND p.begins_at <= moment", "AND coalesce(p.ended_at, p.ends_at, 'infinity') > moment",
        "AND (area = 'any' OR area = ANY (i.scope))", "role = 'invited_professional'", "AND t.person_id = p.person_id",
    ),
    "was_told": ("AND d.recipient_id = infohus.caller_authority()",),
    "supervises_case": (
        "infohus.caller_role() IN ('data_protection_officer', 'legal') AND ",
        "AND p.acts_for = infohus.caller_authority()",
    ),
    "supervises_exchange": (
        "infohus.caller_role() IN ('data_protection_officer', 'legal') AND ",
        "AND d.record_id = of_exchange ", "AND d.recipient_id = infohus.caller_authority()",
    ),
}
"""Conditions that a function must not lack."""


class Spoiled(NamedTuple):
    """A change for the worse: which tables to look at, how it is spoiled, and the SQL that does it."""

    tables: tuple[str, ...]
    how: str
    change: str


class WhenARowPolicyIsSpoiled:
    @pytest.mark.rule(45)
    async def test_somebody_notices_each_way(self, compared: Compared, superuser: asyncpg.Connection) -> None:
        spoiled = [one async for one in _spoiled_policies(superuser)]
        alike = _few(compared)
        unnoticed = [one.how for one in spoiled if not await _noticed(compared, alike, superuser, one)]
        assert unnoticed == []
        assert {table for one in spoiled for table in one.tables} == set(compared.asked.world.tables)

    @pytest.mark.rule(45)
    @pytest.mark.parametrize(("function", "piece"), [(name, piece) for name in _PIECES for piece in _PIECES[name]])
    async def test_no_condition_of_a_function_is_needless(
        self, compared: Compared, superuser: asyncpg.Connection, function: str, piece: str
    ) -> None:
        source = await superuser.fetchval("SELECT pg_get_functiondef($1::regproc)", f"infohus.{function}")
        assert piece in source
        instead = "" if "AND " in piece else "true"
        spoiled = Spoiled(("case", "information", "exchange", "disclosure"), piece, source.replace(piece, instead))
        assert await _noticed(compared, compared.seen, superuser, spoiled)

    async def test_nobody_cries_when_nothing_is(self, compared: Compared, superuser: asyncpg.Connection) -> None:
        nothing = Spoiled(compared.asked.world.tables, "not at all", "SELECT 1")
        assert not await _noticed(compared, _few(compared), superuser, nothing)


def _few(compared: Compared) -> dict[Looker, Seen]:
    """Keep one of those who see the same in the same role, and one more who carries a measure out."""
    deliverers = {row.columns["delivered_by"] for row in compared.asked.world.rows if row.table == "measure"}
    alike = {
        (looker.caller.role, rows, str(looker.caller.person_id) in deliverers): looker
        for looker, rows in reversed(compared.seen.items())
    }
    return {looker: rows for (_, rows, _), looker in alike.items()}


async def _spoiled_policies(superuser: asyncpg.Connection) -> AsyncIterator[Spoiled]:
    """Spoil each reading policy: always true, and each of its questions answered with yes and with no."""
    for policy in await superuser.fetch(
        "SELECT tablename, policyname, qual FROM pg_policies WHERE cmd = 'SELECT' AND 'infohus_app' = ANY (roles)"
        # These hold no row of a case; test_yearly_status_rows.py, test_network_rules.py and test_actors.py ask them;
        # test_content_requests.py asks that, and what it lets a DPO read.
        " AND schemaname = 'infohus' AND tablename NOT IN"
        " ('yearly_status', 'obligation', 'fulfilment', 'network_material', 'actor', 'log_check',"
        " 'log_check_entry', 'log_finding', 'log_notice_receipt', 'content_request')"
        " AND policyname <> 'supervised_on_request'"
    ):
        table, name, qual = policy["tablename"], policy["policyname"], policy["qual"]
        rules = {"true"} | {
            qual[: call.start()] + answer + qual[call.end() :] for call in _CALL.finditer(qual)
            for answer in ("true", "false")
        }
        for rule in sorted(rules):
            yield Spoiled((table,), f"{table}: {rule}", f'ALTER POLICY "{name}" ON infohus."{table}" USING ({rule})')


async def _noticed(
    compared: Compared, lookers: dict[Looker, Seen], superuser: asyncpg.Connection, spoiled: Spoiled
) -> bool:
    """Change the database, ask as the application's role, and take the change back."""
    transaction = superuser.transaction()
    await transaction.start()
    try:
        await superuser.execute(spoiled.change)
        await superuser.execute("SET LOCAL ROLE infohus_app")
        for looker, before in lookers.items():
            elsewhere = frozenset(one for one in before if one[0] not in spoiled.tables)
            seen = elsewhere | await seen_by(superuser, looker, spoiled.tables)
            # Who sees what everybody saw when the answers were compared needs no second judgement.
            if seen != before and any(unlisted(compared, looker, seen)):
                return True
        return False
    finally:
        await transaction.rollback()
