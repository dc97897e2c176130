"""Tidligere henvendelser: seen as far as one may see, hit or no hit beyond that, and never passed over at the end."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from house import CLEARANCE, MUNICIPALITY, POLICE, CaseInHand, House, now, told
from persons import CPR, OTHER_CPR, case_of, recorded_by_the_police, second_infohus

CLOSURE = {"outcome": "unfounded", "content": {"reasons": "Grundløs."}}


async def timeline(case: CaseInHand, by: str = "kommune") -> Any:
    """Read what went before."""
    return await case.house.person(by).get(f"{case.path}/earlier-concerns")


async def share_the_person(case: CaseInHand, by: str = MUNICIPALITY) -> None:
    """Let the other authority know whom the concern is about."""
    writer = case.kommune if by == MUNICIPALITY else case.politi
    concern = await writer.get(f"{case.path}/concerns/{case.concern_id}")
    items = [{"kind": "concern", "id": case.concern_id}, {"kind": "subject", "id": concern["subjects"][0]["id"]}]
    await writer.post(f"{case.path}/exchanges", {**told(by), "items": items})


async def propose_closure(case: CaseInHand, **more: Any) -> Any:
    """Propose to close, as the municipality."""
    return await case.kommune.post(f"{case.path}/closures", {**CLOSURE, "disclosure": told(purpose="closure")}, **more)


class WhenThePersonIsKnown:
    @pytest.mark.rule(78)
    async def test_the_whole_way_of_the_earlier_cases_is_one_timeline(self, house: House) -> None:
        received = now() - timedelta(days=30)
        person = {"name": "Muhammed Prøvesen", "cpr_number": CPR}
        first = await house.case(subjects=[person], received_at=received.isoformat())
        await (await first.clear()).close("unfounded")
        closed = (await first.kommune.get(first.path))["case"]
        second = await case_of(house, name="Mohamad Prøvsen")
        shown = await timeline(second)
        number = closed["number"]
        assert [{**one, "at": None} for one in shown["moments"]["items"]] == [
            {"at": None, "what": "concern_received", "case_id": first.id, "number": number,
             "concern_id": first.concern_id, "outcome": None},
            {"at": None, "what": "case_closed", "case_id": first.id, "number": number, "concern_id": None,
             "outcome": "unfounded"},
        ]  # fmt: skip
        moments = shown["moments"]["items"]
        assert [one["at"] for one in moments] == sorted(one["at"] for one in moments)
        assert shown["is_confirmed"] is False
        pages = []
        after: str | None = f"{uuid4()}"  # which is no moment: from the first
        while after is not None:
            page = await second.kommune.get(f"{second.path}/earlier-concerns?limit=1&after={after}")
            assert page["shown"] == shown["shown"]
            pages.append(page["moments"]["items"])
            after = page["moments"]["next"]
        assert pages == [[one] for one in moments]

    @pytest.mark.rule(78)
    @pytest.mark.parametrize("subjects", [
        [], [{"name": "Prøve Prøvesen", "birth_date": "1990-02-01"}], [{"cpr_number": OTHER_CPR}],
    ])
    async def test_without_the_number_or_with_another_there_is_nothing(
        self, house: House, subjects: list[dict[str, str]]
    ) -> None:
        await case_of(house)
        shown = await timeline(await house.case(subjects=subjects))
        assert shown["moments"]["items"] == []

    @pytest.mark.rule(78)
    @pytest.mark.rule(44)
    @pytest.mark.rule(89)
    async def test_of_the_other_authority_s_part_nothing_is_told(self, house: House) -> None:
        ours = await case_of(house)
        before = await ours.kommune.call("GET", f"{ours.path}/earlier-concerns")
        await recorded_by_the_police(house)
        after = await ours.kommune.call("GET", f"{ours.path}/earlier-concerns")
        assert before.json() == after.json()
        assert after.json()["moments"]["items"] == []
        assert set(after.json()) == {"moments", "shown", "is_confirmed"}

    @pytest.mark.rule(78)
    @pytest.mark.rule(44)
    async def test_who_does_not_know_the_person_of_this_case_learns_nothing(self, house: House) -> None:
        await recorded_by_the_police(house)
        ours = await case_of(house)
        shown = await timeline(ours, "politi")
        assert shown["moments"]["items"] == []
        await share_the_person(ours)
        assert len((await timeline(ours, "politi"))["moments"]["items"]) == 1

    @pytest.mark.rule(78)
    async def test_what_was_disclosed_since_is_shown(self, house: House) -> None:
        theirs = await recorded_by_the_police(house)
        ours = await case_of(house)
        await share_the_person(theirs, POLICE)
        shown = await timeline(ours)
        assert [one["case_id"] for one in shown["moments"]["items"]] == [theirs.id]

    @pytest.mark.rule(78)
    @pytest.mark.rule(73)
    async def test_what_was_erased_is_not_shown(self, house: House) -> None:
        own = await case_of(house)
        again = await case_of(house)
        assert len((await timeline(again))["moments"]["items"]) == 1
        await house.sql("DELETE FROM infohus.record_key WHERE case_id = $1", UUID(own.id))
        shown = await timeline(again)
        assert shown["moments"]["items"] == []

    @pytest.mark.rule(78)
    @pytest.mark.rule(47)
    async def test_another_infohus_learns_no_hit(self, house: House) -> None:
        elsewhere = await second_infohus(house)
        here = await case_of(house)
        await share_the_person(here)
        there = await recorded_by_the_police(house, elsewhere)
        for case in (here, there):
            shown = await timeline(case, "politi")
            assert shown["moments"]["items"] == []
        await there.kommune.get(f"{there.path}/earlier-concerns", status=404)


class WhenTheCaseIsToEnd:
    @pytest.mark.rule(78)
    async def test_nobody_signs_who_has_not_seen_it(self, house: House) -> None:
        await case_of(house)
        case = await (await case_of(house)).accept()
        await share_the_person(case)
        refused = await propose_closure(case, status=409)
        assert refused["type"] == "/problems/earlier-concerns-not-seen"
        [blocker] = (await case.kommune.get(f"{case.path}/closing"))["blockers"]
        assert (blocker["code"], blocker["rule"], blocker["lifted_by"]) == ("earlier-concerns-not-seen", 78, "yourself")
        await case.look_back(case.kommune)
        assert (await case.kommune.get(f"{case.path}/closing"))["blockers"] == []
        proposal = await propose_closure(case)
        signing = f"{case.path}/closures/{proposal['id']}/signatures"
        signature = {"content_hash": proposal["content_hash"]}
        # The first case's person was never disclosed to the police: they are asked for nothing that they cannot see.
        assert (await timeline(case, "politi"))["moments"]["items"] == []
        await case.politi.post(signing, signature)
        assert await case.stage() == "closed"

    @pytest.mark.rule(78)
    async def test_what_comes_after_must_be_seen_too(self, house: House) -> None:
        await case_of(house)
        case = await (await case_of(house)).accept()
        before = await case.look_back(case.kommune)
        assert (await timeline(case))["is_confirmed"] is True
        await case_of(house, name="En tredje stavemåde")
        assert (await timeline(case))["is_confirmed"] is False
        assert (await propose_closure(case, status=409))["type"] == "/problems/earlier-concerns-not-seen"
        path = f"{case.path}/earlier-concerns/confirmations"
        refused = await case.kommune.post(path, {"shown": before["shown"]}, status=412)
        assert refused["type"] == "/problems/changed-meanwhile"

    @pytest.mark.rule(78)
    async def test_an_amended_proposal_is_signed_by_who_has_seen_it(self, house: House) -> None:
        case = await (await case_of(house)).accept()
        proposal = await propose_closure(case)
        await case_of(house)
        draft = {**CLOSURE, "disclosure": told(purpose="closure")}
        path = f"{case.path}/closures/{proposal['id']}"
        refused = await case.kommune.put(path, draft, headers={"If-Match": '"1"'}, status=409)
        assert refused["type"] == "/problems/earlier-concerns-not-seen"

    @pytest.mark.rule(78)
    async def test_one_person_s_confirmation_is_not_another_s_nor_for_another_case(self, house: House) -> None:
        first, second = await case_of(house), await case_of(house)
        shown = await first.look_back(first.kommune)
        path = f"{second.path}/earlier-concerns/confirmations"
        await second.kommune.post(path, {"shown": shown["shown"]}, status=412)
        seen = await house.sql("SELECT case_id, person_id, authority_id FROM infohus.earlier_concerns_seen")
        assert [tuple(row) for row in seen] == [(UUID(first.id), first.kommune.person_id, MUNICIPALITY)]
        await first.look_back(first.kommune)
        assert len(await house.sql("SELECT shown FROM infohus.earlier_concerns_seen")) == 1

    @pytest.mark.rule(78)
    @pytest.mark.parametrize("subjects", [
        [], [{"name": "Prøve Prøvesen", "birth_date": "1990-02-01"}], [{"cpr_number": CPR}],
    ])
    async def test_where_nothing_went_before_nothing_is_asked(
        self, house: House, subjects: list[dict[str, str]]
    ) -> None:
        case = await (await house.case(subjects=subjects)).accept()
        assert await (await case.close()).stage() == "closed"

    @pytest.mark.parametrize("shown", ["", "0" * 63, "0" * 65, "G" * 64, None])
    async def test_what_is_no_digest_is_not_read(self, house: House, shown: str | None) -> None:
        case = await case_of(house)
        await case.kommune.post(f"{case.path}/earlier-concerns/confirmations", {"shown": shown}, status=400)

    @pytest.mark.rule(46)
    @pytest.mark.parametrize("by", ["dpo", "jurist", "admin", "raadgiver"])
    async def test_nobody_but_the_case_s_tovholdere_reads_it(self, house: House, by: str) -> None:
        case = await case_of(house)
        await house.person(by).get(f"{case.path}/earlier-concerns", status=403)


class WhenItIsLogged:
    @pytest.mark.rule(57)
    async def test_reading_and_confirming_each_stand_in_the_log(self, house: House) -> None:
        case = await case_of(house)
        await case.kommune.post(
            f"{case.path}/exchanges", {**CLEARANCE, "items": [{"kind": "concern", "id": case.concern_id}]}
        )
        await case.look_back(case.kommune)
        read, confirmed = (await house.entries())[-2:]
        assert [(one.action, str(one.case), one.outcome.value) for one in (read, confirmed)] == [
            ("readEarlierConcerns", case.id, "allowed"), ("confirmEarlierConcerns", case.id, "allowed"),
        ]
        assert [(one.verb, one.table) for one in confirmed.wrote] == [("insert", "earlier_concerns_seen")]
