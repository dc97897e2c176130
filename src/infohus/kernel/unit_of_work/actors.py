"""Who a person id of the log is: kept sealed from the first sign-in on, so that it is known when the account is gone.

The name is sealed under a data key that is wrapped for the supervision of the person's authority. Only the authority's
DPO opens it (policies, row security and the key each say so), and each opening is in the log (rule 60).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from cachetools import FIFOCache
from sqlalchemy.orm import Mapped, mapped_column

from infohus import errors
from infohus.kernel.database.tables import SCHEMA, Row, new_id
from infohus.kernel.sealing.column import KeptForSupervision, SupervisionColumn
from infohus.kernel.sealing.envelope import Sealed
from infohus.kernel.unit_of_work.not_readable import RecordNotReadable
from infohus.kernel.unit_of_work.unit import UnitOfWork

REMEMBERED = 4096


class Actor(Row):
    """A person as an authority's identity provider named them at `seen_at`; a new name or address is a new row.

    `fingerprint` is keyed: equal names and addresses give equal ones, and it tells nothing of either.
    """

    __tablename__ = "actor"
    __table_args__ = (sa.UniqueConstraint("authority_id", "person_id", "fingerprint"),)

    kept_for_supervision: ClassVar = KeptForSupervision(wrapped_key="wrapped_key", bound_to="person_id")

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    authority_id: Mapped[str] = mapped_column(sa.ForeignKey(f"{SCHEMA}.authority.id"))
    person_id: Mapped[UUID]
    seen_at: Mapped[datetime]
    fingerprint: Mapped[bytes]
    wrapped_key: Mapped[bytes]
    name: Mapped[Sealed | None] = mapped_column(SupervisionColumn)
    email: Mapped[Sealed | None] = mapped_column(SupervisionColumn)


_BY_FINGERPRINT = sa.select(Actor.id).where(
    Actor.authority_id == sa.bindparam("authority_id"), Actor.person_id == sa.bindparam("person_id"),
    Actor.fingerprint == sa.bindparam("fingerprint"),
)
_OF_PERSON = sa.select(Actor).where(Actor.person_id == sa.bindparam("person_id")).order_by(Actor.seen_at, Actor.id)

_PEOPLE = sa.bindparam("people", type_=sa.ARRAY(sa.Uuid))
_OF_PEOPLE = (
    sa.select(Actor)
    .where(Actor.person_id == sa.func.any(_PEOPLE), Actor.name.is_not(None))
    .order_by(sa.func.array_position(_PEOPLE, Actor.person_id), Actor.seen_at, Actor.id)
    .limit(sa.bindparam("most", type_=sa.Integer()))
)


class Actors:
    """Stores the name of each caller who signs in, and remembers which names are stored already."""

    def __init__(self) -> None:
        """Begin with none remembered."""
        self._kept: FIFOCache[bytes, None] = FIFOCache(REMEMBERED)

    async def keep(self, work: UnitOfWork) -> bytes | None:
        """Add a row for the unit's caller, unless this name is stored already.

        Returns the fingerprint to hand to `remember` once the unit is committed; `None` when the caller's token holds
        neither name nor address.
        """
        caller = work.caller
        if caller.name is None and caller.email is None:
            return None
        named = "\n".join((caller.authority_id, str(caller.person_id), caller.name or "", caller.email or ""))
        fingerprint = work.fingerprint(b"actor\n" + named.encode())
        if fingerprint not in self._kept:
            stored = await work.values(
                _BY_FINGERPRINT, authority_id=caller.authority_id, person_id=caller.person_id, fingerprint=fingerprint
            )
            if not stored:
                actor = Actor(
                    id=new_id(), authority_id=caller.authority_id, person_id=caller.person_id, seen_at=work.now,
                    fingerprint=fingerprint, name=None, email=None,
                )
                work.seal_for_supervision(actor, name=caller.name, email=caller.email)
                # Another process may insert the same name at this moment: then its row stays, and ours is not inserted.
                work.add(actor, unless_there=True)
        return fingerprint

    def remember(self, fingerprint: bytes | None) -> None:
        """Remember a committed fingerprint, so that `keep` asks the database no more for it."""
        if fingerprint is not None:
            self._kept[fingerprint] = None


async def open_actor(work: UnitOfWork, person_id: UUID) -> list[tuple[Actor, dict[str, str]]]:
    """Open every name and address a person was stored under, oldest first; the log entry lists each text opened.

    Raises:
        NotAvailable: no row is stored, or it is another authority's.
        RecordNotReadable: one was changed past the system.
    """
    actors = await work.rows(Actor, _OF_PERSON, person_id=person_id)
    if not actors:
        raise errors.NotAvailable
    return [(actor, work.open_for_supervision(actor, "name", "email")) for actor in actors]


async def names_of(work: UnitOfWork, people: Sequence[UUID], *, most: int) -> dict[UUID, list[str]]:
    """Open the names that people of the caller's authority were stored under: at most `most` rows, in their order.

    The log entry lists each text opened. Whoever is not stored, or is another authority's, is left out.
    """
    names: dict[UUID, list[str]] = {}
    for actor in await work.rows(Actor, _OF_PEOPLE, people=list(people), most=most):
        try:
            names.setdefault(actor.person_id, []).append(work.open_for_supervision(actor, "name")["name"])
        except RecordNotReadable:  # noted; the draw goes on without this name
            continue
    return names


