"""Two people act at the same moment, on real PostgreSQL: no update is lost, nothing is done twice, and one is told so.

Requests are sent together many times over, since which of them comes first is chance; and once each with the case's row
held by somebody else, so that both certainly wait for it and meet.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from threading import Event
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from at_once import at_once
from house import MUNICIPALITY, POLICE, CaseInHand, House, told

TIMES = 12
Call = Coroutine[Any, Any, Any]
LOST_THE_RACE = {
    "acted-at-the-same-time", "already-proposed", "already-recorded", "already-signed", "case-has-unfinished-business",
    "changed-meanwhile", "decision-already-made", "not-possible-now", "request-under-way", "signed-content-differs",
}
"""What somebody who came second may be told; each says what to do."""
SCOPE: dict[str, Any] = {
    "outcome": "within", "content": {"reasons": "Ekstremisme kan være på spil."},
    "disclosure": told(purpose="scope_decision"),
}
CLOSURE: dict[str, Any] = {
    "outcome": "unfounded", "content": {"reasons": "Grundløs."}, "disclosure": told(purpose="closure"),
}
CLOSURE_BY_POLICE = {**CLOSURE, "disclosure": told(POLICE, purpose="closure")}


async def together(*calls: Call) -> list[str]:
    """Send requests at once; give "done" or the problem, in the order of the calls."""
    answers = await at_once(*calls)
    return [
        "done" if answer.status_code < 300 else answer.json()["type"].removeprefix("/problems/") for answer in answers
    ]


def assert_one_won(told_them: list[str]) -> None:
    """One act happened, and each other was told why not."""
    assert told_them.count("done") == 1, told_them
    assert set(told_them) - {"done"} <= LOST_THE_RACE, told_them


@asynccontextmanager
async def held(case: CaseInHand) -> AsyncIterator[None]:
    """Hold the case's row, until both who want it wait."""
    holder = await asyncpg.connect(case.house.superuser)
    watcher = await asyncpg.connect(case.house.superuser)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute('SELECT FROM infohus."case" WHERE id = $1 FOR UPDATE', UUID(case.id))

    async def let_go_when_both_wait() -> None:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'infohus_app'"
        while await watcher.fetchval(waiting) < 2:  # noqa: ASYNC110 - nobody tells when a lock is waited for
            await asyncio.sleep(0.01)
        await transaction.commit()

    letting_go = asyncio.create_task(let_go_when_both_wait())
    try:
        yield
        await asyncio.wait_for(letting_go, 20)
    finally:
        letting_go.cancel()
        await holder.close()
        await watcher.close()


async def proposed(house: House) -> tuple[CaseInHand, str, str]:
    """Propose a scope decision; give its address and hash."""
    case = await (await house.case()).clear()
    proposal = await case.kommune.post(f"{case.path}/scope-decisions", SCOPE)
    return case, f"{case.path}/scope-decisions/{proposal['id']}", proposal["content_hash"]


class WhenOneSignsWhileTheOtherEdits:
    """Rule 18: a signature never counts for what was changed meanwhile."""

    def calls(self, case: CaseInHand, path: str, content_hash: str) -> tuple[Call, Call]:
        changed = {**SCOPE, "content": {"reasons": "Noget andet."}}
        return (
            case.politi.call("POST", f"{path}/signatures", json={"content_hash": content_hash}),
            case.kommune.call("PUT", path, json=changed, headers={"If-Match": '"1"'}),
        )

    async def assert_sound(self, case: CaseInHand, path: str, told_them: list[str]) -> None:
        """What is decided is what was signed."""
        assert_one_won(told_them)
        shown = await case.kommune.get(path)
        signed, edited = (one == "done" for one in told_them)
        assert (shown["decided_at"] is not None) is signed
        assert shown["content"]["reasons"] == ("Noget andet." if edited else SCOPE["content"]["reasons"])
        assert {one["authority_id"] for one in shown["signatures"]} == (
            {MUNICIPALITY, POLICE} if signed else {MUNICIPALITY}
        )
        assert await case.stage() == ("accepted" if signed else "cleared")

    @pytest.mark.rule(18)
    async def test_one_of_them_is_told(self, house: House) -> None:
        for _ in range(TIMES):
            case, path, content_hash = await proposed(house)
            await self.assert_sound(case, path, await together(*self.calls(case, path, content_hash)))
        await house.assert_logs_are_whole()

    @pytest.mark.rule(18)
    async def test_also_when_both_wait_for_the_case(self, house: House) -> None:
        case, path, content_hash = await proposed(house)
        async with held(case):
            told_them = await together(*self.calls(case, path, content_hash))
        await self.assert_sound(case, path, told_them)


