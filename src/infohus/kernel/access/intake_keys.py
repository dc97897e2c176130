"""Makes intake keys: an act of the owner's command, over its connection, as each authority in turn."""

import itertools
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.keys_model import NO_PERSON, IntakeKey, IntakeSecret
from infohus.kernel.audit.formats.entry import Wrote
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.database.statements import compiled, insert_of, table_of
from infohus.kernel.sealing.exchange_keys import seed_context
from infohus.kernel.sealing.intake import SUITE
from infohus.kernel.sealing.keepers import KeyKeeper
from infohus.kernel.sealing.signatures import Signers
from infohus.kernel.sealing.vault import PublicIntakeKey, is_signed, require_signed

_AUTHORITY_ID, _INFOHUS_ID = sa.bindparam("authority_id", type_=sa.Text), sa.bindparam("infohus_id", type_=sa.Uuid)
_STORED = (
    sa.select(IntakeKey)
    .where(IntakeKey.authority_id == _AUTHORITY_ID, IntakeKey.infohus_id == _INFOHUS_ID)
    .order_by(IntakeKey.generation.desc())
)
_GENERATIONS = sa.select(IntakeSecret.generation).where(
    IntakeSecret.authority_id == _AUTHORITY_ID, IntakeSecret.infohus_id == _INFOHUS_ID
)
_OWNER = "owner"


class StoredIntakeKey(NamedTuple):
    """An intake key that was made: whose, where, which generation, and the SHA-256 of the public key, 32 bytes.

    `wrote` is what the logs say of its rows.
    """

    authority_id: str
    infohus_id: UUID
    generation: int
    digest: bytes
    wrote: list[Wrote]


async def store_intake_keys(  # noqa: PLR0913 - all by name
    owner_connection: AnyConnection, keeper: KeyKeeper, signers: Signers, *, infohus_id: UUID,
    authority_ids: Iterable[str], at: datetime, new_generation: bool = False,
) -> list[StoredIntakeKey]:
    """Make an intake key for each authority that has none that counts in the infohus, signed by its keeper.

    Gives those made.

    With `new_generation` each gets one more: what is told from then on is sealed to that. Call it in a transaction,
    together with what the logs say of it.

    Raises:
        NotSigned: the keeper's signer is not among `signers`.
    """
    made = []
    for authority_id in sorted(set(authority_ids)):
        await owner_connection.fetch("SELECT keys.act_as($1, $2, $3, $4)", authority_id, NO_PERSON, _OWNER, at)
        of_authority = {"authority_id": authority_id, "infohus_id": infohus_id}
        rows = await owner_connection.fetch(*compiled(_STORED).bound(**of_authority))
        seeds = await owner_connection.fetch(*compiled(_GENERATIONS).bound(**of_authority))
        stored = [PublicIntakeKey(**dict(row)) for row in rows]
        newest = next((key.generation for key in stored if is_signed(key, signers)), 0)
        if newest and not new_generation:
            continue
        # What somebody else put there takes a number, and counts for nothing.
        taken = {key.generation for key in stored} | {row["generation"] for row in seeds}
        generation = next(number for number in itertools.count(newest + 1) if number not in taken)
        public_key, wrapped_seed = keeper.new_intake(authority_id, seed_context(infohus_id, generation))
        unsigned = PublicIntakeKey(authority_id, infohus_id, generation, SUITE, public_key, "", b"")
        signer_key_id, signature = keeper.sign(authority_id, unsigned.statement())
        key = PublicIntakeKey(authority_id, infohus_id, generation, SUITE, public_key, signer_key_id, signature)
        require_signed(key, signers)
        columns = {name: getattr(key, name) for name in PublicIntakeKey.__slots__}
        secret = {
            "authority_id": authority_id, "infohus_id": infohus_id, "generation": generation,
            "wrapped_seed": wrapped_seed,
        }
        for model, row in ((IntakeSecret, secret), (IntakeKey, columns)):
            statement = insert_of(model)
            await owner_connection.execute(statement.sql, *statement.arguments(row))
        digested = {**secret, "key_digest": sha256(wrapped_seed).digest()}
        wrote = [
            wrote_of(table_of(model), "insert", before={}, after=row)
            for model, row in ((IntakeKey, columns), (IntakeSecret, digested))
        ]
        made.append(StoredIntakeKey(authority_id, infohus_id, generation, sha256(public_key).digest(), wrote))
    return made
