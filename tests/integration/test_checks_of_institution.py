"""A log check of an institution without a DPO of its own draws among what is shown to who drew it in (rules 63, 90)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from checked_log import CHECKS, announced, revealed, review, signed
from conftest import Database
from house import INSTITUTION, CaseInHand, House, now
from infohus.danish_calendar import danish_day, start_of_day
from infohus.kernel.audit.formats.checkpoint import SigningKey
from infohus.kernel.audit.formats.draw import Announced, draw_from
from infohus.kernel.audit.storage.log import log_of
from institution_logs import both_draw_in, done_by, plan_says

OF = f"{CHECKS}?log_of={INSTITUTION}"


async def worked_on(house: House, database: Database) -> tuple[CaseInHand, dict[str, UUID]]:
    """Let people whom each authority drew in do something, and somebody sign in."""
    case = await (await house.case()).clear()
    drawn_in = await both_draw_in(case)
    await plan_says(house, 1, has_own_dpo=False)
    in_case = {"case": UUID(case.id), "subject": UUID(case.id)}
    await done_by(database, [
        *[{"caller": drawn_in["politi"], **in_case}] * 3, *[{"caller": drawn_in["kommune"], **in_case}] * 4,
        {"caller": drawn_in["politi"], "action": "signIn", "subject_kind": "installation"},
    ])
    return case, drawn_in


@pytest.mark.rule(63)
@pytest.mark.rule(90)
async def test_it_is_announced_drawn_reviewed_and_due_again_as_any(house: House, database: Database) -> None:
    case, drawn_in = await worked_on(house, database)
    dpo, today = house.person("dpo"), danish_day(now())
    due = await dpo.get(OF)
    assert (due["checks"], due["next_due"] > str(today), due["is_overdue"]) == ([], True, False)
    check = await announced(house, log_of=INSTITUTION, sample=25)
    assert (check["log_of"], check["first_index"], check["last_index"]) == (INSTITUTION, 0, 4)
    said = (await house.entries())[-1].justification
    assert said == f"draw commitment {check['commitment']} log-of:{INSTITUTION} entries {check['entries_digest']}"
    # What is done or told afterwards is no part of it.
    await done_by(database, [{"caller": drawn_in["kommune"], "case": UUID(case.id), "subject": UUID(case.id)}] * 2)
    await signed(house)
    found = await revealed(house, check)
    assert [one["leaf_index"] for one in found["items"]] == [0, 1, 2, 3, 4]
    assert [one["entry"]["caller"] for one in found["items"]] == [
        *[str(drawn_in["kommune"])] * 4, str(drawn_in["politi"]),
    ]
    assert not any("tally" in one["entry"] for one in found["items"])
    read = (await house.entries())[-1]
    assert (read.action, read.justification, read.read) == ("drawLogCheck", f"log-of:{INSTITUTION}", [(0, 4)])
    for place in range(5):
        await review(house, found, place)
    whole = await dpo.get(f"{CHECKS}/{check['id']}")
    assert (whole["check"]["is_complete"], [one["review"] for one in whole["items"]]) == (True, ["in_order"] * 5)
    again = await dpo.get(OF)
    assert [one["id"] for one in again["checks"]] == [check["id"]]
    # It is no check of the own log, and puts that one's off as little as the other way round.
    own = await dpo.get(CHECKS)
    assert own["checks"] == []


@pytest.mark.rule(63)
@pytest.mark.rule(90)
async def test_anyone_draws_the_same_again(house: House, database: Database) -> None:
    await worked_on(house, database)
    check = await announced(house, log_of=INSTITUTION, sample=25)
    await signed(house)
    drawn = (await revealed(house, check))["check"]
    key = SigningKey.load(house.settings.keys_folder / "log-signing.key").verifier("infohus.test/ishoj-kommune")
    of = Announced(
        UUID(drawn["id"]), drawn["announced_size"], drawn["first_index"], drawn["last_index"], drawn["sample"],
        drawn["need"], bytes.fromhex(drawn["commitment"]), is_of_this_log=False,
    )
    again = draw_from(drawn["note"], of, secret=drawn["secret"], key=key, witnesses=[])
    assert (sorted(again.indices), again.seed.hex()) == ([0, 1, 2, 3, 4], drawn["seed"])


@pytest.mark.rule(63)
@pytest.mark.parametrize(("minutes", "days_again"), [(3, 1), (5, 0)])
async def test_a_day_is_looked_at_again_that_was_just_over_when_its_check_was_announced(
    house: House, database: Database, minutes: int, days_again: int
) -> None:
    """An entry of that day could stand behind the announcement in the log, and would be in no check."""
    await worked_on(house, database)
    check, today = await announced(house, log_of=INSTITUTION), danish_day(now())
    await signed(house)
    found = await revealed(house, check)
    for place in range(5):
        await review(house, found, place)
    await house.sql(
        "UPDATE infohus.log_check SET period_from = $1, period_until = $1, announced_at = $2",
        today - timedelta(days=1), start_of_day(today) + timedelta(minutes=minutes),
    )
    again = await announced(house, log_of=INSTITUTION, period_from=None)
    assert again["period_from"] == str(today - timedelta(days=days_again))


@pytest.mark.rule(44)
@pytest.mark.rule(90)
async def test_what_is_told_later_moves_nothing_and_what_is_changed_shows(house: House, database: Database) -> None:
    case, drawn_in = await worked_on(house, database)
    told_later = await case.note()
    own_record = {"caller": drawn_in["kommune"], "case": UUID(case.id), "subject": UUID(told_later)}
    await done_by(database, [own_record])
    check = await announced(house, log_of=INSTITUTION, sample=25)
    await case.disclose(told_later)
    # An act that began before the announcement, and whose entry stands in the log after it.
    earlier = datetime.fromisoformat(check["announced_at"]) - timedelta(microseconds=1)
    in_case = {"case": UUID(case.id), "subject": UUID(case.id)}
    await done_by(database, [{"caller": drawn_in["kommune"], "at": earlier, **in_case}])
    await signed(house)
    assert len((await revealed(house, check))["items"]) == 5
    log = log_of(INSTITUTION)
    last = await house.sql("SELECT entry FROM audit.leaf WHERE log_id = $1 AND index = 6", log)
    for entry, status in ((b"{}", 409), (last[0]["entry"], 200)):
        await house.sql("ALTER TABLE audit.leaf DISABLE TRIGGER USER")
        await house.sql("UPDATE audit.leaf SET entry = $2 WHERE log_id = $1 AND index = 6", log, entry)
        await house.sql("ALTER TABLE audit.leaf ENABLE TRIGGER USER")
        await house.person("dpo").get(f"{CHECKS}/{check['id']}", status=status)


@pytest.mark.rule(90)
async def test_nobody_checks_the_log_of_an_institution_that_is_not_theirs_to_check(
    house: House, database: Database
) -> None:
    case = await (await house.case()).clear()
    today, dpo = str(danish_day(now())), house.person("dpo")
    draft: dict[str, Any] = {"period_from": today, "period_until": today, "sample": 25, "log_of": INSTITUTION}
    await dpo.post(CHECKS, {**draft, "commitment": "ab" * 32}, status=404)
    await dpo.get(OF, status=404)
    await plan_says(house, 1, has_own_dpo=False)
    await dpo.post(CHECKS, {**draft, "commitment": "ab" * 32}, status=404)
    await dpo.get(OF, status=404)
    await both_draw_in(case)
    await dpo.post(CHECKS, {**draft, "commitment": "ab" * 32}, status=422)
    await done_by(database, [{"caller": uuid4(), "action": "signIn", "subject_kind": "installation"}])
    await announced(house, log_of=INSTITUTION, sample=25)
    await house.person("jurist").get(OF, status=404)
    await plan_says(house, 2, has_own_dpo=True)
    await dpo.get(OF, status=404)
