"""Put a plan into the database, as its owner: authorities, the infohus, the plan's version, what it promises, the logs.

One transaction and idempotent: the same plan twice changes nothing, a changed plan is a new version. Coordinators and
keys are not the plan's; they come from whoever sets the installation up.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from infohus.kernel.access.model import Authority, Infohus, InfohusAuthority, LoadedPlan
from infohus.kernel.audit.storage.log import OPEN_UNLESS_OPEN, AnyConnection
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import compiled, insert_of, insert_unless_there_of, table_of, update_of
from infohus.kernel.database.tables import new_id
from infohus.kernel.identity.caller import AuthorityKind
from infohus.kernel.unit_of_work.lookup import INSTALLATION_LOG
from infohus.plan.document import AuthorityOfPlan, PlanDocument, PlanNotUsable
from infohus.plan.obligations import put_obligations
from infohus.plan.owner_acts import leave_entry

NATIONAL = frozenset({AuthorityKind.PROBATION, AuthorityKind.SECURITY_SERVICE})
"""Kinds of which the country has one, so that two plans mean the same authority by the same name."""

_ALONE = "LOCK TABLE infohus.infohus IN SHARE ROW EXCLUSIVE MODE"
"""Two loaders at once would both find nothing and both insert; readers are not held up."""

_INFOHUS_ID = sa.bindparam("infohus_id", type_=sa.Uuid)
_INFOHUS_OF = (
    sa.select(Infohus)
    .where((Infohus.id == _INFOHUS_ID) | (Infohus.municipality_id == sa.bindparam("municipality_id")))
    .order_by((Infohus.id == _INFOHUS_ID).desc())
)
_NAMED_SO = sa.select(Infohus.id).where(Infohus.name == sa.bindparam("name"), Infohus.id != _INFOHUS_ID)
_ORIGIN = sa.select(Infohus.log_origin).where(Infohus.id == _INFOHUS_ID)
_OF_AUTHORITY = sa.exists().where(InfohusAuthority.authority_id == Authority.id)
_KNOWN_AUTHORITY = sa.select(
    Authority.kind, Authority.regime,
    _OF_AUTHORITY.where(InfohusAuthority.infohus_id == _INFOHUS_ID).label("is_ours"),
    _OF_AUTHORITY.where(InfohusAuthority.infohus_id != _INFOHUS_ID).label("is_others"),
).where(Authority.id == sa.bindparam("authority_id"))
_INSERT_AUTHORITY = postgresql.insert(table_of(Authority))
_PUT_AUTHORITY = _INSERT_AUTHORITY.on_conflict_do_update(
    index_elements=[Authority.id],
    set_={name: _INSERT_AUTHORITY.excluded[name] for name in ("name", "public_task_sector")},
)
_DROP_OTHERS = sa.delete(InfohusAuthority).where(
    InfohusAuthority.infohus_id == _INFOHUS_ID,
    InfohusAuthority.authority_id != sa.all_(sa.bindparam("authority_ids", type_=sa.ARRAY(sa.Text))),
)
_LATEST = (
    sa.select(LoadedPlan.version, LoadedPlan.digest)
    .where(LoadedPlan.infohus_id == _INFOHUS_ID)
    .order_by(LoadedPlan.version.desc())
    .limit(1)
)


async def load_plan(
    owner_connection: AnyConnection, document: PlanDocument, *, infohus_id: UUID | None = None,
    clock: Callable[[], datetime],
) -> UUID:
    """Load a plan as the role `infohus_owner`; returns the infohus' id, which is also its audit log's.

    Without `infohus_id` the infohus is the municipality's own, and a new one when it has none.

    Raises:
        PlanNotUsable: the plan contradicts what is loaded already. Nothing is changed.
    """
    async with owner_connection.transaction():
        await owner_connection.execute(_ALONE)
        await owner_connection.execute(OPEN_UNLESS_OPEN, INSTALLATION_LOG, f"infohus/installation/{new_id()}")
        known_id = await _known_infohus(owner_connection, document, infohus_id)
        settled_id = known_id or infohus_id or new_id()
        await _require_own_name(owner_connection, document, settled_id)
        latest = await owner_connection.fetchrow(*compiled(_LATEST).bound(infohus_id=settled_id))
        if latest is None or latest["digest"] != document.digest():
            await _put_authorities(owner_connection, document.authorities, settled_id)
            await _put_infohus(owner_connection, document, settled_id, is_new=known_id is None)
            version = 1 if latest is None else latest["version"] + 1
            await put_obligations(owner_connection, document, settled_id)
            await _put_version(owner_connection, document, infohus_id=settled_id, version=version, at=clock())
        origin = await owner_connection.fetchval(*compiled(_ORIGIN).bound(infohus_id=settled_id))
        await owner_connection.execute(OPEN_UNLESS_OPEN, settled_id, origin)
    return settled_id


async def _put_version(
    connection: AnyConnection, document: PlanDocument, *, infohus_id: UUID, version: int, at: datetime
) -> None:
    digest = document.digest()
    await connection.execute(*insert_of(LoadedPlan).bound(
        infohus_id=infohus_id, version=version, document=msgspec.to_builtins(document), digest=digest, loaded_at=at,
    ))
    await leave_entry(
        connection, Action.LOAD_PLAN, infohus_id=infohus_id, table="plan",
        written=(infohus_id, version, digest.hex(), at), purpose=f"plan-version-{version}",
        justification=f"sha256:{digest.hex()}", at=at,
    )


async def _known_infohus(connection: AnyConnection, document: PlanDocument, infohus_id: UUID | None) -> UUID | None:
    """Find the infohus the plan is for, and refuse a plan for another one than is loaded."""
    asking = compiled(_INFOHUS_OF).bound(infohus_id=infohus_id, municipality_id=document.municipality_id)
    rows = await connection.fetch(*asking)
    if not rows:
        return None
    if len(rows) > 1 or (infohus_id is not None and rows[0]["id"] != infohus_id):
        raise PlanNotUsable(place="infohus", what=f"`{document.municipality_id}` has another infohus already")
    row = rows[0]
    if row["municipality_id"] != document.municipality_id:
        raise PlanNotUsable(place="authority", what=f"this infohus is `{row['municipality_id']}`'s")
    if row["police_id"] != document.police_id:
        # Its cases hold keys and records of the old district: another district is another infohus.
        what = f"this infohus is with `{row['police_id']}`; it cannot change police district"
        raise PlanNotUsable(place="authority", what=what)
    known_id: UUID = row["id"]
    return known_id


async def _require_own_name(connection: AnyConnection, document: PlanDocument, infohus_id: UUID) -> None:
    if await connection.fetchrow(*compiled(_NAMED_SO).bound(name=document.infohus.name, infohus_id=infohus_id)):
        raise PlanNotUsable(place="infohus.name", what=f"another infohus is called `{document.infohus.name}`")


async def _put_authorities(
    connection: AnyConnection, authorities: tuple[AuthorityOfPlan, ...], infohus_id: UUID
) -> None:
    for authority in authorities:
        asking = compiled(_KNOWN_AUTHORITY).bound(authority_id=authority.id, infohus_id=infohus_id)
        known = await connection.fetchrow(*asking)
        if known is not None:
            if (known["kind"], known["regime"]) != (authority.kind.value, authority.regime.value):
                what = f"is known as kind `{known['kind']}` under `{known['regime']}`; neither can change"
                raise PlanNotUsable(place=authority.id, what=what)
            is_made_up = not authority.is_named and authority.kind not in NATIONAL
            if is_made_up and known["is_others"] and not known["is_ours"]:
                # One authority has one set of keys: two regions' psychiatry must not become one by their names.
                what = "another plan has one of this name; say with an `id` which is meant"
                raise PlanNotUsable(place=authority.id, what=what)
        await connection.execute(*compiled(_PUT_AUTHORITY).bound(
            id=authority.id, name=authority.name, kind=authority.kind, regime=authority.regime,
            public_task_sector=authority.public_task_sector,
        ))


async def _put_infohus(
    connection: AnyConnection, document: PlanDocument, infohus_id: UUID, *, is_new: bool
) -> None:
    infohus = document.infohus
    if is_new:
        await connection.execute(*insert_of(Infohus).bound(
            id=infohus_id, name=infohus.name, municipality_id=document.municipality_id, police_id=document.police_id,
            cooperation_form=infohus.cooperation_form, log_origin=f"infohus/{document.municipality_id}/{infohus_id}",
        ))
    else:
        renaming = update_of(Infohus, ("cooperation_form", "name"))
        await connection.execute(*renaming.bound(
            primary_key_id=infohus_id, name=infohus.name, cooperation_form=infohus.cooperation_form
        ))
    ids = [authority.id for authority in document.authorities]
    for authority_id in ids:
        joining = insert_unless_there_of(InfohusAuthority)
        await connection.execute(*joining.bound(infohus_id=infohus_id, authority_id=authority_id))
    await connection.execute(*compiled(_DROP_OTHERS).bound(infohus_id=infohus_id, authority_ids=ids))
