"""A plan is loaded once by the owner, again as a new version, and shown to staff and to nobody else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from conftest import Database
from house import MUNICIPAL_LOG, House
from infohus.kernel.audit.formats.entry import Outcome, decode
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, log_of
from infohus.plan.document import PlanDocument
from infohus.plan.loading import load_plan
from infohus.plan.reading import PlanNotUsable, parse_plan
from small_entries import small_entry

PLANS = Path(__file__).resolve().parents[2] / "plans"
ISHOJ = (PLANS / "ishoj.toml").read_text(encoding="utf-8")
BIRKELUNDE = (PLANS / "birkelunde.toml").read_text(encoding="utf-8")
LOADED_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def clock() -> datetime:
    """Give a fixed time."""
    return LOADED_AT


@asynccontextmanager
async def connected(address: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whoever sets the installation up."""

    address: str

    async def load(self, plan: str | PlanDocument, infohus_id: UUID | None = None) -> UUID:
        document = parse_plan(plan) if isinstance(plan, str) else plan
        async with connected(self.address) as connection:
            return await load_plan(connection, document, infohus_id=infohus_id, clock=clock)

    async def refused(self, plan: str, infohus_id: UUID | None = None) -> PlanNotUsable:
        before = await self.everything()
        with pytest.raises(PlanNotUsable) as refusal:
            await self.load(plan, infohus_id)
        assert await self.everything() == before
        return refusal.value

    async def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        async with connected(self.address) as connection:
            return [dict(row) for row in await connection.fetch(statement, *values)]

    async def everything(self) -> dict[str, list[dict[str, Any]]]:
        tables = ("infohus.authority", "infohus.infohus", "infohus.infohus_authority", "infohus.plan", "audit.log",
                  "audit.frontier")
        return {
            table: await self.rows(f"SELECT t.*, t.ctid FROM {table} t ORDER BY t.ctid")  # noqa: S608
            for table in tables
        }

    async def authorities_of(self, infohus_id: UUID) -> list[str]:
        rows = await self.rows(
            "SELECT authority_id FROM infohus.infohus_authority WHERE infohus_id = $1 ORDER BY 1", infohus_id
        )
        return [row["authority_id"] for row in rows]

    async def versions_of(self, infohus_id: UUID) -> list[int]:
        rows = await self.rows("SELECT version FROM infohus.plan WHERE infohus_id = $1 ORDER BY 1", infohus_id)
        return [row["version"] for row in rows]


@pytest.fixture
def owner(database: Database) -> Owner:
    """Give the role `infohus_owner` on an empty, migrated database."""
    return Owner(database.dsn("owner"))


