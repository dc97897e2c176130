"""Who is calling: one natural person, acting for one authority in one role.

Nothing here knows tokens, sessions or HTTP; those make a `Caller`, everything else takes one.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NewType
from uuid import UUID

AuthorityId = NewType("AuthorityId", str)
"""Slug of an authority as the plan names it, for example `ishoj-kommune`."""


class AuthorityKind(StrEnum):
    """What an authority is; § 115's paragraph follows from it."""

    MUNICIPALITY = "municipality"
    POLICE = "police"
    PROBATION = "probation"
    HEALTH_REGION = "health_region"
    SECURITY_SERVICE = "security_service"
    SELF_GOVERNING = "self_governing"


class Role(StrEnum):
    """The one role a caller acts in; the issuer vouches for it."""

    MUNICIPAL_COORDINATOR = "municipal_coordinator"
    POLICE_COORDINATOR = "police_coordinator"
    INVITED_PROFESSIONAL = "invited_professional"
    LEGAL = "legal"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    ADMINISTRATOR = "administrator"
    INTEGRATION = "integration"


class Assurance(IntEnum):
    """Level of assurance of the sign-in. Source: NSIS (Lav, Betydelig, Høj)."""

    LOW = 1
    SUBSTANTIAL = 2
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified natural person. `authenticated_at` and `expires_at` are aware UTC.

    `token_digest` is the SHA-256 of the whole token, by which one sign-in is told from another, whatever stands in it.
    `name` and `email` are the identity provider's, where the token holds them; they are used for nothing but the sealed
    rows of `unit_of_work/actors.py`.
    """

    person_id: UUID
    authority_id: AuthorityId
    authority_kind: AuthorityKind
    role: Role
    assurance: Assurance
    authenticated_at: datetime
    expires_at: datetime
    token_digest: bytes = field(repr=False)
    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
