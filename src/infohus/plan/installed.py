"""What the loaded plans make of this installation: its infohuse, their authorities and who has a tovholder.

Read at start, to tell an operator what does not fit together. Decides nothing about a case.
"""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.model import Authority, Coordinator, Infohus, InfohusAuthority
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.database.statements import compiled
from infohus.kernel.identity.caller import AuthorityKind

_INFOHUSE = sa.select(Infohus.id, Infohus.name, Infohus.municipality_id, Infohus.police_id).order_by(Infohus.name)
_AUTHORITIES = (
    sa.select(Authority.id, Authority.kind)
    .where(Authority.id.in_(sa.select(InfohusAuthority.authority_id)))
    .order_by(Authority.id)
)
_TAKING_PART = sa.select(InfohusAuthority.infohus_id, InfohusAuthority.authority_id).order_by(
    InfohusAuthority.authority_id
)
_COORDINATORS = sa.select(Coordinator.infohus_id, Coordinator.authority_id)


@dataclass(frozen=True, slots=True)
class InstalledInfohus:
    """An infohus, its authorities, the two that carry it, and those of the two that have no tovholder."""

    id: UUID
    name: str
    authorities: tuple[str, ...]
    carried_by: tuple[str, str]
    without_coordinator: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installed:
    """Every infohus, and every authority of a plan with its kind."""

    infohuse: tuple[InstalledInfohus, ...]
    authorities: dict[str, AuthorityKind]


async def installed(connection: AnyConnection) -> Installed:
    """Read what is installed, as the application's role."""
    rows = await connection.fetch(*compiled(_COORDINATORS).bound())
    has_coordinator = {(row["infohus_id"], row["authority_id"]) for row in rows}
    takes_part = await connection.fetch(*compiled(_TAKING_PART).bound())
    infohuse = []
    for row in await connection.fetch(*compiled(_INFOHUSE).bound()):
        carried_by = (row["municipality_id"], row["police_id"])
        without = tuple(one for one in carried_by if (row["id"], one) not in has_coordinator)
        taking_part = tuple(one["authority_id"] for one in takes_part if one["infohus_id"] == row["id"])
        infohuse.append(InstalledInfohus(row["id"], row["name"], taking_part, carried_by, without))
    authorities = await connection.fetch(*compiled(_AUTHORITIES).bound())
    return Installed(tuple(infohuse), {row["id"]: AuthorityKind(row["kind"]) for row in authorities})
