"""A record whose texts do not open: somebody changed it, or moved it here, past the system. An incident with a name.

The service's log says so as critical, and the entry of the act names the record, so that a DPO finds it.
"""

from collections.abc import Sequence
from http import HTTPStatus

import structlog

from infohus import errors
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.sealing.envelope import CannotOpen
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft
from infohus.kernel.unit_of_work.keyring import Keyring

logger = structlog.get_logger()


class RecordNotReadable(errors.Refused, CannotOpen):
    """A text or a clear column of a record is not what was sealed; nothing of the record is given out."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


def opened(keys: Keyring, record: Record, audit_draft: AuditEventDraft) -> dict[str, str]:
    """Open a record's texts.

    Raises:
        RecordNotReadable: one does not open.
    """
    try:
        return keys.open(record)
    except CannotOpen:
        raise not_readable(record, audit_draft) from None


def opened_for_supervision(
    keys: Keyring, row: Row, columns: Sequence[str], audit_draft: AuditEventDraft
) -> dict[str, str]:
    """Open what a row keeps for the supervision of its authority.

    Raises:
        RecordNotReadable: it does not open.
    """
    try:
        return keys.open_for_supervision(row, *columns)
    except CannotOpen:
        raise not_readable(row, audit_draft) from None


def not_readable(row: Row, audit_draft: AuditEventDraft) -> RecordNotReadable:
    """Note that a row does not open, for the entry and for whoever watches the service; give what to raise."""
    kind, row_id = row.__tablename__, vars(row)["id"]
    if row_id not in audit_draft.not_readable:
        audit_draft.not_readable.append(row_id)
        logger.critical("record_not_readable", table=kind, record=str(row_id), version=vars(row).get("record_version"))
    return RecordNotReadable(kind=kind, record=str(row_id))
