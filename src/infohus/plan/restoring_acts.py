"""Delete again, as the owner, what a restored schema `keys` has and was withdrawn; the logs say that it was done.

Which keys they were is said elsewhere; how many, nowhere, since the installation's log is read by every authority.
"""

from collections import Counter
from datetime import datetime
from typing import Protocol

from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.authorization.action import Action
from infohus.plan.owner_acts import append_owner_entries


class DeletesKeys(Protocol):
    """Deletes what fell: `delete_withdrawn`, with what a comparison of rows found."""

    async def __call__(self, owner_connection: AnyConnection, /, *, at: datetime) -> Counter[str]:
        """Delete, and count what was deleted by whose it was."""


async def withdraw_keys_again(owner_connection: AnyConnection, delete: DeletesKeys, *, at: datetime) -> int:
    """Delete, and say so in the logs in the same transaction, where there was anything; give how many there were."""
    async with owner_connection.transaction():
        deleted = await delete(owner_connection, at=at)
        if deleted:
            await append_owner_entries(
                owner_connection, Action.WITHDRAW_KEYS_AGAIN, concerns=deleted, infohus_id=None, wrote=[],
                justification="exchange keys that had fallen stood again and were deleted", at=at,
            )
    return deleted.total()
