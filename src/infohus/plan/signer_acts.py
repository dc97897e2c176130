"""Replace the key that an authority's key keeper signs with; the authority's log and the installation's say so."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.authorization.action import Action
from infohus.kernel.sealing.signatures import SignerKey
from infohus.plan.owner_acts import append_owner_entries


async def replace_signer(
    owner_connection: AnyConnection, make: Callable[[], SignerKey], *, authority_id: str, is_stolen: bool, at: datetime
) -> SignerKey:
    """Say in the logs, by its digest, which key an authority signs with from now on, and give it.

    `make` makes it. It counts only once the caller has named it among the signers: if the process dies before the
    entries are durable, there is a key that signs nothing yet, and the service does not start until the command was
    repeated, which makes another one.

    Raises:
        asyncpg.NoDataFoundError: no plan that was loaded names the authority, so it has no log; nothing that counts
            was made.
    """
    async with owner_connection.transaction():
        made = make()
        said = f"{made.key_id} sha256:{sha256(made.public).hexdigest()}"
        await append_owner_entries(
            owner_connection, Action.REPLACE_SIGNER, concerns=[authority_id], infohus_id=None, wrote=[],
            justification=f"{said}; older ones count no more" if is_stolen else said, at=at,
        )
    return made
