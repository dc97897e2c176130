"""An entry that is none is refused; one that a superuser put there anyway is shown as bad by every reader."""

from pathlib import Path

import pytest

from conftest import Database
from house import open_house
from planted import plant

BAD = (b"not json", b"\xff", b"{}", b'{"v":1}', b"[]", b"", b'{"v":2,"at":7}')


class WhenTheLogHoldsWhatIsNoEntry:
    @pytest.mark.fault("A17")
    async def test_every_reader_shows_it_and_none_fails(self, database: Database, tmp_path: Path) -> None:
        async with open_house(database, tmp_path) as house:
            case, dpo = await house.case(), house.person("dpo")
            planted = [await plant(house, bad) for bad in BAD]
            listed = (await dpo.get("/log/entries?limit=100"))["items"]
            assert [one["index"] for one in listed if one["is_bad"]] == planted
            assert all((one["entry"] is None) == one["is_bad"] for one in listed)
            narrowed = (await dpo.get("/log/entries?limit=100&action=readCase"))["items"]
            assert [one["index"] for one in narrowed if one["is_bad"]] == planted
            assert (await case.kommune.get(f"{case.path}/log?limit=100"))["bad"] == planted
            state = await dpo.get("/log")
            assert not state["is_whole"]
            assert sum("er ingen post i format 2" in one for one in state["faults"]) == len(BAD)
            case = await house.case()  # work goes on
            assert await case.kommune.get(case.path)
