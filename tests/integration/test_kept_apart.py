"""Kept apart: a protected address, who raised a concern, and what an anonymous caller can never leave behind."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from house import CLEARANCE, CaseInHand, House, Person, now
from house_keys import issuer_keys
from infohus.demo.issuer import DemoIssuers
from leaks import assert_nothing_leaked, log_lines

HIDDEN = "Skjulestedet 7, 9999 Ingensteds"
PROTECTED = {"name": "Prøve Prøvesen", "address": HIDDEN, "address_is_protected": True}


async def the_subject(case: CaseInHand) -> dict[str, Any]:
    """Read the first person of the case's concern."""
    subject: dict[str, Any] = (await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))["subjects"][0]
    return subject


def signed_in_an_hour_ago(house: House) -> Person:
    """Give the municipal tovholder with a token that is still good, of a sign-in that is not fresh."""
    earlier = DemoIssuers(
        issuer_keys(), lambda: now() - timedelta(hours=1), url="http://127.0.0.1:9"
    )
    return Person("kommune", house.client, earlier.token("kommune"))


def reveal_path(case: CaseInHand, address_id: str) -> str:
    """Where a protected address is revealed."""
    return f"{case.path}/protected-addresses/{address_id}/reveal"


class WhenAnAddressIsProtected:
    @pytest.mark.rule(54)
    async def test_it_shows_only_by_an_act_of_its_own_which_is_logged(self, house: House) -> None:
        case = await house.case(subjects=[PROTECTED])
        subject = await the_subject(case)
        assert subject["address"] is None
        shown = await case.kommune.post(reveal_path(case, subject["protected_address_id"]), status=200)
        assert shown == {"address": HIDDEN}
        entry = (await house.entries())[-1]
        assert (entry.action, entry.subject_kind, str(entry.subject)) == (
            "revealAddress", "protected_address", subject["protected_address_id"],
        )
        assert [(one.table, one.column) for one in entry.opened] == [("protected_address", "address")]

    @pytest.mark.rule(54)
    async def test_reading_the_concern_never_opens_it(self, house: House) -> None:
        case = await house.case(subjects=[PROTECTED])
        answer = await case.kommune.call("GET", f"{case.path}/concerns/{case.concern_id}")
        assert HIDDEN not in answer.text
        assert {one.table for entry in await house.entries() for one in entry.opened} == {"concern", "subject"}

    @pytest.mark.rule(54)
    async def test_one_that_is_not_stands_with_the_person(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Prøve Prøvesen", "address": "Torvet 1"}])
        subject = await the_subject(case)
        assert (subject["address"], subject["protected_address_id"]) == ("Torvet 1", None)

    @pytest.mark.rule(54)
    @pytest.mark.rule(48)
    async def test_a_sign_in_of_a_while_ago_does_not_do(self, house: House) -> None:
        case = await house.case(subjects=[PROTECTED])
        path = reveal_path(case, (await the_subject(case))["protected_address_id"])
        stale = signed_in_an_hour_ago(house)
        await stale.post(path, status=403)
        assert ((await house.entries())[-1].action, (await house.entries())[-1].outcome.value) == (
            "revealAddress", "denied",
        )

    @pytest.mark.rule(54)
    async def test_the_other_authority_does_not_get_it_with_the_person(self, house: House) -> None:
        case = await house.case(subjects=[PROTECTED])
        subject = await the_subject(case)
        items = [{"kind": kind, "id": one} for kind, one in (
            ("concern", case.concern_id), ("subject", subject["id"]),
        )]
        await case.kommune.post(f"{case.path}/exchanges", {**CLEARANCE, "items": items})
        seen = (await case.politi.get(f"{case.path}/concerns/{case.concern_id}"))["subjects"][0]
        assert (seen["name"], seen["address"], seen["protected_address_id"]) == ("Prøve Prøvesen", None, None)
        await case.politi.post(reveal_path(case, subject["protected_address_id"]), status=404)
        draft = {**CLEARANCE, "items": [{"kind": "protected_address", "id": subject["protected_address_id"]}]}
        await case.kommune.post(f"{case.path}/exchanges", draft, status=400)

    @pytest.mark.rule(54)
    async def test_there_must_be_one(self, house: House) -> None:
        draft = {
            "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Noget.",
            "told_reporter": "Tak.", "subjects": [{"name": "Prøve", "address_is_protected": True}],
        }
        refused = await house.person("kommune").post(f"/infohuse/{house.infohus_id}/concerns", draft, status=422)
        assert refused["type"] == "/problems/protected-address-missing"


class WhenTheReporterIsReleased:
    """Rules 29 and 67: the person concerned learns who raised it only by a release, with a reason."""

    async def test_it_is_recorded_once_with_a_reason_by_those_who_hold_it(self, house: House) -> None:
        case = await house.case(reporter={"name": "Lærer Lund"})
        await case.clear()
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        path = f"{case.path}/reporters/{concern['reporter_id']}"
        assert (await case.kommune.get(path))["released_at"] is None
        await case.politi.post(f"{path}/releases", {"reason": "Politiet vil."}, status=404)
        release = await case.kommune.post(f"{path}/releases", {"reason": "Læreren vil selv stå ved det."})
        assert (await case.kommune.get(path))["released_at"] == release["released_at"]
        again = await case.kommune.post(f"{path}/releases", {"reason": "En gang til."}, status=409)
        assert again["type"] == "/problems/already-recorded"
        assert "releaseReporterIdentity" in {entry.action for entry in await house.entries()}

    @pytest.mark.rule(48)
    async def test_a_sign_in_of_a_while_ago_does_not_do(self, house: House) -> None:
        case = await house.case(reporter={"name": "Lærer Lund"})
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        stale = signed_in_an_hour_ago(house)
        path = f"{case.path}/reporters/{concern['reporter_id']}/releases"
        await stale.post(path, {"reason": "Uden frisk login."}, status=403)

    @pytest.mark.parametrize("draft", [{}, {"reason": None}, {"reason": 7}, {"reason": "Ja.", "to": "alle"}])
    async def test_it_has_a_reason_and_nothing_else(self, house: House, draft: dict[str, Any]) -> None:
        case = await house.case(reporter={"name": "Lærer Lund"})
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        await case.kommune.post(f"{case.path}/reporters/{concern['reporter_id']}/releases", draft, status=400)


class WhenTheReporterIsAnonymous:
    @pytest.mark.rule(28)
    async def test_neither_a_request_s_key_nor_its_id_keeps_a_name(self, house: House) -> None:
        kommune = house.person("kommune")
        draft = {
            "channel": "hotline", "received_at": now().isoformat(), "reporter_kind": "citizen",
            "observation": "Set i byen.", "told_reporter": "Tak.", "reporter_is_anonymous": True,
        }
        headers = {"Idempotency-Key": "henvender-lund-41749090", "X-Correlation-Id": "henvender-lund-41749090"}
        path = f"/infohuse/{house.infohus_id}/concerns"
        secrets = ["henvender", "lund", "41749090"]
        with log_lines() as lines:
            first = await kommune.post(path, draft, headers=headers)
            assert await kommune.post(path, draft, headers=headers) == first
            assert "request" in lines.events()
            lines.assert_without(secrets)
        everything = await everything_stored(house)
        assert "hotline" in everything
        assert_nothing_leaked(secrets, {"everything stored": everything.lower()})

    @pytest.mark.rule(28)
    async def test_there_is_nobody_to_read_or_release(self, house: House) -> None:
        case = await house.case(reporter_is_anonymous=True, channel="hotline")
        concern = await case.kommune.get(f"{case.path}/concerns/{case.concern_id}")
        assert (concern["reporter_is_anonymous"], concern["reporter_id"]) == (True, None)
        assert await house.sql("SELECT id FROM infohus.reporter") == []


async def everything_stored(house: House) -> str:
    """Write down every row of every table, and every entry of the log."""
    tables = await house.sql("SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace IN"
                             " ('infohus'::regnamespace, 'audit'::regnamespace)")
    connection = await asyncpg.connect(house.superuser)
    try:
        rows = [await connection.fetch(f"SELECT to_jsonb(t)::text AS row FROM {one['name']} t") for one in tables]  # noqa: S608
    finally:
        await connection.close()
    entries = [row["entry"].decode() for row in await house.sql("SELECT entry FROM audit.leaf")]
    return "\n".join([*(row["row"] for found in rows for row in found), *entries])
