"""Single tiles and entry bundles of a log, from its rows. Source: C2SP tlog-tiles, "Merkle Tree" and "Log entries"."""

import re
from dataclasses import dataclass
from uuid import UUID

from infohus.kernel.audit.formats.tiles import WIDTH, bundle_of
from infohus.kernel.audit.storage.log import AnyConnection, hashes_of, rows_of

ENTRIES = "entries"
_TILE_HEIGHT = 8
_HIGHEST_LEVEL = 5
_PLACE = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_MOST_GROUPS = 5


class NoSuchTile(Exception):  # noqa: N818 - names the situation
    """The path is not a tile's, or the tile is not wholly covered by the checkpoint."""


@dataclass(frozen=True, slots=True)
class TilePlace:
    """Which tile: its level (`None` for an entry bundle), its index, and how many of its 256 hashes or entries."""

    level: int | None
    index: int
    width: int

    @classmethod
    def parse(cls, level: str, path: str) -> "TilePlace":
        """Read a path as `tile_path` writes it: `level` and the rest, without `tile/`.

        Raises:
            NoSuchTile: it is not written so.
        """
        match = _PLACE.fullmatch(path)
        is_level = level.isascii() and level.isdigit() and str(int(level[:2])) == level and int(level) <= _HIGHEST_LEVEL
        if match is None or not (level == ENTRIES or is_level):
            raise NoSuchTile
        groups = match[1].replace("x", "").split("/")
        width = int(match[2]) if match[2] else WIDTH
        index = int("".join(groups[:_MOST_GROUPS]))
        # Each tile has one path: no leading group of zeros, no partial tile of full width.
        if len(groups) > _MOST_GROUPS or (len(groups) > 1 and groups[0] == "000") or (match[2] and width >= WIDTH):
            raise NoSuchTile
        return cls(None if level == ENTRIES else int(level), index, width)

    @property
    def reaches(self) -> int:
        """The number of entries that the log must have for this tile to exist."""
        return (self.index * WIDTH + self.width) << (_TILE_HEIGHT * (self.level or 0))


async def tile_of(connection: AnyConnection, log_id: UUID, place: TilePlace, *, size: int) -> bytes:
    """Give a tile's bytes, or an entry bundle's, from the log's first `size` entries.

    Raises:
        NoSuchTile: it reaches beyond them.
    """
    if place.reaches > size:
        raise NoSuchTile
    first = place.index * WIDTH
    if place.level is None:
        entries: list[bytes] = []
        async for rows in rows_of(connection, log_id, start=first, stop=first + place.width):
            entries.extend(row["entry"] or b"" for row in rows)
        return bundle_of(entries)
    nodes = [(_TILE_HEIGHT * place.level, first + at) for at in range(place.width)]
    hashes = await hashes_of(connection, log_id, nodes)
    return b"".join(hashes[node] for node in nodes)
