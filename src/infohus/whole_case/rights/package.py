"""The package for the person who asked: a tar file of a letter in Danish and the items as JSON. Pure."""

import re
import tarfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from infohus.danish.codes import CODES, EXTREMISM_WEIGHTS
from infohus.danish_calendar import danish_day
from infohus.kernel.database.tables import Record, Regime
from infohus.kernel.sealing.spool import SealedSpool
from infohus.plan.in_force import ConcernCodes
from infohus.whole_case.rights.model import AccessKind
from infohus.whole_case.shown_facts import Fact, shown_facts, shown_texts

_NAMES = {
    "dbl-22-1": "databeskyttelseslovens § 22, stk. 1 (afgørende hensyn til private interesser)",
    "dbl-22-2": "databeskyttelseslovens § 22, stk. 2 (afgørende hensyn til offentlige interesser)",
    "rhl-14": "retshåndhævelseslovens § 14", "rhl-16": "retshåndhævelseslovens § 16",
}
_NOT_FOR_THE_PERSON = frozenset({"regime", "given_kinds", "given_versions", "given_parts"})
"""Columns that are left out of a package besides: they say nothing about the person."""

READING_CODES = frozenset({"extremism_weight", "extremism_form", "signs"})
"""Sealed columns of a concern that hold codes; of the signs several, with commas between."""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class PackedItem(msgspec.Struct, frozen=True):
    """One record as it is handed out: its clear columns (`facts`) and its opened texts.

    `corrected_by` is the number of the exchange in this package that corrected what was told of it, `corrects` that of
    the exchange that it corrects itself. The first item has number 1 (rule 13).
    """

    kind: AccessKind
    recorded_at: datetime
    facts: dict[str, Any]
    texts: dict[str, Any]
    number: int | None = None
    corrected_by: int | None = None
    corrects: int | None = None

    @classmethod
    def of(cls, kind: AccessKind, record: Record, texts: dict[str, str], *, codes: ConcernCodes) -> "PackedItem":
        """Gather what is shown of a record, codes in Danish; of a signed document only its content, without salt."""
        facts = {
            name: _in_words(kind, name, fact, codes) for name, fact in shown_facts(record, with_ids=False).items()
            if name not in _NOT_FOR_THE_PERSON
        }
        return cls(kind, record.recorded_at, facts, {
            name: _text_in_words(kind, name, text, codes) for name, text in shown_texts(record, texts).items()
        })

    def named(self) -> set[UUID]:
        """Give the ids of other records that it names."""
        return {UUID(found) for found in _ID.findall(msgspec.json.encode((self.facts, self.texts)).decode())}

    def without(self, records: Collection[UUID]) -> "PackedItem":
        """Leave out each place where it names one of these, so that nothing tells that there is such a record."""
        ids = {str(one) for one in records}
        return msgspec.structs.replace(self, facts=_without(self.facts, ids), texts=_without(self.texts, ids))


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a package says of itself: how many items it has, and how many were withheld by which provision."""

    case_number: str
    authority: str
    authority_name: str
    regime: Regime
    request_id: UUID
    received_on: date
    made_at: datetime
    handed_out: int
    restricted: dict[str, int]


@dataclass(frozen=True, slots=True)
class Package:
    """Everything handed out; `add` puts the items in, one by one."""

    items: SealedSpool = field(default_factory=SealedSpool)

    def add(self, item: PackedItem) -> None:
        """Put an item in, behind the others."""
        written = msgspec.json.format(msgspec.json.encode(item), indent=2)
        self.items.write((b",\n" if self.items.size else b"") + written)

    def packed(self, manifest: Manifest) -> Iterator[bytes]:
        """Give the tar file piece by piece, the same each time."""
        covering = letter(manifest).encode()
        yield _header("følgebrev.md", len(covering), manifest) + covering + _padding(len(covering))
        opening = msgspec.json.format(msgspec.json.encode(manifest), indent=2).removesuffix(b"\n}")
        opening, closing = opening + b',\n  "items": [\n', b"\n]}\n"
        size = len(opening) + self.items.size + len(closing)
        yield _header("oplysninger.json", size, manifest) + opening
        yield from self.items.pieces()
        yield closing + _padding(size) + bytes(2 * tarfile.BLOCKSIZE)


def _header(name: str, size: int, manifest: Manifest) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(manifest.made_at.timestamp())
    return member.tobuf()


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


def letter(manifest: Manifest) -> str:
    """Write the letter in Danish, as Markdown."""
    law = "databeskyttelsesforordningens artikel 15" if manifest.regime is Regime.GDPR else (
        "retshåndhævelseslovens § 15"
    )
    answered = danish_day(manifest.made_at)
    enclosed = f"{_counted(manifest.handed_out)}, som {manifest.authority_name} er ansvarlig for"
    lines = [
        f"# Indsigt i infohussag {manifest.case_number}", "",
        f"Anmodning modtaget {manifest.received_on:%d.%m.%Y}. Svar {answered:%d.%m.%Y}, efter {law}.", "",
        f"Vedlagt er {enclosed} (oplysninger.json).",
        "Andre myndigheder svarer selv for deres.", "",
        "Oplysninger om, hvem der har henvendt sig, og om andre personer er ikke med, medmindre det er besluttet.", "",
    ]
    for basis, count in sorted(manifest.restricted.items()):
        lines.append(f"- {_counted(count)} er undtaget efter {_NAMES[basis]}.")
    if manifest.restricted:
        lines.append("")
    lines += ["Du kan klage til Datatilsynet over dette svar.", ""]
    return "\n".join(lines)


def _counted(records: int) -> str:
    return "1 oplysning" if records == 1 else f"{records} oplysninger"


def _without(value: Any, ids: set[str]) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {name: _without(one, ids) for name, one in value.items() if not _names(one, ids)}
    if isinstance(value, list):
        return [_without(one, ids) for one in value if not _names(one, ids)]
    return value


def _in_words(kind: AccessKind, name: str, fact: Fact, codes: ConcernCodes) -> Fact:
    """Give the Danish words for a code; a code without words stays."""
    words = CODES.get((kind.value, name))
    if kind is AccessKind.CONCERN:
        words = _of_plan(codes).get(name, words)
    if words is None:
        return fact
    if isinstance(fact, list):
        return [words.get(str(one), one) for one in fact]
    return words.get(str(fact), fact)


def _text_in_words(kind: AccessKind, name: str, text: str, codes: ConcernCodes) -> Any:  # noqa: ANN401 - as JSON
    """Give the Danish words for a code that is sealed as a text, and a signed document as JSON."""
    if kind is not AccessKind.CONCERN or name not in READING_CODES:
        return _document(text)
    return _in_words(kind, name, list(text.split(",")) if name == "signs" else text, codes)


def _of_plan(codes: ConcernCodes) -> Mapping[str, Mapping[str, str]]:
    return {
        "kind": codes.kinds, "signs": codes.signs, "extremism_form": codes.extremism_forms,
        "extremism_weight": EXTREMISM_WEIGHTS,
    }


def _names(value: object, ids: set[str]) -> bool:
    return isinstance(value, UUID | str) and str(value) in ids


def _document(text: str) -> Any:  # noqa: ANN401 - a signed document is JSON
    if not text.startswith("{"):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
