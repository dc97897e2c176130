"""Exchanges counted, and each reviewed with its manifest, answers, receipts and place in the log; never its content."""

import base64
from typing import Any

import pytest

from house import CLEARANCE, CaseInHand, House, told
from infohus.audit.checkpoint import SigningKey
from infohus.audit.entry import decode
from infohus.audit.export import check_proof

SECRET = "Kun for de to tovholdere."


async def with_exchanges(house: House) -> CaseInHand:
    """Record a case with five exchanges: one late, one of the police, and two that ask; one of those is declined."""
    case = await (await house.case()).clear()
    await case.kommune.post(f"{case.path}/exchanges", {
        **CLEARANCE, "summary": SECRET, "necessity": SECRET, "exchanged_at": "2026-01-01T10:00:00Z",
    })
    await case.politi.post(f"{case.path}/exchanges", {
        **told("kbh-vestegns-politi"), "summary": SECRET, "categories": ["criminal_offences", "ordinary"],
    })
    draft = {"question": SECRET, "disclosure": told("ishoj-kommune")}
    await case.kommune.post(f"{case.path}/information-requests", draft)
    asked = await case.kommune.post(f"{case.path}/information-requests", draft)
    await case.politi.post(
        f"{case.path}/information-requests/{asked['id']}/answer", {"answer": "declined"}, status=200
    )
    return case


async def counted(house: House, asked: str = "", *, by: str = "dpo") -> dict[str, Any]:
    """Count as a reviewer."""
    counts: dict[str, Any] = await house.person(by).get(f"/infohuse/{house.infohus_id}/exchanges/counts{asked}")
    return counts


class WhenExchangesAreCounted:
    @pytest.mark.rule(61)
    @pytest.mark.parametrize("reviewer", ["dpo", "jurist", "politi-dpo"])
    async def test_a_reviewer_sees_how_many_of_each(self, house: House, reviewer: str) -> None:
        await with_exchanges(house)
        counts = await counted(house, by=reviewer)
        months = counts.pop("by_month")
        assert counts == {
            "total": 5, "late": 1, "unacknowledged": 5, "refused": 1,
            "by_authority": {"ishoj-kommune": 4, "kbh-vestegns-politi": 1},
            "by_paragraph": {"rpl-115-1": 1, "rpl-115-2": 4},
            "by_category": {"criminal_offences": 1, "ordinary": 1, "purely_private": 4},
        }
        assert sum(months.values()) == 5

    @pytest.mark.parametrize("asked", [
        "?late=true", "?refused=true", "?refused=false", "?authority=kbh-vestegns-politi", "?paragraph=rpl-115-2",
        "?category=purely_private", "?until=2000-01-01T00:00:00Z", "?unacknowledged=false", "?late=false&refused=true",
    ])
    async def test_the_count_is_the_length_of_the_list(self, house: House, asked: str) -> None:
        await with_exchanges(house)
        listed = await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges{asked}")
        counts = await counted(house, asked)
        assert counts["total"] == len(listed["items"])
        assert counts["refused"] == sum(one["is_refused"] for one in listed["items"])
        assert sum(counts["by_authority"].values()) == sum(counts["by_month"].values()) == counts["total"]

    @pytest.mark.rule(8)
    async def test_a_declined_request_shows_as_refused_and_an_open_one_does_not(self, house: House) -> None:
        await with_exchanges(house)
        listed = await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges?refused=true")
        assert [(one["discloser"], one["is_refused"]) for one in listed["items"]] == [("ishoj-kommune", True)]
        assert SECRET not in str(listed)

    @pytest.mark.rule(61)
    @pytest.mark.parametrize("stranger", ["kommune", "politi", "raadgiver", "admin"])
    async def test_nobody_else_counts_or_reviews(self, house: House, stranger: str) -> None:
        case = await with_exchanges(house)
        exchange = (await case.kommune.get(f"{case.path}/exchanges"))["items"][0]["id"]
        for path in ("counts", exchange):
            await house.person(stranger).get(f"/infohuse/{house.infohus_id}/exchanges/{path}", status=404)


