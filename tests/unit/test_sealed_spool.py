"""What is held for an answer outside of memory comes back as it was written, and its file tells nothing."""

import tempfile
from pathlib import Path
from typing import IO, Any

import pytest
from cryptography.exceptions import InvalidTag

from infohus.kernel.sealing.spool import CHUNK_BYTES, SealedSpool

LINE = "Hemmeligt: ærø.\n".encode()


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[IO[bytes]]:
    """Give the files that spools make, which have names here."""
    made: list[IO[bytes]] = []

    def named() -> Any:
        made.append((tmp_path / str(len(made))).open("w+b"))
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", named)
    return made


def content_of(file: IO[bytes]) -> bytes:
    file.flush()
    return Path(file.name).read_bytes()


class WhenAnAnswerIsHeld:
    @pytest.mark.parametrize("lines", [0, 1, CHUNK_BYTES // len(LINE), 3 * CHUNK_BYTES // len(LINE) + 1])
    def test_it_comes_back_as_it_was_written_as_often_as_wanted(self, lines: int) -> None:
        spool = SealedSpool()
        for _ in range(lines):
            spool.write(LINE)
        for _ in range(2):
            assert b"".join(spool.pieces()) == LINE * lines
            assert list(spool.lines()) == [LINE[:-1]] * lines
        assert spool.size == len(LINE) * lines

    @pytest.mark.fault("B3")
    def test_its_file_has_no_word_of_it_and_memory_no_more_than_two_chunks(self, files: list[IO[bytes]]) -> None:
        spool = SealedSpool()
        spool.write(LINE * (CHUNK_BYTES // len(LINE) // 2))
        assert files == []
        spool.write(LINE * CHUNK_BYTES)
        [file] = files
        assert len(content_of(file)) > (len(LINE) - 1) * CHUNK_BYTES
        assert b"Hemmeligt" not in content_of(file)
        assert max(map(len, spool.pieces())) == CHUNK_BYTES

    def test_two_chunks_alike_are_not_alike_in_the_file_and_none_can_be_changed_or_moved(
        self, files: list[IO[bytes]]
    ) -> None:
        spool = SealedSpool()
        spool.write(bytes(2 * CHUNK_BYTES))
        [file] = files
        half = len(content_of(file)) // 2
        first, second = content_of(file)[:half], content_of(file)[half:]
        assert first != second
        file.seek(0)
        file.write(second + first)
        file.flush()
        with pytest.raises(InvalidTag):
            next(spool.pieces())

    def test_it_ends_with_the_spool(self, files: list[IO[bytes]]) -> None:
        spool = SealedSpool()
        spool.write(bytes(CHUNK_BYTES))
        [file] = files
        assert not file.closed
        del spool
        assert file.closed
