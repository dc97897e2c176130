"""What a request names and says of itself, for its entry in the log: ids, its purpose, whom it means to tell.

It is read from the address and from the decoded body as they come, not from what a handler says; so an attempt that is
refused before an operation saw the body leaves what it was after (rules 56 and 57).
"""

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

import msgspec

MOST_IDS = 500
"""How many ids an entry keeps of one request, so that it stays an entry; a body that names more is cut off here."""
_RECIPIENTS, _PURPOSE = frozenset({"recipients", "recipient"}), "purpose"
_FOR_INVESTIGATION = "for_criminal_investigation"
_PET_ASKED, _ASKING = "requested_by_pet", "received_from"
_SAYS_PET_ASKED = re.compile(r"requested_?by_?pet(?![\"']?\s*[:=]\s*[\"']?(?:false|null)\b)", re.IGNORECASE)
_SAYS_INVESTIGATION = re.compile(r"for_?criminal_?investigation[\"']?\s*[:=]\s*[\"']?true\b", re.IGNORECASE)
_SAYS_RECIPIENTS = re.compile(r"\"recipients?\"\s*:\s*(\[[^\]\[]{0,2000}\]|\"[^\"]{0,60}\")")
"""A list holds no bracket, so that a body of brackets alone is not looked through anew from each of them."""
_NAME = re.compile(r"[\"'=]\s*([a-z0-9-]{1,60})(?=\s*(?:[\"'&]|$))")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_ID_LENGTH = len(str(UUID(int=0)))
_OF_PAGES = frozenset({"after", "before", "limit"})


class LooksFor(msgspec.Struct, frozen=True):
    """A body that can look for a person by a number: the attempt's entry keeps it as a keyed hash (rule 56)."""

    def looked_for(self) -> str | None:
        """Give the number, in one spelling; `None` where it looks by an id, which the entry keeps as it is."""
        return None


class TellsTheOther(msgspec.Struct, frozen=True):
    """A body that can leave out whom it tells: then it means the other authority that carries the infohus."""

    def tells_the_other(self) -> bool:
        """Say whether it leaves that out."""
        return False


@dataclass(slots=True)
class Asked:
    """What one request named. The ids are by the name of the parameter or field, as text, each once."""

    in_address: dict[str, list[str]] = field(default_factory=dict)
    in_body: dict[str, list[str]] = field(default_factory=dict)
    purpose: str | None = None
    recipients: list[str] = field(default_factory=list)
    """Authorities that it means to tell, as it spells them."""
    tells_the_other: bool = False
    """Whether it means to tell the other authority that carries the infohus, without naming it."""
    says_investigation: bool = False
    """Whether it says that it is for the investigation of a crime: an attempt's entry keeps that (rule 2)."""
    says_pet_asked: bool = False
    """Whether it says that it answers PET."""
    asking: list[str] = field(default_factory=list)
    """The authority whose request it would note, as it spells it; of a body that no draft understands, every name."""
    looked_for: str | None = None
    """The number that it looks for somebody by. It is a person's, and leaves this process as a keyed hash alone."""
    sent: bytes = b""
    """The body as it came, until it is understood."""
    problem: str | None = None
    """The problem that it was answered with."""
    is_in_log: bool = False
    """Whether a unit of work has begun for it, which leaves an entry."""

    def read_address(self, parameters: Iterable[tuple[str, object]]) -> None:
        """Take in the path's and the query's parameters, converted to their types: ids, indexes, and the purpose."""
        for name, value in parameters:
            if isinstance(value, UUID | int) and not isinstance(value, bool) and name not in _OF_PAGES:
                _add(self.in_address, name, str(value))
            elif isinstance(value, Enum) and name == _PURPOSE:
                self.purpose = str(value.value)

    def read_body(self, body: msgspec.Struct) -> None:
        """Take in a decoded body: every id in it at any depth, its purpose, and its recipients."""
        self.sent = b""
        if isinstance(body, LooksFor):
            self.looked_for = body.looked_for()
        if isinstance(body, TellsTheOther):
            self.tells_the_other = body.tells_the_other()
        for name in body.__struct_fields__:
            self._read_value(name, getattr(body, name))

    def read_refused_body(self) -> None:
        """Take in of a body that no draft understood whom it meant to tell, and what decides on its track (rule 85).

        Whatever its form: broken JSON, names given twice, another type of content or encoding. Where it may mean PET,
        the attempt stands on PET's track: it did nothing that a letter must tell of. Where it says that it is for the
        investigation of a crime, its entry keeps that (rule 2).
        """
        text = self.sent.replace(b"\0", b"").decode(errors="replace")
        text = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), text)
        self.says_pet_asked = self.says_pet_asked or _SAYS_PET_ASKED.search(text) is not None
        self.says_investigation = self.says_investigation or _SAYS_INVESTIGATION.search(text) is not None
        said = " ".join(f" {recipients}" for recipients in _SAYS_RECIPIENTS.findall(text))
        self.recipients.extend(_NAME.findall(said)[:MOST_IDS])
        self.asking.extend(list(dict.fromkeys(_NAME.findall(text.lower())))[:MOST_IDS])

    @property
    def ids(self) -> list[UUID]:
        """Give every id that the request names, wherever."""
        texts = {value for ids in (self.in_address, self.in_body) for values in ids.values() for value in values}
        return sorted(UUID(text) for text in texts if len(text) == _ID_LENGTH)

    def named(self, *, beside: Iterable[object], with_body: bool) -> dict[str, list[str]]:
        """Give the ids that the request names beside those that the entry has at their places, and its mark."""
        known = {str(one) for one in beside if one is not None}
        found: dict[str, list[str]] = {}
        for ids in (self.in_address, self.in_body if with_body else {}):
            for name, values in ids.items():
                for value in values:
                    if value not in known:
                        _add(found, name, value)
        if with_body and self.says_investigation:
            found[_FOR_INVESTIGATION] = ["true"]
        return found

    def _read_value(self, name: str, value: object) -> None:
        match value:
            case True:
                self.says_pet_asked = self.says_pet_asked or name == _PET_ASKED
                self.says_investigation = self.says_investigation or name == _FOR_INVESTIGATION
            case str() if name in _RECIPIENTS:
                self.recipients.append(value)
            case str() if name == _ASKING:
                self.asking.append(value)
            case UUID():
                if _count(self.in_body) < MOST_IDS:
                    _add(self.in_body, name, str(value))
            case Enum() if name == _PURPOSE:
                self.purpose = str(value.value)
            case msgspec.Struct():
                self.read_body(value)
            case list():
                for one in value:
                    self._read_value(name, one)


_now: ContextVar[Asked | None] = ContextVar("asked", default=None)


def begin_request() -> Asked:
    """Begin with a request that has named nothing yet."""
    asked = Asked()
    _now.set(asked)
    return asked


def asked_now() -> Asked:
    """Give what the present request named; nothing, where there is none."""
    return _now.get() or Asked()


def _add(ids: dict[str, list[str]], name: str, value: str) -> None:
    values = ids.setdefault(name, [])
    if value not in values:
        values.append(value)


def _count(ids: Mapping[str, list[str]]) -> int:
    return sum(len(values) for values in ids.values())
