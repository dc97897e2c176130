"""What was done with a restricted record alone is in no letter (rules 64 and 65); what touched another, too, is."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from house import MUNICIPALITY, CaseInHand, House, told
from infohus.danish.purposes import PURPOSES
from infohus.kernel.audit.storage.log import log_of
from infohus.whole_case.log_reports.model import SubjectLogReport, check_against
from persons import named_otherwise

NUMBER = "010104-1234"
RESTRICTS = {"basis": "dbl-22-2", "reason": "Hensyn.", "review_on": "2027-02-01"}
"""How the record is withheld."""


async def report(house: House, by: Any) -> dict[str, Any]:
    """Give the person's only report."""
    asked = await by.post(f"/infohuse/{house.infohus_id}/log-reports", {"cpr_number": NUMBER}, status=200)
    [only] = asked["reports"]
    return dict(only)


async def done_with(case: CaseInHand, record: str) -> None:
    """Read, disclose, fail to disclose, and withdraw a record alone; look at what that left."""
    kommune = case.kommune
    await kommune.get(f"{case.path}/information")
    exchange = await case.disclose(record)
    refused = {**told(), "for_criminal_investigation": True, "items": [{"kind": "information", "id": record}]}
    await kommune.post(f"{case.path}/exchanges", refused, status=422)
    await kommune.get(f"{case.path}/exchanges/{exchange['id']}")
    correction = {**told(recipients=[]), "summary": "Det var en anden."}
    right = await kommune.post(f"{case.path}/exchanges/{exchange['id']}/corrections", correction)
    await kommune.get(f"{case.path}/exchanges/{right['id']}")
    withdrawal = {"recipient": "kbh-vestegns-politi", "reason": "Det var en fejl."}
    withdrawn = await kommune.post(f"{case.path}/exchanges/{exchange['id']}/withdrawals", withdrawal)
    dpo, why = case.house.person("dpo"), "purpose=lawfulness"
    for kind, one in (("information", record), ("exchange", right["id"]), ("withdrawal", withdrawn["id"])):
        asked = {"kind": kind, "record_id": one, "reason": "En klage."}
        await dpo.post(f"/infohuse/{case.house.infohus_id}/content-requests?{why}", asked)
        await dpo.get(f"{case.path}/content-on-request/{kind}/{one}?{why}")


@pytest.mark.rule(64)
@pytest.mark.rule(65)
async def test_no_act_on_a_restricted_record_alone_is_in_a_letter_whoever_asks_for_it(house: House) -> None:
    case = await (await house.case(subjects=[{"name": "Prøve Prøvesen", "cpr_number": NUMBER}])).clear()
    colleague = uuid4()
    await house.sql("INSERT INTO infohus.coordinator VALUES ($1, $2, $3)", house.infohus_id, MUNICIPALITY, colleague)
    before = (await report(house, case.kommune))["lines"]
    record = await case.note()
    item = {"item": {"kind": "information", "id": record}, **RESTRICTS}
    restriction = await case.kommune.post(f"{case.path}/restrictions", item)
    await case.kommune.get(f"{case.path}/restrictions")
    await done_with(case, record)
    takes_no_part = named_otherwise(house, "kommune", sub=str(colleague))
    for by in (case.kommune, takes_no_part):
        told_now = await report(house, by)
        lines = told_now["lines"]
        assert lines[: len(before)] == before
        # Only what the reports themselves left.
        assert {line["purpose"] for line in lines[len(before) :]} == {
            PURPOSES["subject_access"], PURPOSES["subject_access_report"]
        }
        log = await house.sql("SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index", log_of(MUNICIPALITY))
        assert check_against(msgspec.convert(told_now, SubjectLogReport), [row["entry"] for row in log]) == 13
    other = await case.note("Faderen er bekymret.")
    await case.disclose(record, other)
    lines = (await report(house, case.kommune))["lines"]
    assert [line["purpose"] for line in lines].count(PURPOSES["screening"]) == 1
    await case.kommune.post(f"{case.path}/restrictions/{restriction['id']}/lift", status=200)
    assert len((await report(house, case.kommune))["lines"]) > len(lines) + 8
