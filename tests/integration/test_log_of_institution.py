"""The log of an institution without a DPO is checked by the DPO of each authority that drew it in (rule 90)."""

from uuid import UUID, uuid4

import pytest

from conftest import Database
from house import INSTITUTION, House
from infohus.kernel.audit.formats.entry import Outcome
from infohus.kernel.audit.formats.merkle import leaf_hash
from institution_logs import LOG, both_draw_in, done_by, plan_says

AT = f"/institutions/{INSTITUTION}/log-entries"
VERIFIED = f"/institutions/{INSTITUTION}/log-verification"
PROOFS = f"/institutions/{INSTITUTION}/log-proofs"


async def seen_by(house: House, who: str) -> list[int]:
    """Give the places of the entries that a DPO is shown, page by page."""
    places, after = [], -1
    while True:
        page = await house.person(who).get(f"{AT}?limit=2&after={after}")
        places += [one["index"] for one in page["items"]]
        if page["next"] is None:
            return places
        after = page["next"]


@pytest.mark.rule(44)
@pytest.mark.rule(61)
@pytest.mark.rule(90)
async def test_each_dpo_sees_acts_of_whom_its_own_authority_drew_in_sign_ins_and_refusals_without_a_case(
    house: House, database: Database
) -> None:
    case = await (await house.case()).clear()
    await plan_says(house, 1, has_own_dpo=False)
    for path in (AT, VERIFIED, f"{PROOFS}/0"):
        await house.person("dpo").get(path, status=404)  # nobody was drawn in
    drawn_in = await both_draw_in(case)
    await plan_says(house, 2, has_own_dpo=True)
    await house.person("dpo").get(AT, status=404)
    await plan_says(house, 3, has_own_dpo=False)
    in_case = {"case": UUID(case.id), "subject": UUID(case.id)}
    await done_by(database, [
        # How many parts an act has, and whom it told, hangs on what others told first.
        {"caller": drawn_in["kommune"], **in_case, "part": (1, 2)},
        {"caller": drawn_in["kommune"], **in_case, "part": (2, 2)},
        {"caller": drawn_in["kommune"], **in_case, "action": "recordExchange"},
        {"caller": drawn_in["politi"], **in_case},
        {"caller": uuid4(), **in_case}, {"caller": drawn_in["kommune"], "case": uuid4()},
        {"caller": drawn_in["politi"], "action": "signIn", "subject_kind": "installation"},
        {"caller": drawn_in["politi"], "action": "searchPersons", "subject_kind": "infohus", "subject": uuid4(),
         "outcome": Outcome.DENIED, "reason": "not-permitted", "justification": "criterion:cpr"},
        {"caller": drawn_in["politi"], "outcome": Outcome.DENIED, "subject": uuid4(), "reason": "not-available"},
        {"caller": drawn_in["kommune"], "action": "listCases", "subject_kind": "installation"},
    ])
    shown = {who: (await house.person(who).get(AT))["items"] for who in ("dpo", "politi-dpo")}
    for who, own in (("dpo", "kommune"), ("politi-dpo", "politi")):
        assert await seen_by(house, who) == [0, 1, 2]
        callers = [str(drawn_in[one]) for one in (own, "politi", "politi")]
        assert [one["entry"]["caller"] for one in shown[who]] == callers
        assert not any({"tally", "part"} & one["entry"].keys() for one in shown[who])
        assert {one["entry"]["justification"] for one in shown[who]} == {None}
    await house.person("dpo").get(AT)
    read = (await house.entries())[-1]
    assert (read.action, read.justification, read.read) == (
        "listInstitutionLogEntries", f"log-of:{INSTITUTION}", [(0, 2)],
    )
    assert (str(read.case), len(read.persons)) == (case.id, 1)
    for path in (AT, VERIFIED, f"{PROOFS}/0"):
        for who in ("jurist", "kommune", "admin", "raadgiver"):
            await house.person(who).get(path, status=403)
        await house.person("dpo").get(path.replace(INSTITUTION, "kriminalforsorgen"), status=404)
    await plan_says(house, 4, has_own_dpo=True)
    for path in (AT, VERIFIED, f"{PROOFS}/0"):
        await house.person("dpo").get(path, status=404)


@pytest.mark.rule(44)
@pytest.mark.rule(58)
@pytest.mark.rule(90)
async def test_a_dpo_has_the_log_verified_and_an_entry_proved_and_learns_nothing_of_the_rest(
    house: House, database: Database
) -> None:
    case = await (await house.case()).clear()
    dpo, in_case = house.person("dpo"), {"case": UUID(case.id), "subject": UUID(case.id)}
    own = {"caller": uuid4(), **in_case}
    # The first act was before the municipality drew this person in, so it is none of its own.
    await done_by(database, [own])
    drawn_in = await both_draw_in(case, kommune=own["caller"])
    await plan_says(house, 1, has_own_dpo=False)
    await done_by(database, [own])
    verified, proved = await dpo.get(VERIFIED), await dpo.get(f"{PROOFS}/0")
    assert verified == {"authority": INSTITUTION, "is_whole": True, "cosigned_by": [], "need": 0}
    [leaf] = await house.sql("SELECT entry, hashes FROM audit.leaf WHERE log_id = $1 AND index = 1", LOG)
    assert proved["leaf_hash"] == leaf_hash(leaf["entry"]).hex()
    said = (await house.entries())[-1]
    assert (said.action, said.justification) == (
        "proveInstitutionLogEntry", f"log-of:{INSTITUTION} {proved['leaf_hash']}"
    )
    # Whatever is done for the police, the answers are the same.
    await done_by(database, [{"caller": drawn_in["politi"], **in_case}] * 5)
    assert (await dpo.get(VERIFIED), await dpo.get(f"{PROOFS}/0")) == (verified, proved)
    await dpo.get(f"{PROOFS}/1", status=404)
    await house.person("politi-dpo").get(f"{PROOFS}/4")
    await rewritten(house, leaf["entry"] + b" ")
    assert (await dpo.get(VERIFIED)) == {**verified, "is_whole": False}
    await rewritten(house, leaf["entry"])
    assert (await dpo.get(VERIFIED)) == verified


async def rewritten(house: House, entry: bytes) -> None:
    """Put another entry in the place of the second, as a superuser can."""
    await house.sql("ALTER TABLE audit.leaf DISABLE TRIGGER USER")
    await house.sql("UPDATE audit.leaf SET entry = $2 WHERE log_id = $1 AND index = 1", LOG, entry)
    await house.sql("ALTER TABLE audit.leaf ENABLE TRIGGER USER")
