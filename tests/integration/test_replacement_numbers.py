"""Erstatningspersonnumre (day + 60): accepted and marked, and nobody is taken for somebody, or found, by one alone."""

import pytest

from house import House, now
from infohus.danish import WARNINGS
from persons import CPR, case_of

NUMBER = "610104-1234"
"""With the other digits of `CPR`."""


@pytest.mark.rule(74)
@pytest.mark.fault("C8")
class WhenANumberIsAReplacement:
    async def test_it_is_recorded_and_marked_wherever_it_is_read(self, house: House) -> None:
        concern = {
            "channel": "phone", "received_at": now().isoformat(), "reporter_kind": "citizen", "observation": "Nyt.",
            "told_reporter": "Vi ser på det.", "subjects": [{"name": "Aksel", "cpr_number": NUMBER}],
        }
        kommune = house.person("kommune")
        recorded = await kommune.post(f"/infohuse/{house.infohus_id}/concerns", concern)
        assert recorded["warnings"] == [WARNINGS["cpr-replacement"]]
        (shown,) = (await kommune.get(f"/cases/{recorded['case_id']}/concerns/{recorded['id']}"))["subjects"]
        assert (shown["cpr_number_masked"], shown["warnings"]) == ("610104-****", [WARNINGS["cpr-replacement"]])
        assert shown["age_at_receipt"] > 100

    async def test_it_tells_the_age_of_a_child(self, house: House) -> None:
        case = await house.case(subjects=[{"name": "Pige", "cpr_number": "610314-5555"}])
        (shown,) = (await case.kommune.get(f"{case.path}/concerns/{case.concern_id}"))["subjects"]
        assert shown["is_under_18_at_receipt"] is True

    async def test_two_with_the_same_one_are_not_taken_for_one_person(self, house: House) -> None:
        others = [(NUMBER, "Aksel"), (CPR, "Carl")]
        cases = [await case_of(house, *one) for one in ((NUMBER, "Bertil"), *others)]
        for case in cases:
            assert (await case.kommune.get(f"{case.path}/earlier-concerns"))["moments"]["items"] == []
        found = await cases[0].kommune.post(
            f"/infohuse/{house.infohus_id}/searches", {"cpr_number": CPR, "purpose": "new_concern"}, status=200
        )
        assert [one["case_id"] for one in found["appearances"]["items"]] == [cases[2].id]

    @pytest.mark.parametrize("by", ["kommune", "politi"])
    async def test_nobody_is_looked_up_by_it_whether_somebody_has_it_or_not(self, house: House, by: str) -> None:
        drafts = {"searches": {"purpose": "new_concern"}, "log-reports": {}}
        answers = []
        for is_there in (False, True):
            if is_there:
                await case_of(house, NUMBER)
            for route, draft in drafts.items():
                answer = await house.person(by).post(
                    f"/infohuse/{house.infohus_id}/{route}", {"cpr_number": NUMBER, **draft}, status=422
                )
                assert answer["type"] == "/problems/cpr-number-identifies-nobody"
                answers.append(answer["detail"])
        assert len(set(answers)) == 1
