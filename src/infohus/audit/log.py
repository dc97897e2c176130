"""The log in the database: appended by one function, read by plain queries. Verifies nothing."""

from uuid import UUID

APPEND = "SELECT audit.append($1, $2)"


def append_and_commit(log_id: UUID, entry: bytes) -> str:
    """Write the one message that appends an entry and commits.

    The simple protocol takes no parameters; a UUID and hexadecimal digits cannot hold a quote.
    """
    return f"SELECT audit.append('{UUID(int=log_id.int)}'::uuid, '\\x{entry.hex()}'::bytea); COMMIT"
