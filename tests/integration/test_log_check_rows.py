"""The database's own part of log checks: who sees and writes their rows, whatever the application says."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from checked_log import OWNER, SECRET, announced, busy, drawn, found_at
from conftest import Database
from house import MUNICIPALITY, POLICE, House, now
from infohus.demo.people import DEMO_PEOPLE

TABLES = ("log_check", "log_check_entry", "log_finding", "log_notice_receipt")
STRANGER = uuid4()
LOOKERS = {
    "the DPO": (MUNICIPALITY, DEMO_PEOPLE["dpo"].person_id, "data_protection_officer"),
    "the other authority's DPO": (POLICE, DEMO_PEOPLE["politi-dpo"].person_id, "data_protection_officer"),
    "a DPO of elsewhere": ("anden-kommune", STRANGER, "data_protection_officer"),
    "legal staff": (MUNICIPALITY, STRANGER, "legal"),
    "the finding's owner": (MUNICIPALITY, OWNER, "municipal_coordinator"),
    "another tovholder": (POLICE, DEMO_PEOPLE["politi"].person_id, "police_coordinator"),
    "nobody": (None, None, None),
}
SEES = {
    "the DPO": set(TABLES), "the other authority's DPO": set(), "a DPO of elsewhere": set(),
    "legal staff": set(TABLES) - {"log_notice_receipt"}, "another tovholder": set(), "nobody": set(),
    "the finding's owner": {"log_finding", "log_notice_receipt"},
}
MAY_CHANGE = {
    # What was drawn, and what has a review, is changed by nobody any more.
    "the DPO": {"log_check_entry", "log_finding"}, "legal staff": {"log_check_entry"},
    "the finding's owner": {"log_finding"},
}
CHANGES = {
    "log_check": "UPDATE infohus.log_check SET note = 'anden'",
    "log_check_entry": (
        "UPDATE infohus.log_check_entry SET review = 'in_order', reviewed_by = infohus.caller_person(),"
        " reviewed_at = infohus.acting_at() WHERE caller_id IS DISTINCT FROM infohus.caller_person()"
    ),
    "log_finding": "UPDATE infohus.log_finding SET version = version + 1",
}


async def looked_at(app: asyncpg.Connection, who: tuple[str | None, UUID | None, str | None], statement: str) -> str:
    """Run a statement as somebody, and take it back; give its command tag."""
    attempt = app.transaction()
    await attempt.start()
    try:
        if who[0] is not None:
            await app.execute("SELECT infohus.act_as($1, $2, $3, $4)", *who, now())
        return str(await app.execute(statement))
    except asyncpg.InsufficientPrivilegeError:
        return "refused 0"
    finally:
        await attempt.rollback()


@pytest.mark.fault("A5")
@pytest.mark.rule(63)
@pytest.mark.rule(90)
@pytest.mark.parametrize("looker", LOOKERS)
async def test_each_sees_and_changes_only_what_is_theirs(house: House, database: Database, looker: str) -> None:
    await busy(house)
    await house.person("kommune").post("/log/notice/acknowledgement", status=200)
    await found_at(house)
    app = await asyncpg.connect(database.dsn("app"))
    try:
        seen = {
            table for table in TABLES
            if await looked_at(app, LOOKERS[looker], f"SELECT 1 FROM infohus.{table}") != "SELECT 0"  # noqa: S608
        }
        changed = {
            table for table, change in CHANGES.items()
            if not (await looked_at(app, LOOKERS[looker], change)).endswith(" 0")
        }
        assert (seen, changed) == (SEES[looker], MAY_CHANGE.get(looker, set()))
        for forbidden in (
            "DELETE FROM infohus.log_finding", "UPDATE infohus.log_check_entry SET reasons = '{}'",
            "UPDATE infohus.log_check SET commitment = sha256('another')",
        ):
            assert await looked_at(app, LOOKERS[looker], forbidden) == "refused 0"
    finally:
        await app.close()


OTHER = SECRET[::-1]


@pytest.mark.rule(63)
@pytest.mark.parametrize(("change", "constraint"), [
    (f"secret = '{OTHER}', commitment = sha256('{OTHER}') WHERE drawn_at IS NULL", "undrawn_has_no_secret"),
    (f"secret = '{OTHER}' WHERE drawn_at IS NOT NULL", "secret_was_promised"),
    ("commitment = sha256('another') WHERE drawn_at IS NOT NULL", "secret_was_promised"),
    ("commitment = 'too short' WHERE drawn_at IS NULL", "commitment_is_a_digest"),
])
async def test_not_even_the_owner_keeps_a_secret_too_early_or_another_than_was_promised(
    house: House, change: str, constraint: str
) -> None:
    await busy(house)
    await drawn(house)
    await announced(house)
    with pytest.raises(asyncpg.CheckViolationError, match=constraint):
        await house.sql(f"UPDATE infohus.log_check SET {change}")  # noqa: S608
