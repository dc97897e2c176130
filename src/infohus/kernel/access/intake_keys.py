"""Makes intake keys: an act of the owner's command, over its connection, as each authority in turn."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.keys_model import KEYS_SCHEMA, NO_PERSON, IntakeKey, IntakeSecret
from infohus.kernel.audit.formats.entry import Wrote
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.database.statements import acting, compiled, insert_of, table_of
from infohus.kernel.sealing.exchange_keys import seed_context
from infohus.kernel.sealing.intake import SUITE
from infohus.kernel.sealing.keepers import KeyKeeper
from infohus.kernel.sealing.signatures import Signers
from infohus.kernel.sealing.vault import PublicIntakeKey

_STORED = (
    sa.select(IntakeKey)
    .where(
        IntakeKey.authority_id == sa.bindparam("authority_id", type_=sa.Text),
        IntakeKey.infohus_id == sa.bindparam("infohus_id", type_=sa.Uuid),
    )
    .order_by(IntakeKey.generation.desc())
    .limit(1)
)
_OWNER = "owner"


class StoredIntakeKey(NamedTuple):
    """An intake key that was made: whose, where, which generation, and the SHA-256 of the public key, 32 bytes.

    `wrote` is what the logs say of its row.
    """

    authority_id: str
    infohus_id: UUID
    generation: int
    digest: bytes
    wrote: Wrote


async def store_intake_keys(  # noqa: PLR0913 - all by name
    owner_connection: AnyConnection, keeper: KeyKeeper, signers: Signers, *, infohus_id: UUID,
    authority_ids: Iterable[str], at: datetime, new_generation: bool = False,
) -> list[StoredIntakeKey]:
    """Make an intake key for each authority that has none in the infohus, signed by its keeper; give those made.

    With `new_generation` each gets one more: what is told from then on is sealed to that. Call it in a transaction,
    together with what the logs say of it.

    Raises:
        NotSigned: a key that is there is not the authority's, or the keeper's signer is not among `signers`.
    """
    made = []
    for authority_id in sorted(set(authority_ids)):
        ready = compiled(_STORED)
        values = ready.arguments({"authority_id": authority_id, "infohus_id": infohus_id})
        rows = await owner_connection.fetch(
            acting(ready.sql, len(values), schema=KEYS_SCHEMA), *values, authority_id, NO_PERSON, _OWNER, at
        )
        newest = PublicIntakeKey(**dict(rows[0])) if rows else None
        if newest is not None:
            _require_signed(newest, signers)
            if not new_generation:
                continue
        generation = 1 if newest is None else newest.generation + 1
        public_key, wrapped_seed = keeper.new_intake(authority_id, seed_context(infohus_id, generation))
        unsigned = PublicIntakeKey(authority_id, infohus_id, generation, SUITE, public_key, "", b"")
        signer_key_id, signature = keeper.sign(authority_id, unsigned.statement())
        key = PublicIntakeKey(authority_id, infohus_id, generation, SUITE, public_key, signer_key_id, signature)
        _require_signed(key, signers)
        columns = {name: getattr(key, name) for name in PublicIntakeKey.__slots__}
        secret = {
            "authority_id": authority_id, "infohus_id": infohus_id, "generation": generation,
            "wrapped_seed": wrapped_seed,
        }
        await owner_connection.fetch("SELECT keys.act_as($1, $2, $3, $4)", authority_id, NO_PERSON, _OWNER, at)
        for model, row in ((IntakeSecret, secret), (IntakeKey, columns)):
            statement = insert_of(model)
            await owner_connection.execute(statement.sql, *statement.arguments(row))
        wrote = wrote_of(table_of(IntakeKey), "insert", before={}, after=columns)
        made.append(StoredIntakeKey(authority_id, infohus_id, generation, sha256(public_key).digest(), wrote))
    return made


def _require_signed(key: PublicIntakeKey, signers: Signers) -> None:
    signers.verify(key.authority_id, key.signer_key_id, key.statement(), key.signature)
