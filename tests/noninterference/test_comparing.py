"""How answers of two runs are made comparable."""

import json

from noninterference.canonical import Numbering, differences
from noninterference.installation import Answer

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


class WhenTwoBodiesDiffer:
    """The places are named."""

    def test_each_place_is_a_pointer(self) -> None:
        one, another = {"a": [{"b": 1, "c": 2}], "d": 3}, {"a": [{"b": 4, "c": 2}], "e": 3}
        assert sorted(differences(one, another)) == ["/a/*/b", "/d", "/e"]
        assert list(differences([1], [1, 2], "/x")) == ["/x"]
