"""The routes of the network's material."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from infohus.kernel.access.model import Infohus
from infohus.kernel.answers.pages import NIL, After, Limit, Page, page_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.plan.network.model import NetworkMaterial
from infohus.plan.network.operations import (
    MATERIAL_BY_ID,
    NetworkMaterialDraft,
    NetworkMaterialView,
    add_material,
    materials,
)

MATERIALS = "/infohuse/{infohus_id:uuid}/network-materials"


@get(MATERIALS, operation_id="ListNetworkMaterials")
async def list_materials(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope], after: After = NIL, limit: Limit = 50,
) -> Page[NetworkMaterialView]:
    """List the network's material: general knowledge, nothing of a person or a case."""
    async with request_scope.begin(Action.READ_INFOHUS, Infohus, infohus_id) as work:
        views = await materials(work, after=after, limit=limit + 1)
        return page_of(views, [view.id for view in views], limit=limit)


@post(MATERIALS, operation_id="AddNetworkMaterial")
async def add(
    infohus_id: FromPath[UUID], data: JSONBody[NetworkMaterialDraft], idempotent_scope: NamedDependency[RequestScope],
) -> NetworkMaterialView:
    """Add material; one that names a CPR number, a case number or the id of anything is refused (rule 25)."""
    async with idempotent_scope.begin(Action.ADD_NETWORK_MATERIAL, Infohus, infohus_id) as work:
        return NetworkMaterialView.of(await work.earlier(NetworkMaterial, MATERIAL_BY_ID) or add_material(work, data))


handlers = [list_materials, add]
