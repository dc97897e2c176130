"""Answers of two runs made comparable: what is random gets the number of its first appearance in its own run."""

import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from typing import Any

from infohus.kernel.audit.formats.merkle import HASH_BYTES
from infohus.kernel.audit.formats.tiles import entries_in
from infohus.kernel.authorization.action import Action
from noninterference.installation import Answer

_RANDOM = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,}|[A-Za-z0-9+/]{42,}={0,2}"
    r"|[A-Za-z0-9_-]{22,}"
)
_WORDS = frozenset(action.value for action in Action)


class Numbering:
    """The numbers that the ids, hashes and other random values of one run have got."""

    def __init__(self, mark: str) -> None:
        """Begin with no number given; `mark` is in the names of this run's authorities and of no other's."""
        self._mark = mark
        self._numbers: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Replace every random value by its number."""
        return _RANDOM.sub(self._replaced, text.replace(self._mark, "nr"))

    def value(self, kind: str, value: str) -> str:
        """Give the number of a value that is random as a whole."""
        return self._numbers.setdefault(f"{kind} {value}", f"#{len(self._numbers)}")

    def answer(self, path: str, answer: Answer) -> tuple[str, ...]:
        """Write an answer so that two of them are equal when the same was told: status, headers, size and body."""
        headers = tuple(
            f"{name}: {self.value(f'etag of {self.text(path)}', value) if name == 'etag' else self.text(value)}"
            for name, value in answer.headers
        )
        is_tar = dict(answer.headers).get("content-type") == "application/x-tar"
        body = self._exported(answer.body) if is_tar else self.text(answer.body.decode("utf-8", "replace"))
        return (str(answer.status), *headers, body)

    def _exported(self, body: bytes) -> str:
        """Write an exported log: each file with its size and time, entries as text, tiles by the hashes they hold."""
        written = []
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            for member in tar:
                extracted = tar.extractfile(member)
                assert extracted is not None
                content, name = extracted.read(), member.name.replace(self._mark, "nr")
                written.append(f"{name}, {member.size} bytes at {member.mtime}: {self._file(name, content)}")
        return "\n".join(written)

    def _file(self, name: str, content: bytes) -> str:
        if "/tile/entries/" in name:
            return "\n".join(self.text(entry.decode()) for entry in entries_in(content))
        if "/tile/" in name:
            hashes = (content[at : at + HASH_BYTES].hex() for at in range(0, len(content), HASH_BYTES))
            return " ".join(self.value("", one) for one in hashes)
        return self.value("key", content.decode()) if name.endswith(".pub") else self.text(content.decode())

    def _replaced(self, found: re.Match[str]) -> str:
        text = found.group()
        return text if text in _WORDS or _is_words(text) else self.value("", text)


def _is_words(text: str) -> bool:
    """Tell a name like `screening-awaits-child-notification` from a random value: its words have no digits in them."""
    is_hexadecimal = not text.strip("0123456789abcdef-")
    words = all(part.isalpha() or part.isdigit() for part in re.split("[-_]+", text.strip("-_")))
    return text[0].isalpha() and text.islower() and words and not is_hexadecimal


def differences(one: Any, another: Any, place: str = "") -> Iterator[str]:
    """List the places at which two JSON values differ, as JSON pointers whose list indexes are `*`."""
    if isinstance(one, Mapping) and isinstance(another, Mapping):
        for name in sorted({*one, *another}):
            if name in one and name in another:
                yield from differences(one[name], another[name], f"{place}/{name}")
            else:
                yield f"{place}/{name}"
    elif isinstance(one, list) and isinstance(another, list) and len(one) == len(another):
        for left, right in zip(one, another, strict=True):
            yield from differences(left, right, f"{place}/*")
    elif one != another:
        yield place or "/"
