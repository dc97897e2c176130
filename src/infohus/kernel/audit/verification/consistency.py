"""Is a log consistent with what was signed? Hashes its rows on top of a signed tree, and compares every known root."""

from infohus.kernel.audit.formats.checkpoint import Checkpoint
from infohus.kernel.audit.formats.merkle import HASH_BYTES, Frontier, leaf_hash, perfect_nodes
from infohus.kernel.audit.storage.log import AnyConnection, Head, hashes_of, rows_of


class LogNotAsSigned(Exception):  # noqa: N818 - names the situation
    """The log is not the one that was signed before, or its rows do not make its head.

    `index` is the first entry (0-based) at which it shows, when that is known.
    """

    def __init__(self, origin: str, index: int | None = None) -> None:
        """Take the log's origin and the index."""
        super().__init__(f"{origin} is not what was signed" + ("" if index is None else f", from entry {index} on"))
        self.origin, self.index = origin, index


async def require_consistent(
    connection: AnyConnection, head: Head, start: Checkpoint | None, known: dict[int, bytes]
) -> None:
    """Hash every entry since `start` anew, on top of the tree that was signed there, up to `head`.

    `known` maps sizes between the two to their roots. An emptied entry counts by its stored hash.

    Raises:
        LogNotAsSigned: a row is missing or wrong, a known root is another, or the rows do not make `head`.
    """
    frontier = Frontier() if start is None else await _frontier_of(connection, head, start)
    async for rows in rows_of(connection, head.log_id, start=frontier.size, stop=head.size):
        for row in rows:
            index = frontier.size
            hashed = leaf_hash(row["entry"]) if row["entry"] is not None else row["hashes"][:HASH_BYTES]
            if row["index"] != index or frontier.append(hashed) != row["hashes"]:
                raise LogNotAsSigned(head.origin, index)
            if frontier.size in known and frontier.root() != known[frontier.size]:
                raise LogNotAsSigned(head.origin, index)
    if frontier.size != head.size or frontier.stored != head.frontier:
        raise LogNotAsSigned(head.origin, frontier.size)


async def _frontier_of(connection: AnyConnection, head: Head, start: Checkpoint) -> Frontier:
    """Read the perfect subtrees of the signed tree from the rows, and check that they make the signed root."""
    nodes = perfect_nodes(0, start.size)
    try:
        stored = await hashes_of(connection, head.log_id, nodes)
        frontier = Frontier(start.size, [stored[node] for node in nodes])
    except KeyError:
        raise LogNotAsSigned(head.origin) from None
    if frontier.root() != start.root:
        raise LogNotAsSigned(head.origin)
    return frontier
