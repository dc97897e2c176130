"""What the audit entry says of the rows that the database function `infohus.withdraw` changes and deletes."""

from uuid import UUID

from infohus.kernel.access.model import DisclosedKey, Disclosure
from infohus.kernel.audit.formats.entry import Wrote
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.database.statements import Stored, stored_of, table_of


def withdrew(disclosure: Disclosure) -> Wrote:
    """Describe a disclosure that was withdrawn, as it is stored now."""
    now = stored_of(disclosure)
    before = {**now, "withdrawn_at": None, "revision": now["revision"] - 1}
    return wrote_of(table_of(Disclosure), "withdraw", before=before, after=now)


def deleted_key(row: Stored, *, exchange_id: UUID, recipient_id: str) -> Wrote:
    """Describe a recipient's key row that was deleted."""
    columns = ("record_id", "part", "number", "record_version", "owner_id", "case_id", "key_id", "content")
    before = {name: row[name] for name in columns} | {"exchange_id": exchange_id, "recipient_id": recipient_id}
    return wrote_of(table_of(DisclosedKey), "delete", before=before, after={})
