"""A small plan with four obligations, and functions to load it, list obligations, and record that one was met."""

from typing import Any

import asyncpg

from conftest import Database
from house import House, now
from infohus.plan.loading import load_plan
from infohus.plan.reading import parse_plan

PLAN = """
[plan]
title = "Beredskabsplan"
adopted = 2024-04-09
coordination = "SSP-konsulenten"
revision_owner = "Byrådet"
[infohus]
name = "Infohus Ishøj"
cooperation_form = "rpl-115-1-1"
[[authority]]
id = "ishoj-kommune"
name = "Ishøj Kommune"
kind = "municipality"
regime = "gdpr"
[[authority]]
id = "kbh-vestegns-politi"
name = "Københavns Vestegns Politi"
kind = "police"
regime = "led"
[[obligation]]
id = "action-cards"
text = "Action cards uddeles"
owner = "Centercheferne"
[[obligation]]
id = "key-staff-briefing"
text = "Orientering af nøglemedarbejdere"
every = "P2Y"
[[obligation]]
id = "annual-status"
text = "Status til direktionen"
every = "P1Y"
[[obligation]]
id = "plan-revision"
text = "Revision af planen"
due_year = 2099
[[briefing_audience]]
centre = "Jobcenter"
who = ["sagsbehandlere"]
[[briefing_audience]]
centre = "Dagtilbud"
who = ["pædagoger"]
"""


async def load(house: House, database: Database, plan: str = PLAN) -> None:
    owner = await asyncpg.connect(database.dsn("owner"))
    try:
        await load_plan(owner, parse_plan(plan), infohus_id=house.infohus_id, clock=now)
    finally:
        await owner.close()


async def owed(house: House, name: str = "kommune") -> dict[str, dict[str, Any]]:
    page = await house.person(name).get(f"/infohuse/{house.infohus_id}/obligations")
    return {one["code"]: one for one in page["items"]}


async def fulfil(house: House, one: dict[str, Any], body: dict[str, Any], *, by: str = "kommune", **more: Any) -> Any:
    path = f"/infohuse/{house.infohus_id}/obligations/{one['id']}/fulfilments"
    headers = {"If-Match": f'"{one["version"]}"', **more}
    return await house.person(by).call("POST", path, json=body, headers=headers)
