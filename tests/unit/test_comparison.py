"""Which names and birth dates are taken for one person's, and which are not."""

import pytest

from infohus.cases.persons.comparison.birth_dates import Born, points
from infohus.cases.persons.comparison.parts import folded, prepare
from infohus.cases.persons.comparison.ranking import MOST_SHOWN, Compared, Likely, Register
from infohus.cases.persons.comparison.sounds import MOST_READINGS, readings_of

_OTHERS = (
    "Mette Lindvang", "Ahmed Prøvesen", "Knud Nielsen", "Yasemin Karaca", "Sara Skov", "Linda Bæk Andersen", "Ali Omar",
    "Dorte Olesen", "Mykola Shevchuk", "Anil Kumar", "Bekir Dogan", "Abdullah Hussein", "Tove Margrethe Gregersen",
)


def ranked(asked: str, *recorded: str, born: Born | None = None, theirs: Born | None = None) -> list[Likely]:
    """Search a register of the recorded names, in front, and of others."""
    persons = [*(Compared([prepare(name)], theirs) for name in recorded),
               *(Compared([prepare(name)], None) for name in _OTHERS)]
    return Register(persons).likely(prepare(asked), born)


class WhenANameIsTakenApart:
    @pytest.mark.parametrize(("name", "parts"), [
        ("Mette Lindvang", "mete lindvang"),
        ("  METTE\tLindvang ", "mete lindvang"),
        ("Lindvang, Mette", "mete lindvang"),
        ("Åse Sørensen", "ase sorensen"),
        ("Aase Soerensen", "ase sorensen"),
        ("Amina O'Prøve", "amina o prove"),
        ("Amina O’Prøve", "amina o prove"),
        ("Ayşe Yıldız", "ayse yildiz"),
        ("Anne-Grethe Skjødt", "ane grethe skjodt"),
        ("SÃ¸ren", "soren"),
        ("Иван", "ivan"),
        ("1234 -- ?", ""),
        ("", ""),
    ])
    def test_spellings_of_the_same_letters_are_equal(self, name: str, parts: str) -> None:
        assert folded(name) == parts

    def test_neighbours_are_one_word_too(self) -> None:
        assert [one.letters for one in prepare("Maryam Al-Jabouri").joined] == ["maryamal", "aljabouri"]

    def test_a_word_has_few_readings(self) -> None:
        assert all(1 <= len(readings_of(word)) <= MOST_READINGS for word in ("chchchchch", "a", "xaxaxax", "gaard"))

    def test_a_name_of_any_length_is_prepared(self) -> None:
        assert len(prepare("Ab " * 100_000).parts) <= 12
        assert prepare("a" * 100_000).parts


@pytest.mark.rule(78)
@pytest.mark.fault("C20")
class WhenSomebodyIsLookedFor:
    @pytest.mark.parametrize(("recorded", "asked"), [
        ("Søren Aaberg Sørensen", "Soeren Åberg Soerensen"),
        ("Mette Kjærgaard Nielsen", "Mette Kærgård Nielsen"),
        ("Bent Lauridsen", "Bendt Lavritsen"),
        ("Catharina Schmidt Bæk", "Katarina Smith Bæk"),
        ("Maryam Al-Jabouri", "Mariam Aljaburi"),
        ("Abdelkader Bouzid", "Abd el-Kader Bousid"),
        ("Mehmet Çelik", "Memet Tjelik"),
        ("Uğur Doğan", "Dogan, Ugur"),
        ("Gülşen Öztürk", "Gylshen Øztyrk"),
        ("Amina O'Prøve", "Amina OProeve"),
        ("Ayşe Yıldız", "Jildiz Aysche"),
        ("Khaled Abu Saleh", "Kaled Abusaleh"),
        ("Jens-Christian Hougaard", "J. C. Hovgaard"),
    ])
    def test_they_are_found_although_spelt_otherwise(self, recorded: str, asked: str) -> None:
        assert [one.place for one in ranked(asked, recorded)][:1] == [0]

    @pytest.mark.parametrize(("recorded", "asked"), [
        ("Mette Holm", "Morten Skov"), ("Ali Hassan", "Ahmed Bouziane"), ("Mette Nielsen", "Knud Petersen"),
        ("Yusuf Demir", "Emilie Demir"),
    ])
    def test_another_is_not_shown(self, recorded: str, asked: str) -> None:
        assert 0 not in [one.place for one in ranked(asked, recorded)]

    def test_a_name_without_letters_finds_nobody(self) -> None:
        assert ranked("1234 !?", "Mette Holm") == []

    def test_an_empty_register_finds_nobody(self) -> None:
        assert Register([]).likely(prepare("Mette Holm"), None) == []

    def test_any_of_the_names_known_finds_the_person(self) -> None:
        both = Register([Compared([prepare("Mette Holm"), prepare("Meryem Yıldız")], None)])
        for name in ("Mette Holm", "Meriem Yildis"):
            assert [one.place for one in both.likely(prepare(name), None)] == [0]

    def test_a_namesake_born_on_the_day_comes_first(self) -> None:
        born, other = Born(1998, 5, 4), Born(1961, 2, 19)
        register = Register([Compared([prepare("Ali Hassan")], other), Compared([prepare("Aly Hasan")], born)])
        assert [one.place for one in register.likely(prepare("Ali Hassan"), born)] == [1]
        assert {one.place for one in register.likely(prepare("Ali Hassan"), None)} == {0, 1}

    def test_no_more_than_ten_are_shown(self) -> None:
        assert len(ranked("Ali Hassan", *(["Ali Hassan"] * 40))) == MOST_SHOWN

    def test_the_order_does_not_depend_on_chance(self) -> None:
        assert [one.place for one in ranked("Ali Hassan", *(["Ali Hassan"] * 5))] == [0, 1, 2, 3, 4]


class WhenBirthDatesAreCompared:
    @pytest.mark.parametrize(("one", "other", "added"), [
        (Born(1984, 3, 17), Born(1984, 3, 17), 0.34),
        (Born(1984, 1, 1), Born(1984, 1, 1), 0.22),
        (Born(1984, 3, 17), Born(1948, 3, 17), 0.16),
        (Born(1979, 11, 2), Born(1979, 2, 11), 0.16),
        (Born(1988, 7, 23), Born(1978, 8, 23), 0.16),
        (Born(1917, 5, 6), Born(2017, 5, 6), 0.14),
        (Born(1984, 3, 17), Born(1984, 3, 18), 0.12),
        (Born(1984, 3, 17), Born(1984), 0.05),
        (Born(1984, 3, 17), Born(1985, 9, 1), -0.14),
        (Born(1985, 1, 1), Born(1986, 1, 1), -0.14),
        (Born(1984), Born(1990), -0.22),
        (Born(1984, 3, 17), Born(1961, 9, 1), -0.22),
        (Born(1984, 3, 17), None, 0.0),
    ])
    def test_they_add_or_take(self, one: Born, other: Born | None, added: float) -> None:
        assert points(one, other) == added
        assert points(other, one) == added
