"""The tool's structure as a template. One with a number, a weight, a level or a colour is refused (rule 38)."""

import hashlib
import re
import tomllib
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from infohus import errors

CURRENT = Path(__file__).parent / "template-cdie-1.toml"
COUNTING = frozenset({
    "score", "scoring", "weight", "vægt", "vaegt", "level", "niveau", "colour", "color", "farve", "point", "sum",
    "total", "threshold", "tærskel", "taerskel", "grænse", "graense", "scale", "skala", "rank", "rang",
    "rating", "grade", "karakter", "antal", "number", "percent", "procent", "trafiklys", "traffic",
})
"""What no name of a field may contain: so `risk_level` and `risikoScore` are found as well."""
WORDS_THAT_COUNT = frozenset({
    "score", "scores", "scoren", "risikoscore", "vægt", "vægtning", "weight", "point", "points", "pointtal", "niveau",
    "risikoniveau", "trusselsniveau", "level", "skala", "skalaen", "scale", "farvekode", "trafiklys", "rating",
})
"""What no text may contain as a whole word."""
GRADES = frozenset({
    "rød", "gul", "grøn", "orange", "red", "yellow", "green", "amber", "høj", "højt", "mellem", "middel", "lav", "lavt",
    "high", "medium", "low", "ja", "nej", "true", "false",
})
"""What no text may consist of: a colour, a level, or yes or no."""
_NUMBER = re.compile(r"[\d\s.,;:%/<>=+–-]*\d[\d\s.,;:%/<>=+–-]*")
_WORD = re.compile(r"\w+")
STEPS, INSTRUMENTS, DIMENSIONS = 3, 4, 9
"""How the tool is built. Source: CDIE's public description (rule 36)."""

Slug = Annotated[str, Meta(pattern="^[a-z_]{1,60}$")]
Words = Annotated[str, Meta(min_length=1, max_length=2_000)]


class TemplateNotUsable(Exception):  # noqa: N818 - names the situation
    """A file is no template of the tool; the text says what is wrong."""


class Side(StrEnum):
    """The two things an assessment must look at."""

    RISK_AND_THREAT = "risk_and_threat"
    WELLBEING_AND_RESILIENCE = "wellbeing_and_resilience"


class TemplateStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the tool's steps with its instruments."""

    id: Slug
    name: Words
    instruments: list[Words]


class Dimension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the tool's dimensions."""

    id: Slug
    side: Side
    name: Words


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A version of the tool's structure."""

    id: Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    name: Words
    source: Words
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
        TemplateScores: it declares a number, a level or a colour, or a field that counts; with its place.
        TemplateNotUsable: it is not a template of the tool.
    """
    try:
        raw = tomllib.loads(document)
        _refuse_counting(raw, place="")
        template = msgspec.convert(raw, Template)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as refused:
        raise TemplateNotUsable(str(refused)) from None
    shape = (len(template.step), sum(len(step.instruments) for step in template.step), len(template.dimension))
    if shape != (STEPS, INSTRUMENTS, DIMENSIONS):
        message = f"steps, instruments and dimensions are {shape}, not {(STEPS, INSTRUMENTS, DIMENSIONS)}"
        raise TemplateNotUsable(message)
    if len({one.id for one in template.dimension}) != DIMENSIONS or {one.side for one in template.dimension} != {*Side}:
        message = "two dimensions have the same id, or a side has none"
        raise TemplateNotUsable(message)
    return template


def _refuse_counting(part: Any, *, place: str) -> None:  # noqa: ANN401 - any TOML value
    if isinstance(part, dict):
        for name, value in part.items():
            inner = f"{place}.{name}" if place else name
            if any(counted in name.casefold() for counted in COUNTING):
                raise errors.TemplateScores(field=inner)
            _refuse_counting(value, place=inner)
    elif isinstance(part, list):
        for number, value in enumerate(part, start=1):
            _refuse_counting(value, place=f"{place}[{number}]")
    elif not isinstance(part, str) or _counts(part):
        raise errors.TemplateScores(field=place)


def _counts(text: str) -> bool:
    plain = text.strip().casefold()
    return bool(_NUMBER.fullmatch(plain)) or plain in GRADES or not WORDS_THAT_COUNT.isdisjoint(_WORD.findall(plain))


@lru_cache(maxsize=1)
def current_template() -> Template:
    """Give the template that ships with the system."""
    return read_template(CURRENT.read_text(encoding="utf-8"))
