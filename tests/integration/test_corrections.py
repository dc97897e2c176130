"""A correction reaches those who read the wrong thing, and carries no more than an exchange could (13, 19, 20)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from house import CLEARANCE, INSTITUTION, MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, Person, told
from infohus.cases.procedure.table import PROCEDURE
from infohus.kernel.access.model import Stage
from infohus.kernel.authorization.action import Action
from invitations import invitation

OTHER = {MUNICIPALITY: POLICE, POLICE: MUNICIPALITY}
RIGHT = "Det var hans bror."


async def received(case: CaseInHand) -> None:
    """Leave the case where it begins."""


async def hindered(case: CaseInHand) -> None:
    await case.politi.post(f"{case.path}/clearance-checks", {"outcome": "hindered"})


def decided(outcome: str) -> Callable[[CaseInHand], Awaitable[None]]:
    async def decide(case: CaseInHand) -> None:
        await case.clear()
        await case.decide("scope-decisions", outcome, {"reasons": "Derfor."}, purpose="scope_decision")

    return decide


async def closed(case: CaseInHand) -> None:
    await decided("outside")(case)
    for tovholder in (case.kommune, case.politi):
        await case.look_back(tovholder)
    await case.close()


WAYS: dict[Stage, Callable[[CaseInHand], Awaitable[object]]] = {
    Stage.RECEIVED: received, Stage.CLEARED: CaseInHand.clear, Stage.HINDERED: hindered,
    Stage.ACCEPTED: CaseInHand.accept, Stage.QUALIFYING: CaseInHand.qualify, Stage.RECOMMENDING: CaseInHand.qualify,
    Stage.ACTING: CaseInHand.recommend, Stage.NOT_TAKEN_IN: decided("outside"),
    Stage.POLICE_ALONE: decided("police_alone"), Stage.CLOSED: closed,
}
MAY_EXCHANGE = PROCEDURE[Action.RECORD_EXCHANGE].stages
MAY_CORRECT = PROCEDURE[Action.CORRECT_EXCHANGE].stages


def by_of(case: CaseInHand, by: str) -> Person:
    return case.kommune if by == MUNICIPALITY else case.politi


def correction(by: str, *items: str, recipients: list[str] | None = None) -> dict[str, Any]:
    """Write a correction that names these items of information."""
    named = [{"kind": "information", "id": one} for one in items]
    return {**told(by, recipients=recipients or []), "summary": RIGHT, "items": named}


async def correction_told_to(house: House, authority: str, person_id: str, exchange_id: str) -> object:
    """Ask the database what it tells somebody of an authority of an exchange's correction."""
    role = {MUNICIPALITY: "municipal_coordinator", POLICE: "police_coordinator"}.get(authority, "invited_professional")
    asked = await house.sql(
        "SELECT CASE WHEN infohus.act_as($1, $2, $3, now()) THEN infohus.correction_of($4, '-infinity') END AS told",
        authority, person_id, role, exchange_id,
    )
    return asked[0]["told"]


