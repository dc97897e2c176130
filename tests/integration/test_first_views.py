"""Each tovholder may state a view before seeing the other's; that there is one is the own side's until it is shown."""

from typing import Any
from uuid import UUID

import pytest

from at_once import at_once
from house import MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, told
from invitations import invitation

WITHIN = {"view": "within", "reasons": "Han søger et miljø."}
OUTSIDE = {"view": "outside", "reasons": "Det er en familiesag."}
SCOPE = {
    "outcome": "within", "content": {"reasons": "Ekstremisme kan være på spil."},
    "disclosure": told(purpose="scope_decision"),
}


def telling(by: str, **change: Any) -> dict[str, Any]:
    """Fill in the § 115 fields of revealing to the other."""
    return {"disclosure": told(by, purpose="scope_decision", **change)}


async def problem(person: Person, path: str, body: Any) -> str:
    """Post what is refused; give the situation."""
    slug: str = (await person.call("POST", path, json=body)).json()["type"].removeprefix("/problems/")
    return slug


def without_told(seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Give views without how each side was told them."""
    return [{**one, "told": None} for one in seen["views"]]


async def both_stated(house: House) -> tuple[CaseInHand, dict[str, Any], dict[str, Any]]:
    """Clear a case and let both state a view."""
    case = await (await house.case()).clear()
    views = f"{case.path}/first-views"
    return case, await case.kommune.post(views, WITHIN), await case.politi.post(views, OUTSIDE)


class WhenOneHasStatedAView:
    @pytest.mark.rule(44)
    @pytest.mark.rule(17)
    async def test_the_other_sees_neither_that_nor_what(self, house: House) -> None:
        case = await (await house.case()).clear()
        views = f"{case.path}/first-views"
        stated = await case.kommune.post(views, WITHIN)
        assert (stated["view"], stated["reasons"], stated["is_revealed"]) == (*WITHIN.values(), False)
        assert await case.kommune.get(views) == {"views": [stated]}
        assert await case.politi.get(views) == {"views": []}

    @pytest.mark.rule(44)
    async def test_neither_policies_nor_row_security_nor_keys_give_it_to_the_other(self, house: House) -> None:
        case = await (await house.case()).clear()
        stated = await case.kommune.post(f"{case.path}/first-views", WITHIN)
        # The policies: the record is there, and the answer is that of an unknown id.
        path = f"{case.path}/first-views/{stated['id']}/revelation"
        assert await problem(case.politi, path, telling(POLICE)) == "not-available"
        # The keys: only its owner's authority has a wrap.
        holders = await house.sql(
            "SELECT authority_id FROM infohus.record_key WHERE record_id = $1"
            " UNION ALL SELECT recipient_id FROM infohus.disclosed_key WHERE record_id = $1", UUID(stated["id"])
        )
        assert [row["authority_id"] for row in holders] == [MUNICIPALITY]
        # The row shows nothing of what it says, not even to who reads the whole database.
        [row] = await house.sql("SELECT first_view::text AS text FROM infohus.first_view")
        assert not [word for word in ("within", "miljø") if word in row["text"]]
        # And no exchange can name it.
        items = [{"kind": "first_view", "id": stated["id"]}]
        await case.kommune.post(f"{case.path}/exchanges", {**told(), "items": items}, status=400)

    async def test_it_is_stated_once_and_never_changed(self, house: House) -> None:
        case = await (await house.case()).clear()
        views = f"{case.path}/first-views"
        await case.kommune.post(views, WITHIN)
        assert await problem(case.kommune, views, OUTSIDE) == "already-recorded"
        granted = await house.sql(
            "SELECT has_table_privilege('infohus_app', 'infohus.first_view', 'UPDATE')"
            " OR has_any_column_privilege('infohus_app', 'infohus.first_view', 'UPDATE') AS may"
        )
        assert [row["may"] for row in granted] == [False]

    async def test_a_repetition_with_the_same_key_gives_the_same_view(self, house: House) -> None:
        case = await (await house.case()).clear()
        path, once = f"{case.path}/first-views", {"Idempotency-Key": "foerste-syn-1"}
        first = await case.kommune.post(path, WITHIN, headers=once)
        assert await case.kommune.post(path, WITHIN, headers=once) == first

    @pytest.mark.rule(44)
    @pytest.mark.parametrize("other_has_stated", [False, True])
    async def test_whether_the_other_has_one_changes_nothing_for_who_states_theirs(
        self, house: House, *, other_has_stated: bool
    ) -> None:
        case = await (await house.case()).clear()
        stated = await case.kommune.post(f"{case.path}/first-views", WITHIN)
        if other_has_stated:
            await case.politi.post(f"{case.path}/first-views", OUTSIDE)
        path = f"{case.path}/first-views/{stated['id']}/revelation"
        steps = {one["act"]: one for one in (await case.kommune.get(f"{case.path}/next-steps"))["steps"]}
        assert steps["proposeScopeDecision"]["is_possible"]
        await case.kommune.post(path, telling(MUNICIPALITY))
        await case.kommune.post(f"{case.path}/scope-decisions", SCOPE)

    @pytest.mark.rule(17)
    async def test_who_was_shown_the_other_s_states_no_first_one(self, house: House) -> None:
        case = await (await house.case()).clear()
        views = f"{case.path}/first-views"
        stated = await case.kommune.post(views, WITHIN)
        await case.kommune.post(f"{views}/{stated['id']}/revelation", telling(MUNICIPALITY))
        assert await problem(case.politi, views, OUTSIDE) == "first-view-too-late"
        steps = {one["act"]: one for one in (await case.politi.get(f"{case.path}/next-steps"))["steps"]}
        assert steps["stateFirstView"]["why_not"]["problem"] == "/problems/first-view-too-late"
        (shown_by,) = (await case.kommune.get(f"{case.path}/exchanges"))["items"][1:]
        body = {"recipient": POLICE, "reason": "Vist ved en fejl."}
        await case.kommune.post(f"{case.path}/exchanges/{shown_by['id']}/withdrawals", body)
        assert await case.politi.get(views) == {"views": []}
        assert await problem(case.politi, views, OUTSIDE) == "first-view-too-late"

    async def test_the_other_may_propose_without_stating_one(self, house: House) -> None:
        case = await (await house.case()).clear()
        await case.kommune.post(f"{case.path}/first-views", WITHIN)
        draft = {**SCOPE, "disclosure": told(POLICE, purpose="scope_decision")}
        proposal = await case.politi.post(f"{case.path}/scope-decisions", draft)
        assert await problem(case.politi, f"{case.path}/first-views", OUTSIDE) == "already-proposed"
        path = f"{case.path}/scope-decisions/{proposal['id']}/signatures"
        await case.kommune.post(path, {"content_hash": proposal["content_hash"]})
        assert await case.stage() == "accepted"

    async def test_two_at_once_become_one(self, house: House) -> None:
        case = await (await house.case()).clear()
        path = f"{case.path}/first-views"
        answers = await at_once(*(case.kommune.call("POST", path, json=WITHIN) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
        assert len(await house.sql("SELECT FROM infohus.first_view")) == 1
        await house.assert_logs_are_whole()


class WhenBothHaveStatedAView:
    @pytest.mark.rule(17)
    @pytest.mark.rule(44)
    async def test_each_reveals_their_own_by_an_exchange(self, house: House) -> None:
        case, ours, theirs = await both_stated(house)
        views = f"{case.path}/first-views"
        assert (await case.politi.get(views))["views"] == [theirs]
        told_view = await case.kommune.post(f"{views}/{ours['id']}/revelation", telling(MUNICIPALITY))
        assert told_view == {**ours, "is_revealed": True}
        # One side's revelation reveals that side alone.
        assert without_told(await case.politi.get(views)) == [told_view, theirs]
        assert (await case.kommune.get(views))["views"] == [told_view]
        await case.politi.post(f"{views}/{theirs['id']}/revelation", telling(POLICE))
        seen = await case.kommune.get(views)
        assert without_told(seen) == without_told(await case.politi.get(views))
        assert [(one["authority_id"], one["view"], one["is_revealed"]) for one in seen["views"]] == [
            (MUNICIPALITY, "within", True), (POLICE, "outside", True),
        ]
        exchanges = (await case.politi.get(f"{case.path}/exchanges"))["items"]
        by_first_view = [one for one in exchanges if one["purpose"] == "scope_decision"]
        assert sorted((one["discloser"], one["paragraph"]) for one in by_first_view) == [
            (MUNICIPALITY, "rpl-115-2"), (POLICE, "rpl-115-1"),
        ]
        await house.assert_logs_are_whole()

    async def test_it_is_revealed_once_and_to_the_other_tovholder_alone(self, house: House) -> None:
        case, ours, _ = await both_stated(house)
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        path = f"{case.path}/first-views/{ours['id']}/revelation"
        for recipients in ([PROBATION], [POLICE, PROBATION], []):
            body = telling(MUNICIPALITY, recipients=recipients)
            assert await problem(case.kommune, path, body) == "revealed-to-the-other-only"
        for field, refused in (
            ("necessity", "exchange-without-necessity"), ("proportionality", "proportionality-not-answered"),
            ("subsidiarity", "subsidiarity-not-answered"),
        ):
            assert await problem(case.kommune, path, telling(MUNICIPALITY, **{field: " "})) == refused
        await case.kommune.post(path, telling(MUNICIPALITY))
        assert await problem(case.kommune, path, telling(MUNICIPALITY)) == "already-recorded"

    async def test_two_revelations_at_once_become_one_exchange(self, house: House) -> None:
        case, ours, _ = await both_stated(house)
        path = f"{case.path}/first-views/{ours['id']}/revelation"
        body = telling(MUNICIPALITY)
        answers = await at_once(*(case.kommune.call("POST", path, json=body) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        told_to = await house.sql("SELECT FROM infohus.disclosure WHERE record_kind = 'first_view'")
        assert len(told_to) == 1

    async def test_nobody_reveals_for_the_other(self, house: House) -> None:
        case, ours, theirs = await both_stated(house)
        path = f"{case.path}/first-views/{theirs['id']}/revelation"
        assert await problem(case.kommune, path, telling(MUNICIPALITY)) == "not-available"
        await case.kommune.post(f"{case.path}/first-views/{ours['id']}/revelation", telling(MUNICIPALITY))
        # The other authority was sent it, and is still not its owner.
        path = f"{case.path}/first-views/{ours['id']}/revelation"
        assert await problem(case.politi, path, telling(POLICE)) == "another-may"

    async def test_they_may_propose_before_anything_is_revealed(self, house: House) -> None:
        case, ours, _ = await both_stated(house)
        await case.decide("scope-decisions", "within", {"reasons": "Enige."}, purpose="scope_decision")
        assert await case.stage() == "accepted"
        await case.kommune.post(f"{case.path}/first-views/{ours['id']}/revelation", telling(MUNICIPALITY))
        assert await problem(case.kommune, f"{case.path}/first-views", WITHIN) == "not-possible-now"


class WhenSomebodyElseLooks:
    @pytest.mark.rule(46)
    async def test_a_professional_sees_neither_who_nor_what(self, house: House) -> None:
        case, ours, _ = await both_stated(house)
        everything = ["information", "assessment", "measures", "exchange"]
        person = house.person("raadgiver")
        draft = invitation(MUNICIPALITY, person_id=str(person.person_id), scope=everything)
        await case.kommune.post(f"{case.path}/participants", draft)
        views = f"{case.path}/first-views"
        assert await person.get(views) == {"views": []}
        assert await problem(person, views, WITHIN) == "role-may-not"
        assert await problem(person, f"{views}/{ours['id']}/revelation", telling(MUNICIPALITY)) == "role-may-not"

    @pytest.mark.parametrize("change", [
        {"view": "disagreed"}, {"view": None}, {"reasons": None}, {"reasons": "x" * 20_001}, {"level": 3},
    ])
    async def test_what_is_no_view_is_not_understood(self, house: House, change: dict[str, Any]) -> None:
        case = await (await house.case()).clear()
        await case.kommune.post(f"{case.path}/first-views", {**WITHIN, **change}, status=400)

    async def test_before_the_police_check_there_is_none(self, house: House) -> None:
        case = await house.case()
        assert await problem(case.kommune, f"{case.path}/first-views", WITHIN) == "not-possible-now"
