"""The log of an institution without a DPO is checked by the DPO of each authority that drew it in (rule 90)."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from conftest import Database
from house import INSTITUTION, CaseInHand, House, now
from infohus.kernel.audit.formats.entry import Outcome
from infohus.kernel.audit.storage.log import append_alone, log_of
from invitations import invitation
from small_entries import small_entry

AT = f"/institutions/{INSTITUTION}/log-entries"
LOG = log_of(INSTITUTION)


async def plan_says(house: House, version: int, *, has_own_dpo: bool) -> None:
    """Load a plan's version that says whether the institution has a DPO."""
    document = {"possible_participant": [{"id": INSTITUTION, "has_own_dpo": has_own_dpo}]}
    await house.sql(
        "INSERT INTO infohus.plan (infohus_id, version, document, digest, loaded_at)"
        " VALUES ($1, $2, $3::text::jsonb, '\\x00', now())",
        house.infohus_id, version, str(document).replace("'", '"').replace("False", "false").replace("True", "true"),
    )


async def done_by(database: Database, acts: list[dict[str, Any]]) -> None:
    """Append entries to the institution's log as its people's acts leave them."""
    app = await asyncpg.connect(database.dsn("app"))
    try:
        for act in acts:
            entry = small_entry(LOG, uuid4().hex, **{
                "at": now(), "authority": INSTITUTION, "role": "invited_professional", "purpose": "casework", **act,
            })
            await app.execute(append_alone(LOG, entry, authority_id=INSTITUTION))
    finally:
        await app.close()


async def seen_by(house: House, who: str) -> list[int]:
    """Give the places of the entries that a DPO is shown, page by page."""
    places, after = [], -1
    while True:
        page = await house.person(who).get(f"{AT}?limit=2&after={after}")
        places += [one["index"] for one in page["items"]]
        if page["next"] is None:
            return places
        after = page["next"]


async def both_draw_in(case: CaseInHand) -> dict[str, UUID]:
    """Let each tovholder draw somebody of the institution in."""
    drawn_in = {"kommune": uuid4(), "politi": uuid4()}
    for who, person in drawn_in.items():
        draft = invitation(INSTITUTION, person_id=str(person), public_task_confirmed=True)
        await getattr(case, who).post(f"{case.path}/participants", draft)
    return drawn_in


@pytest.mark.rule(44)
@pytest.mark.rule(61)
@pytest.mark.rule(90)
async def test_each_dpo_sees_acts_of_whom_its_own_authority_drew_in_sign_ins_and_refusals_without_a_case(
    house: House, database: Database
) -> None:
    case = await (await house.case()).clear()
    drawn_in = await both_draw_in(case)
    await house.person("dpo").get(AT, status=404)
    await plan_says(house, 1, has_own_dpo=False)
    in_case = {"case": UUID(case.id), "subject": UUID(case.id)}
    await done_by(database, [
        {"caller": drawn_in["kommune"], **in_case}, {"caller": drawn_in["politi"], **in_case},
        {"caller": uuid4(), **in_case}, {"caller": drawn_in["kommune"], "case": uuid4()},
        {"caller": drawn_in["politi"], "action": "signIn", "subject_kind": "installation"},
        {"caller": drawn_in["politi"], "outcome": Outcome.DENIED, "subject": uuid4(), "reason": "not-available"},
        {"caller": drawn_in["kommune"], "action": "listCases", "subject_kind": "installation"},
    ])
    shown = {who: (await house.person(who).get(AT))["items"] for who in ("dpo", "politi-dpo")}
    for who, own in (("dpo", "kommune"), ("politi-dpo", "politi")):
        assert await seen_by(house, who) == [0, 1, 2]
        callers = [str(drawn_in[one]) for one in (own, "politi", "politi")]
        assert [one["entry"]["caller"] for one in shown[who]] == callers
        assert not any("tally" in one["entry"] for one in shown[who])
    await house.person("dpo").get(AT)
    read = (await house.entries())[-1]
    assert (read.action, read.justification, read.read) == (
        "listInstitutionLogEntries", f"log-of:{INSTITUTION}", [(0, 2)],
    )
    assert (str(read.case), len(read.persons)) == (case.id, 1)
    for who in ("jurist", "kommune", "admin", "raadgiver"):
        await house.person(who).get(AT, status=403)
    await house.person("dpo").get("/institutions/kriminalforsorgen/log-entries", status=404)
    await plan_says(house, 2, has_own_dpo=True)
    await house.person("dpo").get(AT, status=404)
