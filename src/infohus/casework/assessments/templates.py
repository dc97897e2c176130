"""Which template an infohus uses: the one that ships with the system, or its own, loaded from a file by the owner.

An assessment keeps the digest of the template it was opened with, and goes on with that one (rule 41).
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.casework.assessments.model import Assessment, LoadedTemplate
from infohus.casework.assessments.template import Template, TemplateNotUsable, current_template, read_template
from infohus.kernel.access.model import Infohus
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import compiled
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.plan.owner_acts import append_owner_entries
from infohus.plan.owner_writes import OwnerWrites

SHIPPED = 0
"""The version of the template that ships with the system."""

_LATEST = (
    sa.select(LoadedTemplate)
    .where(LoadedTemplate.infohus_id == sa.bindparam("infohus_id"))
    .order_by(LoadedTemplate.version.desc())
    .limit(1)
)
_BY_DIGEST = (
    sa.select(LoadedTemplate)
    .where(LoadedTemplate.infohus_id == sa.bindparam("infohus_id"), LoadedTemplate.digest == sa.bindparam("digest"))
    .limit(1)
)
_LOCK_INFOHUS = (
    sa.select(Infohus.municipality_id, Infohus.police_id)
    .where(Infohus.id == sa.bindparam("infohus_id"))
    .with_for_update()
)
"""Without the row lock two loaders at once would give two templates the same version."""


class TemplateView(msgspec.Struct, frozen=True):
    """The template in force: version 0 ships with the system. `digest` is 64 hexadecimal digits."""

    version: int
    digest: str
    loaded_at: datetime | None
    template: Template


async def load_template(
    owner_connection: AnyConnection, document: str, *, infohus_id: UUID, clock: Callable[[], datetime]
) -> int:
    """Load a template for an infohus as the role `infohus_owner`; gives its version. The same again changes nothing.

    Raises:
        TemplateScores, TemplateNotUsable: and nothing is changed.
    """
    template = read_template(document)
    async with owner_connection.transaction():
        infohus = await owner_connection.fetchrow(*compiled(_LOCK_INFOHUS).bound(infohus_id=infohus_id))
        if infohus is None:
            message = f"there is no infohus {infohus_id}"
            raise TemplateNotUsable(message)
        latest = await owner_connection.fetchrow(*compiled(_LATEST).bound(infohus_id=infohus_id))
        version: int = latest["version"] if latest else SHIPPED
        if latest is None or latest["digest"] != template.digest():
            version += 1
            writes, at = OwnerWrites(owner_connection), clock()
            await writes.insert(
                LoadedTemplate, infohus_id=infohus_id, version=version, document=document, digest=template.digest(),
                loaded_at=at,
            )
            await append_owner_entries(
                owner_connection, Action.LOAD_TEMPLATE, concerns=(infohus["municipality_id"], infohus["police_id"]),
                infohus_id=infohus_id, wrote=writes.wrote,
                justification=f"sha256:{template.digest().hex()}", at=at,
            )
    return version


async def template_in_force(work: UnitOfWork) -> TemplateView:
    """Give the template that the infohus opens the tool with now."""
    loaded = await work.row(LoadedTemplate, _LATEST, infohus_id=work.infohus_id)
    if loaded is None:
        return TemplateView(SHIPPED, current_template().digest().hex(), None, current_template())
    return TemplateView(loaded.version, loaded.digest.hex(), loaded.loaded_at, read_template(loaded.document))


async def template_of(work: UnitOfWork, assessment: Assessment) -> Template:
    """Give the template that an assessment was opened with."""
    if assessment.template_digest == current_template().digest():
        return current_template()
    loaded = await work.row(
        LoadedTemplate, _BY_DIGEST, infohus_id=work.infohus_id, digest=assessment.template_digest
    )
    assert loaded is not None  # noqa: S101 - no role of the application can delete a loaded template
    return read_template(loaded.document)
