"""What a concern may name by code, and how cases are numbered: by the infohus' own plan, and in its own row."""

from typing import Any
from unittest.mock import Mock
from uuid import UUID

import asyncpg
import pytest

from conftest import Database
from house import House, now
from infohus import errors
from infohus.casework.concerns import operations
from infohus.danish_calendar import danish_day
from infohus.plan.in_force import concern_codes
from infohus.plan.reading import parse_plan
from loaded_plans import ISHOJ, load_plans
from persons import second_infohus


def a_concern(**more: Any) -> dict[str, Any]:
    """Write a concern down."""
    return {
        "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Noget nyt.",
        "told_reporter": "Vi ser på det.", **more,
    }


class WhenCasesAreNumbered:
    @pytest.mark.fault("C23")
    async def test_each_infohus_counts_its_own_from_one_and_a_refused_concern_takes_no_number(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        elsewhere, politi, year = await second_infohus(house), house.person("politi"), danish_day(now()).year

        async def numbered(infohus_id: UUID) -> str:
            case = await politi.post(f"/infohuse/{infohus_id}/concerns", a_concern())
            return str((await politi.get(f"/cases/{case['case_id']}"))["case"]["number"])

        assert await numbered(house.infohus_id) == f"{year}-00001"
        with monkeypatch.context() as patch:
            patch.setattr(operations, "_write_concern", Mock(side_effect=errors.InTheFuture(field="received_at")))
            await politi.post(f"/infohuse/{house.infohus_id}/concerns", a_concern(), status=422)
        numbers = [await numbered(one) for one in (elsewhere, house.infohus_id, elsewhere)]
        assert numbers == [f"{year}-{number:05d}" for number in (1, 2, 2)]

    @pytest.mark.fault("C23")
    async def test_who_acts_for_no_tovholder_takes_no_number(self, house: House, database: Database) -> None:
        connection = await asyncpg.connect(database.dsn("app"))
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only a tovholder"):
                await connection.fetchval("SELECT infohus.next_case_number($1, 2026)", house.infohus_id)
        finally:
            await connection.close()


class WhenACodeIsNamed:
    @pytest.mark.rule(27)
    @pytest.mark.fault("C14")
    @pytest.mark.parametrize(("change", "field", "known"), [
        ({"extremism_form": "banan"}, "extremism_form", "islamist, right, left, other, unknown"),
        ({"signs": ["access-to-weapons", "social-0"]}, "signs[1]", "dysfunctional-family"),
        ({"signs": ["preaching-10"]}, "signs[0]", "extremist-symbols"),
        ({"kind": "banan"}, "kind", "person, group, single_issue, place"),
    ])
    async def test_it_is_one_of_the_plan_in_a_new_case_and_in_an_open_one(
        self, house: House, change: dict[str, Any], field: str, known: str
    ) -> None:
        await load_plans(house, ISHOJ)
        case = await house.case(signs=["extremist-symbols", "dysfunctional-family"], extremism_form="left")
        before = await house.sql("SELECT count(*) FROM infohus.concern")
        for path in (f"/infohuse/{house.infohus_id}/concerns", f"{case.path}/concerns"):
            refused = await case.kommune.post(path, a_concern(**change), status=422)
            assert refused["type"] == "/problems/not-in-the-plan"
            assert field in refused["detail"]
            assert known in refused["detail"]
            assert "banan" not in refused["detail"]
        assert await house.sql("SELECT count(*) FROM infohus.concern") == before

    @pytest.mark.rule(27)
    @pytest.mark.fault("C14")
    async def test_a_form_that_the_plan_lost_is_named_no_more(self, house: House) -> None:
        await load_plans(house, f'{ISHOJ}\n[[extremism_form]]\nid = "eco"\nname = "Miljøekstremisme"\n')
        await house.case(extremism_form="eco")
        await load_plans(house, ISHOJ)
        path = f"/infohuse/{house.infohus_id}/concerns"
        await house.person("kommune").post(path, a_concern(extremism_form="eco"), status=422)

    @pytest.mark.fault("C14")
    def test_a_sign_says_the_same_wherever_a_later_plan_puts_it(self) -> None:
        head, *signs = ISHOJ.split("[[concern_sign]]")
        last, rest = signs.pop().split("[[extremism_form]]", 1)
        new = '\nid = "new"\ngroup = "social"\nlabel = "Et nyt tegn"\n'
        earlier, later = (
            parse_plan("[[concern_sign]]".join([head, *order]) + "\n[[extremism_form]]" + rest)
            for order in ([*signs, last], [new, last, *reversed(signs)])
        )
        assert [sign.id for sign in later.signs][:2] == ["new", "dysfunctional-family"]
        assert concern_codes(later).signs == {"new": "Et nyt tegn", **concern_codes(earlier).signs}

    @pytest.mark.rule(27)
    async def test_an_infohus_without_a_plan_has_no_signs(self, house: House) -> None:
        path = f"/infohuse/{house.infohus_id}/concerns"
        refused = await house.person("kommune").post(path, a_concern(signs=["access-to-weapons"]), status=422)
        assert refused["type"] == "/problems/plan-without-signs"