@pytest.mark.fault("A3")
class WhenAnExchangeIsCorrected:
    def test_each_stage_has_a_way_to_it(self) -> None:
        assert WAYS.keys() == set(Stage)

    @pytest.mark.rule(13)
    @pytest.mark.rule(19)
    @pytest.mark.rule(20)
    @pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
    @pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.RECOMMENDING])
    async def test_it_carries_no_record_and_reaches_nobody_that_an_exchange_could_not(
        self, house: House, stage: Stage, by: str
    ) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        wrong_item, third = await case.note(by=by), "Til en tredje."
        wrong = await case.disclose(wrong_item, by=by)
        for_more = await case.disclose(await case.note(third, by=by), by=by, recipients=[PROBATION])
        new_item = await case.note("Aldrig givet videre.", by=by)
        await WAYS[stage](case)
        assert await case.stage() == stage.value
        discloser, path = by_of(case, by), f"{case.path}/exchanges/{wrong['id']}/corrections"
        statuses = []
        for body in (
            correction(by, new_item), correction(by, wrong_item, new_item),
            correction(by, wrong_item, recipients=[PROBATION]), correction(by, recipients=[PROBATION]),
        ):
            before = await house.sql("SELECT count(*) AS n FROM infohus.disclosure")
            if stage in MAY_EXCHANGE:
                continue
            answer = await discloser.call("POST", path, json=body)
            statuses.append(answer.status_code)
            situation = "correction-carries-more" if stage in MAY_CORRECT else "not-possible-now"
            assert answer.json()["type"] == f"/problems/{situation}"
            assert await house.sql("SELECT count(*) AS n FROM infohus.disclosure") == before
        assert statuses == ([] if stage in MAY_EXCHANGE else [409] * 4)
        # With the same records for the same recipients it is possible wherever it is possible at all.
        right = await discloser.call("POST", path, json=correction(by, wrong_item, recipients=[OTHER[by]]))
        assert right.status_code == (201 if stage in MAY_CORRECT else 409)
        if stage in MAY_EXCHANGE:
            path = f"{case.path}/exchanges/{for_more['id']}/corrections"
            more = await discloser.post(path, correction(by, new_item, recipients=[OTHER[by]]))
            assert more["recipients"] == sorted([PROBATION, OTHER[by]])


@pytest.mark.fault("A3")
class WhenAClosureIsProposedWhereNothingIsExchanged:
    @pytest.mark.rule(19)
    @pytest.mark.rule(20)
    @pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
    @pytest.mark.parametrize("stage", [Stage.HINDERED, Stage.NOT_TAKEN_IN, Stage.POLICE_ALONE])
    async def test_the_two_who_sign_it_see_it_and_nobody_else(self, house: House, stage: Stage, by: str) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        await WAYS[stage](case)
        proposer = by_of(case, by)
        draft = {"outcome": "completed", "content": {"reasons": "Slut."}}
        more = told(by, purpose="closure", recipients=[OTHER[by], PROBATION])
        refused = await proposer.post(f"{case.path}/closures", {**draft, "disclosure": more}, status=409)
        assert refused["type"] == "/problems/not-possible-now"
        shown = {**draft, "disclosure": told(by, purpose="closure")}
        proposal = await proposer.post(f"{case.path}/closures", shown)
        path, headers = f"{case.path}/closures/{proposal['id']}", {"If-Match": '"1"'}
        await proposer.put(path, {**draft, "disclosure": more}, headers=headers, status=409)
        signature = {"content_hash": proposal["content_hash"]}
        await by_of(case, OTHER[by]).post(f"{path}/signatures", signature)
        assert await case.stage() == "closed"