class WhenAPlanIsLoaded:
    async def test_everything_of_it_is_there(self, owner: Owner) -> None:
        infohus_id = await owner.load(ISHOJ)
        found = await owner.everything()
        assert {(row["id"], row["kind"], row["regime"]) for row in found["infohus.authority"]} == {
            ("ishoj-kommune", "municipality", "gdpr"), ("kbh-vestegns-politi", "police", "led"),
            ("kriminalforsorgen", "probation", "led"), ("pet", "security_service", "pet"),
            ("social-og-behandlingspsykiatrien", "health_region", "gdpr"),
        }
        infohus = dict(found["infohus.infohus"][0])
        del infohus["ctid"]
        assert infohus == {
            "id": infohus_id, "name": "Infohus Ishøj", "municipality_id": "ishoj-kommune",
            "police_id": "kbh-vestegns-politi", "cooperation_form": "rpl-115-1-1",
            "revision": 1,
        }
        assert await owner.authorities_of(infohus_id) == sorted(row["id"] for row in found["infohus.authority"])
        plan = found["infohus.plan"][0]
        assert (plan["infohus_id"], plan["version"], plan["loaded_at"]) == (infohus_id, 1, LOADED_AT)
        assert plan["digest"] == parse_plan(ISHOJ).digest()

    @pytest.mark.rule(90)
    async def test_each_authority_and_the_installation_have_a_log_which_says_so(self, owner: Owner) -> None:
        infohus_id = await owner.load(ISHOJ)
        authorities = await owner.authorities_of(infohus_id)
        logs = await owner.rows("SELECT id, origin, authority, size FROM audit.log JOIN audit.frontier ON log_id = id")
        assert {row["id"]: (row["authority"], row["size"]) for row in logs} == {
            INSTALLATION_LOG: (None, 1), **{log_of(one): (one, 1) for one in authorities},
        }
        for row in logs:
            assert row["origin"].startswith(f"infohus/{row['authority'] or 'installation'}/")

    @pytest.mark.rule(90)
    async def test_a_plan_stands_in_the_log_of_each_authority_that_it_concerns(self, owner: Owner) -> None:
        infohus_id = await owner.load(ISHOJ)
        without_pet = ISHOJ.replace(
            '[[possible_participant]]\nname = "PET"\nkind = "security_service"\nregime = "pet"\n', ""
        )
        await owner.load(without_pet)
        await owner.load(without_pet.replace("Action cards distribueres", "Action cards uddeles"))
        assert "pet" not in await owner.authorities_of(infohus_id)
        leaves = await owner.rows(
            "SELECT authority, entry FROM audit.leaf JOIN audit.log ON id = log_id ORDER BY index"
        )
        said: dict[str | None, list[str | None]] = {}
        for row in leaves:
            entry = decode(row["entry"])
            assert (entry.action, entry.subject, entry.caller) == ("loadPlan", infohus_id, None)
            said.setdefault(row["authority"], []).extend(
                one.key[-1] for one in entry.wrote if one.table == "plan"
            )
        all_three = ["1", "2", "3"]
        still_there: list[str | None] = [None, *await owner.authorities_of(infohus_id)]
        assert said == {**dict.fromkeys(still_there, all_three), "pet": all_three[:2]}

    async def test_it_can_be_given_its_id(self, owner: Owner) -> None:
        infohus_id = uuid4()
        assert await owner.load(ISHOJ, infohus_id) == infohus_id

    async def test_the_same_plan_again_changes_nothing(self, owner: Owner) -> None:
        infohus_id = await owner.load(ISHOJ)
        before = await owner.everything()
        assert await owner.load("# en kommentar\n" + ISHOJ) == infohus_id
        assert await owner.load(ISHOJ, infohus_id) == infohus_id
        assert await owner.everything() == before

    async def test_a_changed_plan_is_a_new_version_of_the_same_infohus(self, owner: Owner) -> None:
        infohus_id = await owner.load(ISHOJ)
        changed = ISHOJ.replace('name = "Infohus Ishøj"\n', 'name = "Infohus Ishøj og Omegn"\n').replace(
            '[[possible_participant]]\nname = "PET"\nkind = "security_service"\nregime = "pet"\n', ""
        )
        assert await owner.load(changed) == infohus_id
        assert await owner.versions_of(infohus_id) == [1, 2]
        assert await owner.rows("SELECT name FROM infohus.infohus") == [{"name": "Infohus Ishøj og Omegn"}]
        assert "pet" not in await owner.authorities_of(infohus_id)
        assert len(await owner.rows("SELECT id FROM audit.log")) == 6

    async def test_two_loaders_at_once_load_it_once(self, owner: Owner) -> None:
        ids = await asyncio.gather(*(owner.load(ISHOJ) for _ in range(4)))
        assert len(set(ids)) == 1
        assert await owner.versions_of(ids[0]) == [1]

    async def test_a_log_that_is_there_keeps_its_entries(self, owner: Owner) -> None:
        await owner.load(ISHOJ)
        log_id = log_of("ishoj-kommune")
        await owner.rows("SELECT audit.append($1, $2)", log_id, small_entry(log_id, "en post"))
        await owner.load(ISHOJ.replace("Action cards distribueres", "Action cards uddeles"))
        assert await owner.rows("SELECT size FROM audit.frontier WHERE log_id = $1", log_id) == [{"size": 3}]


class WhenTwoMunicipalitiesShareAnInstallation:
    async def test_each_has_an_infohus_and_its_authorities_logs_of_their_own(self, owner: Owner) -> None:
        one, other = await owner.load(ISHOJ), await owner.load(BIRKELUNDE)
        assert one != other
        assert await owner.authorities_of(other) == [
            "birkelunde-kommune", "kriminalforsorgen", "midtskovens-politi", "skovregionens-psykiatri",
            "vaerkstedet-aahuset",
        ]
        logs = await owner.rows("SELECT id FROM audit.log ORDER BY id")
        authorities = {*await owner.authorities_of(one), *await owner.authorities_of(other)}
        assert [row["id"] for row in logs] == sorted([INSTALLATION_LOG, *map(log_of, authorities)])

    async def test_they_share_the_authorities_of_the_whole_country(self, owner: Owner) -> None:
        await owner.load(ISHOJ)
        await owner.load(BIRKELUNDE)
        shared = await owner.rows(
            "SELECT authority_id FROM infohus.infohus_authority GROUP BY 1 HAVING count(*) > 1"
        )
        assert shared == [{"authority_id": "kriminalforsorgen"}]

    async def test_two_regions_do_not_become_one_by_a_name(self, owner: Owner) -> None:
        await owner.load(ISHOJ)
        refusal = await owner.refused(BIRKELUNDE.replace('id = "skovregionens-psykiatri"\n', ""))
        assert refusal.place == "social-og-behandlingspsykiatrien"
        assert "`id`" in refusal.what

    async def test_they_do_when_the_plan_says_that_they_are(self, owner: Owner) -> None:
        await owner.load(ISHOJ)
        other = await owner.load(
            BIRKELUNDE.replace('"skovregionens-psykiatri"', '"social-og-behandlingspsykiatrien"')
        )
        assert "social-og-behandlingspsykiatrien" in await owner.authorities_of(other)


