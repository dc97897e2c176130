"""Bodies that draw somebody in."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from house import now


def invitation(authority: str, **more: Any) -> dict[str, Any]:
    """Write an invitation of a new person of an authority, for 30 days."""
    return {
        "person_id": str(uuid4()), "authority_id": authority, "reason": "Kender ham.", "scope": ["information"],
        "ends_at": (now() + timedelta(days=30)).isoformat(), **more,
    }
