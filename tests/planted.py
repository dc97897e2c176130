"""What only a superuser can put into a log: any bytes in an entry's place."""

from house import MUNICIPAL_LOG, House
from infohus.kernel.audit.formats.merkle import Frontier, leaf_hash


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
