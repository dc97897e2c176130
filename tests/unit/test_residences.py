"""Does the infohus' municipality and police district fit where the subject lives (rule 21)."""

from collections import Counter

import pytest

from infohus.casework.scope_decisions.model import UNKNOWN_HOME
from infohus.casework.scope_decisions.residences import municipalities, municipality_of, residence_warnings

ISHOJ, VESTEGNEN = "Ishøj Kommune", "Københavns Vestegns Politi"
NO_BAR = "Det hindrer ikke beslutningen."
ELSEWHERE = f"Overvej, om sagen hører til i et andet infohus. {NO_BAR}"


def warnings(home: str, *, municipality: str = ISHOJ, police: str = VESTEGNEN) -> list[str]:
    return residence_warnings(home, municipality=municipality, police=police)


class WhenAMunicipalityIsLookedUp:
    @pytest.mark.parametrize("text", ["183", "0183", "Ishøj", "ishøj", " Ishøj  Kommune ", "ISHØJ KOMMUNE"])
    def test_it_is_found_by_code_and_by_name(self, text: str) -> None:
        found = municipality_of(text)
        assert found is not None
        assert (found.code, found.name, found.police_district) == ("183", "Ishøj", VESTEGNEN)

    @pytest.mark.parametrize(("text", "code"), [
        ("Københavns Kommune", "101"), ("Århus", "751"), ("Aarhus Kommune", "751"), ("Høje Taastrup", "169"),
        ("Høje-Tåstrup Kommune", "169"), ("Vesthimmerland", "820"), ("Assens", "420"), ("Assens Kommune", "420"),
        ("Bornholms Regionskommune", "400"), ("Nordfyns Kommune", "480"), ("Lyngby-Taarbæk", "173"),
    ])
    def test_it_is_found_however_people_write_it(self, text: str, code: str) -> None:
        found = municipality_of(text)
        assert found is not None
        assert found.code == code

    @pytest.mark.parametrize("text", ["", "0", "999", "Birkelunde", "Ishøjj", "Kommune", "unknown", "s"])
    def test_what_is_none_is_not_found(self, text: str) -> None:
        assert municipality_of(text) is None

    def test_each_of_the_98_is_found_by_its_own_name_and_code(self) -> None:
        every = municipalities()
        assert len(every) == len({one.name for one in every}) == 98
        for one in every:
            for text in (one.name, f"{one.name} Kommune", f"{one.name}s Kommune", one.code, f"0{one.code}"):
                assert municipality_of(text) == one

    def test_a_police_district_stands_only_where_a_source_says_so(self) -> None:
        covered = Counter(one.police_district for one in municipalities())
        assert covered == {
            None: 45, "Nordsjællands Politi": 13, "Nordjyllands Politi": 9, "Sydøstjyllands Politi": 7,
            "Østjyllands Politi": 7, "Midt- og Vestsjællands Politi": 6, "Midt- og Vestjyllands Politi": 5,
            "Københavns Politi": 4, "Københavns Vestegns Politi": 1, "Sydsjællands og Lolland-Falsters Politi": 1,
        }


class WhenAHomeMunicipalityIsCompared:
    @pytest.mark.rule(21)
    @pytest.mark.parametrize(("home", "expected"), [
        ("Ishøj", []),
        ("183", []),
        (UNKNOWN_HOME, ["Bopælskommunen er ikke kendt. Undersøg den, om I kan, før I afgør, hvor sagen hører til."]),
        ("Odense", [
            f"Bopælskommunen er Odense, men infohuset er for Ishøj Kommune. {ELSEWHERE}",
            "Systemet ved ikke, hvilken politikreds Odense hører under. Kontrollér det.",
        ]),
        ("0101", [
            f"Bopælskommunen er København, men infohuset er for Ishøj Kommune. {ELSEWHERE}",
            f"København hører under Københavns Politi, men infohusets politi er {VESTEGNEN}. {NO_BAR}",
        ]),
        ("Birkelunde", [
            f"Bopælskommunen er Birkelunde, men infohuset er for Ishøj Kommune. {ELSEWHERE}",
            "Systemet ved ikke, hvilken politikreds Birkelunde hører under. Kontrollér det.",
        ]),
    ])
    def test_what_does_not_fit_is_said_in_danish(self, home: str, expected: list[str]) -> None:
        assert warnings(home) == expected

    @pytest.mark.rule(21)
    def test_a_plan_with_another_police_district_than_the_table_is_told_so(self) -> None:
        assert warnings("Ishøj", police="Københavns Politi") == [
            f"Ishøj hører under {VESTEGNEN}, men infohusets politi er Københavns Politi. {NO_BAR}",
        ]

    @pytest.mark.rule(21)
    @pytest.mark.parametrize("home", ["Birkelunde", "Birkelunde Kommune"])
    def test_a_municipality_that_the_table_lacks_is_compared_by_name_and_its_plan_is_believed(self, home: str) -> None:
        assert warnings(home, municipality="Birkelunde Kommune", police="Midtskovens Politi") == []

    def test_a_name_with_signs_of_a_template_stays_a_name(self) -> None:
        assert "Bopælskommunen er {police}, men" in warnings("{police}")[0]
