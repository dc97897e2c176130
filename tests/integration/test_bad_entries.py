"""An entry that is none is refused; one that a superuser put there anyway is shown as bad by every reader."""

from pathlib import Path

import pytest

from conftest import Database
from house import MUNICIPAL_LOG, House, open_house
from infohus.kernel.audit.formats.merkle import Frontier, leaf_hash

BAD = (b"not json", b"\xff", b"{}", b'{"v":1}', b"[]", b"", b'{"v":2,"at":7}')


async def plant(house: House, entry: bytes) -> int:
    """Append past `audit.append`, with right hashes; give the entry's index."""
    frontier = Frontier()
    for row in await house.sql("SELECT entry FROM audit.leaf WHERE log_id = $1 ORDER BY index", MUNICIPAL_LOG):
        frontier.append(leaf_hash(row["entry"]))
    index, hashes = frontier.size, frontier.append(leaf_hash(entry))
    await house.sql("INSERT INTO audit.leaf VALUES ($1, $2, $3, $4)", MUNICIPAL_LOG, index, entry, hashes)
    await house.sql(
        "UPDATE audit.frontier SET size = $2, hashes = $3 WHERE log_id = $1", MUNICIPAL_LOG, index + 1, frontier.stored
    )
    return index


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
