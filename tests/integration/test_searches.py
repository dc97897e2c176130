"""Søgning: one person by CPR number, with a purpose, in the log, and never further than one's own cases."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from house import MUNICIPALITY, House, told
from infohus.kernel.authorization.action import Action
from log_purposes import with_purpose
from one_api import description_of
from persons import CPR, OTHER_CPR, case_of, second_infohus

NEW: dict[str, Any] = {"purpose": "new_concern"}


async def search(house: House, by: str, *, infohus_id: UUID | None = None, status: int = 200, **draft: Any) -> Any:
    """Search for a person."""
    path = f"/infohuse/{infohus_id or house.infohus_id}/searches"
    return await house.person(by).post(path, {"cpr_number": CPR, **draft}, status=status)


async def cases_found(house: House, by: str, **draft: Any) -> list[str]:
    """Search, and name the cases found."""
    found = await search(house, by, **{**NEW, **draft})
    return [one["case_id"] for one in found["appearances"]["items"]]


class WhenSomebodySearches:
    @pytest.mark.rule(52)
    async def test_one_person_s_cases_are_found_whatever_the_spelling_and_nobody_else_s(self, house: House) -> None:
        first, other = await case_of(house, name="Mohammed Prøvesen"), await case_of(house, OTHER_CPR)
        again = await case_of(house, "0101041234", name="Muhamad Prøvsen")
        found = (await search(house, "kommune", **NEW))["appearances"]["items"]
        assert [(one["case_id"], one["concern_id"]) for one in found] == [
            (first.id, first.concern_id), (again.id, again.concern_id),
        ]
        assert set(found[0]) == {
            "subject_id", "concern_id", "case_id", "number", "stage", "opened_at", "closed_at", "outcome",
            "received_at",
        }
        assert other.id not in {one["case_id"] for one in found}
        path = f"/infohuse/{house.infohus_id}/searches?limit=1"
        one = (await house.person("kommune").post(path, {"cpr_number": CPR, **NEW}, status=200))["appearances"]
        rest = await house.person("kommune").post(
            f"{path}&after={one['next']}", {"cpr_number": CPR, **NEW}, status=200
        )
        assert (one["items"], rest["appearances"]["items"], rest["appearances"]["next"]) == (found[:1], found[1:], None)

    @pytest.mark.rule(52)
    @pytest.mark.rule(44)
    async def test_the_other_authority_finds_what_it_was_told_and_nothing_else(self, house: House) -> None:
        told_of, kept = await case_of(house), await case_of(house)
        concern = await told_of.kommune.get(f"{told_of.path}/concerns/{told_of.concern_id}")
        assert await cases_found(house, "politi") == []
        draft = {**told(), "items": [{"kind": "subject", "id": concern["subjects"][0]["id"]}]}
        await told_of.kommune.post(f"{told_of.path}/exchanges", draft)
        assert await cases_found(house, "politi") == [told_of.id]
        assert await cases_found(house, "kommune") == [told_of.id, kept.id]

    @pytest.mark.rule(52)
    async def test_a_case_somebody_takes_no_part_in_any_more_is_not_found(self, house: House) -> None:
        case = await case_of(house)
        await house.sql(
            "UPDATE infohus.participant SET ends_at = begins_at WHERE case_id = $1 AND acts_for = $2",
            UUID(case.id), MUNICIPALITY,
        )
        assert await cases_found(house, "kommune") == []

    @pytest.mark.rule(52)
    async def test_what_was_erased_is_not_found(self, house: House) -> None:
        case = await case_of(house)
        await house.sql("DELETE FROM infohus.record_key WHERE case_id = $1", UUID(case.id))
        assert await cases_found(house, "kommune") == []

    @pytest.mark.rule(52)
    async def test_another_infohus_knows_nothing_of_it(self, house: House) -> None:
        elsewhere = await second_infohus(house)
        await case_of(house)
        assert await cases_found(house, "politi", infohus_id=elsewhere) == []
        await search(house, "kommune", infohus_id=elsewhere, status=404, **NEW)


class WhenItIsLogged:
    @pytest.mark.rule(52)
    @pytest.mark.rule(56)
    async def test_the_entry_says_why_and_whom_under_a_log_id(self, house: House) -> None:
        case = await case_of(house)
        await search(house, "kommune", purpose="casework", case_id=case.id)
        concern, found = (await house.entries())[-2:]
        assert (found.action, found.purpose) == ("searchPersons", "casework")
        assert re.fullmatch("criterion:[0-9a-f]{64}", found.justification or "")
        # In the log of the case it was made for it is found as every act there is.
        assert found.case == UUID(case.id)
        for by, path in (("dpo", f"/log/entries?case={case.id}"), ("kommune", f"{case.path}/log?limit=100")):
            assert "searchPersons" in str(await house.person(by).get(with_purpose(path)))
        # The log id is the one of the person's case, so the person's own log report holds the search.
        assert found.persons == concern.persons
        await search(house, "kommune", cpr_number=OTHER_CPR, **NEW)
        nobody = (await house.entries())[-1]
        assert re.fullmatch("criterion:[0-9a-f]{64}", nobody.justification or "")
        assert nobody.case is None
        assert (nobody.justification or "")[-64:] != (found.justification or "")[-64:]
        assert nobody.persons == []

    @pytest.mark.rule(52)
    @pytest.mark.rule(53)
    async def test_the_number_is_in_no_entry_no_row_and_no_address(self, house: House) -> None:
        await case_of(house)
        await search(house, "kommune", **NEW)
        written = b"".join(row["entry"] for row in await house.sql("SELECT entry FROM audit.leaf")).decode()
        assert not re.search("010104.?1234", written)
        addresses = list(description_of(house.app)["paths"])
        assert [one for one in addresses if "cpr_number" in one or "name}" in one] == []

    @pytest.mark.rule(52)
    async def test_a_search_that_is_refused_is_logged_with_its_criterion(self, house: House) -> None:
        await search(house, "kommune", status=422, purpose="casework")
        entry = (await house.entries())[-1]
        assert (entry.action, entry.outcome.value, entry.reason) == (
            Action.SEARCH_PERSONS.value, "refused", "search-purpose-and-case-differ",
        )
        assert "criterion:" in (entry.justification or "")


class WhenThePurposeIsMissing:
    @pytest.mark.rule(52)
    @pytest.mark.parametrize(("draft", "status", "kind"), [
        ({}, 400, "request-not-understood"),
        ({"purpose": "curiosity"}, 400, "request-not-understood"),
        ({"purpose": "casework"}, 422, "search-purpose-and-case-differ"),
        ({"purpose": "new_concern", "case_id": str(uuid4())}, 422, "search-purpose-and-case-differ"),
        ({"purpose": "casework", "case_id": str(uuid4())}, 404, "not-available"),
        ({"purpose": "new_concern", "cpr_number": ""}, 400, "request-not-understood"),
        ({"purpose": "new_concern", "cpr_number": "%"}, 400, "request-not-understood"),
        ({"purpose": "new_concern", "cpr_number": "010104"}, 400, "request-not-understood"),
        ({"purpose": "new_concern", "cpr_number": "010104-****"}, 400, "request-not-understood"),
        ({"purpose": "new_concern", "cpr_number": "310204-1234"}, 422, "cpr-number-not-possible"),
        ({"purpose": "new_concern", "name": "Prøve"}, 400, "request-not-understood"),
    ])
    async def test_nothing_is_found(self, house: House, draft: dict[str, Any], status: int, kind: str) -> None:
        await case_of(house)
        refused = await search(house, "kommune", status=status, **draft)
        assert refused["type"] == f"/problems/{kind}"
        assert "010104" not in str(refused)

    @pytest.mark.rule(52)
    @pytest.mark.parametrize("by", ["dpo", "jurist", "admin", "raadgiver", "politi-dpo"])
    async def test_nobody_but_a_tovholder_searches_and_whom_they_looked_for_is_kept(
        self, house: House, by: str
    ) -> None:
        await search(house, "kommune", **NEW)
        allowed = (await house.entries())[-1]
        await search(house, by, status=403, **NEW)
        assert (await house.entries())[-1].justification == allowed.justification is not None

    @pytest.mark.rule(52)
    async def test_no_address_lists_persons(self, house: House) -> None:
        schema = description_of(house.app)
        with_persons = {
            operation["operationId"]
            for methods in schema["paths"].values() for operation in methods.values()
            if schemas_of([told for status, told in operation["responses"].items() if status.startswith("2")], schema)
            & {"SubjectView", "Appearance", "CprNumberView", "AddressView", "ReporterView"}
        }
        assert with_persons == {
            "ReadConcern", "SearchPerson", "RevealCprNumber", "RevealAddress", "ReadReporter",
            "ListChildNotifications",  # the children of one case, to whom an underretning is owed
        }


def schemas_of(part: Any, schema: dict[str, Any], known: frozenset[str] = frozenset()) -> set[str]:
    """Name every schema that an answer is made of."""
    named = {name.rsplit("/", 1)[-1] for name in re.findall(r"#/components/schemas/[^'\"]+", str(part))} - known
    deeper = (schemas_of(schema["components"]["schemas"][name], schema, known | named) for name in named)
    return named.union(*deeper)
