"""The district-wide network speaks in general terms: its material takes no link to a person or a case (rule 25)."""

from typing import Any

import pytest

from house import House
from infohus.kernel.database.tables import Row

GENERAL = {"title": "Dialog med forældre", "text": "Hvad vi har lært af den første samtale.\nRing på 41 74 90 90."}
CASE_ID = "01a20000-0000-7000-8000-000000000115"


def path_of(house: House) -> str:
    return f"/infohuse/{house.infohus_id}/network-materials"


class WhenMaterialIsAdded:
    async def test_staff_of_the_plan_read_it(self, house: House) -> None:
        added = await house.person("politi").post(path_of(house), GENERAL)
        assert {key: added[key] for key in GENERAL} == GENERAL
        for name in ("kommune", "politi", "raadgiver", "dpo"):
            assert await house.person(name).get(path_of(house)) == {"items": [added], "next": None, "not_readable": []}

    async def test_it_is_read_page_by_page(self, house: House) -> None:
        added = [await house.person("kommune").post(path_of(house), GENERAL) for _ in range(3)]
        first = await house.person("politi").get(f"{path_of(house)}?limit=2")
        assert first == {"items": added[:2], "next": added[1]["id"], "not_readable": []}
        rest = await house.person("politi").get(f"{path_of(house)}?limit=2&after={first['next']}")
        assert rest == {"items": added[2:], "next": None, "not_readable": []}

    async def test_a_repeated_request_adds_it_once(self, house: House) -> None:
        kommune = house.person("kommune")
        kommune.headers["Idempotency-Key"] = "dialog-med-foraeldre"
        assert await kommune.post(path_of(house), GENERAL) == await kommune.post(path_of(house), GENERAL)
        assert len(await house.sql("SELECT FROM infohus.network_material")) == 1

    @pytest.mark.parametrize("name", ["raadgiver", "dpo", "jurist", "admin", "politi-dpo"])
    async def test_only_tovholdere_add_it(self, house: House, name: str) -> None:
        await house.person(name).post(path_of(house), GENERAL, status=403)
        assert await house.sql("SELECT FROM infohus.network_material") == []


class WhenMaterialNamesAPersonOrACase:
    @pytest.mark.rule(25)
    @pytest.mark.parametrize(("change", "field"), [
        ({"text": "Det er 010104-1234."}, "text"),
        ({"text": "Det er 0101041234 igen"}, "text"),
        ({"text": "Det er 01 01 04 12 34."}, "text"),
        ({"text": "Født 01.01.1904-1234."}, "text"),
        ({"text": "Det er 010104\u20131234."}, "text"),
        ({"text": "Det er 0101\u200b04 1234."}, "text"),
        ({"text": "Det er \uff10\uff11\uff10\uff11\uff10\uff14-1234."}, "text"),
        ({"text": "Erstatningsnummer 610104-1234."}, "text"),
        ({"text": f"Se /cases/{CASE_ID}."}, "text"),
        ({"text": "Se sag 2026-00012."}, "text"),
        ({"title": "Om 010104-1234"}, "title"),
        ({"title": "Om 010104", "text": "-1234 er vi enige."}, "title"),
    ])
    async def test_a_number_in_a_text_is_refused_in_danish_and_never_repeated(
        self, house: House, change: dict[str, Any], field: str
    ) -> None:
        answer = await house.person("kommune").call("POST", path_of(house), json={**GENERAL, **change})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/network-material-names-somebody")
        assert answer.json()["title"] == "Netværkets materiale må ikke pege på en person eller en sag"
        assert f"i {field}." in answer.json()["detail"]
        said = {name: text for name, text in answer.json().items() if name != "correlation_id"}  # random digits
        assert "1234" not in str(said)
        assert CASE_ID not in answer.text
        assert await house.sql("SELECT FROM infohus.network_material") == []

    @pytest.mark.rule(25)
    @pytest.mark.parametrize("more", [
        {"case_id": CASE_ID}, {"subjects": [{"name": "Prøve Prøvesen"}]}, {"subject_id": CASE_ID},
        {"cpr_number": "010104-1234"}, {"person_id": CASE_ID}, {"title": None}, {"text": None}, {"text": "a" * 20_001},
    ])
    async def test_a_field_for_one_is_not_understood(self, house: House, more: dict[str, Any]) -> None:
        answer = await house.person("kommune").call("POST", path_of(house), json={**GENERAL, **more})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/request-not-understood")
        assert await house.sql("SELECT FROM infohus.network_material") == []


class WhenTheTableIsLookedAt:
    @pytest.mark.rule(25)
    async def test_no_column_can_hold_a_person_or_a_case_and_no_key_leads_to_one(self, house: House) -> None:
        columns = await house.sql(
            "SELECT column_name AS name, data_type AS kind FROM information_schema.columns"
            " WHERE table_schema = 'infohus' AND table_name = 'network_material'"
        )
        assert {(row["name"], row["kind"]) for row in columns} == {
            ("id", "uuid"), ("infohus_id", "uuid"), ("title", "text"), ("text", "text"),
            ("added_at", "timestamp with time zone"),
        }
        keys = await house.sql(
            "SELECT conrelid::regclass::text AS held_by, confrelid::regclass::text AS leads_to FROM pg_constraint"
            " WHERE contype = 'f' AND 'infohus.network_material'::regclass IN (conrelid, confrelid)"
        )
        assert {tuple(row) for row in keys} == {("infohus.network_material", "infohus.infohus")}

    @pytest.mark.rule(25)
    def test_no_other_table_points_to_it(self) -> None:
        pointing = [
            key.target_fullname for table in Row.metadata.tables.values() for key in table.foreign_keys
            if key.column.table.name == "network_material"
        ]
        assert pointing == []
