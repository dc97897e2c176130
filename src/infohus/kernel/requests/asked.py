"""What a request names and says of itself, for its entry in the log: ids, criteria, its purpose, whom it means to tell.

It is read from the address and from the decoded body as they come, not from what a handler says; so an attempt that is
refused before an operation saw the body leaves what it was after (rules 56 and 57).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cache
from hashlib import sha256
from uuid import UUID

import msgspec

from infohus.errors import situations, slug_of
from infohus.kernel.requests.draft_words import PURPOSE, words_of

MOST_IDS = 500
"""How many ids an entry keeps of one request, so that it stays an entry; of a body's further ones it keeps a digest."""
_FURTHER = "further_ids"
_RECIPIENTS = frozenset({"recipients", "recipient"})
_FOR_INVESTIGATION = "for_criminal_investigation"
_PET_ASKED, _ASKING, _STATES_PETS_BASIS = "requested_by_pet", "received_from", "states_chapters_12_13"
_SAYS_PET_ASKED = re.compile(r"requested_?by_?pet(?![\"']?\s*[:=]\s*[\"']?(?:false|null)\b)", re.IGNORECASE)
_SAYS_ITS_BASIS = re.compile(r"states_?chapters_?12_?13[\"']?\s*[:=]\s*[\"']?(\w*)", re.IGNORECASE)
_SAYS_INVESTIGATION = re.compile(r"for_?criminal_?investigation[\"']?\s*[:=]\s*[\"']?true\b", re.IGNORECASE)
_SAYS_RECIPIENTS = re.compile(r"\"recipients?\"\s*:\s*(\[[^\]\[]{0,2000}\]|\"[^\"]{0,60}\")")
"""A list holds no bracket, so that a body of brackets alone is not looked through anew from each of them."""
_NAME = re.compile(r"[\"'=]\s*([a-z0-9-]{1,60})(?=\s*(?:[\"'&]|$))")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_ID_LENGTH = len(str(UUID(int=0)))
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")
_NAMED_ID = re.compile(rf"\"([a-z_]{{1,60}})\"\s{{0,20}}:\s{{0,20}}\"({_ID.pattern})\"")
_SAYS_PURPOSE = re.compile(rf"\"{PURPOSE}\"\s{{0,20}}:\s{{0,20}}\"([a-z_]{{1,60}})\"")
_NUMBER = re.compile(r"(?<![0-9])([0-9]{6})[- ]?([0-9]{4})(?![0-9])")
"""A number that somebody can be looked for by, in a body that was not understood."""
_OF_PAGES = frozenset({"after", "before", "limit"})
_IN_UNREAD_BODY = "$"
"""The name of an id in a body that was not understood where none of its draft's stands before it."""
NOT_READABLE = "record-not-readable"
"""The reason that an entry gives of a record that was found changed past the system."""
_CASE = ("case_id", "case")
"""What a case is called in addresses and bodies."""
_CAN_BE_AN_AUTHORITY = re.compile(r"[a-z0-9-]{1,60}")
_PLACES_IN_LOG = {
    "level": re.compile(r"[0-9]|entries"), "place": re.compile(r"/?(?:x[0-9]{3}/){0,5}[0-9]{3}(?:\.p/[0-9]{1,3})?")
}
"""How C2SP tlog-tiles writes a tile's level and number."""


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


class TellsThoseTold(msgspec.Struct, frozen=True):
    """A body that goes to whom the exchange told that the address names, whatever more it names: a correction."""


