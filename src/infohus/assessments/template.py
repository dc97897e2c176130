"""The tool's structure as a versioned template. A template that counts, weighs or colours is refused (rule 38)."""

import hashlib
import tomllib
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from infohus import errors

CURRENT = Path(__file__).parent / "template-cdie-1.toml"
COUNTING = frozenset({"score", "weight", "level", "colour", "color", "points", "sum", "threshold", "scale", "rank"})


class Side(StrEnum):
    """The two things an assessment must look at."""

    RISK_AND_THREAT = "risk_and_threat"
    WELLBEING_AND_RESILIENCE = "wellbeing_and_resilience"


class TemplateStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the tool's steps with its instruments."""

    id: str
    name: str
    instruments: list[str]


class Dimension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the tool's dimensions."""

    id: str
    side: Side
    name: str


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A version of the tool's structure."""

    id: str
    name: str
    source: str
    step: list[TemplateStep]
    dimension: list[Dimension]

    def digest(self) -> bytes:
        """Hash what the template says, however its file is laid out: SHA-256, 32 bytes."""
        return hashlib.sha256(msgspec.json.encode(self)).digest()

    def side_of(self, dimension_id: str) -> Side:
        """Say which side a dimension belongs to.

        Raises:
            UnknownDimension: the template has no such dimension.
        """
        for dimension in self.dimension:
            if dimension.id == dimension_id:
                return dimension.side
        raise errors.UnknownDimension(dimensions=", ".join(one.id for one in self.dimension))


def read_template(document: str) -> Template:
    """Read a template from TOML.

    Raises:
        TemplateScores: it declares a number, or a field that counts.
        msgspec.ValidationError: it is not a template.
    """
    raw = tomllib.loads(document)
    _refuse_counting(raw, place="skabelonen")
    return msgspec.convert(raw, Template)


def _refuse_counting(part: Any, *, place: str) -> None:  # noqa: ANN401 - any TOML value
    if isinstance(part, dict):
        for name, value in part.items():
            if name.lower() in COUNTING:
                raise errors.TemplateScores(field=name)
            _refuse_counting(value, place=name)
    elif isinstance(part, list):
        for value in part:
            _refuse_counting(value, place=place)
    elif not isinstance(part, str):
        raise errors.TemplateScores(field=place)


@lru_cache(maxsize=1)
def current_template() -> Template:
    """Give the template that ships with the system."""
    return read_template(CURRENT.read_text(encoding="utf-8"))
