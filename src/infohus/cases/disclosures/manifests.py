"""Fingeraftryk: the hash of all that one exchange tells; by it a recipient acknowledges this exchange and no other.

Its texts are hashed beside a random salt, which is sealed as they are. So whoever can read them can compute the hash,
and nobody else can try texts against it.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from infohus.cases.disclosures.model import Item

_LABEL = "infohus/v2/manifest"


def new_salt() -> str:
    """Make the salt of one exchange: 32 random bytes as 64 hexadecimal digits."""
    return secrets.token_hex(32)


def manifest_of(  # noqa: PLR0913 - all that is hashed, by name
    exchange_id: UUID, facts: Mapping[str, Any], *, recipients: Collection[str], items: Sequence[Item],
    texts: Mapping[str, str | None], salt: str,
) -> bytes:
    """Hash what an exchange tells, 32 bytes.

    That is SHA-256 of a JSON array: label, salt, the exchange's id, an object of its facts, its recipients, its items
    as [kind, id, object of each part's digest in hexadecimal], and an object of its texts without those that are
    missing. Lists are sorted and objects are in the order of their names.
    """
    disclosed = {
        (item.kind, item.record_id): {part: item.contents[part].hex() for part in sorted(item.contents)}
        for item in sorted(items)
    }
    content = [
        _LABEL, salt, exchange_id, {name: facts[name] for name in sorted(facts)}, sorted(set(recipients)),
        [[kind, record_id, contents] for (kind, record_id), contents in disclosed.items()],
        {name: texts[name] for name in sorted(texts) if texts[name] is not None},
    ]
    return hashlib.sha256(msgspec.json.encode(content)).digest()
