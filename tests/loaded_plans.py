"""The plans that come with the product, and a function that loads a plan for a house, as the owner does."""

from pathlib import Path

import asyncpg

from house import House, now
from infohus.plan.loading import load_plan
from infohus.plan.reading import parse_plan

PLANS = Path(__file__).resolve().parents[1] / "plans"
ISHOJ, BIRKELUNDE = ((PLANS / f"{name}.toml").read_text(encoding="utf-8") for name in ("ishoj", "birkelunde"))


async def load_plans(house: House, *plans: str) -> None:
    """Load plans one after the other; the last one is in force."""
    owner = await asyncpg.connect(house.superuser)
    try:
        for plan in plans:
            await load_plan(owner, parse_plan(plan), infohus_id=house.infohus_id, clock=now)
    finally:
        await owner.close()
