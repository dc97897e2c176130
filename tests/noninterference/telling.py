"""Ways in which a planted leak tells a value: each changes one answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from noninterference.installation import Answer

Telling = Callable[[Answer, Any], Answer]


def _with(answer: Answer, body: bytes) -> Answer:
    headers = tuple(
        (name, str(len(body)) if name == "content-length" else value) for name, value in answer.headers
    )
    return replace(answer, body=body, headers=headers)


def _changed(change: Callable[[Any, Any], None]) -> Telling:
    def tell(answer: Answer, value: Any) -> Answer:
        content = answer.json()
        if not answer.is_success or content is None:
            return answer
        change(content, value)
        return _with(answer, json.dumps(content, ensure_ascii=False).encode())

    return tell


def as_field(name: str) -> Telling:
    """Tell it in a member of the answer, or of a list's first item."""

    def change(content: Any, value: Any) -> None:
        if isinstance(content, dict):
            content[name] = str(value)
        elif isinstance(content, list):
            content.append({name: str(value)})

    return _changed(change)


def as_header(name: str) -> Telling:
    """Tell it in a header."""
    return lambda answer, value: replace(answer, headers=(*answer.headers, (name, str(value))))


def as_etag(answer: Answer, value: Any) -> Answer:
    """Tell it by the entity tag alone, which is another when the value is."""
    return replace(answer, headers=tuple(
        (name, f'{text[:-1]}.{value}"' if name == "etag" else text) for name, text in answer.headers
    ))


def as_padding(answer: Answer, value: Any) -> Answer:
    """Tell it by the length."""
    return _with(answer, answer.body + b" " * int(value or 0)) if answer.is_success else answer


def as_refusal(answer: Answer, value: Any) -> Answer:
    """Refuse when there is anything."""
    return replace(answer, status=409) if answer.is_success and value else answer


def as_rotation(name: str) -> Telling:
    """Tell it by where a list begins."""

    def change(content: Any, value: Any) -> None:
        items = content[name]
        if len(items) > 1:
            first = int(value or 0) % len(items)
            items[:] = items[first:] + items[:first]

    return _changed(change)


def in_steps(place: int) -> Telling:
    """Tell it by whether one of the next steps is possible."""

    def change(content: Any, value: Any) -> None:
        content["steps"][place % len(content["steps"])]["is_possible"] = not value

    return _changed(change)


def in_every_item(name: str, member: str) -> Telling:
    """Add it to a number in each item of a list."""

    def change(content: Any, value: Any) -> None:
        for item in content[name]:
            item[member] += int(value or 0)

    return _changed(change)


def in_every_hash(name: str, member: str) -> Telling:
    """Hash it into a hash in each item of a list: all that is to be seen is that it has changed."""

    def change(content: Any, value: Any) -> None:
        for item in content[name]:
            item[member] = sha256(f"{item[member]} {value}".encode()).hexdigest()

    return _changed(change)
