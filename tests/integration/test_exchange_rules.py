"""Videregivelse: what retsplejeloven § 115 asks, rule by rule."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from house import CLEARANCE, INSTITUTION, MUNICIPALITY, POLICE, PROBATION, House, now
from invitations import invitation
from older_cases import as_old_as

SAID = {**CLEARANCE, "summary": "Sagt på mødet."}


async def refused(house: House, change: dict[str, Any], *, by: str = "kommune") -> dict[str, Any]:
    """Try an exchange with something changed; give the problem, and make sure it is logged and nothing stored."""
    case = await house.case()
    before = await house.sql("SELECT count(*) AS n FROM infohus.exchange")
    answer = await house.person(by).call("POST", f"{case.path}/exchanges", json={**SAID, **change})
    assert await house.sql("SELECT count(*) AS n FROM infohus.exchange") == before
    entry = (await house.entries())[-1]
    assert (entry.action, entry.outcome.value, entry.wrote) == ("recordExchange", "refused", [])
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == f"/problems/{entry.reason}"
    assert problem["status"] == 422
    return problem


class WhenAnExchangeIsRefused:
    """Nothing is disclosed, and the attempt stands in the log."""

    @pytest.mark.rule(1)
    @pytest.mark.parametrize("necessity", ["", "   ", "\n"])
    async def test_it_is_without_necessity(self, house: House, necessity: str) -> None:
        problem = await refused(house, {"necessity": necessity})
        assert problem["type"] == "/problems/exchange-without-necessity"

    @pytest.mark.rule(2)
    async def test_it_is_for_the_investigation_of_a_crime(self, house: House) -> None:
        problem = await refused(house, {"for_criminal_investigation": True})
        assert problem["type"] == "/problems/exchange-for-investigation"
        assert "efterforskning" in problem["detail"]

    @pytest.mark.rule(2)
    async def test_no_purpose_can_say_investigation(self, house: House) -> None:
        case = await house.case()
        answer = await case.kommune.call("POST", f"{case.path}/exchanges", json={**SAID, "purpose": "investigation"})
        assert answer.status_code == 400

    @pytest.mark.rule(3)
    @pytest.mark.rule(7)
    @pytest.mark.parametrize(("recipient", "situation"), [
        (INSTITUTION, "recipient-takes-no-part"), ("lokal-fodboldklub", "recipient-takes-no-part"),
        (MUNICIPALITY, "recipient-is-oneself"),
    ])
    async def test_a_recipient_takes_no_part(self, house: House, recipient: str, situation: str) -> None:
        problem = await refused(house, {"recipients": [recipient]})
        assert problem["type"] == f"/problems/{situation}"

    @pytest.mark.rule(4)
    async def test_the_paragraph_stated_is_another_than_follows(self, house: House) -> None:
        problem = await refused(house, {"paragraph": "rpl-115-1"})
        assert problem["type"] == "/problems/paragraph-does-not-follow"
        assert "retsplejelovens § 115, stk. 2." in problem["detail"]

    @pytest.mark.rule(10)
    async def test_no_category_is_named(self, house: House) -> None:
        problem = await refused(house, {"categories": []})
        assert problem["type"] == "/problems/exchange-without-category"

    @pytest.mark.rule(11)
    async def test_the_police_share_sensitive_data_without_strict_necessity(self, house: House) -> None:
        for said in (None, ""):
            for categories in (["special_categories"], ["ordinary", "special_categories"]):
                change = {"recipients": [MUNICIPALITY], "categories": categories, "strict_necessity": said}
                problem = await refused(house, change, by="politi")
                assert problem["type"] == "/problems/strict-necessity-missing", (said, categories)

    @pytest.mark.rule(9)
    async def test_nr_3_c_lacks_its_condition(self, house: House) -> None:
        problem = await refused(house, {"cooperation_form": "rpl-115-1-3-c"})
        assert problem["type"] == "/problems/release-condition-missing"

    async def test_nothing_is_named_to_disclose(self, house: House) -> None:
        assert (await refused(house, {"summary": None}))["type"] == "/problems/exchange-without-content"

    async def test_nobody_is_to_have_it(self, house: House) -> None:
        assert (await refused(house, {"recipients": []}))["type"] == "/problems/exchange-without-recipient"

    @pytest.mark.rule(12)
    async def test_it_lies_in_the_future(self, house: House) -> None:
        later = (now() + timedelta(hours=1)).isoformat()
        assert (await refused(house, {"exchanged_at": later}))["type"] == "/problems/in-the-future"


class WhenAnExchangeIsRecorded:
    """What the record holds, and what it lets happen."""

    @pytest.mark.rule(4)
    @pytest.mark.rule(5)
    async def test_the_paragraph_follows_from_the_direction(self, house: House) -> None:
        case = await house.case()
        given = await case.kommune.post(f"{case.path}/exchanges", SAID)
        taken = await case.politi.post(f"{case.path}/exchanges", {**SAID, "recipients": [MUNICIPALITY]})
        assert (given["paragraph"], given["cooperation_form"]) == ("rpl-115-2", "rpl-115-1-1")
        assert (taken["paragraph"], taken["cooperation_form"]) == ("rpl-115-1", "rpl-115-1-1")

    @pytest.mark.rule(4)
    async def test_an_institution_on_either_side_means_stk_3(self, house: House) -> None:
        case = await house.case()
        invitation = {
            "person_id": "0192f0c0-0000-7000-8000-000000000001", "authority_id": INSTITUTION, "reason": "Kender ham.",
            "scope": ["information"], "ends_at": (now() + timedelta(days=30)).isoformat(),
            "public_task_confirmed": True,
        }
        await case.kommune.post(f"{case.path}/participants", invitation)
        given = await case.kommune.post(f"{case.path}/exchanges", {**SAID, "recipients": [INSTITUTION]})
        assert given["paragraph"] == "rpl-115-3"

    @pytest.mark.rule(10)
    async def test_sensitive_kinds_are_categories_of_their_own(self, house: House) -> None:
        case = await house.case()
        categories = ["cpr_number", "criminal_offences", "special_categories"]
        given = await case.kommune.post(f"{case.path}/exchanges", {**SAID, "categories": categories})
        assert given["categories"] == categories

    @pytest.mark.rule(12)
    async def test_an_oral_one_is_recorded_like_a_written_one_and_shows_as_late(self, house: House) -> None:
        case = await as_old_as(await house.case(), 2)
        said_at = now() - timedelta(hours=30)
        late = await case.kommune.post(
            f"{case.path}/exchanges", {**SAID, "channel": "meeting", "exchanged_at": said_at.isoformat()}
        )
        soon = await case.kommune.post(
            f"{case.path}/exchanges",
            {**SAID, "channel": "phone", "exchanged_at": (now() - timedelta(hours=2)).isoformat()},
        )
        assert (late["channel"], late["is_late"], soon["is_late"]) == ("meeting", True, False)
        assert late["exchanged_at"] < late["recorded_at"]

    @pytest.mark.rule(3)
    @pytest.mark.rule(91)
    @pytest.mark.parametrize("path", ["exchanges", "oral-exchanges"])
    async def test_it_lies_within_the_case_and_the_recipients_part_in_it(self, house: House, path: str) -> None:
        case = await as_old_as(await house.case(), 2)
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        spoken = {"said": "Han er set ved stationen.", "channel": "phone"}
        answered = ("categories", "necessity", "proportionality", "subsidiarity", "consent")
        answers = {name: CLEARANCE[name] for name in (*answered, "for_criminal_investigation")}
        draft = {**SAID, "channel": "phone"} if path == "exchanges" else {**spoken, **answers}
        seen = []
        for recipient, days in (
            (POLICE, 1), (POLICE, 3), (POLICE, 2000), (PROBATION, 1), (PROBATION, 3), (PROBATION, 0),
        ):
            at = (now() - timedelta(days=days)).isoformat()
            body = {**draft, "recipients": [recipient], "exchanged_at": at}
            answer = await case.kommune.call("POST", f"{case.path}/{path}", json=body)
            seen.append(answer.status_code if answer.status_code == 201 else answer.json()["type"])
        before, not_then = "/problems/before-the-case", "/problems/recipient-took-no-part-then"
        assert seen == [201, before, before, not_then, before, 201]

    @pytest.mark.rule(13)
    async def test_a_correction_is_a_new_record_that_reaches_every_earlier_recipient(self, house: House) -> None:
        case = await house.case()
        wrong = await case.kommune.post(f"{case.path}/exchanges", SAID)
        body = {**SAID, "recipients": [], "summary": "Det var hans bror."}
        right = await case.kommune.post(f"{case.path}/exchanges/{wrong['id']}/corrections", body)
        assert (right["corrects"], right["recipients"]) == (wrong["id"], [POLICE])
        assert (await case.politi.get(f"{case.path}/exchanges/{right['id']}"))["summary"] == "Det var hans bror."
        assert (await case.politi.get(f"{case.path}/exchanges/{wrong['id']}"))["summary"] == SAID["summary"]
        again = await case.kommune.call("POST", f"{case.path}/exchanges/{wrong['id']}/corrections", json=body)
        assert again.json()["type"] == "/problems/exchange-already-corrected"

    @pytest.mark.rule(13)
    async def test_the_application_can_neither_change_nor_delete_one(self, house: House) -> None:
        granted = await house.sql("""
            SELECT privilege_type AS may FROM information_schema.table_privileges
            WHERE grantee = 'infohus_app' AND table_schema = 'infohus' AND table_name = 'exchange'
        """)
        assert {row["may"] for row in granted} == {"SELECT", "INSERT"}

    async def test_nothing_in_any_case_can_be_deleted_by_the_application(self, house: House) -> None:
        granted = await house.sql("""
            SELECT table_name AS name FROM information_schema.table_privileges
            WHERE grantee = 'infohus_app' AND privilege_type IN ('DELETE', 'TRUNCATE')
        """)
        assert granted == []

    @pytest.mark.rule(13)
    async def test_the_manifest_is_the_hash_of_exactly_what_it_tells(self, house: House) -> None:
        """A recipient computes it from what it reads; the same words told again are another exchange."""
        case = await house.case()
        given = await case.kommune.post(f"{case.path}/exchanges", {**SAID, "consent_reason": "Nåedes ikke."})
        again = await case.kommune.post(f"{case.path}/exchanges", SAID)
        seen = await case.politi.get(f"{case.path}/exchanges/{given['id']}")
        facts = {name: seen[name] for name in (
            "categories", "channel", "consent", "cooperation_form", "declared_not_for_investigation", "exchanged_at",
            "paragraph", "purpose",
        )}  # fmt: skip
        facts["corrects_id"] = seen["corrects"]
        texts = {name: seen[name] for name in (
            "consent_reason", "necessity", "proportionality", "strict_necessity", "subsidiarity", "summary",
        ) if seen[name] is not None}  # fmt: skip
        told = [
            "infohus/v2/manifest", seen["manifest_salt"], seen["id"], dict(sorted(facts.items())), seen["recipients"],
            [], texts,
        ]
        assert seen["manifest"] == sha256(msgspec.json.encode(told)).hexdigest()
        assert given["manifest"] == seen["manifest"] != again["manifest"]

    async def test_its_parties_see_which_records_it_told_them(self, house: House) -> None:
        case = await house.case()
        item = {"kind": "concern", "id": case.concern_id}
        first = await case.kommune.post(f"{case.path}/exchanges", {**SAID, "items": [item]})
        await case.kommune.post(f"{case.path}/exchanges", SAID)
        parts = ["interpretation", "observation", "told_reporter"]
        told_in = {**item, "parts": parts}
        assert first["records"] == [told_in]
        for person in (case.kommune, case.politi):
            assert (await person.get(f"{case.path}/exchanges/{first['id']}"))["records"] == [told_in]
            listed = (await person.get(f"{case.path}/exchanges"))["items"]
            assert [one["records"] for one in listed] == [[told_in], []]
