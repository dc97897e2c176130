"""Add material of the network and list it. A text with a CPR number, a case number or an id is refused (rule 25)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.kernel.requests.words import Reason, label
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.plan.network.model import NetworkMaterial
from infohus.plan.network.naming import named_in
from infohus.plan.network.refusals import NetworkMaterialNamesSomebody

MATERIAL_BY_ID = sa.select(NetworkMaterial).where(NetworkMaterial.id == sa.bindparam("id"))
_MATERIALS = (
    sa.select(NetworkMaterial)
    .where(
        NetworkMaterial.infohus_id == sa.bindparam("infohus_id"),
        NetworkMaterial.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(NetworkMaterial.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)


class NetworkMaterialDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Knowledge in general terms. There is no field for a person or a case, and there shall be none."""

    title: Annotated[str, label(200)]
    text: Reason


class NetworkMaterialView(msgspec.Struct, frozen=True):
    """Material of the network."""

    id: UUID
    title: str
    text: str
    added_at: datetime

    @classmethod
    def of(cls, material: NetworkMaterial) -> "NetworkMaterialView":
        """Show material."""
        return cls(material.id, material.title, material.text, material.added_at)


def add_material(work: UnitOfWork, draft: NetworkMaterialDraft) -> NetworkMaterial:
    """Add material to the network.

    Raises:
        NetworkMaterialNamesSomebody: naming the field and never what stands in it (rule 25).
    """
    for field, text in (("title", draft.title), ("text", draft.text)):
        if named_in(text):
            raise NetworkMaterialNamesSomebody(field=field)
    # A number may begin in the title and end in the text.
    if named_in(f"{draft.title} {draft.text}"):
        raise NetworkMaterialNamesSomebody(field="title")
    material = work.add(NetworkMaterial(
        infohus_id=work.infohus.id, title=draft.title, text=draft.text, added_at=work.now
    ))
    work.done(material.id)
    return material


async def materials(work: UnitOfWork, *, after: UUID, limit: int) -> list[NetworkMaterialView]:
    """List the network's material of the infohus, oldest first."""
    rows = await work.rows(NetworkMaterial, _MATERIALS, infohus_id=work.infohus.id, after=after, limit=limit)
    return [NetworkMaterialView.of(material) for material in rows]
