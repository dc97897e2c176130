"""How many misspelt names are found among invented people: a short form of `make names`, without times."""

import os
import sys
from pathlib import Path

import pytest

from infohus.cases.persons.comparison.ranking import Register

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "bench" / "names"))

from measuring import TARGETS, Asked, People, measure  # noqa: E402 - found by the line above

FOLDER = Path(os.environ.get("NAMES", REPOSITORY.parent / "shared" / "names"))
_EVERY = {Asked.NAME: 1, Asked.BIRTH: 1, Asked.MISSPELT: 12, Asked.MISSPELT_BIRTH: 12}
_BY_CHANCE = 1.5
"""So many of 100 a part of the spellings may differ from all of them."""


@pytest.fixture(scope="module")
def people() -> People:
    if not FOLDER.is_dir():
        pytest.skip(f"NOT CHECKED: the invented names in {FOLDER} are not there")
    return People.read(FOLDER)


@pytest.mark.rule(78)
class WhenNamesAreMisspelt:
    @pytest.mark.parametrize("asked", Asked)
    def test_they_are_found_and_few_others(self, people: People, asked: Asked) -> None:
        found = measure(people, Register(people.compared), asked, every=_EVERY[asked])
        target = TARGETS[asked]
        leeway = 0.0 if _EVERY[asked] == 1 else _BY_CHANCE
        assert not list(found.missed(target._replace(recall=target.recall - leeway)))
