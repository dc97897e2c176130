"""What the audit entry says of the rows that the database function `infohus.withdraw` changes and deletes."""

from uuid import UUID

from infohus.kernel.access.model import Disclosure, RecordKey
from infohus.kernel.audit.formats.entry import Wrote
from infohus.kernel.audit.storage.written_rows import wrote_of
from infohus.kernel.database.statements import Stored, stored_of, table_of


def withdrew(disclosure: Disclosure) -> Wrote:
    """Describe a disclosure that was withdrawn, as it is stored now."""
    now = stored_of(disclosure)
    before = {**now, "withdrawn_at": None, "revision": now["revision"] - 1}
    return wrote_of(table_of(Disclosure), "withdraw", before=before, after=now)


def rewrapped(row: Stored, recipient_id: str, *, case_id: UUID) -> Wrote:
    """Describe a recipient's key row that was deleted, or that another exchange keeps."""
    before = {
        **{name: row[name] for name in ("record_id", "owner_id", "key_id", "exchange_id", "revision")},
        "authority_id": recipient_id, "case_id": case_id,
    }
    table = table_of(RecordKey)
    if row["kept_by"] is None:
        return wrote_of(table, "delete", before=before, after={})
    after = {**before, "exchange_id": row["kept_by"], "revision": before["revision"] + 1}
    return wrote_of(table, "update", before=before, after=after)
