"""The log served tile by tile is, byte for byte, the log that is exported."""

import io
import tarfile

import pytest

from house import MUNICIPAL_LOG, House
from infohus.clock import now
from infohus.kernel.audit.formats.tiles import tile_path, widths
from infohus.kernel.audit.storage.serving import NoSuchTile, TilePlace
from small_entries import small_entry


async def long_log(house: House) -> None:
    """Put so many entries into the log that it has full tiles and a second level."""
    entry = small_entry(MUNICIPAL_LOG, "", at=now())
    await house.sql("SELECT count(audit.append($1, $2)) FROM generate_series(1, 700)", MUNICIPAL_LOG, entry)


class WhenTheLogIsFetchedTileByTile:
    async def test_every_file_is_the_exported_one(self, house: House) -> None:
        await house.case()
        await long_log(house)
        dpo = house.person("dpo")
        signed = await dpo.call("GET", "/log/checkpoint")
        assert (signed.status_code, signed.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        size = int(signed.text.split("\n")[1])
        fetched = {}
        names = [tile_path(level, index, width) for level, index, width in widths(size)]
        names += [name.replace("tile/0/", "tile/entries/") for name in names if name.startswith("tile/0/")]
        for name in names:
            answer = await dpo.call("GET", f"/log/{name}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream"), name
            fetched[name] = answer.content
        assert {name.split("/")[1] for name in names} == {"0", "1", "entries"}
        exported = await dpo.call("POST", "/log/export")
        with tarfile.open(fileobj=io.BytesIO(exported.content)) as archive:
            for name in names:
                if ".p/" in name:
                    continue  # the log grew by what was fetched, so its last tiles are wider now
                member = archive.extractfile(f"log/{name}")
                assert member is not None
                assert fetched[name] == member.read()

    @pytest.mark.rule(61)
    async def test_each_fetch_is_in_the_log_and_nobody_else_may(self, house: House) -> None:
        await house.case()
        path = "/log"
        await house.person("dpo").call("GET", f"{path}/checkpoint")
        assert (await house.person("dpo").call("GET", f"{path}/tile/0/000.p/1")).status_code == 200
        assert [entry.action for entry in (await house.entries())[-2:]] == ["serveCheckpoint", "serveTile"]
        for stranger in ("kommune", "politi", "raadgiver", "admin"):
            for name in ("checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"):
                assert (await house.person(stranger).call("GET", f"{path}/{name}")).status_code == 403

    @pytest.mark.parametrize(
        "name", ["0/000", "0/001.p/1", "0/000.p/200", "1/000.p/1", "entries/000", "7/000.p/1", "0/x"]
    )
    async def test_what_is_not_there_is_unknown(self, house: House, name: str) -> None:
        await house.case()
        path = "/log"
        await house.person("dpo").call("GET", f"{path}/checkpoint")
        assert (await house.person("dpo").call("GET", f"{path}/tile/{name}")).status_code == 404


class WhenAPathIsRead:
    @pytest.mark.parametrize("level", [0, 3, "entries"])
    @pytest.mark.parametrize(("index", "width"), [(0, 256), (0, 1), (999, 255), (1234, 256), (1_234_067, 17)])
    def test_it_is_what_was_written(self, level: int | str, index: int, width: int) -> None:
        _, written, path = tile_path(level, index, width).split("/", 2)
        assert TilePlace.parse(written, path) == TilePlace(None if level == "entries" else int(level), index, width)

    @pytest.mark.parametrize(
        ("level", "path"),
        [
            ("0", ""), ("0", "0"), ("0", "0000"), ("0", "x000/000"), ("0", "001.p/0"), ("0", "001.p/256"),
            ("0", "1/001"), ("0", "x001/"), ("0", "../000"), ("00", "000"), ("-1", "000"), ("٣", "000"),
            ("data", "000"), ("6", "000"), ("0", "001.p/01"), ("0", "x001/x002/x003/x004/x005/006"), ("0", "000\n"),
        ],
    )
    def test_every_other_spelling_is_none(self, level: str, path: str) -> None:
        with pytest.raises(NoSuchTile):
            TilePlace.parse(level, path)
