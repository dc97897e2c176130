"""Why a token was refused, as stable codes for the application's log; never with anything from the token itself."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Refusal(StrEnum):
    """The one reason a token was refused. The values stand in the application's log and never change."""

    TOO_LARGE = "token_too_large"
    MALFORMED = "token_malformed"
    HEADER_NOT_ACCEPTED = "token_header_not_accepted"
    TYPE_NOT_ACCEPTED = "token_type_not_accepted"
    ALGORITHM_NOT_ACCEPTED = "token_algorithm_not_accepted"
    UNKNOWN_ISSUER = "token_unknown_issuer"
    UNKNOWN_KEY = "token_unknown_key"
    SIGNATURE_INVALID = "token_signature_invalid"
    CLAIM_MISSING = "token_claim_missing"
    CLAIM_MALFORMED = "token_claim_malformed"
    WRONG_AUDIENCE = "token_wrong_audience"
    EXPIRED = "token_expired"
    NOT_YET_VALID = "token_not_yet_valid"
    LIVES_TOO_LONG = "token_lives_too_long"
    UNKNOWN_ROLE = "token_unknown_role"
    ROLE_NOT_PERMITTED = "token_role_not_permitted"
    UNKNOWN_ASSURANCE = "token_unknown_assurance"
    ASSURANCE_TOO_LOW = "token_assurance_too_low"


@dataclass(frozen=True, slots=True)
class VouchedFor:
    """Whom a token with a valid signature is of: its issuer's authority, and the person where it names one properly."""

    authority_id: str
    person_id: UUID | None


class TokenRefused(Exception):  # noqa: N818 - errors name the situation (STYLE.md)
    """A bearer token was refused; `reason` says why and holds nothing of the token.

    `of` is set where a known issuer signed the token, and it was refused for what it says: then its authority answers
    for the attempt.
    """

    def __init__(self, reason: Refusal, of: VouchedFor | None = None) -> None:
        """Keep the reason and whom the token is of, and nothing else of the token, so that nothing more is logged."""
        super().__init__(reason.value)
        self.reason = reason
        self.of = of
