"""Every route as every role, about a case that is there: what was done or tried stands in the caller's log alone."""

import secrets
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

import every_route
from every_route import ROUTES, Route, request_for
from house import MUNICIPALITY, POLICE, CaseInHand, House, Person
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.audit.formats.entry import decode
from infohus.kernel.audit.storage.log import log_of
from invitations import invitation
from one_api import description_of

ROLES = {
    "kommune": MUNICIPALITY, "politi": POLICE, "raadgiver": MUNICIPALITY, "dpo": MUNICIPALITY, "jurist": MUNICIPALITY,
    "admin": MUNICIPALITY, "politi-dpo": POLICE,
}
"""Who asks, and whose log it stands in."""
TWO_ACTS = {"ReportSubjectLog"}
"""The request for a report is an act of its own, which the report then counts (rule 64)."""
CANARY, NUMBER = "kanariefuglen synger", "010104-1234"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def case(opened: House) -> CaseInHand:
    """Record a case that both know, with a person of whom everything is marked."""
    return await (await opened.case(subjects=[{"name": CANARY, "cpr_number": NUMBER}], observation=CANARY)).clear()


async def sizes(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[object, int]:
    return {row["log_id"]: row["size"] for row in await connection.fetch("SELECT log_id, size FROM audit.frontier")}


def about(case: CaseInHand, route: Route) -> dict[str, Any]:
    """Make a request of a route about the case and the infohus that there are."""
    request = request_for(case.house, route)
    path, separator, query = request["path"].partition("?")
    known = {"{case_id}": case.id, "{infohus_id}": str(case.house.infohus_id), "{concern_id}": case.concern_id}
    parts = [
        known.get(template, given)
        for template, given in zip(route.path.split("/"), path.split("/"), strict=True)
    ]
    return {**request, "path": "/".join(parts) + separator + query}


async def asked_everywhere(case: CaseInHand, person: Person, own: object) -> list[str]:
    """Ask every route; give those that did not leave exactly what they should, in exactly the caller's own log.

    And those that a role cannot call by their description, where the answer does not say so, or that say so to others.
    """
    wrong = []
    connection = await asyncpg.connect(case.house.superuser)
    try:
        await person.call("GET", "/cases")  # the sign-in is an entry of its own
        for route in ROUTES:
            before, request = await sizes(connection), about(case, route)
            answer = await person.call(route.method, **request)
            after = await sizes(connection)
            grown = {log: after[log] - before[log] for log in after if after[log] != before[log]}
            wanted = {2, 1} if route.operation_id in TWO_ACTS else {1}
            operation = description_of(case.house.app)["paths"][route.path][route.method.lower()]
            can = DEMO_PEOPLE[person.name].role.value in operation["x-roles"]
            is_told_so = answer.status_code == 403 and answer.json()["type"] == "/problems/role-may-not"
            is_logged = grown.keys() == {own} and grown[own] in wanted
            is_understood = answer.status_code != 400
            if not is_logged or answer.status_code >= 500 or (is_understood and can == is_told_so):
                wrong.append(f"{route.operation_id} {answer.status_code}: {grown}")
    finally:
        await connection.close()
    return wrong


class WhenEveryRouteIsAskedAsEveryRole:
    @pytest.mark.rule(56)
    @pytest.mark.rule(59)
    @pytest.mark.rule(90)
    @pytest.mark.fault("A4")
    @pytest.mark.fault("A8")
    @pytest.mark.parametrize("role", ROLES)
    async def test_it_stands_in_the_callers_own_log_and_in_no_other(
        self, case: CaseInHand, role: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(every_route.SAMPLES, "string", CANARY)
        assert await asked_everywhere(case, case.house.person(role), log_of(ROLES[role])) == []

    @pytest.mark.rule(57)
    @pytest.mark.rule(60)
    @pytest.mark.fault("B9")
    async def test_entries_hold_no_word_of_anybody_and_say_what_was_opened_for(self, case: CaseInHand) -> None:
        """After all of it; alone, after a whole reading of the case."""
        kommune = case.kommune
        for path in ("", "/concerns", f"/concerns/{case.concern_id}", "/information", "/exchanges"):
            await kommune.get(case.path + path)
        rows = await case.house.sql("SELECT entry FROM audit.leaf")
        written = [row["entry"] for row in rows]
        marks = (CANARY, CANARY.encode().hex(), NUMBER, NUMBER.replace("-", ""), secrets.token_hex(4))
        assert [mark for mark in marks for entry in written if mark.encode() in entry] == []
        entries = [decode(entry) for entry in written]
        assert [entry.action for entry in entries if entry.opened and not entry.purpose] == []
        assert any(entry.opened for entry in entries)

    @pytest.mark.rule(61)
    @pytest.mark.rule(90)
    @pytest.mark.fault("A9")
    async def test_a_log_is_read_by_those_who_may_however_it_is_reached(self, case: CaseInHand) -> None:
        house = case.house
        reading = [route for route in ROUTES if route.path.startswith(("/log", "/installation-log"))]
        given: dict[str, set[str]] = {}
        for role in ROLES:
            person = house.person(role)
            for route in reading:
                answer = await person.call(route.method, **about(case, route))
                if answer.is_success and route.method == "GET":
                    given.setdefault(route.operation_id, set()).add(role)
        of_entries = {name: roles for name, roles in given.items() if "Entr" in name or "Prove" in name}
        assert of_entries
        assert all(roles <= {"dpo", "politi-dpo", "jurist"} for roles in of_entries.values()), of_entries
        assert given["ListLogEntries"] == given["ProveLogEntry"], given

    @pytest.mark.rule(22)
    async def test_who_is_drawn_in_for_everything_reads_what_a_route_s_roles_say(self, opened: House) -> None:
        house, wrong = opened, list[str]()
        # Of their own: the police may have taken the other case over.
        case = await (await house.case()).clear()
        guest = house.person("raadgiver")
        await guest.call("GET", "/cases")
        person_id = str((await house.entries())[-1].caller)
        areas = ["information", "assessment", "measures", "exchange"]
        await case.kommune.post(
            f"{case.path}/participants", invitation(MUNICIPALITY, person_id=person_id, scope=areas)
        )
        for route in ROUTES:
            if route.method == "GET" and route.path.startswith("/cases/") and route.path.count("{") == 1:
                operation = description_of(house.app)["paths"][route.path]["get"]
                answer = await guest.call("GET", about(case, route)["path"])
                if answer.is_success != ("invited_professional" in operation["x-roles"]):
                    wrong.append(f"{route.operation_id} {answer.status_code}")
        assert wrong == []