class WhenTheSameIsSignedTwiceAtOnce:
    @pytest.mark.rule(17)
    async def test_it_counts_once(self, house: House) -> None:
        for _ in range(TIMES):
            case, path, content_hash = await proposed(house)
            body = {"content_hash": content_hash}
            calls = [case.politi.call("POST", f"{path}/signatures", json=body) for _ in range(3)]
            assert_one_won(await together(*calls))
            assert len((await case.kommune.get(path))["signatures"]) == 2

    @pytest.mark.rule(17)
    async def test_the_proposers_own_second_signature_never_stands_for_the_others(self, house: House) -> None:
        for _ in range(TIMES):
            case, path, content_hash = await proposed(house)
            body = {"content_hash": content_hash}
            own, other = await together(
                case.kommune.call("POST", f"{path}/signatures", json=body),
                case.politi.call("POST", f"{path}/signatures", json=body),
            )
            assert (own in {"already-signed", "decision-already-made", "not-possible-now"}, other) == (True, "done")


class WhenBothCloseAtOnce:
    """Rule 70."""

    @pytest.mark.rule(70)
    async def test_there_is_one_proposal_and_one_end(self, house: House) -> None:
        for _ in range(TIMES):
            case = await (await house.case()).accept()
            path = f"{case.path}/closures"
            assert_one_won(await together(
                case.kommune.call("POST", path, json=CLOSURE),
                case.politi.call("POST", path, json=CLOSURE_BY_POLICE),
            ))
            rows = await house.sql("SELECT id, authority_id, content_hash FROM infohus.closure WHERE case_id = $1",
                                   case.id)
            assert len(rows) == 1
            body = {"content_hash": rows[0]["content_hash"].hex()}
            other = case.politi if rows[0]["authority_id"] == MUNICIPALITY else case.kommune
            signing = [other.call("POST", f"{path}/{rows[0]['id']}/signatures", json=body) for _ in range(2)]
            assert_one_won(await together(*signing))
            assert len(await case.kommune.get(f"{case.path}/retention")) == 1

    @pytest.mark.rule(70)
    async def test_also_when_both_wait_for_the_case(self, house: House) -> None:
        case = await (await house.case()).accept()
        async with held(case):
            told_them = await together(
                case.kommune.call("POST", f"{case.path}/closures", json=CLOSURE),
                case.politi.call("POST", f"{case.path}/closures", json=CLOSURE_BY_POLICE),
            )
        assert_one_won(told_them)

    @pytest.mark.rule(70)
    async def test_no_case_closes_over_a_question_that_comes_in_meanwhile(self, house: House) -> None:
        seen = set()
        for _ in range(TIMES):
            case = await (await house.case()).accept()
            proposal = await case.kommune.post(f"{case.path}/closures", CLOSURE)
            asking = {"question": "Kender I ham?", "disclosure": told(POLICE)}
            signed, asked = await together(
                case.politi.call(
                    "POST", f"{case.path}/closures/{proposal['id']}/signatures",
                    json={"content_hash": proposal["content_hash"]},
                ),
                case.politi.call("POST", f"{case.path}/information-requests", json=asking),
            )
            seen.add((signed, asked))
            unanswered = await house.sql(
                "SELECT id FROM infohus.information_request WHERE case_id = $1 AND answer IS NULL", case.id
            )
            is_closed = await case.stage() == "closed"
            assert (is_closed, bool(unanswered)) in {(True, False), (False, True)}
            assert (signed == "done", asked == "done") == (is_closed, not is_closed)
        assert seen <= {("done", "not-possible-now"), ("case-has-unfinished-business", "done")}


class WhenOneRequestIsAnsweredTwiceAtOnce:
    """Rule 8: the authority that was asked answers once."""

    async def asked(self, house: House) -> tuple[CaseInHand, str, Call, Call]:
        """Let the municipality ask the police, who would decline and tell at once; give the requests' address too."""
        case = await (await house.case()).clear()
        given = await case.disclose(await case.note(by=POLICE), by=POLICE)
        question = {"question": "Kender I ham?", "disclosure": told()}
        request = await case.kommune.post(f"{case.path}/information-requests", question)
        path = f"{case.path}/information-requests/{request['id']}/answer"
        tells = {"answer": "disclosed", "exchange_id": given["id"]}
        return (
            case, f"{case.path}/information-requests",
            case.politi.call("POST", path, json={"answer": "declined"}), case.politi.call("POST", path, json=tells),
        )

    @pytest.mark.rule(8)
    async def test_one_answer_stands_and_the_other_is_told(self, house: House) -> None:
        case, path, *calls = await self.asked(house)
        async with held(case):
            told_them = await together(*calls)
        assert sorted(told_them) == ["done", "request-already-answered"]
        (answered,) = (await case.kommune.get(path))["items"]
        assert answered["answer"] == ("declined" if told_them[0] == "done" else "disclosed")
        allowed = [
            entry for entry in await house.entries()
            if (entry.action, entry.outcome.value) == ("answerInformationRequest", "allowed")
        ]
        assert len(allowed) == 1


