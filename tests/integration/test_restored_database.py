"""A service whose database was put back does not open for work."""

import pytest
from litestar.testing import AsyncTestClient

from house import MUNICIPAL_LOG, House
from infohus.app import create_app
from infohus.kernel.audit.formats.merkle import Frontier, leaf_hash
from infohus.kernel.audit.signing.signer import LogIsBehind


async def put_back(house: House, size: int) -> None:
    """Let the infohus' log have only its first entries, as a backup has: rows, frontier and archive agree."""
    frontier = Frontier()
    for row in await house.sql(
        "SELECT entry FROM audit.leaf WHERE log_id = $1 AND index < $2 ORDER BY index", MUNICIPAL_LOG, size
    ):
        frontier.append(leaf_hash(row["entry"]))
    await house.sql("ALTER TABLE audit.leaf DISABLE TRIGGER ALL")
    await house.sql("ALTER TABLE audit.checkpoint DISABLE TRIGGER ALL")
    await house.sql("DELETE FROM audit.leaf WHERE log_id = $1 AND index >= $2", MUNICIPAL_LOG, size)
    await house.sql("DELETE FROM audit.checkpoint WHERE log_id = $1 AND size > $2", MUNICIPAL_LOG, size)
    await house.sql(
        "UPDATE audit.frontier SET size = $2, hashes = $3 WHERE log_id = $1", MUNICIPAL_LOG, size, frontier.stored
    )
    await house.sql("ALTER TABLE audit.leaf ENABLE TRIGGER ALL")
    await house.sql("ALTER TABLE audit.checkpoint ENABLE TRIGGER ALL")


class WhenTheDatabaseIsBehind:
    @pytest.mark.rule(58)
    async def test_the_service_opens_only_with_all_that_was_signed(self, house: House) -> None:
        for _ in range(3):
            await house.case()
        await house.person("dpo").get("/log")
        async with AsyncTestClient(create_app(house.settings)) as client:
            assert (await client.get("/ready")).status_code == 200
        await put_back(house, 1)
        with pytest.raises(BaseExceptionGroup) as refused:
            async with AsyncTestClient(create_app(house.settings)):
                pass
        said = r"har 1 poster, men underskriverens eget lager \(checkpoint store\) husker [2-9]\."
        assert refused.group_contains(LogIsBehind, match=said)
