"""Did a log only grow? Its rows are hashed on from a tree that was signed, and compared with every root known since."""

from infohus.kernel.audit.formats.checkpoint import Checkpoint
from infohus.kernel.audit.formats.merkle import HASH_BYTES, Frontier, leaf_hash, perfect_nodes
from infohus.kernel.audit.storage.log import AnyConnection, Head, hashes_of, rows_of


class LogNotAsSigned(Exception):  # noqa: N818 - names the situation
    """The log is not the one that was signed before, or its rows do not make its head; nothing is signed.

    `origin` names the log, `index` the first entry (0-based) where it shows, when that is known.
    """

    def __init__(self, origin: str, index: int | None = None) -> None:
        """Name the log and the place."""
        super().__init__(f"{origin} is not what was signed" + ("" if index is None else f", from entry {index} on"))
        self.origin, self.index = origin, index


async def require_consistent(
    connection: AnyConnection, head: Head, start: Checkpoint | None, known: dict[int, bytes]
) -> None:
    """Hash every entry since `start` anew, on top of the tree that was signed there.

    Raises:
        LogNotAsSigned: an entry, its place or a node is not what was appended, or an earlier root is another.
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
    """Take the perfect subtrees of the signed tree from the rows, and see that they make the signed root."""
    nodes = perfect_nodes(0, start.size)
    try:
        stored = await hashes_of(connection, head.log_id, nodes)
        frontier = Frontier(start.size, [stored[node] for node in nodes])
    except KeyError:
        raise LogNotAsSigned(head.origin) from None
    if frontier.root() != start.root:
        raise LogNotAsSigned(head.origin)
    return frontier
