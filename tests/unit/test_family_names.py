"""Which family names a person's name holds, and how they are folded."""

import pytest

from infohus.cases.persons.family_names import family_names


class WhenANameIsRead:
    @pytest.mark.parametrize(("name", "found"), [
        ("Mette Lindvang", {"lindvang"}),
        ("  mette   LINDVANG ", {"lindvang"}),
        ("Mette Holm Lindvang-Prøvesen", {"holm", "lindvang", "prøvesen"}),
        ("Mette K. Lindvang", {"lindvang"}),
        ("Mette Nygård", {"nygard"}),
        ("Mette Nygaard", {"nygard"}),
        ("André Lindé", {"linde"}),
        ("Amina O'Prøve", {"o'prøve"}),
        ("Lindvang", {"lindvang"}),
        ("M L", set()),
        ("", set()),
        (None, set()),
    ])
    def test_all_but_the_first_are_the_family_s(self, name: str | None, found: set[str]) -> None:
        assert family_names(name) == found
