"""Exchanges counted, and each reviewed with its manifest, answers, receipts and place in the log; not its content."""

import base64
from typing import Any

import pytest

from house import CLEARANCE, MUNICIPAL_LOG, MUNICIPALITY, POLICE, CaseInHand, House, told
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.audit.formats.entry import decode
from infohus.kernel.audit.storage.export import check_proof
from infohus.kernel.sealing.envelope import CannotOpen, length_prefixed
from infohus.kernel.sealing.keepers import FileKeyKeeper, supervision_of
from older_cases import as_old_as

SECRET = "Kun for de to tovholdere."


async def with_exchanges(house: House) -> CaseInHand:
    """Record a case with five exchanges: one late, one of the police, and two that ask; one of those is declined."""
    case = await as_old_as(await (await house.case()).clear(), 1000)
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
            "total": 5, "late": 1, "unacknowledged": 5, "declined": 1,
            "by_authority": {"ishoj-kommune": 4, "kbh-vestegns-politi": 1},
            "by_paragraph": {"rpl-115-1": 1, "rpl-115-2": 4},
            "by_category": {"criminal_offences": 1, "ordinary": 1, "purely_private": 4},
        }
        assert sum(months.values()) == 5

    @pytest.mark.parametrize("asked", [
        "?late=true", "?declined=true", "?declined=false", "?authority=kbh-vestegns-politi", "?paragraph=rpl-115-2",
        "?category=purely_private", "?until=2000-01-01T00:00:00Z", "?unacknowledged=false", "?late=false&declined=true",
    ])
    async def test_the_count_is_the_length_of_the_list(self, house: House, asked: str) -> None:
        await with_exchanges(house)
        listed = await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges{asked}")
        counts = await counted(house, asked)
        assert counts["total"] == len(listed["items"])
        assert counts["declined"] == sum(one["is_declined"] for one in listed["items"])
        assert sum(counts["by_authority"].values()) == sum(counts["by_month"].values()) == counts["total"]

    @pytest.mark.rule(8)
    async def test_a_declined_request_shows_as_declined_and_an_open_one_does_not(self, house: House) -> None:
        await with_exchanges(house)
        listed = await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges?declined=true")
        assert [(one["discloser"], one["is_declined"]) for one in listed["items"]] == [("ishoj-kommune", True)]
        assert SECRET not in str(listed)

    @pytest.mark.rule(61)
    @pytest.mark.parametrize("stranger", ["kommune", "politi", "raadgiver", "admin"])
    async def test_nobody_else_counts_or_reviews(self, house: House, stranger: str) -> None:
        case = await with_exchanges(house)
        exchange = (await case.kommune.get(f"{case.path}/exchanges"))["items"][0]["id"]
        for path in ("counts", exchange):
            await house.person(stranger).get(f"/infohuse/{house.infohus_id}/exchanges/{path}", status=403)


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
        assert seen["answers"] == {
            "necessity": True, "proportionality": True, "subsidiarity": True,
            "read_at": f"{case.path}/exchanges/{exchange['id']}/answers?purpose=lawfulness",
        }
        assert [(one["authority"], one["manifest"]) for one in seen["receipts"]] == [
            ("kbh-vestegns-politi", exchange["manifest"]),
        ]
        entries = await house.entries(MUNICIPAL_LOG)
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
        assert seen["proof"] == f"/log/proofs/{seen['leaf_index']}?purpose=lawfulness"  # it can be followed as it is
        given = await dpo.get(seen["proof"])
        entry = base64.b64decode(given["entry"])
        key = SigningKey.load(house.settings.keys_folder / "log-signing.key").verifier("infohus.test/ishoj-kommune")
        assert check_proof(given["proof"], entry, [key]).index == seen["leaf_index"]
        proved = decode(entry)
        assert (proved.action, proved.justification, proved.recipients) == (
            "recordExchange", "rpl-115-2", ["kbh-vestegns-politi"],
        )

    async def test_the_digest_is_of_what_was_disclosed_not_of_what_became_of_it(self, house: House) -> None:
        case = await (await house.case()).accept()
        exchange = (await case.kommune.get(f"{case.path}/exchanges"))["items"][-1]["id"]
        seen = await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges/{exchange}")
        own, everything = await house.entries(MUNICIPAL_LOG), await house.all_entries()
        given_at = own[seen["leaf_index"]].at
        for record in seen["records"]:
            assert record["written_at_index"] <= seen["leaf_index"]
            assert record["digest"] in {one.digest for one in own[record["written_at_index"]].wrote}
            later = [
                one.digest for entry in everything if entry.at > given_at
                for one in entry.wrote if str(one.row) == record["id"]
            ]
            assert later
            assert record["digest"] not in later

    async def test_another_infohus_exchange_is_unknown(self, house: House) -> None:
        case = await (await house.case()).clear()
        exchange = (await case.kommune.get(f"{case.path}/exchanges"))["items"][0]["id"]
        neighbour = await house.neighbour(police_coordinator=house.person("politi").person_id)
        await house.person("politi-dpo").get(f"/infohuse/{neighbour.infohus_id}/exchanges/{exchange}", status=404)
        await house.person("politi-dpo").get(f"/infohuse/{house.infohus_id}/exchanges/{exchange}")


ANSWERS = {"necessity": "Nødvendigt.", "proportionality": "Ikke mere end.", "subsidiarity": "Intet mindre rækker."}


