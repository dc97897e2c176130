"""How answers of two runs are made comparable."""

import io
import json
import tarfile
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infohus.kernel.audit.formats.tiles import bundle_of
from noninterference.canonical import Numbering, differences
from noninterference.installation import Answer, Installation, RequestFailed

IDS = ("01a2291a-2d8a-7309-aa78-54cb65dca727", "01a2291a-37c4-7098-92df-3e12e42ac27f")


def answer(content: object, *, etag: str = '"1.1"') -> Answer:
    body = json.dumps(content).encode()
    return Answer(200, (("etag", etag), ("content-length", str(len(body)))), body)


def written(numbering: Numbering, content: object, *, etag: str = '"1.1"') -> tuple[str, ...]:
    return numbering.answer("/cases", answer(content, etag=etag))


class WhenAnswersAreWritten:
    """Random values get the number of their first appearance; all else stays."""

    def test_ids_are_numbered_in_each_run_by_itself(self) -> None:
        one, another = Numbering("nr00001"), Numbering("nr00002")
        assert written(one, [IDS[0], IDS[1]]) == written(another, [IDS[1], IDS[0]])
        assert written(one, [IDS[0]]) != written(another, [IDS[0]])

    def test_hashes_and_log_ids_are_numbered(self) -> None:
        for values in (("a" * 64, "b" * 64), ("aB" * 11, "bC" * 11), ("Qq+/" * 12, "qQ/+" * 12)):
            assert written(Numbering("-"), values[0]) == written(Numbering("-"), values[1])

    def test_words_times_numbers_and_sizes_stay(self) -> None:
        for one, another in (
            ("screening-awaits-child-notification", "case-has-unfinished-business"),
            ("handOverChildNotification", "recordClearanceCheckOf"), ("2026-12-01T12:00:00Z", "2026-12-01T12:00:01Z"),
            (1, 2), ("kort", "længere"),
        ):
            assert written(Numbering("-"), one) != written(Numbering("-"), another)

    def test_a_tag_that_changes_in_one_run_alone_differs(self) -> None:
        one, another = Numbering("-"), Numbering("-")
        assert written(one, 1, etag='"1.1"') == written(another, 1, etag='"7.3"')
        assert written(one, 1, etag='"1.2"') != written(another, 1, etag='"7.3"')

    def test_names_of_a_run_are_the_same_in_the_other(self) -> None:
        assert written(Numbering("nr00001"), "politi-nr00001") == written(Numbering("nr00002"), "politi-nr00002")


def exported(tile: bytes, *entries: str) -> Answer:
    """Pack a log of one tile as an export does."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in (
            ("log/tile/0/000", tile), ("log/tile/entries/000", bundle_of([one.encode() for one in entries])),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return Answer(200, (("content-type", "application/x-tar"),), packed.getvalue())


class WhenALogIsExported:
    """Its files are compared one by one: hashes by their first appearance, entries by what they say."""

    def test_hashes_are_numbered_and_entries_are_read(self) -> None:
        said = [Numbering("-").answer("/log/export", one) for one in (
            exported(b"a" * 32, f'{{"case":"{IDS[0]}"}}'), exported(b"b" * 32, f'{{"case":"{IDS[1]}"}}'),
            exported(b"ab" * 32, f'{{"case":"{IDS[0]}"}}'), exported(b"a" * 32, '{"case":null}'),
        )]
        assert said[0] == said[1]
        assert said[0] not in said[2:]


class WhenAnAnswerIsAFailure:
    """Two runs that both fail would show each other nothing."""

    @pytest.mark.parametrize("status", [500, 503])
    async def test_the_history_ends(self, status: int) -> None:
        async def failing(_scope: object, _receive: object, send: Any) -> None:
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        house = cast(Any, SimpleNamespace(app=failing))
        installation = Installation(house, *cast(Any, (None, None, None, 1)))
        with pytest.raises(RequestFailed):
            await installation.call("GET", "/cases", headers={})


class WhenTwoBodiesDiffer:
    """The places are named."""

    def test_each_place_is_a_pointer(self) -> None:
        one, another = {"a": [{"b": 1, "c": 2}], "d": 3}, {"a": [{"b": 4, "c": 2}], "e": 3}
        assert sorted(differences(one, another)) == ["/a/*/b", "/d", "/e"]
        assert list(differences([1], [1, 2], "/x")) == ["/x"]