class WhenAPlanContradictsWhatIsLoaded:
    """Nothing is changed, and the answer says what is wrong in the plan."""

    async def test_a_municipality_has_one_infohus(self, owner: Owner) -> None:
        await owner.load(ISHOJ)
        assert (await owner.refused(ISHOJ, uuid4())).place == "infohus"

    async def test_an_infohus_stays_with_its_municipality(self, owner: Owner) -> None:
        infohus_id = await owner.load(ISHOJ)
        assert (await owner.refused(BIRKELUNDE, infohus_id)).place == "authority"

    async def test_an_infohus_stays_with_its_police_district(self, owner: Owner) -> None:
        await owner.load(ISHOJ)
        assert (await owner.refused(ISHOJ.replace("kbh-vestegns-politi", "en-anden-kreds"))).place == "authority"

    async def test_two_infohuse_have_two_names(self, owner: Owner) -> None:
        await owner.load(ISHOJ)
        assert (await owner.refused(BIRKELUNDE.replace("Infohus Birkelunde", "Infohus Ishøj"))).place == "infohus.name"

    @pytest.mark.rule(42)
    async def test_an_authority_stays_what_it_is(self, owner: Owner) -> None:
        await owner.load(ISHOJ)
        refusal = await owner.refused(BIRKELUNDE.replace('"skovregionens-psykiatri"', '"kbh-vestegns-politi"'))
        assert (refusal.place, "`police`" in refusal.what) == ("kbh-vestegns-politi", True)

    async def test_the_application_cannot_load_one(self, database: Database) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await Owner(database.dsn("app")).load(ISHOJ)


class WhenStaffReadTheInfohus:
    async def test_they_see_its_plan(self, house: House) -> None:
        await Owner(house.superuser).load(ISHOJ, house.infohus_id)
        seen = await house.person("raadgiver").get(f"/infohuse/{house.infohus_id}")
        assert [one["id"] for one in seen["authorities"]] == [
            "ishoj-kommune", "kbh-vestegns-politi", "kriminalforsorgen", "pet", "social-og-behandlingspsykiatrien",
        ]
        plan = seen["plan"]
        assert (plan["version"], plan["adopted"], plan["next_revision_year"]) == (1, "2024-04-01", 2028)
        assert plan["possible_participants"][0] == {
            "name": "Børne- og ungerådgivningen", "authority": "ishoj-kommune"
        }
        assert [one["id"] for one in plan["prevention_levels"]] == ["universal", "selective", "indicated"]
        opening = {one["id"]: one["is_open_now"] for one in plan["contacts"]}
        assert opening.pop("hotline") in {True, False}
        assert set(opening.values()) == {None}

    @pytest.mark.rule(34)
    async def test_the_signs_are_help_with_an_id_and_no_number(self, house: House) -> None:
        await Owner(house.superuser).load(ISHOJ, house.infohus_id)
        signs = (await house.person("kommune").get(f"/infohuse/{house.infohus_id}"))["plan"]["concern_signs"]
        ids = [sign["id"] for sign in signs]
        assert (len(ids), ids[10:12]) == (15, ["access-to-weapons", "extremist-company"])
        assert {tuple(sign) for sign in signs} == {("id", "group", "label")}
        await house.case(signs=ids, extremism_form="islamist")

    @pytest.mark.rule(27)
    async def test_other_and_unknown_are_forms_of_every_plan(self, house: House) -> None:
        await Owner(house.superuser).load(ISHOJ, house.infohus_id)
        forms = (await house.person("kommune").get(f"/infohuse/{house.infohus_id}"))["plan"]["extremism_forms"]
        assert [form["id"] for form in forms] == ["islamist", "right", "left", "other", "unknown"]

    async def test_an_infohus_without_a_plan_has_none(self, house: House) -> None:
        assert (await house.person("dpo").get(f"/infohuse/{house.infohus_id}"))["plan"] is None

    async def test_others_learn_that_it_exists_and_no_more(self, house: House) -> None:
        other = await Owner(house.superuser).load(BIRKELUNDE)
        listed = await house.person("kommune").get("/infohuse")
        assert {line["name"] for line in listed["items"]} == {"Infohus Ishøj", "Infohus Birkelunde"}
        await house.person("kommune").get(f"/infohuse/{other}", status=404)
        entry = (await house.entries(MUNICIPAL_LOG))[-1]
        assert (entry.action, entry.outcome) == ("readInfohus", Outcome.DENIED)

    async def test_the_list_comes_in_pages(self, house: House) -> None:
        await Owner(house.superuser).load(BIRKELUNDE)
        kommune = house.person("kommune")
        first = await kommune.get("/infohuse", params={"limit": 1})
        second = await kommune.get("/infohuse", params={"limit": 1, "after": first["next"]})
        assert second["next"] is None
        assert len({first["items"][0]["id"], second["items"][0]["id"]}) == 2
