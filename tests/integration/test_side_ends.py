"""Where the other does not sign in time, an authority ends its own side; the other learns nothing of it (rule 70)."""

from typing import Any

import pytest

from house import MUNICIPALITY, POLICE, CaseInHand, House, Person, told
from infohus.web.api_examples import EXAMPLES
from integration.test_closing import a_measure, closure

OTHER = {MUNICIPALITY: POLICE, POLICE: MUNICIPALITY}
A_MONTH_AGO = "UPDATE infohus.signature SET signed_at = signed_at - interval '30 days 1 minute'"


async def signed_by(house: House, by: str) -> tuple[CaseInHand, Person, Person, str]:
    """Let one side propose, and so sign, a closure a month ago; give both tovholdere and the closure's address."""
    case = await (await house.case()).recommend()
    own, other = (case.kommune, case.politi) if by == MUNICIPALITY else (case.politi, case.kommune)
    proposal = await own.post(f"{case.path}/closures", closure(by))
    await house.sql(A_MONTH_AGO)
    return case, own, other, f"{case.path}/closures/{proposal['id']}"


async def seen_by(person: Person, case: CaseInHand, closure_path: str) -> list[tuple[int, str | None, str]]:
    """Read what a side sees of the case's end."""
    seen = []
    for path in (case.path, closure_path, *(f"{case.path}/{one}" for one in ("closing", "next-steps", "retention"))):
        answer = await person.call("GET", path)
        body = answer.text.replace(answer.headers["x-correlation-id"], "")
        seen.append((answer.status_code, answer.headers.get("etag"), body))
    return seen


async def end_of(person: Person, case: CaseInHand) -> tuple[bool, int]:
    """Say whether somebody's own side has ended, and how many retention periods run for it."""
    ended_at = (await person.get(f"{case.path}/closing"))["side_ended_at"]
    return ended_at is not None, len(await person.get(f"{case.path}/retention"))


@pytest.mark.rule(70)
@pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
class WhenTheOtherDoesNotSign:
    @pytest.mark.rule(44)
    @pytest.mark.rule(92)
    async def test_the_own_side_ends_with_its_retention_and_the_other_sees_only_who_has_signed(
        self, house: House, by: str
    ) -> None:
        case, own, other, path = await signed_by(house, by)
        before = await seen_by(other, case, path)
        ended = await own.post(f"{path}/own-end", status=200)
        assert ended["side_ended_at"] is not None
        assert not ended["is_closed"]
        assert [one.outcome.value for one in await house.all_entries() if one.action == "endOwnSide"] == ["allowed"]
        assert await seen_by(other, case, path) == before
        assert (await end_of(own, case), await end_of(other, case)) == ((True, 1), (False, 0))
        assert await case.stage() == "acting"
        again = await own.post(f"{path}/own-end", status=409)
        assert again["type"] == "/problems/already-recorded"
        # The other may sign at any time, and closes the case by it.
        content_hash = (await other.get(path))["content_hash"]
        await other.post(f"{path}/signatures", {"content_hash": content_hash})
        assert await case.stage() == "closed"

    @pytest.mark.parametrize(("act", "is_reopened"), [
        ("information", True), ("exchanges", True), ("notes", False), ("legal-holds", False), ("amendment", True),
    ])
    async def test_what_its_authority_does_later_reopens_it_unless_a_closed_case_allows_that_too(
        self, house: House, by: str, act: str, is_reopened: bool  # noqa: FBT001 - pytest passes by name
    ) -> None:
        case, own, other, path = await signed_by(house, by)
        await own.post(f"{path}/own-end", status=200)
        before = await seen_by(other, case, path) if act in {"information", "notes"} else None
        bodies = {
            "information": {"text": "Nyt.", "source": "skolen", "is_first_hand": False},
            "exchanges": {**told(by), "summary": "Sagt på mødet."},
            "notes": EXAMPLES["WriteNote"], "legal-holds": EXAMPLES["SetLegalHold"],
        }
        if act == "amendment":
            await own.put(path, closure(by), headers={"If-Match": '"1"'})
        else:
            await own.post(f"{case.path}/{act}", bodies[act])
        assert await end_of(own, case) == ((False, 0) if is_reopened else (True, 1))
        assert before is None or await seen_by(other, case, path) == before

    @pytest.mark.parametrize("what", ["a disclosure", "an amendment", "the signature taken back"])
    async def test_what_comes_later_reopens_it(self, house: House, by: str, what: str) -> None:
        case, own, other, path = await signed_by(house, by)
        await own.post(f"{path}/own-end", status=200)
        if what == "a disclosure":
            await case.disclose(await case.note(by=OTHER[by]), by=OTHER[by])
        elif what == "an amendment":
            await other.put(path, closure(OTHER[by]), headers={"If-Match": '"1"'})
        else:
            await own.delete(f"{path}/signature", status=204)
        assert await end_of(own, case) == (False, 0)

    async def test_not_before_nor_without_a_signature_nor_by_another(self, house: House, by: str) -> None:
        case, own, other, path = await signed_by(house, by)
        await house.sql("UPDATE infohus.signature SET signed_at = signed_at + interval '2 days'")
        for person in (own, other):
            refused = await person.post(f"{path}/own-end", status=409)
            assert refused["type"] == "/problems/side-cannot-end-yet"
            assert "30 dage" in refused["detail"]
            assert ("underskriv først" in refused["detail"]) is (person is other)
            assert ("tidligst " in refused["detail"]) is (person is own)
        for name in ("raadgiver", "dpo", "jurist", "admin", "politi-dpo"):
            await house.person(name).post(f"{path}/own-end", status=403)
        assert await end_of(own, case) == await end_of(other, case) == (False, 0)

    async def test_not_while_something_of_it_is_open_and_not_once_the_case_is_closed(
        self, house: House, by: str
    ) -> None:
        case, own, other, path = await signed_by(house, by)
        asking: dict[str, Any] = {"question": "Kender I ham?", "disclosure": told(OTHER[by])}
        asked = await other.post(f"{case.path}/information-requests", asking)
        refused = await own.post(f"{path}/own-end", status=409)
        assert refused["type"] == "/problems/case-has-unfinished-business"
        answer = f"{case.path}/information-requests/{asked['id']}/answer"
        await own.post(answer, {"answer": "declined"}, status=200)
        content_hash = (await other.get(path))["content_hash"]
        await other.post(f"{path}/signatures", {"content_hash": content_hash})
        assert (await own.call("POST", f"{path}/own-end")).status_code == 409
        assert (await end_of(own, case))[1] == 1

    async def test_nothing_is_opened_on_a_side_that_has_ended(self, house: House, by: str) -> None:
        case, own, _, path = await signed_by(house, by)
        await own.post(f"{path}/own-end", status=200)
        refused = await own.post(f"{case.path}/measures", a_measure(by), status=409)
        assert refused["type"] == "/problems/closure-is-signed"
        await house.assert_logs_are_whole()
