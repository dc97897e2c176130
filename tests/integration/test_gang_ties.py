"""Gang ties are told by the police alone, under nr. 1, and the duty of secrecy shows wherever they are read (102)."""

from typing import Any

import pytest

from house import CLEARANCE, INSTITUTION, MUNICIPALITY, POLICE, PROBATION, CaseInHand, House, told
from infohus.danish.paragraphs import SECRECY
from invitations import invitation

TIES = {"categories": ["gang_ties"], "strict_necessity": "Uden det kan faren ikke vurderes."}
ORAL = {"said": "Han er set med bandemedlemmer.", "channel": "phone"}
ANSWERED = ("necessity", "proportionality", "subsidiarity", "consent", "for_criminal_investigation")


async def refused(case: CaseInHand, path: str, body: dict[str, Any], *, by: str) -> str:
    answer = await case.house.person(by).call("POST", f"{case.path}/{path}", json=body)
    return f"{answer.status_code} {answer.json().get('type')}"


@pytest.mark.rule(102)
class WhenGangTiesAreTold:
    async def test_nobody_but_the_police_tells_them_on_any_route(self, house: House) -> None:
        case = await (await house.case()).accept()
        note, draft = await case.note(), {**told(), **TIES}
        given = await case.disclose(await case.note())
        proposal = {
            "outcome": "qualify_further", "content": {"considered": "Det, begge ved.", "reasons": "Uklart."},
            "disclosure": {**draft, "purpose": "screening"},
        }
        routes: list[tuple[str, dict[str, Any]]] = [
            ("exchanges", {**draft, "items": [{"kind": "information", "id": note}]}),
            ("exchanges", {**draft, "summary": "Han kommer i en bande."}),
            ("oral-exchanges", {**ORAL, **{name: CLEARANCE[name] for name in ANSWERED}, **TIES}),
            (f"exchanges/{given['id']}/corrections", {**draft, "summary": "Han kommer i en bande."}),
            ("screenings", proposal), ("information-requests", {"question": "Kender I ham?", "disclosure": draft}),
        ]
        seen = [await refused(case, path, body, by="kommune") for path, body in routes]
        assert set(seen) == {"422 /problems/gang-ties-by-police-alone"}
        mixed = {**draft, "categories": ["ordinary", "gang_ties"], "summary": "Han kommer i en bande."}
        assert await refused(case, "exchanges", mixed, by="kommune") == seen[0]

    @pytest.mark.parametrize("form", [
        "rpl-115-1-2", "rpl-115-1-3-a", "rpl-115-1-3-b", "rpl-115-1-3-c",
    ])
    async def test_the_police_tell_them_under_no_other_number(self, house: House, form: str) -> None:
        case = await house.case()
        await case.politi.post(f"{case.path}/custody-releases", {
            "released_on": "2026-10-01", "judgement": "at_risk", "basis": "En vurdering.",
        })
        body = {**told(POLICE), **TIES, "summary": "Han kommer i en bande.", "cooperation_form": form}
        assert await refused(case, "exchanges", body, by="politi") == "422 /problems/gang-ties-by-police-alone"

    async def test_an_institution_is_told_of_none(self, house: House) -> None:
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(INSTITUTION, public_task_confirmed=True))
        for recipients in ([INSTITUTION], [INSTITUTION, MUNICIPALITY]):
            body = {**told(POLICE, recipients=recipients), **TIES, "summary": "Han kommer i en bande."}
            assert await refused(case, "exchanges", body, by="politi") == "422 /problems/gang-ties-by-police-alone"

    async def test_the_duty_of_secrecy_shows_wherever_they_are_read(self, house: House) -> None:
        case = await house.case()
        note = await case.note("Han kommer i en bande.", by=POLICE)
        plain = await case.note("Han bor hos sin mor.", by=POLICE)
        other = await case.disclose(plain, by=POLICE)
        exchange = await case.disclose(note, by=POLICE, **TIES)
        path = f"{case.path}/exchanges"
        for by in (case.kommune, case.politi):
            assert (await by.get(f"{path}/{exchange['id']}"))["secrecy"] == SECRECY
            assert (await by.get(f"{path}/{exchange['id']}/receipts"))["secrecy"] == SECRECY
            listed = {one["id"]: one["secrecy"] for one in (await by.get(path))["items"]}
            assert listed == {exchange["id"]: SECRECY, other["id"]: None}
        receipt = {"manifest": exchange["manifest"]}
        signed = await case.kommune.post(f"{path}/{exchange['id']}/receipts", receipt, status=200)
        assert signed["secrecy"] == SECRECY
        read = {one["id"]: one["told"] for one in (await case.kommune.get(f"{case.path}/information"))["items"]}
        assert read[note]["secrecy"] == SECRECY
        assert "secrecy" not in read[plain]
        assert (await case.kommune.get(f"{case.path}/information/{note}"))["told"]["secrecy"] == SECRECY

    @pytest.mark.rule(16)
    async def test_who_was_told_passes_the_record_on_to_nobody(self, house: House) -> None:
        """Neither with the category nor without, nor where the police told it without before or since."""
        case = await house.case()
        await case.kommune.post(f"{case.path}/participants", invitation(PROBATION))
        note = await case.note("Han kommer i en bande.", by=POLICE)
        await case.disclose(note, by=POLICE)
        await case.disclose(note, by=POLICE, **TIES)
        await case.disclose(note, by=POLICE)
        item = {"items": [{"kind": "information", "id": note}], "recipients": [PROBATION]}
        seen = await refused(case, "exchanges", {**told(), **item}, by="kommune")
        assert seen == "422 /problems/gang-ties-are-not-passed-on"
        seen = await refused(case, "exchanges", {**told(), **item, **TIES}, by="kommune")
        assert seen == "422 /problems/gang-ties-by-police-alone"
        await case.disclose(note, by=POLICE, recipients=[PROBATION], **TIES)