class WhenTheDatabaseIsAskedWhatWasDeclined:
    @pytest.mark.rule(45)
    @pytest.mark.parametrize(("role", "authority", "found"), [
        ("data_protection_officer", "ishoj-kommune", 1), ("legal", "kbh-vestegns-politi", 1),
        ("legal", "fremmed-kommune", 0), ("municipal_coordinator", "ishoj-kommune", 0), ("administrator", "", 0),
    ])
    async def test_it_tells_reviewers_of_the_infohus_only(
        self, house: House, role: str, authority: str, found: int
    ) -> None:
        await with_exchanges(house)
        told_to = await house.sql(
            "SELECT count(d.request_id) AS n FROM (SELECT set_config('infohus.role', $1, false) || "
            "set_config('infohus.authority', $2, false)) s, LATERAL infohus.declined_requests($3) d",
            role, authority, house.infohus_id,
        )
        assert told_to[0]["n"] == found


class WhenOneExchangeIsReviewed:
    @pytest.mark.rule(57)
    async def test_its_manifest_answers_receipts_and_proof_show_and_no_content(self, house: House) -> None:
        case = await (await house.case()).clear()
        item = await case.note(SECRET)
        exchange = await case.disclose(item, summary=SECRET, necessity=SECRET)
        await case.politi.post(
            f"{case.path}/exchanges/{exchange['id']}/receipts", {"manifest": exchange["manifest"]}, status=200
        )
        seen = await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges/{exchange['id']}")
        assert SECRET not in str(seen)
        assert not {"necessity", "proportionality", "subsidiarity", "summary"} & set(seen)
        assert seen["answers"] == {"necessity": True, "proportionality": True, "subsidiarity": True}
        assert [(one["authority"], one["manifest"]) for one in seen["receipts"]] == [
            ("kbh-vestegns-politi", exchange["manifest"]),
        ]
        entries = await house.entries()
        written = next(place for place, entry in enumerate(entries) if any(str(one.row) == item for one in entry.wrote))
        digest = next(one.digest for one in entries[written].wrote if str(one.row) == item)
        assert seen["records"] == [
            {"kind": "information", "id": item, "digest": digest, "written_at_index": written},
        ]
        assert exchange["id"] in {str(one.row) for one in entries[seen["leaf_index"]].wrote}

    async def test_its_proof_holds_offline(self, house: House) -> None:
        case = await (await house.case()).clear()
        exchange = (await case.kommune.get(f"{case.path}/exchanges"))["items"][0]["id"]
        dpo = house.person("dpo")
        seen = await dpo.get(f"/infohuse/{house.infohus_id}/exchanges/{exchange}")
        given = await dpo.get(seen["proof"])
        entry = base64.b64decode(given["entry"])
        key = SigningKey.load(house.settings.keys_folder / "log-signing.key").verifier("infohus.test/ishoj")
        assert check_proof(given["proof"], entry, [key]).index == seen["leaf_index"]
        proved = decode(entry)
        assert (proved.action, proved.justification, proved.recipients) == (
            "recordExchange", "rpl-115-2", ["kbh-vestegns-politi"],
        )

    async def test_the_digest_is_of_what_was_disclosed_not_of_what_became_of_it(self, house: House) -> None:
        case = await (await house.case()).accept()
        exchange = (await case.kommune.get(f"{case.path}/exchanges"))["items"][-1]["id"]
        seen = await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges/{exchange}")
        entries = await house.entries()
        for record in seen["records"]:
            later = [
                place for place, entry in enumerate(entries)
                if any(str(one.row) == record["id"] for one in entry.wrote) and place > seen["leaf_index"]
            ]
            assert later
            assert record["written_at_index"] <= seen["leaf_index"] < later[0]

    async def test_another_infohus_exchange_is_unknown(self, house: House) -> None:
        case = await (await house.case()).clear()
        exchange = (await case.kommune.get(f"{case.path}/exchanges"))["items"][0]["id"]
        neighbour = await house.neighbour(police_coordinator=house.person("politi").person_id)
        await house.person("politi-dpo").get(f"/infohuse/{neighbour.infohus_id}/exchanges/{exchange}", status=404)
        await house.person("politi-dpo").get(f"/infohuse/{house.infohus_id}/exchanges/{exchange}")