@dataclass(slots=True)
class Asked:
    """What one request named. The ids and criteria are by the name of the parameter or field, as text, each once."""

    in_address: dict[str, list[str]] = field(default_factory=dict)
    spelt: dict[str, str] = field(default_factory=dict)
    """Texts of the address, which can spell anything: in an entry stands one that is a word of the system's own."""
    in_body: dict[str, list[str]] = field(default_factory=dict)
    purpose: str | None = None
    recipients: list[str] = field(default_factory=list)
    """Authorities that it means to tell, as it spells them."""
    tells_the_other: bool = False
    """Whether it means to tell the other authority that carries the infohus, without naming it."""
    tells_those_told: bool = False
    """Whether it means to tell whom the exchange told that its address names."""
    says_investigation: bool = False
    """Whether it says that it is for the investigation of a crime: an attempt's entry keeps that (rule 2)."""
    says_pet_asked: bool = False
    """Whether it says that it answers PET."""
    asking: list[str] = field(default_factory=list)
    """The authority whose request it would note, as it spells it; of a body that no draft understands, every name."""
    asks_on_another_basis: bool = False
    """Whether it says that what was asked does not rest on PET-loven § 4, whoever asked (rule 14)."""
    looked_for: str | None = None
    """The number that it looks for somebody by. It is a person's, and leaves this process as a keyed hash alone."""
    further: list[str] = field(default_factory=list)
    """The ids of the body past `MOST_IDS`, in its order."""
    sent: bytes = b""
    """The body as it came, until it is understood."""
    is_understood: bool = False
    """Whether its body is what the route takes."""
    says_acute: bool = False
    """Whether that says that there is acute danger (rule 31)."""
    problem: str | None = None
    """The problem that it was answered with."""
    is_in_log: bool = False
    """Whether a unit of work has begun for it, which leaves an entry."""

    def read_address(self, parameters: Iterable[tuple[str, object]]) -> None:
        """Take in the path's and the query's parameters, converted to their types, but what pages a list."""
        for name, value in parameters:
            match value:
                case _ if name in _OF_PAGES:
                    pass
                case Enum() if name == PURPOSE:
                    self.purpose = str(value.value)
                case Enum():
                    _add(self.in_address, name, str(value.value))
                case bool():
                    _add(self.in_address, name, str(value).lower())
                case date():
                    _add(self.in_address, name, value.isoformat())
                case str():
                    self.spelt[name] = value
                case _:
                    _add(self.in_address, name, str(value))

    def read_body(self, body: msgspec.Struct) -> None:
        """Take in a decoded body: every id in it at any depth, its purpose, and its recipients."""
        self.sent, self.is_understood = b"", True
        self.says_acute = self.says_acute or getattr(body, "is_acute", False) is True
        if isinstance(body, LooksFor):
            self.looked_for = body.looked_for()
        if isinstance(body, TellsTheOther):
            self.tells_the_other = body.tells_the_other()
        self.tells_those_told = self.tells_those_told or isinstance(body, TellsThoseTold)
        for name in body.__struct_fields__:
            self._read_value(name, getattr(body, name))

    def read_refused_body(self, draft: type[msgspec.Struct]) -> None:
        """Take of a body that is no such draft its ids, its purpose, whom it meant to tell, and what decides its track.

        Whatever its form: broken JSON, names given twice, another type of content or encoding. Where it may mean PET,
        the attempt stands on PET's track: it did nothing that a letter must tell of (rule 85). Where it says that it is
        for the investigation of a crime, its entry keeps that (rule 2). Of one that should look for a person also the
        first number that can be somebody's. Names and codes are kept that the draft has, for a body can spell anything.
        """
        text = self.sent.replace(b"\0", b"").decode(errors="replace")
        text = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), text)
        self.says_pet_asked = self.says_pet_asked or _SAYS_PET_ASKED.search(text) is not None
        self.asks_on_another_basis = {said.lower() for said in _SAYS_ITS_BASIS.findall(text)} == {"false"}
        self.says_investigation = self.says_investigation or _SAYS_INVESTIGATION.search(text) is not None
        said = _SAYS_RECIPIENTS.findall(text)
        self.recipients.extend(_NAME.findall(" ".join(f" {recipients}" for recipients in said))[:MOST_IDS])
        self.tells_the_other = issubclass(draft, TellsTheOther) and not said
        self.tells_those_told = issubclass(draft, TellsThoseTold)
        purposes = words_of(draft).purposes.intersection(_SAYS_PURPOSE.findall(text))
        if self.purpose is None and len(purposes) == 1:
            (self.purpose,) = purposes
        self.asking.extend(list(dict.fromkeys(_NAME.findall(text.lower())))[:MOST_IDS])
        self._read_ids(text.lower(), words_of(draft).ids)
        if issubclass(draft, LooksFor) and self.looked_for is None and (number := _NUMBER.search(text)) is not None:
            self.looked_for = "".join(number.groups())

    def _read_ids(self, text: str, names: Collection[str]) -> None:
        name_of = {found: name for name, found in reversed(_NAMED_ID.findall(text)) if name in names}
        for found in dict.fromkeys(_ID.findall(text)):
            self._take_in(name_of.get(found, _IN_UNREAD_BODY), found)

    @property
    def ids(self) -> list[UUID]:
        """Give every id that the request names, wherever."""
        texts = {value for ids in (self.in_address, self.in_body) for values in ids.values() for value in values}
        return sorted(UUID(text) for text in texts if len(text) == _ID_LENGTH)

    @property
    def case(self) -> UUID | None:
        """The case that the request names, where it is one."""
        named = {value for ids in (self.in_address, self.in_body) for name in _CASE for value in ids.get(name, ())}
        return UUID(named.pop()) if len(named) == 1 else None

    @property
    def spelt_authorities(self) -> list[str]:
        """Texts of the address that can be an authority's id."""
        return [text for text in self.spelt.values() if _CAN_BE_AN_AUTHORITY.fullmatch(text)]

    def named(
        self, *, beside: Iterable[object], with_body: bool, authorities: Collection[str] = ()
    ) -> dict[str, list[str]]:
        """Give the ids and criteria that the request names beside the ids at their places in the entry, and its mark.

        A text that is no word of the system's own leaves its name alone (rule 60). Of ids past `MOST_IDS` there is how
        many, and the SHA-256 of their texts one after another: whoever says which they were can be checked.
        """
        known = {str(one) for one in beside if one is not None}
        found = {
            name: [text] if text in authorities or _is_word_of(name, text) else []
            for name, text in self.spelt.items()
        }
        for ids in (self.in_address, self.in_body if with_body else {}):
            for name, values in ids.items():
                for value in values:
                    if value not in known:
                        _add(found, name, value)
        if with_body and self.says_investigation:
            found[_FOR_INVESTIGATION] = ["true"]
        if with_body and self.further:
            found[_FURTHER] = [str(len(self.further)), sha256("".join(self.further).encode()).hexdigest()]
        return found

    def _take_in(self, name: str, value: str) -> None:
        if _count(self.in_body) < MOST_IDS:
            _add(self.in_body, name, value)
        else:
            self.further.append(value)

    def _read_value(self, name: str, value: object) -> None:
        match value:
            case True:
                self.says_pet_asked = self.says_pet_asked or name == _PET_ASKED
                self.says_investigation = self.says_investigation or name == _FOR_INVESTIGATION
            case False:
                self.asks_on_another_basis = self.asks_on_another_basis or name == _STATES_PETS_BASIS
            case str() if name in _RECIPIENTS:
                self.recipients.append(value)
            case str() if name == _ASKING:
                self.asking.append(value)
            case UUID():
                self._take_in(name, str(value))
            case Enum() if name == PURPOSE:
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


def _is_word_of(name: str, text: str) -> bool:
    """Say whether a text is a reason's code, or a place in the log: nobody can spell a name with those."""
    if name in _PLACES_IN_LOG:
        return _PLACES_IN_LOG[name].fullmatch(text) is not None
    return text in _reasons()


@cache
def _reasons() -> frozenset[str]:
    return frozenset({NOT_READABLE, *map(slug_of, situations())})


def _add(ids: dict[str, list[str]], name: str, value: str) -> None:
    values = ids.setdefault(name, [])
    if value not in values:
        values.append(value)


def _count(ids: Mapping[str, list[str]]) -> int:
    return sum(len(values) for values in ids.values())