@pytest.mark.fault("A11")
@pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
class WhenWhatIsCorrectedWasWithdrawn:
    @pytest.mark.rule(13)
    async def test_the_recipient_is_told_that_it_was_wrong_and_not_what_is_right(self, house: House, by: str) -> None:
        case = await house.case()
        discloser, recipient = by_of(case, by), by_of(case, OTHER[by])
        wrong = await case.disclose(await case.note(by=by), by=by)
        path = f"{case.path}/exchanges/{wrong['id']}"
        assert not (await recipient.get(path))["is_corrected"]
        await discloser.post(f"{path}/withdrawals", {"recipient": OTHER[by], "reason": "Forkert modtager."})
        new_item = await case.note(RIGHT, by=by)
        refused = await discloser.post(f"{path}/corrections", correction(by, new_item), status=422)
        assert refused["type"] == "/problems/exchange-without-recipient"
        right = await discloser.post(f"{path}/corrections", correction(by))
        assert right["recipients"] == []
        made = [one.recipients for one in await house.entries() if one.action == "correctExchange"]
        assert made[-1] == [OTHER[by]]
        await recipient.get(f"{case.path}/exchanges/{right['id']}", status=404)
        await recipient.get(f"{case.path}/information/{new_item}", status=404)
        seen = await recipient.get(path)
        assert (seen["is_corrected"], seen["corrected_by"]) == (True, None)
        listed = (await recipient.get(f"{case.path}/exchanges"))["items"]
        assert [(one["id"], one["is_corrected"], one["corrected_by"]) for one in listed] == [(wrong["id"], True, None)]
        assert RIGHT not in str(listed) + str(seen)
        assert (await discloser.get(path))["corrected_by"] == right["id"]

    @pytest.mark.rule(13)
    async def test_others_from_whom_it_was_not_withdrawn_get_it(self, house: House, by: str) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        discloser, recipient = by_of(case, by), by_of(case, OTHER[by])
        item = await case.note(by=by)
        wrong = await case.disclose(item, by=by, recipients=[OTHER[by], PROBATION])
        path = f"{case.path}/exchanges/{wrong['id']}"
        await discloser.post(f"{path}/withdrawals", {"recipient": PROBATION, "reason": "Forkert modtager."})
        right = await discloser.post(f"{path}/corrections", correction(by))
        assert right["recipients"] == [OTHER[by]]
        assert (await recipient.get(f"{case.path}/exchanges/{right['id']}"))["summary"] == RIGHT
        assert (await recipient.get(path))["corrected_by"] == right["id"]
        assert (await recipient.get(f"{case.path}/information/{item}"))["told"]["corrected_by"] == right["id"]
        told_it = "SELECT DISTINCT recipient_id FROM infohus.disclosure WHERE exchange_id = $1"
        assert [row["recipient_id"] for row in await house.sql(told_it, right["id"])] == [OTHER[by]]

    @pytest.mark.rule(13)
    async def test_who_reads_it_by_another_exchange_is_told_no_more_than_that(self, house: House, by: str) -> None:
        case = await house.case()
        item = await case.note(by=by)
        wrong, again = [await case.disclose(item, by=by) for _ in range(2)]
        discloser, path = by_of(case, by), f"{case.path}/exchanges/{wrong['id']}"
        await discloser.post(f"{path}/withdrawals", {"recipient": OTHER[by], "reason": "For tidligt."})
        right = await discloser.post(f"{path}/corrections", correction(by))
        assert right["recipients"] == []
        for one in (wrong, again):
            seen = await by_of(case, OTHER[by]).get(f"{case.path}/exchanges/{one['id']}")
            assert (seen["is_corrected"], seen["corrected_by"]) == (True, None)

    @pytest.mark.rule(13)
    @pytest.mark.rule(16)
    async def test_whom_it_was_passed_on_to_is_told_along_the_chain(self, house: House, by: str) -> None:
        case, other = await house.case(), OTHER[by]
        guest = await by_of(case, other).post(f"{case.path}/participants", invitation(PROBATION))
        item, beside = await case.note(by=by), await case.note(by=by)
        wrong = await case.disclose(item, beside, by=by)
        onward = await case.disclose(item, by=other, recipients=[PROBATION])
        # The other record of the same exchange is told and corrected past the chain: this one rests on nothing wrong.
        past = await case.disclose(beside, by=by, recipients=[PROBATION])
        await by_of(case, by).post(f"{case.path}/exchanges/{past['id']}/corrections", correction(by))
        assert await correction_told_to(house, PROBATION, guest["person_id"], onward["id"]) is None
        unrelated = await case.disclose(await case.note(by=other), by=other)
        discloser, path = by_of(case, by), f"{case.path}/exchanges/{wrong['id']}"
        right = await discloser.post(f"{path}/corrections", correction(by))
        # Who corrects neither says nor learns whom to; what was passed on shows that it was wrong.
        assert right["recipients"] == [other]
        passed_on = await by_of(case, other).get(f"{case.path}/exchanges/{onward['id']}")
        assert (passed_on["is_corrected"], passed_on["corrected_by"]) == (True, right["id"])
        assert str(await correction_told_to(house, PROBATION, guest["person_id"], onward["id"])) == right["id"]
        assert not (await discloser.get(f"{case.path}/exchanges/{unrelated['id']}"))["is_corrected"]

    @pytest.mark.rule(13)
    async def test_who_takes_part_no_more_is_no_recipient(self, house: House, by: str) -> None:
        case = await house.case()
        inviter = by_of(case, by)
        guest = await inviter.post(f"{case.path}/participants", invitation(PROBATION))
        wrong = await case.disclose(await case.note(by=by), by=by, recipients=[OTHER[by], PROBATION])
        await inviter.delete(f"{case.path}/participants/{guest['id']}")
        right = await inviter.post(f"{case.path}/exchanges/{wrong['id']}/corrections", correction(by))
        assert right["recipients"] == [OTHER[by]]