class WhenARowGoesBetweenReadingAndWriting:
    async def test_the_act_is_refused_and_nothing_of_it_stands(self, house: House) -> None:
        case = await house.case()
        hold = await case.kommune.post(f"{case.path}/legal-holds", {"reason": "Klagesag."})
        house.has_written = True
        remover, before = await asyncpg.connect(house.superuser), len(await house.entries())
        try:
            async with remover.transaction():
                await remover.execute("SET LOCAL session_replication_role = replica")
                await remover.execute("DELETE FROM infohus.legal_hold WHERE id = $1", UUID(hold["id"]))
                lifting = asyncio.create_task(
                    together(case.kommune.call("POST", f"{case.path}/legal-holds/{hold['id']}/lift"))
                )
                waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'infohus_app'"
                async with asyncio.timeout(20):
                    while not await house.sql(waiting):  # noqa: ASYNC110 - nobody tells when a lock is waited for
                        await asyncio.sleep(0.01)
            assert await lifting == ["acted-at-the-same-time"]
        finally:
            await remover.close()
        (entry,) = (await house.entries())[before:]
        assert (entry.action, entry.outcome.value, entry.reason, entry.wrote) == (
            "liftLegalHold", "refused", "acted-at-the-same-time", [],
        )


class WhenARequestComesTwiceAtOnce:
    async def test_it_acts_once(self, house: House) -> None:
        case = await house.case()
        for number in range(TIMES):
            headers = {"Idempotency-Key": f"the-same-request-{number:03}"}
            body = {"text": f"Oplysning {number}.", "source": "klubben"}
            answers = await at_once(*(
                case.kommune.call("POST", f"{case.path}/information", json=body, headers=headers) for _ in range(4)
            ))
            done = [answer.json()["id"] for answer in answers if answer.status_code == 201]
            others = {answer.json()["type"].removeprefix("/problems/") for answer in answers if answer.is_error}
            assert len(set(done)) == 1, answers
            assert others <= {"request-under-way", "acted-at-the-same-time"}
        assert len((await case.kommune.get(f"{case.path}/information"))["items"]) == TIMES

    async def test_a_first_reference_is_set_once(self, house: House) -> None:
        for _ in range(TIMES):
            case = await house.case()
            path = f"{case.path}/journal-reference"
            told_them = await together(*(
                case.kommune.call("PUT", path, json={"reference": f"26/{number}"}) for number in range(3)
            ))
            assert told_them.count("done") == 1
            assert set(told_them) - {"done"} <= {*LOST_THE_RACE, "version-not-stated"}


class WhenAccessEndsWhileSomebodyReads:
    """Whoever begins to read after the answer that it ended reads nothing."""

    async def reading(self, case: CaseInHand, path: str, has_it_ended: Event, name: str) -> list[int]:
        """Read until some time after the end; give the statuses of what began after it."""
        late: list[int] = []
        while len(late) < 3:
            has_ended = has_it_ended.is_set()
            status = (await case.house.person(name).call("GET", path)).status_code
            if has_ended:
                late.append(status)
            else:
                assert status in {200, 404}
        return late

    @pytest.mark.rule(44)
    async def test_a_withdrawal_holds_from_its_answer_on(self, house: House) -> None:
        for _ in range(4):
            case = await house.case()
            item = await case.note()
            given = await case.disclose(item)
            path, ended = f"{case.path}/information/{item}", Event()
            async with asyncio.TaskGroup() as group:
                readers = group.create_task(at_once(*(self.reading(case, path, ended, "politi") for _ in range(3))))
                await asyncio.sleep(0.05)
                await case.kommune.post(
                    f"{case.path}/exchanges/{given['id']}/withdrawals", {"recipient": POLICE, "reason": "En fejl."}
                )
                ended.set()
            assert readers.result() == [[404, 404, 404]] * 3
        await house.assert_logs_are_whole()

    @pytest.mark.rule(22)
    async def test_an_ended_participation_holds_from_its_answer_on(self, house: House) -> None:
        for _ in range(4):
            case = await house.case()
            invited = await case.kommune.post(f"{case.path}/participants", {
                "person_id": str(house.person("raadgiver").person_id), "authority_id": MUNICIPALITY,
                "reason": "Kender den unge.", "scope": ["information"], "ends_at": "2099-01-01T00:00:00Z",
            })
            path = f"{case.path}/information/{await case.note()}"
            assert (await house.person("raadgiver").call("GET", path)).status_code == 200
            ended = Event()
            async with asyncio.TaskGroup() as group:
                readers = group.create_task(at_once(*(self.reading(case, path, ended, "raadgiver") for _ in range(3))))
                await asyncio.sleep(0.05)
                await case.kommune.delete(f"{case.path}/participants/{invited['id']}")
                ended.set()
            assert readers.result() == [[404, 404, 404]] * 3
