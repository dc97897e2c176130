"""Put a plan into the database, as its owner: authorities, the infohus, the plan's version, what it promises, the logs.

One transaction and idempotent: the same plan twice changes nothing, a changed plan is a new version. Coordinators and
keys are not the plan's; they come from whoever sets the installation up.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.authorization.action import Action
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

_INFOHUS_OF = """
SELECT id, municipality_id, police_id FROM infohus.infohus WHERE id = $1 OR municipality_id = $2 ORDER BY id = $1 DESC
"""
_NAMED_SO = "SELECT id FROM infohus.infohus WHERE name = $1 AND id <> $2"
_INSERT_INFOHUS = """
INSERT INTO infohus.infohus (id, name, municipality_id, police_id, cooperation_form, log_origin)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_UPDATE_INFOHUS = "UPDATE infohus.infohus SET name = $2, cooperation_form = $3 WHERE id = $1"
_KNOWN_AUTHORITY = """
SELECT a.kind, a.regime,
  EXISTS (SELECT FROM infohus.infohus_authority o WHERE o.authority_id = a.id AND o.infohus_id = $2) AS is_ours,
  EXISTS (SELECT FROM infohus.infohus_authority o WHERE o.authority_id = a.id AND o.infohus_id <> $2) AS is_others
FROM infohus.authority a WHERE a.id = $1
"""
_PUT_AUTHORITY = """
INSERT INTO infohus.authority (id, name, kind, regime, public_task_sector) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, public_task_sector = excluded.public_task_sector
"""
_PUT_INFOHUS_AUTHORITY = """
INSERT INTO infohus.infohus_authority (infohus_id, authority_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""
_DROP_OTHERS = "DELETE FROM infohus.infohus_authority WHERE infohus_id = $1 AND authority_id <> ALL ($2::text[])"
_LATEST = "SELECT version, digest FROM infohus.plan WHERE infohus_id = $1 ORDER BY version DESC LIMIT 1"
_INSERT_PLAN = """
INSERT INTO infohus.plan (infohus_id, version, document, digest, loaded_at) VALUES ($1, $2, $3::text::jsonb, $4, $5)
"""
_OPEN_LOG = """
SELECT audit.open_log(i.id, i.log_origin) FROM infohus.infohus i
WHERE i.id = $1 AND NOT EXISTS (SELECT FROM audit.log l WHERE l.id = i.id)
"""
_OPEN_INSTALLATION_LOG = "SELECT audit.open_log($1, $2) WHERE NOT EXISTS (SELECT FROM audit.log WHERE id = $1)"


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
        await owner_connection.execute(_OPEN_INSTALLATION_LOG, INSTALLATION_LOG, f"infohus/installation/{new_id()}")
        known_id = await _known_infohus(owner_connection, document, infohus_id)
        settled_id = known_id or infohus_id or new_id()
        await _require_own_name(owner_connection, document, settled_id)
        latest = await owner_connection.fetchrow(_LATEST, settled_id)
        if latest is None or latest["digest"] != document.digest():
            await _put_authorities(owner_connection, document.authorities, settled_id)
            await _put_infohus(owner_connection, document, settled_id, is_new=known_id is None)
            version = 1 if latest is None else latest["version"] + 1
            await put_obligations(owner_connection, document, settled_id)
            await _put_version(owner_connection, document, infohus_id=settled_id, version=version, at=clock())
        await owner_connection.execute(_OPEN_LOG, settled_id)
    return settled_id


async def _put_version(
    connection: AnyConnection, document: PlanDocument, *, infohus_id: UUID, version: int, at: datetime
) -> None:
    values = (infohus_id, version, document.encoded().decode(), document.digest(), at)
    await connection.execute(_INSERT_PLAN, *values)
    await leave_entry(
        connection, Action.LOAD_PLAN, infohus_id=infohus_id, table="plan", written=(*values[:2], values[3].hex(), at),
        purpose=f"plan-version-{version}", justification=f"sha256:{document.digest().hex()}", at=at,
    )


async def _known_infohus(connection: AnyConnection, document: PlanDocument, infohus_id: UUID | None) -> UUID | None:
    """Find the infohus the plan is for, and refuse a plan for another one than is loaded."""
    rows = await connection.fetch(_INFOHUS_OF, infohus_id, document.municipality_id)
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
    if await connection.fetchrow(_NAMED_SO, document.infohus.name, infohus_id):
        raise PlanNotUsable(place="infohus.name", what=f"another infohus is called `{document.infohus.name}`")


async def _put_authorities(
    connection: AnyConnection, authorities: tuple[AuthorityOfPlan, ...], infohus_id: UUID
) -> None:
    for authority in authorities:
        known = await connection.fetchrow(_KNOWN_AUTHORITY, authority.id, infohus_id)
        if known is not None:
            if (known["kind"], known["regime"]) != (authority.kind.value, authority.regime.value):
                what = f"is known as kind `{known['kind']}` under `{known['regime']}`; neither can change"
                raise PlanNotUsable(place=authority.id, what=what)
            is_made_up = not authority.is_named and authority.kind not in NATIONAL
            if is_made_up and known["is_others"] and not known["is_ours"]:
                # One authority has one set of keys: two regions' psychiatry must not become one by their names.
                what = "another plan has one of this name; say with an `id` which is meant"
                raise PlanNotUsable(place=authority.id, what=what)
        await connection.execute(
            _PUT_AUTHORITY, authority.id, authority.name, authority.kind.value, authority.regime.value,
            authority.public_task_sector,
        )


async def _put_infohus(
    connection: AnyConnection, document: PlanDocument, infohus_id: UUID, *, is_new: bool
) -> None:
    infohus = document.infohus
    if is_new:
        await connection.execute(
            _INSERT_INFOHUS, infohus_id, infohus.name, document.municipality_id, document.police_id,
            infohus.cooperation_form, f"infohus/{document.municipality_id}/{infohus_id}",
        )
    else:
        await connection.execute(_UPDATE_INFOHUS, infohus_id, infohus.name, infohus.cooperation_form)
    ids = [authority.id for authority in document.authorities]
    await connection.executemany(_PUT_INFOHUS_AUTHORITY, [(infohus_id, one) for one in ids])
    await connection.execute(_DROP_OTHERS, infohus_id, ids)