SECRET = "Kun til den ene."


class WhenItWasWithdrawnFromAnother:
    """What a recipient is shown of the correction does not tell of that, and its hash cannot be tried (rule 44)."""

    @pytest.mark.rule(44)
    @pytest.mark.fault("A13")
    @pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
    @pytest.mark.parametrize("third", [PROBATION, INSTITUTION])
    async def test_the_correction_shows_the_same(self, house: House, third: str, by: str) -> None:
        case = await house.case()
        more = {"public_task_confirmed": True} if third == INSTITUTION else {}
        await case.kommune.post(f"{case.path}/participants", invitation(third, **more))
        told_both = {**told(by, recipients=[OTHER[by], third]), "summary": "Det var ham."}
        shown = []
        for is_withdrawn in (False, True):
            path = f"{case.path}/exchanges/{(await by_of(case, by).post(f'{case.path}/exchanges', told_both))['id']}"
            if is_withdrawn:
                await by_of(case, by).post(f"{path}/withdrawals", {"recipient": third, "reason": "En fejl."})
            right = await by_of(case, by).post(f"{path}/corrections", correction(by))
            seen = await by_of(case, OTHER[by]).get(f"{case.path}/exchanges/{right['id']}")
            shown.append({name: seen[name] for name in ("recipients", "paragraph", "manifest_salt", "is_onward")})
            assert (seen["manifest_salt"], right["manifest_salt"] is None) == (None, False)
        assert shown[0] == shown[1]


