"""Tidligere henvendelser: seen as far as one may see, hit or no hit beyond that, and never passed over at the end."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
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
        assert [{**one, "at": None} for one in shown["moments"]] == [
            {"at": None, "what": "concern_received", "case_id": first.id, "number": number,
             "concern_id": first.concern_id, "outcome": None},
            {"at": None, "what": "case_closed", "case_id": first.id, "number": number, "concern_id": None,
             "outcome": "unfounded"},
        ]  # fmt: skip
        assert [one["at"] for one in shown["moments"]] == sorted(one["at"] for one in shown["moments"])
        assert (shown["is_partly_hidden"], shown["is_confirmed"]) == (False, False)

    @pytest.mark.rule(78)
    @pytest.mark.parametrize("subjects", [[], [{"name": "Prøve Prøvesen"}], [{"cpr_number": OTHER_CPR}]])
    async def test_without_the_number_or_with_another_there_is_nothing(
        self, house: House, subjects: list[dict[str, str]]
    ) -> None:
        await case_of(house)
        shown = await timeline(await house.case(subjects=subjects))
        assert (shown["moments"], shown["is_partly_hidden"]) == ([], False)

    @pytest.mark.rule(78)
    @pytest.mark.rule(44)
    async def test_the_other_authority_s_part_is_a_hit_and_nothing_more(self, house: House) -> None:
        theirs = await recorded_by_the_police(house)
        ours = await case_of(house)
        answer = await ours.kommune.call("GET", f"{ours.path}/earlier-concerns")
        shown = answer.json()
        assert (shown["moments"], shown["is_partly_hidden"]) == ([], True)
        number = (await theirs.politi.get(theirs.path))["case"]["number"]
        assert theirs.id not in answer.text
        assert number not in answer.text
        assert set(shown) == {"moments", "is_partly_hidden", "shown", "is_confirmed"}

    @pytest.mark.rule(78)
    @pytest.mark.rule(44)
    async def test_who_does_not_know_the_person_of_this_case_learns_nothing(self, house: House) -> None:
        await recorded_by_the_police(house)
        ours = await case_of(house)
        shown = await timeline(ours, "politi")
        assert (shown["moments"], shown["is_partly_hidden"]) == ([], False)
        await share_the_person(ours)
        assert len((await timeline(ours, "politi"))["moments"]) == 1

    @pytest.mark.rule(78)
    async def test_what_was_disclosed_since_is_shown(self, house: House) -> None:
        theirs = await recorded_by_the_police(house)
        ours = await case_of(house)
        await share_the_person(theirs, POLICE)
        shown = await timeline(ours)
        assert [one["case_id"] for one in shown["moments"]] == [theirs.id]
        assert shown["is_partly_hidden"] is False

    @pytest.mark.rule(78)
    @pytest.mark.rule(73)
    async def test_what_was_erased_is_neither_shown_nor_a_hit(self, house: House) -> None:
        own, theirs = await case_of(house), await recorded_by_the_police(house)
        again = await case_of(house)
        assert (await timeline(again))["is_partly_hidden"] is True
        for erased in (own, theirs):
            await house.sql("DELETE FROM infohus.case_key WHERE case_id = $1", UUID(erased.id))
        shown = await timeline(again)
        assert (shown["moments"], shown["is_partly_hidden"]) == ([], False)

    @pytest.mark.rule(78)
    @pytest.mark.rule(47)
    async def test_another_infohus_learns_no_hit(self, house: House) -> None:
        elsewhere = await second_infohus(house)
        here = await case_of(house)
        await share_the_person(here)
        there = await recorded_by_the_police(house, elsewhere)
        for case in (here, there):
            shown = await timeline(case, "politi")
            assert (shown["moments"], shown["is_partly_hidden"]) == ([], False)
        await there.kommune.get(f"{there.path}/earlier-concerns", status=404)


class WhenTheCaseIsToEnd:
    @pytest.mark.rule(78)
    async def test_nobody_signs_who_has_not_seen_it(self, house: House) -> None:
        await case_of(house)
        case = await (await case_of(house)).clear()
        await share_the_person(case)
        refused = await propose_closure(case, status=409)
        assert refused["type"] == "/problems/earlier-concerns-not-seen"
        await case.look_back(case.kommune)
        proposal = await propose_closure(case)
        signing = f"{case.path}/closures/{proposal['id']}/signatures"
        signature = {"content_hash": proposal["content_hash"]}
        # The first case's person was never disclosed to the police: they learn that there is something.
        refused = await case.politi.post(signing, signature, status=409)
        assert refused["type"] == "/problems/earlier-concerns-not-seen"
        assert (await case.look_back(case.politi))["is_partly_hidden"] is True
        await case.politi.post(signing, signature)
        assert await case.stage() == "closed"

    @pytest.mark.rule(78)
    async def test_what_comes_after_must_be_seen_too(self, house: House) -> None:
        await case_of(house)
        case = await (await case_of(house)).clear()
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
        case = await (await case_of(house)).clear()
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
    @pytest.mark.parametrize("subjects", [[], [{"name": "Prøve Prøvesen"}], [{"cpr_number": CPR}]])
    async def test_where_nothing_went_before_nothing_is_asked(
        self, house: House, subjects: list[dict[str, str]]
    ) -> None:
        case = await (await house.case(subjects=subjects)).clear()
        assert await (await case.close()).stage() == "closed"

    @pytest.mark.parametrize("shown", ["", "0" * 63, "0" * 65, "G" * 64, None])
    async def test_what_is_no_digest_is_not_read(self, house: House, shown: str | None) -> None:
        case = await case_of(house)
        await case.kommune.post(f"{case.path}/earlier-concerns/confirmations", {"shown": shown}, status=400)

    @pytest.mark.rule(46)
    @pytest.mark.parametrize("by", ["dpo", "jurist", "admin", "raadgiver"])
    async def test_nobody_but_the_case_s_tovholdere_reads_it(self, house: House, by: str) -> None:
        case = await case_of(house)
        await house.person(by).get(f"{case.path}/earlier-concerns", status=404)


CONDITIONS = (
    "infohus.takes_part(of_case, 'coordinators') AND ",
    "here.case_id = of_case AND ",
    "(here.authority_id = infohus.caller_authority() OR infohus.was_told(here.id)) AND ",
    "there.cpr_index = here.cpr_index AND ",
    " AND there.case_id <> here.case_id",
    "JOIN infohus.case_key k ON k.case_id = there.case_id AND k.authority_id = there.authority_id",
    "(there.authority_id = infohus.caller_authority() OR infohus.was_told(there.id))",
)
"""What the function that answers hit or no hit must not lack; the last two are spoiled by `true`."""


class WhenTheDatabaseIsAsked:
    """The function sees what its caller may not: so it answers with one bit, to tovholdere of the case alone."""

    async def answers(self, house: House, cases: dict[str, CaseInHand]) -> list[bool]:
        """Ask about each case as each of several callers."""
        connection = await asyncpg.connect(house.superuser)
        try:
            await connection.execute("SET ROLE infohus_app")
            found = []
            for name, authority, role in (
                ("kommune", MUNICIPALITY, "municipal_coordinator"), ("politi", POLICE, "police_coordinator"),
                ("kommune", MUNICIPALITY, "legal"), ("kommune", POLICE, "police_coordinator"),
                ("dpo", MUNICIPALITY, "municipal_coordinator"),
            ):
                for case in cases.values():
                    async with connection.transaction():
                        who = (authority, house.person(name).person_id, role, now())
                        await connection.execute("SELECT infohus.act_as($1, $2, $3, $4)", *who)
                        found.append(await connection.fetchval(
                            "SELECT infohus.hides_earlier_concerns($1)", UUID(case.id)
                        ))
            return found
        finally:
            await connection.close()

    async def cases(self, house: House) -> dict[str, CaseInHand]:
        """Make cases that differ in one thing each."""
        made = {
            "known by both sides apart": await case_of(house), "the police's own": await recorded_by_the_police(house),
            "of somebody else": await case_of(house, OTHER_CPR),
            "of somebody else again": await case_of(house, OTHER_CPR),
            "of somebody erased elsewhere": await case_of(house, "020158-5234"),
            "of somebody named by both in it": await case_of(house, "030158-5234"),
        }
        await house.person("politi").post(f"{made['of somebody named by both in it'].path}/concerns", {
            "channel": "mail", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Set.",
            "told_reporter": "Tak.", "subjects": [{"cpr_number": "030158-5234"}],
        })
        erased = await recorded_by_the_police(house, subject={"cpr_number": "020158-5234"})
        await house.sql("DELETE FROM infohus.case_key WHERE case_id = $1", UUID(erased.id))
        return made

    @pytest.mark.rule(78)
    @pytest.mark.rule(45)
    async def test_it_answers_tovholdere_who_know_the_person_and_nobody_else(self, house: House) -> None:
        answers = await self.answers(house, await self.cases(house))
        assert answers == [
            True, *[False] * 5,
            False, True, *[False] * 4,
            *[False] * 18,
        ]  # fmt: skip

    @pytest.mark.rule(45)
    @pytest.mark.parametrize("condition", CONDITIONS)
    async def test_none_of_its_conditions_is_needless(self, house: House, condition: str) -> None:
        cases = await self.cases(house)
        before = await self.answers(house, cases)
        source = (await house.sql("SELECT pg_get_functiondef('infohus.hides_earlier_concerns'::regproc) AS text"))[0]
        text = " ".join(source["text"].split())
        assert condition in text
        spoiled = "true" if condition.endswith(")") else ""
        await house.sql(text.replace(condition, spoiled))
        assert await self.answers(house, cases) != before


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