async def with_answers(house: House) -> tuple[CaseInHand, dict[str, str]]:
    """Record one exchange of each tovholder, with answers; give where each one's answers are read."""
    case = await (await house.case()).clear()
    by_kommune = await case.kommune.post(f"{case.path}/exchanges", {**CLEARANCE, **ANSWERS, "summary": SECRET})
    by_politi = await case.politi.post(f"{case.path}/exchanges", {
        **told("kbh-vestegns-politi"), **ANSWERS, "categories": ["special_categories"], "summary": SECRET,
        "strict_necessity": "Strengt nødvendigt.",
    })
    return case, {
        "kommune": f"{case.path}/exchanges/{by_kommune['id']}/answers",
        "politi": f"{case.path}/exchanges/{by_politi['id']}/answers",
    }


class WhenTheAnswersAreReviewed:
    @pytest.mark.rule(1)
    @pytest.mark.rule(61)
    @pytest.mark.parametrize("reviewer", ["dpo", "jurist"])
    async def test_supervision_reads_how_its_own_authority_answered_and_that_is_logged(
        self, house: House, reviewer: str
    ) -> None:
        case, at = await with_answers(house)
        assert await house.person(reviewer).get(at["kommune"]) == {
            **ANSWERS, "strict_necessity": None, "consent_reason": None,
        }
        entry = (await house.entries())[-1]
        exchange = at["kommune"].split("/")[-2]
        assert (entry.action, entry.outcome.value, str(entry.subject), str(entry.case)) == (
            "reviewAnswers", "allowed", exchange, case.id,
        )
        assert [(one.table, one.column, str(one.row)) for one in entry.opened] == [("exchange", "answers", exchange)]
        assert entry.policies == ["own-supervision-reads-the-three-answers"]
        assert len(entry.persons) == 1

    @pytest.mark.rule(11)
    async def test_strict_necessity_is_among_them_where_it_was_asked(self, house: House) -> None:
        _, at = await with_answers(house)
        read = await house.person("politi-dpo").get(at["politi"])
        assert read == {**ANSWERS, "strict_necessity": "Strengt nødvendigt.", "consent_reason": None}

    @pytest.mark.rule(44)
    @pytest.mark.rule(47)
    @pytest.mark.parametrize(("stranger", "whose"), [
        ("politi-dpo", "kommune"), ("dpo", "politi"), ("jurist", "politi"), ("admin", "kommune"),
        ("kommune", "kommune"), ("politi", "politi"), ("raadgiver", "kommune"),
    ])
    async def test_nobody_else_does_and_the_attempt_is_logged(self, house: House, stranger: str, whose: str) -> None:
        _, at = await with_answers(house)
        await house.person(stranger).get(at[whose], status=404 if stranger in {"politi-dpo", "dpo", "jurist"} else 403)
        entry = next(one for one in reversed(await house.all_entries()) if one.action == "reviewAnswers")
        assert (entry.outcome.value, entry.opened) == ("denied", [])

    async def test_a_reviewer_is_told_where_only_of_its_own_authority_s(self, house: House) -> None:
        _, at = await with_answers(house)
        for whose, own in (("kommune", "dpo"), ("politi", "politi-dpo")):
            exchange = at[whose].split("/")[-2]
            for reviewer in ("dpo", "politi-dpo"):
                seen = await house.person(reviewer).get(f"/infohuse/{house.infohus_id}/exchanges/{exchange}")
                assert seen["answers"]["read_at"] == (f"{at[whose]}?purpose=lawfulness" if reviewer == own else None)

    async def test_they_are_read_after_a_withdrawal_too(self, house: House) -> None:
        case, at = await with_answers(house)
        exchange = at["kommune"].removesuffix("/answers")
        draft = {"recipient": "kbh-vestegns-politi", "reason": "Givet ved en fejl."}
        await case.kommune.post(f"{exchange}/withdrawals", draft)
        assert (await house.person("dpo").get(at["kommune"]))["necessity"] == ANSWERS["necessity"]

    async def test_an_exchange_from_before_they_were_kept_has_none_to_read(self, house: House) -> None:
        _, at = await with_answers(house)
        await house.sql("UPDATE infohus.exchange SET answers = NULL, answers_key = NULL")
        await house.person("dpo").get(at["kommune"], status=404)
        exchange = at["kommune"].split("/")[-2]
        seen = await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges/{exchange}")
        assert seen["answers"] == {
            "necessity": True, "proportionality": True, "subsidiarity": True, "read_at": None,
        }


class WhenSomebodyGetsPastTheApplication:
    @pytest.mark.rule(44)
    async def test_answers_open_in_their_own_place_and_under_their_own_key_only(self, house: House) -> None:
        _, at = await with_answers(house)
        await house.sql(
            "UPDATE infohus.exchange e SET answers = o.answers, answers_key = o.answers_key FROM infohus.exchange o"
            " WHERE e.id::text = $1 AND o.authority_id = e.authority_id AND o.id <> e.id AND o.answers IS NOT NULL",
            at["kommune"].split("/")[-2],
        )
        await house.person("dpo").get(at["kommune"], status=500)

    @pytest.mark.rule(44)
    async def test_another_s_supervision_has_no_key_for_them(self, house: House) -> None:
        _, at = await with_answers(house)
        keeper = FileKeyKeeper(house.settings.keys_folder)
        (row,) = await house.sql(
            "SELECT id, answers, answers_key FROM infohus.exchange WHERE id::text = $1", at["kommune"].split("/")[-2]
        )
        context = length_prefixed((b"supervision", row["id"].bytes, row["answers"][1:17]))
        assert len(keeper.unwrap(supervision_of(MUNICIPALITY), row["answers_key"], context)) == 32
        for other in (supervision_of(POLICE), MUNICIPALITY, POLICE):
            with pytest.raises(CannotOpen):
                keeper.unwrap(other, row["answers_key"], context)
