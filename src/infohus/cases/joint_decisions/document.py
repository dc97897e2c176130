"""The document that both sign, as JSON with a salt, and its hash. Pure but for the random salt."""

import hashlib
import secrets
from typing import TypeVar

import msgspec

Content = TypeVar("Content", bound=msgspec.Struct)


def sealed_document(content: msgspec.Struct) -> tuple[str, bytes]:
    """Write a document as JSON with 16 random bytes of salt, so that a short text cannot be guessed from its hash.

    Returns the text and its SHA-256, 32 bytes.
    """
    text = msgspec.json.encode({"salt": secrets.token_hex(16), "content": content}).decode()
    return text, hashlib.sha256(text.encode()).digest()


def document_of(text: str, kind: type[Content]) -> Content:
    """Read a document that `sealed_document` wrote."""
    return msgspec.convert(msgspec.json.decode(text)["content"], kind)