@pytest.mark.rule(13)
@pytest.mark.rule(44)
@pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
class WhenOthersWereToldTheSamePastTheRecipient:
    """An exchange with each of several is corrected for its own recipients; none learns there of the others."""

    @pytest.mark.parametrize("past", ["withdrawn later", "another exchange", "a joint document"])
    async def test_a_correction_goes_to_the_recipients_of_the_very_exchange(
        self, house: House, by: str, past: str
    ) -> None:
        case, other = await house.case(), OTHER[by]
        guest = await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        discloser, recipient = by_of(case, by), by_of(case, other)
        if past == "a joint document":
            await case.clear()
            draft = {"outcome": "within", "content": {"reasons": "Hører til."}}
            path = f"{case.path}/scope-decisions"
            proposal = await discloser.post(path, {**draft, "disclosure": told(by, recipients=[other])})
            wrong = await discloser.get(f"{case.path}/exchanges/{proposal['exchange_id']}")
            beside = {"kind": "information", "id": await case.note(by=by)}
            await discloser.post(f"{case.path}/exchanges", {**told(by, recipients=[PROBATION]), "items": [beside]})
        else:
            item = await case.note(by=by)
            if past == "another exchange":
                await case.disclose(item, by=by, recipients=[PROBATION])
            both = [other, PROBATION] if past == "withdrawn later" else [other]
            wrong = await case.disclose(item, by=by, recipients=both)
            if past == "withdrawn later":
                await discloser.post(
                    f"{case.path}/exchanges/{wrong['id']}/withdrawals", {"recipient": PROBATION, "reason": "En fejl."}
                )
        new_item = await case.note(SECRET, by=by)
        body = correction(by, new_item, recipients=[other])
        right = await discloser.post(f"{case.path}/exchanges/{wrong['id']}/corrections", body)
        assert right["recipients"] == [other]
        seen = await recipient.get(f"{case.path}/exchanges/{right['id']}")
        listed = (await recipient.get(f"{case.path}/exchanges"))["items"][-1]
        assert (seen["recipients"], listed["recipients"], listed["unacknowledged"]) == ([other], [other], [other])
        got = await house.sql(
            "SELECT DISTINCT recipient_id FROM infohus.disclosure WHERE exchange_id = $1", right["id"]
        )
        assert [row["recipient_id"] for row in got] == [other]
        assert await correction_told_to(house, PROBATION, guest["person_id"], right["id"]) is None

    async def test_new_records_go_to_those_alone_for_whom_they_were_named(self, house: House, by: str) -> None:
        case, other = await house.case(), OTHER[by]
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        discloser, recipient = by_of(case, by), by_of(case, other)
        wrong = await case.disclose(await case.note(by=by), by=by, recipients=[other, PROBATION])
        path = f"{case.path}/exchanges/{wrong['id']}/corrections"
        new_item = await case.note(SECRET, by=by)
        for_nobody = await discloser.post(path, correction(by, new_item), status=422)
        assert for_nobody["type"] == "/problems/exchange-without-recipient"
        right = await discloser.post(path, correction(by, new_item, recipients=[PROBATION]))
        # The correction itself reached both; a recipient is shown itself alone.
        assert right["recipients"] == sorted([other, PROBATION])
        seen = await recipient.get(f"{case.path}/exchanges/{right['id']}")
        assert (seen["summary"], seen["recipients"]) == (RIGHT, [other])
        await recipient.get(f"{case.path}/information/{new_item}", status=404)
        got = await house.sql(
            "SELECT recipient_id FROM infohus.disclosure WHERE exchange_id = $1 AND record_kind = 'information'",
            right["id"],
        )
        assert [row["recipient_id"] for row in got] == [PROBATION]

    async def test_what_was_told_past_an_authority_does_not_show_there_as_corrected(
        self, house: House, by: str
    ) -> None:
        case, other = await house.case(), OTHER[by]
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        discloser, item = by_of(case, by), await case.note(by=by)
        own = await case.disclose(item, by=by)
        past = await case.disclose(item, by=by, recipients=[PROBATION])
        right = await discloser.post(f"{case.path}/exchanges/{past['id']}/corrections", correction(by))
        assert right["recipients"] == [PROBATION]
        seen = await by_of(case, other).get(f"{case.path}/exchanges/{own['id']}")
        assert (seen["is_corrected"], seen["corrected_by"]) == (False, None)
        # Who corrects sees which other exchange told the same.
        assert (await discloser.get(f"{case.path}/exchanges/{own['id']}"))["corrected_by"] == right["id"]


class WhenSomebodyAsksTheDatabaseForACorrection:
    @pytest.mark.rule(44)
    async def test_it_tells_nothing_of_an_exchange_between_others(self, house: House) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        past_the_police = {**CLEARANCE, "recipients": [PROBATION], "summary": "Sagt på mødet."}
        wrong = await case.kommune.post(f"{case.path}/exchanges", past_the_police)
        path = f"{case.path}/exchanges/{wrong['id']}/corrections"
        right = await case.kommune.post(path, correction(MUNICIPALITY))
        told_police = await correction_told_to(house, POLICE, str(case.politi.person_id), wrong["id"])
        assert told_police is None
        told_own = await correction_told_to(house, MUNICIPALITY, str(case.kommune.person_id), wrong["id"])
        assert str(told_own) == right["id"]
