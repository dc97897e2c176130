"""An institution without a DPO of its own: a plan that says so, people who are drawn in, and what they did."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg

from conftest import Database
from house import INSTITUTION, CaseInHand, House, now
from infohus.kernel.audit.storage.log import append_alone, log_of
from invitations import invitation
from small_entries import small_entry

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


async def both_draw_in(case: CaseInHand, **chosen: UUID) -> dict[str, UUID]:
    """Let each tovholder draw somebody of the institution in, who may be `chosen`."""
    drawn_in = {"kommune": uuid4(), "politi": uuid4(), **chosen}
    for who, person in drawn_in.items():
        draft = invitation(INSTITUTION, person_id=str(person), public_task_confirmed=True)
        await getattr(case, who).post(f"{case.path}/participants", draft)
    return drawn_in
