"""The document that both sign, as JSON with a salt, and the hash that is signed. Pure but for the random salt."""

import hashlib
import secrets
from typing import TypeVar
from uuid import UUID

import msgspec

Content = TypeVar("Content", bound=msgspec.Struct)


_SIGNED = b"infohus/v1/signed"


def salted_document(content: msgspec.Struct) -> str:
    """Write a document as JSON with 16 random bytes of salt, so that a short text cannot be guessed from its hash."""
    return msgspec.json.encode({"salt": secrets.token_hex(16), "content": content}).decode()


def signed_hash(text: str, *, outcome: str, kind: str, record_id: UUID, case_id: UUID) -> bytes:
    """Compute what is signed: the SHA-256, 32 bytes, of all that the decision says (rule 18).

    That is a domain, the case's and the record's id, kind, outcome and document, each after its length in 4 bytes.
    """
    parts = (_SIGNED, case_id.bytes, record_id.bytes, kind.encode(), outcome.encode(), text.encode())
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


def document_of(text: str, kind: type[Content]) -> Content:
    """Read a document that `salted_document` wrote."""
    return msgspec.convert(msgspec.json.decode(text)["content"], kind)
