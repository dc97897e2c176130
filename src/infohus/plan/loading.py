"""Load a plan as the database role `infohus_owner`: authorities and their logs, infohus, version and obligations.

One transaction and idempotent: the same plan twice changes nothing, a changed plan is a new version. Coordinators and
keys are no part of a plan; whoever sets the installation up adds them.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa

from infohus.kernel.access.model import Authority, Infohus, InfohusAuthority, LoadedPlan
from infohus.kernel.audit.storage.log import INSTALLATION_LOG, OPEN_UNLESS_OPEN, AnyConnection, log_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import compiled
from infohus.kernel.database.tables import new_id
from infohus.kernel.identity.caller import AuthorityKind
from infohus.plan.document import AuthorityOfPlan, PlanDocument
from infohus.plan.obligations import put_obligations
from infohus.plan.owner_acts import append_owner_entries
from infohus.plan.owner_writes import OwnerWrites
from infohus.plan.reading import PlanNotUsable

NATIONAL = frozenset({AuthorityKind.PROBATION, AuthorityKind.SECURITY_SERVICE})
"""Kinds of authority of which there is one in the country: the same name in two plans is the same authority."""

_LOCK_INFOHUS = "LOCK TABLE infohus.infohus IN SHARE ROW EXCLUSIVE MODE"
"""Without the lock two loaders at once would both find no infohus and both insert one; readers do not wait."""

_INFOHUS_ID = sa.bindparam("infohus_id", type_=sa.Uuid)
_INFOHUS_OF = (
    sa.select(Infohus)
    .where((Infohus.id == _INFOHUS_ID) | (Infohus.municipality_id == sa.bindparam("municipality_id")))
    .order_by((Infohus.id == _INFOHUS_ID).desc())
)
_OTHER_OF_SAME_NAME = sa.select(Infohus.id).where(Infohus.name == sa.bindparam("name"), Infohus.id != _INFOHUS_ID)
_OF_AUTHORITY = sa.exists().where(InfohusAuthority.authority_id == Authority.id)
_STORED_AUTHORITY = sa.select(Authority).where(Authority.id == sa.bindparam("authority_id"))
_AUTHORITY_OF = sa.select(
    _OF_AUTHORITY.where(InfohusAuthority.infohus_id == _INFOHUS_ID).label("is_ours"),
    _OF_AUTHORITY.where(InfohusAuthority.infohus_id != _INFOHUS_ID).label("is_others"),
).where(Authority.id == sa.bindparam("authority_id"))
_AUTHORITIES_OF_INFOHUS = (
    sa.select(InfohusAuthority)
    .where(InfohusAuthority.infohus_id == _INFOHUS_ID)
    .order_by(InfohusAuthority.authority_id)
)
_STORED_INFOHUS = sa.select(Infohus).where(Infohus.id == _INFOHUS_ID)
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
    """Load a plan as the role `infohus_owner`; returns the infohus' id. Opens the log of each authority.

    Without `infohus_id` the infohus is the municipality's own, and a new one when it has none.

    Raises:
        PlanNotUsable: the plan contradicts what is loaded already. Nothing is changed.
    """
    async with owner_connection.transaction():
        await owner_connection.execute(_LOCK_INFOHUS)
        await open_logs(owner_connection, [authority.id for authority in document.authorities])
        existing_id = await _existing_infohus(owner_connection, document, infohus_id)
        chosen_id = existing_id or infohus_id or new_id()
        await _require_own_name(owner_connection, document, chosen_id)
        latest = await owner_connection.fetchrow(*compiled(_LATEST).bound(infohus_id=chosen_id))
        if latest is None or latest["digest"] != document.digest():
            writes = OwnerWrites(owner_connection)
            before = await owner_connection.fetch(*compiled(_AUTHORITIES_OF_INFOHUS).bound(infohus_id=chosen_id))
            await _put_authorities(owner_connection, writes, document.authorities, chosen_id)
            await _put_infohus(owner_connection, writes, document, chosen_id)
            version = 1 if latest is None else latest["version"] + 1
            await put_obligations(owner_connection, writes, document, chosen_id)
            await _put_version(
                owner_connection, writes, document, infohus_id=chosen_id, version=version, at=clock(),
                concerns={authority.id for authority in document.authorities} | {row["authority_id"] for row in before},
            )
    return chosen_id


async def open_logs(owner_connection: AnyConnection, authority_ids: Iterable[str]) -> None:
    """Open the installation's log and that of each authority, unless they are open.

    An origin names whose log it is, and ends with a random number: witnesses know a log by its origin, also when they
    serve several installations.
    """
    logs = {INSTALLATION_LOG: None, **{log_of(authority_id): authority_id for authority_id in authority_ids}}
    for log_id, authority_id in logs.items():
        origin = f"infohus/{authority_id or 'installation'}/{new_id()}"
        await owner_connection.execute(OPEN_UNLESS_OPEN, log_id, origin, authority_id)


async def _put_version(  # noqa: PLR0913 - a version, and whom it concerns
    connection: AnyConnection, writes: OwnerWrites, document: PlanDocument, *, infohus_id: UUID, version: int,
    at: datetime, concerns: Iterable[str],
) -> None:
    digest = document.digest()
    await writes.insert(
        LoadedPlan, infohus_id=infohus_id, version=version, document=msgspec.to_builtins(document), digest=digest,
        loaded_at=at,
    )
    await append_owner_entries(
        connection, Action.LOAD_PLAN, concerns=concerns, infohus_id=infohus_id, wrote=writes.wrote,
        justification=f"sha256:{digest.hex()}", at=at,
    )


async def _existing_infohus(connection: AnyConnection, document: PlanDocument, infohus_id: UUID | None) -> UUID | None:
    """Find the id of the infohus that the plan is for; refuse a plan that contradicts what is loaded of it."""
    query = compiled(_INFOHUS_OF).bound(infohus_id=infohus_id, municipality_id=document.municipality_id)
    rows = await connection.fetch(*query)
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
    existing_id: UUID = row["id"]
    return existing_id


async def _require_own_name(connection: AnyConnection, document: PlanDocument, infohus_id: UUID) -> None:
    query = compiled(_OTHER_OF_SAME_NAME).bound(name=document.infohus.name, infohus_id=infohus_id)
    if await connection.fetchrow(*query):
        raise PlanNotUsable(place="infohus.name", what=f"another infohus is called `{document.infohus.name}`")


async def _put_authorities(
    connection: AnyConnection, writes: OwnerWrites, authorities: tuple[AuthorityOfPlan, ...], infohus_id: UUID
) -> None:
    for authority in authorities:
        described = {"name": authority.name, "public_task_sector": authority.public_task_sector}
        stored = await connection.fetchrow(*compiled(_STORED_AUTHORITY).bound(authority_id=authority.id))
        if stored is None:
            await writes.insert(
                Authority, id=authority.id, kind=authority.kind, regime=authority.regime, **described
            )
        else:
            if (stored["kind"], stored["regime"]) != (authority.kind.value, authority.regime.value):
                what = f"is known as kind `{stored['kind']}` under `{stored['regime']}`; neither can change"
                raise PlanNotUsable(place=authority.id, what=what)
            id_is_ambiguous = not authority.is_named and authority.kind not in NATIONAL
            belongs = await connection.fetchrow(
                *compiled(_AUTHORITY_OF).bound(authority_id=authority.id, infohus_id=infohus_id)
            )
            if id_is_ambiguous and belongs and belongs["is_others"] and not belongs["is_ours"]:
                # One authority has one set of keys: two regions' psychiatry must not become one by their names.
                what = "another plan has one of this name; say with an `id` which is meant"
                raise PlanNotUsable(place=authority.id, what=what)
            await writes.change(Authority, stored, **described)


async def _put_infohus(
    connection: AnyConnection, writes: OwnerWrites, document: PlanDocument, infohus_id: UUID
) -> None:
    infohus = document.infohus
    described = {"name": infohus.name, "cooperation_form": infohus.cooperation_form}
    stored = await connection.fetchrow(*compiled(_STORED_INFOHUS).bound(infohus_id=infohus_id))
    if stored is None:
        await writes.insert(
            Infohus, id=infohus_id, municipality_id=document.municipality_id, police_id=document.police_id,
            **described,
        )
    else:
        await writes.change(Infohus, stored, **described)
    of_plan = {authority.id for authority in document.authorities}
    taking_part = await connection.fetch(*compiled(_AUTHORITIES_OF_INFOHUS).bound(infohus_id=infohus_id))
    for row in taking_part:
        if row["authority_id"] not in of_plan:
            await writes.delete(InfohusAuthority, row)
    for authority_id in sorted(of_plan - {row["authority_id"] for row in taking_part}):
        await writes.insert(InfohusAuthority, infohus_id=infohus_id, authority_id=authority_id)
