"""Does each authority have an intake key that counts? Asked at start, of the keys' own database; changes nothing."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from infohus.kernel.access.keys_model import KEYS_SCHEMA, NO_PERSON, IntakeKey
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.database.statements import Stored, acting, compiled
from infohus.kernel.sealing.signatures import Signers
from infohus.kernel.sealing.vault import PublicIntakeKey, is_signed

_STORED = sa.select(IntakeKey).order_by(IntakeKey.generation)
_CHECK = "check"


class IntakeKeyFault(NamedTuple):
    """What is wrong with an authority's intake keys; `stops`: it has none that counts, so nothing can be told to it."""

    text: str
    stops: bool


async def faults_of_intake_keys(
    key_connection: AnyConnection, signers: Signers, wanted: Collection[tuple[UUID, str]], *, at: datetime
) -> list[IntakeKeyFault]:
    """Say of each infohus and authority of `wanted` what is wrong with its intake keys."""
    if not wanted:
        return []
    acts_for = min(authority_id for _, authority_id in wanted)
    stored = await key_connection.fetch(
        acting(compiled(_STORED).sql, 0, schema=KEYS_SCHEMA), acts_for, NO_PERSON, _CHECK, at
    )
    return list(_faults(stored, signers, wanted))


def _faults(
    stored: list[Stored], signers: Signers, wanted: Collection[tuple[UUID, str]]
) -> Iterator[IntakeKeyFault]:
    keys = [PublicIntakeKey(**dict(row)) for row in stored]
    for infohus_id, authority_id in sorted(wanted):
        own = [key for key in keys if (key.infohus_id, key.authority_id) == (infohus_id, authority_id)]
        if not own:
            text = f"{authority_id} has no intake key in the infohus {infohus_id}: run `infohus keys intake`"
            yield IntakeKeyFault(text, stops=True)
            continue
        unsigned = [key.generation for key in own if not is_signed(key, signers)]
        for generation in unsigned:
            yield IntakeKeyFault(
                f"the intake key of {authority_id} in the infohus {infohus_id}, generation {generation}, is not "
                f"signed by {authority_id}: nothing is sealed to it; tell both DPOs, and keep everything as it is",
                stops=len(unsigned) == len(own),
            )
