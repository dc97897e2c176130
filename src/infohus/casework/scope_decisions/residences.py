"""Bopæl: is the infohus that of the subject's home municipality, and its police those that cover it (rule 21)?

A mismatch is a warning and refuses nothing: people move, and the two tovholdere weigh who is nearest.
"""

import tomllib
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from infohus import errors
from infohus.cases.persons.known_to import not_known_to, persons_seen
from infohus.cases.persons.refusals import PersonNotKnownToRecipients
from infohus.casework.scope_decisions.model import UNKNOWN_HOME, Residence, ScopeContent
from infohus.danish import WARNINGS
from infohus.kernel.access.model import Authority, Infohus
from infohus.kernel.unit_of_work.unit import UnitOfWork

_TABLE = Path(__file__).parent / "municipalities.toml"
_KINDS_OF_MUNICIPALITY = (" regionskommune", " kommune")


class Municipality(msgspec.Struct, frozen=True):
    """A municipality: its official three digits, its name, and its police district where a public source says it."""

    code: str
    name: str
    police_district: str | None


class District(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A police district, the municipalities it is known to cover, and who says so."""

    name: str
    source: str
    municipalities: list[int]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    district: list[District]
    municipality: dict[str, str]


_municipality, _police = aliased(Authority), aliased(Authority)
_TWO_AUTHORITIES = (
    sa.select(_municipality.name.label("municipality"), _police.name.label("police"))
    .select_from(Infohus)
    .join(_municipality, _municipality.id == Infohus.municipality_id)
    .join(_police, _police.id == Infohus.police_id)
    .where(Infohus.id == sa.bindparam("id"))
)


@cache
def municipalities() -> tuple[Municipality, ...]:
    """Read the table of municipalities, by code."""
    table = msgspec.convert(tomllib.loads(_TABLE.read_text(encoding="utf-8")), _Table)
    district_of = {code: district.name for district in table.district for code in district.municipalities}
    return tuple(
        Municipality(code, name, district_of.get(int(code))) for code, name in sorted(table.municipality.items())
    )


def municipality_of(text: str) -> Municipality | None:
    """Find a municipality by code (`183`, `0183`) or name (`Ishøj`, `Københavns Kommune`); `None` when unknown."""
    key = _key(text)
    by_key = {_key(one.name): one for one in municipalities()} | {one.code: one for one in municipalities()}
    return by_key.get(key) or by_key.get(key.lstrip("0")) or by_key.get(key.removesuffix("s")) or by_key.get(f"{key}s")


def residence_warnings(home: str, *, municipality: str, police: str) -> list[str]:
    """Compare a home municipality with the names of an infohus' two authorities; in Danish, empty when they match."""
    if home == UNKNOWN_HOME:
        return [WARNINGS["home-unknown"]]
    theirs, ours = municipality_of(home), municipality_of(municipality)
    name = theirs.name if theirs else home
    covering = theirs.police_district if theirs else None
    is_ours = theirs == ours if theirs or ours else _key(home) == _key(municipality)
    facts = {"home": name, "municipality": municipality, "police": police, "covering": covering}
    warnings = [] if is_ours else [WARNINGS["home-elsewhere"]]
    if covering is not None and _key(covering) != _key(police):
        warnings.append(WARNINGS["district-elsewhere"])
    if covering is None and not is_ours:
        warnings.append(WARNINGS["district-unknown"])
    return [warning.format_map(facts) for warning in warnings]


async def warnings_on(work: UnitOfWork, content: ScopeContent) -> list[str]:
    """Say where the residences in a scope decision do not fit the infohus, or are not stated."""
    names = (await work.values(_TWO_AUTHORITIES, id=work.infohus_id))[0]
    warnings = [
        warning
        for residence in content.residences
        for warning in residence_warnings(
            residence.home_municipality, municipality=names["municipality"], police=names["police"]
        )
    ]
    if {one.id for one in await persons_seen(work)} - _named(content.residences):
        warnings.append(WARNINGS["home-not-stated"])
    return list(dict.fromkeys(warnings))


async def require_known_residents(
    work: UnitOfWork, residences: Sequence[Residence], recipients: Collection[str]
) -> None:
    """Refuse a residence of somebody who is no person of the case, or whom not each recipient knows (rules 44 and 109).

    A residence tells that there is such a person, and where they live.

    Raises:
        NotAvailable: a person is unknown or hidden; the answer is the same.
        PersonNotKnownToRecipients: the caller's authority has not told each recipient of the person.
    """
    if not (named := _named(residences)):
        return
    persons = [one for one in await persons_seen(work) if one.id in named]
    if len(persons) != len(named):
        raise errors.NotAvailable(field="content.residences")
    if await not_known_to(work, persons, recipients):
        raise PersonNotKnownToRecipients(field="content.residences")


def _named(residences: Sequence[Residence]) -> set[UUID]:
    return {residence.subject_id for residence in residences}


def _key(name: str) -> str:
    plain = " ".join(name.casefold().replace("å", "aa").replace("-", " ").split())
    for kind in _KINDS_OF_MUNICIPALITY:
        plain = plain.removesuffix(kind)
    return plain
