"""A drawn-in authority answers what it is asked, for itself, and no request waits for one that left (rules 8, 86)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from conftest import Database
from house import INSTITUTION, MUNICIPALITY, POLICE, CaseInHand, House, Person, now, open_house, told
from house_keys import issuer_keys
from infohus.demo.issuer import DemoIssuers
from infohus.kernel.authorization.action import Action
from infohus.kernel.identity.caller import Role
from infohus.kernel.identity.tokens import sign_token
from invitations import invitation

ISSUER = "https://vaerestedet.example"
GUEST = uuid4()
ASKS = {"question": "Kommer han hos jer?", "disclosure": told(recipients=[INSTITUTION])}
DECLINED = {"answer": "declined"}


@pytest.fixture
async def house_of_three(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """Open an installation in which somebody of the institution can sign in."""
    ordinary = DemoIssuers.issuers_toml

    def with_institution(two: DemoIssuers) -> str:
        return ordinary(two) + (
            f'[[issuer]]\nurl = "{ISSUER}"\nauthority = "{INSTITUTION}"\nkind = "self_governing"\n'
            f'roles = ["{Role.INVITED_PROFESSIONAL.value}"]\nkeys_file = "kommune.json"\n'
        )

    monkeypatch.setattr(DemoIssuers, "issuers_toml", with_institution)
    async with open_house(database, tmp_path) as opened:
        yield opened
        await opened.assert_logs_are_whole()


def guest_of(house: House) -> Person:
    """Sign in somebody of the institution."""
    key, at = issuer_keys()["kommune"], int(now().timestamp())
    claims = {
        "iss": ISSUER, "sub": str(GUEST), "aud": "infohus", "iat": at, "nbf": at, "exp": at + 3600, "auth_time": at,
        "jti": str(uuid4()), "loa": "High", "role": Role.INVITED_PROFESSIONAL.value, "name": "Gerda Gæst",
    }
    return Person("gæst", house.client, sign_token(key.private_pem, claims, kid=key.kid))


@dataclass
class Asked:
    """The institution was drawn in, and asked by the municipality."""

    case: CaseInHand
    guest: Person
    participant: dict[str, Any]
    request: dict[str, Any]

    @property
    def answer(self) -> str:
        """The address of its answer."""
        return f"{self.case.path}/information-requests/{self.request['id']}/answer"


async def asking(house: House, **more: Any) -> Asked:
    """Draw somebody of the institution in, for exchanges unless `more` says otherwise, and ask it."""
    case = await (await house.case()).clear()
    draft = invitation(INSTITUTION, person_id=str(GUEST), public_task_confirmed=True, scope=["exchange"])
    participant = await case.kommune.post(f"{case.path}/participants", {**draft, **more})
    request = await case.kommune.post(f"{case.path}/information-requests", ASKS)
    return Asked(case, guest_of(house), participant, request)


class WhenAnAuthorityThatIsDrawnInIsAsked:
    @pytest.mark.rule(8)
    @pytest.mark.rule(86)
    @pytest.mark.fault("C6")
    @pytest.mark.parametrize("answer", ["declined", "nothing_to_disclose"])
    async def test_it_answers_for_itself_and_its_no_is_no_error(self, house_of_three: House, answer: str) -> None:
        made = await asking(house_of_three)
        (seen,) = (await made.guest.get(f"{made.case.path}/information-requests"))["items"]
        assert (seen["question"], seen["answer"]) == (ASKS["question"], None)
        steps = {one["act"]: one["on"] for one in (await made.guest.get(f"{made.case.path}/next-steps"))["steps"]}
        assert steps["answerInformationRequest"] == [made.request["id"]]
        answered = await made.guest.post(made.answer, {"answer": answer}, status=200)
        assert (answered["answer"], answered["answer_exchange_id"]) == (answer, None)
        (shown,) = (await made.case.kommune.get(f"{made.case.path}/information-requests"))["items"]
        assert (shown["answer"], shown["has_lapsed"]) == (answer, False)
        again = await made.guest.post(made.answer, DECLINED, status=409)
        assert again["type"] == "/problems/request-already-answered"
        # The police, whom nobody told, see neither the question nor the answer.
        assert (await made.case.politi.get(f"{made.case.path}/information-requests"))["items"] == []
        await made.case.politi.post(made.answer, DECLINED, status=404)
        entries = await house_of_three.entries()
        of_it = [one for one in entries if one.action == Action.ANSWER_INFORMATION_REQUEST and one.outcome == "allowed"]
        assert [(one.authority, one.role) for one in of_it] == [(INSTITUTION, Role.INVITED_PROFESSIONAL)]

    @pytest.mark.rule(46)
    @pytest.mark.rule(86)
    async def test_it_does_so_within_its_invitation_alone(self, house_of_three: House) -> None:
        made = await asking(house_of_three, scope=["information"])
        assert (await made.guest.call("POST", made.answer, json=DECLINED)).status_code == 404
        # Who is asked by the municipality does not answer what the police are asked, or what it asked itself.
        made = await asking(house_of_three)
        others = await made.case.kommune.post(
            f"{made.case.path}/information-requests", {"question": "Kender I ham?", "disclosure": told()}
        )
        path = f"{made.case.path}/information-requests/{others['id']}/answer"
        await made.guest.post(path, DECLINED, status=404)
        assert [one["id"] for one in (await made.guest.get(f"{made.case.path}/information-requests"))["items"]] == [
            made.request["id"]
        ]
        await made.guest.post(f"{made.case.path}/information-requests", ASKS, status=403)

    @pytest.mark.rule(70)
    @pytest.mark.rule(86)
    async def test_a_request_lapses_when_it_leaves_and_never_stands_in_the_way(self, house_of_three: House) -> None:
        made = await asking(house_of_three)
        case = made.case
        assert (await case.kommune.get(f"{case.path}/closing"))["blockers"] != []
        await case.kommune.delete(f"{case.path}/participants/{made.participant['id']}")
        (shown,) = (await case.kommune.get(f"{case.path}/information-requests"))["items"]
        assert (shown["answer"], shown["has_lapsed"], shown["is_taken_back"]) == (None, True, False)
        assert (await made.guest.call("POST", made.answer, json=DECLINED)).status_code == 404
        await case.close()
        assert await case.stage() == "closed"


class WhenSomebodyOfAnAuthorityWithATovholderIsDrawnIn:
    @pytest.mark.rule(86)
    async def test_they_read_what_it_was_asked_and_its_tovholder_answers(self, house: House) -> None:
        case, colleague = await house.case(), house.person("raadgiver")
        await case.kommune.post(f"{case.path}/participants", invitation(
            MUNICIPALITY, person_id=str(colleague.person_id), scope=["exchange"],
        ))
        asks = {"question": "Kender I ham?", "disclosure": told(POLICE)}
        request = await case.politi.post(f"{case.path}/information-requests", asks)
        own = await case.kommune.post(
            f"{case.path}/information-requests", {"question": "Og I?", "disclosure": told()}
        )
        (seen,) = (await colleague.get(f"{case.path}/information-requests"))["items"]
        assert seen["id"] == request["id"]
        path = f"{case.path}/information-requests"
        for asked in (request, own):
            await colleague.post(f"{path}/{asked['id']}/answer", DECLINED, status=404)
        await case.kommune.post(f"{path}/{request['id']}/answer", DECLINED, status=200)
