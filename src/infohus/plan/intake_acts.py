"""Make intake keys as the owner, which each authority's log says in the same transaction. How is said elsewhere."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.intake_keys import StoredIntakeKey
from infohus.kernel.access.model import Infohus, InfohusAuthority
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.statements import compiled
from infohus.plan.owner_acts import append_owner_entries

_INFOHUS_ID = sa.bindparam("infohus_id", type_=sa.Uuid)
_LOCK_INFOHUS = sa.select(Infohus.id).where(Infohus.id == _INFOHUS_ID).with_for_update()
"""Two commands at once make one generation after the other."""
_TAKING_PART = sa.select(InfohusAuthority.authority_id).where(InfohusAuthority.infohus_id == _INFOHUS_ID)


class AuthorityNotUsable(Exception):  # noqa: N818 - names the situation
    """There is no such infohus, or the authority is in no plan of it."""


class StoresIntakeKeys(Protocol):
    """Makes and stores intake keys: `store_intake_keys`, with a key keeper and the signers."""

    async def __call__(
        self, owner_connection: AnyConnection, /, *, infohus_id: UUID, authority_ids: Collection[str], at: datetime,
        new_generation: bool,
    ) -> list[StoredIntakeKey]:
        """Make a key for each authority that has none, or with `new_generation` for each; give those made."""


async def make_intake_keys(  # noqa: PLR0913 - all by name
    owner_connection: AnyConnection, store: StoresIntakeKeys, *, infohus_id: UUID, at: datetime,
    only: Collection[str] = (), new_generation: bool = False,
) -> list[StoredIntakeKey]:
    """Make the intake keys of the authorities that take part in an infohus, or of those of `only`; give those made.

    Raises:
        AuthorityNotUsable: the infohus is unknown, or one of `only` takes no part in it. Nothing is changed.
        NotSigned: a key that is there is not its authority's, or the keeper's signer is none that counts.
    """
    async with owner_connection.transaction():
        await owner_connection.execute(*compiled(_LOCK_INFOHUS).bound(infohus_id=infohus_id))
        rows = await owner_connection.fetch(*compiled(_TAKING_PART).bound(infohus_id=infohus_id))
        taking_part = {row["authority_id"] for row in rows}
        if not taking_part:
            message = f"there is no infohus {infohus_id}"
            raise AuthorityNotUsable(message)
        if strangers := sorted(set(only) - taking_part):
            message = f"no plan of the infohus {infohus_id} names {', '.join(strangers)}"
            raise AuthorityNotUsable(message)
        made = await store(
            owner_connection, infohus_id=infohus_id, authority_ids=set(only) or taking_part, at=at,
            new_generation=new_generation,
        )
        if made:
            said = [f"{key.authority_id}/intake-{key.generation} sha256:{key.digest.hex()}" for key in made]
            await append_owner_entries(
                owner_connection, Action.MAKE_INTAKE_KEYS, concerns=[key.authority_id for key in made],
                infohus_id=infohus_id, wrote=[row for key in made for row in key.wrote],
                justification="; ".join(said), at=at,
            )
    return made
