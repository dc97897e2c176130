"""Does each authority have an intake key that counts? Asked at start, of the keys' own database; changes nothing."""

from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.keys_model import KEYS_SCHEMA, NO_PERSON, IntakeKey
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.database.statements import Stored, acting, compiled
from infohus.kernel.sealing.signatures import NotSigned, Signers
from infohus.kernel.sealing.vault import PublicIntakeKey

_STORED = sa.select(IntakeKey)
_CHECK = "check"


async def faults_of_intake_keys(
    key_connection: AnyConnection, signers: Signers, wanted: Collection[tuple[UUID, str]], *, at: datetime
) -> list[str]:
    """Say of each infohus and authority of `wanted` what is wrong with its newest intake key."""
    if not wanted:
        return []
    acts_for = min(authority_id for _, authority_id in wanted)
    stored = await key_connection.fetch(
        acting(compiled(_STORED).sql, 0, schema=KEYS_SCHEMA), acts_for, NO_PERSON, _CHECK, at
    )
    return list(_faults(stored, signers, wanted))


def _faults(stored: list[Stored], signers: Signers, wanted: Collection[tuple[UUID, str]]) -> Iterator[str]:
    newest = {
        (row["infohus_id"], row["authority_id"]): PublicIntakeKey(**dict(row))
        for row in sorted(stored, key=lambda row: int(row["generation"]))
    }
    for infohus_id, authority_id in sorted(wanted):
        key = newest.get((infohus_id, authority_id))
        if key is None:
            yield f"{authority_id} has no intake key in the infohus {infohus_id}: run `infohus keys intake`"
            continue
        try:
            signers.verify(authority_id, key.signer_key_id, key.statement(), key.signature)
        except NotSigned:
            yield (
                f"the intake key of {authority_id} in the infohus {infohus_id}, generation {key.generation}, is not "
                f"signed by {authority_id}: nothing is sealed to it; tell both DPOs, and keep everything as it is"
            )
