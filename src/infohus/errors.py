"""What the system refuses, each with its HTTP status. The Danish words are in `danish/`; a step may add its own.

A refusal carries facts that are safe to show (ids, dates, names of fields), never what a caller typed.
"""

import re
from http import HTTPStatus
from typing import ClassVar
from uuid import UUID


class Refused(Exception):  # noqa: N818 - the name states the situation, as every subclass does
    """An act that the system refuses, for a reason that the class names."""

    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, **facts: str | int) -> None:
        """Keep `facts` for the Danish text; never personal data."""
        super().__init__(self.slug)
        self.facts = facts

    @property
    def slug(self) -> str:
        """Stable name of the refusal, the last part of the problem's `type`."""
        return slug_of(type(self))


def slug_of(situation: type[Refused]) -> str:
    """Turn `ExchangeWithoutNecessity` into `exchange-without-necessity`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", situation.__name__).lower()


def situations() -> list[type[Refused]]:
    """List every refusal of the modules that are imported, by slug: in whatever order they were imported."""
    listed: list[type[Refused]] = []
    remaining = list(Refused.__subclasses__())
    while remaining:
        situation = remaining.pop()
        listed.append(situation)
        remaining.extend(situation.__subclasses__())
    return sorted(listed, key=slug_of)


# --- the caller and the request -------------------------------------------------------------------------------------
class NotSignedIn(Refused):
    status = HTTPStatus.UNAUTHORIZED


class NotAvailable(Refused):
    """Unknown or forbidden: the same answer for both (rule 47). Only the log learns which policies forbade it."""

    status = HTTPStatus.NOT_FOUND

    def __init__(
        self, *, field: str | None = None, policies: tuple[str, ...] = (), without_key: frozenset[UUID] = frozenset()
    ) -> None:
        """Keep where the body names it; the policies that forbade, for the log; the records that nothing opens."""
        super().__init__(**({} if field is None else {"field": field}))
        self.policies, self.without_key = policies, without_key


class NoSuchAddress(Refused):
    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(Refused):
    status = HTTPStatus.METHOD_NOT_ALLOWED


class RequestNotUnderstood(Refused):
    status = HTTPStatus.BAD_REQUEST


class RequestTooLarge(Refused):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaType(Refused):
    status = HTTPStatus.BAD_REQUEST  # as what can be read in two ways, and not the 415 of RFC 9110, section 15.5.16


class MomentNotPlausible(Refused):
    """Rule 91: a moment or day that nobody can mean."""


class ReasonWithoutWords(Refused):
    """Rule 91: a text that must have words has none that show."""


class IdempotencyKeyReused(Refused):
    """The key was used for another request."""


class RequestUnderWay(Refused):
    """The same Idempotency-Key is being handled at this moment."""

    status = HTTPStatus.CONFLICT


class ChangedMeanwhile(Refused):
    """If-Match does not name the present version."""

    status = HTTPStatus.PRECONDITION_FAILED


class VersionNotStated(Refused):
    status = HTTPStatus.PRECONDITION_REQUIRED


class ActedAtTheSameTime(Refused):
    """Two acts would have changed the same rows; the database let one through."""

    status = HTTPStatus.CONFLICT


class LogUnavailable(Refused):
    """The audit entry cannot be written, so nothing happened (rule 59)."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class DatabaseUnavailable(Refused):
    status = HTTPStatus.SERVICE_UNAVAILABLE


class NotReady(Refused):
    status = HTTPStatus.SERVICE_UNAVAILABLE


class UnknownWhetherStored(Refused):
    """COMMIT was sent and its answer was lost: the act is stored with its entry, or neither is."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class UnexpectedFailure(Refused):
    status = HTTPStatus.INTERNAL_SERVER_ERROR


# --- the procedure --------------------------------------------------------------------------------------------------
class NotPossibleNow(Refused):
    """The case's stage does not allow the act."""

    status = HTTPStatus.CONFLICT


class ScreeningAwaitsChildNotification(Refused):
    """Rule 32."""

    status = HTTPStatus.CONFLICT


class AlreadyRecorded(Refused):
    status = HTTPStatus.CONFLICT


class AnonymousReporterHasIdentity(Refused):
    """Rule 28."""


class TellingTheReporterNotRecorded(Refused):
    """Rule 30."""


class CprNumberNotPossible(Refused):
    """Rule 74: the date in the number does not exist."""


class CprNumberIdentifiesNobody(Refused):
    """Rule 74: a replacement number (day + 60), which others may have, too."""


class ProtectedAddressMissing(Refused):
    """Rule 54: there is no address to protect."""


class SearchPurposeAndCaseDiffer(Refused):
    """Rule 52: a search for a case names it, and one for a new concern has none yet."""


class InTheFuture(Refused):
    """An event cannot be recorded before it happened."""


class CaseHasUnfinishedBusiness(Refused):
    """Rule 70."""

    status = HTTPStatus.CONFLICT


class EarlierConcernsNotSeen(CaseHasUnfinishedBusiness):
    """Rule 78: whoever signs the closure has not confirmed what was known of the person before."""


# --- joint decisions ------------------------------------------------------------------------------------------------
class AlreadyProposed(Refused):
    status = HTTPStatus.CONFLICT


class AlreadySigned(Refused):
    """Rule 17: one authority signs once."""

    status = HTTPStatus.CONFLICT


class FirstViewTooLate(Refused):
    """The other tovholder has shown theirs, so no view is a first one any more."""

    status = HTTPStatus.CONFLICT


class ClosureIsSigned(Refused):
    """Whoever has signed a closure opens nothing on the own side before taking the signature back (rule 70)."""

    status = HTTPStatus.CONFLICT


class SignedContentDiffers(Refused):
    """Rule 18: the hash signed is not the hash of the present content."""

    status = HTTPStatus.CONFLICT


class DecisionAlreadyMade(Refused):
    """Rule 40: a completed joint decision is immutable."""

    status = HTTPStatus.CONFLICT


# --- exchange of personal data --------------------------------------------------------------------------------------
class ExchangeWithoutNecessity(Refused):
    """Rule 1."""


class ExchangeForInvestigation(Refused):
    """Rule 2."""


class RecipientTakesNoPart(Refused):
    """Rule 3."""


class ParagraphDoesNotFollow(Refused):
    """Rule 4."""


class ProportionalityNotAnswered(Refused):
    """Rule 1: necessity, proportionality and subsidiarity are three answers."""


class SubsidiarityNotAnswered(Refused):
    """Rule 1: see `ProportionalityNotAnswered`."""


class PetRequestHasAnotherRecipient(Refused):
    """Rule 14."""


class PetRequestCannotBeDeclined(Refused):
    """Rule 14: § 115, stk. 4, does not apply to PET-loven § 4."""


class ManifestDiffers(Refused):
    """The hash acknowledged is not the hash of what was disclosed."""

    status = HTTPStatus.CONFLICT


class AnswerNamesNoExchange(Refused):
    """Rule 8: what is disclosed on a request is an exchange like any other."""


class RequestHasOneAddressee(Refused):
    """A request is to one authority, or from one outside."""


class RequestAlreadyAnswered(Refused):
    status = HTTPStatus.CONFLICT


class InstitutionWithoutPublicTask(Refused):
    """Rule 6."""


class ExchangeWithoutCategory(Refused):
    """Rule 10."""


class StrictNecessityMissing(Refused):
    """Rule 11."""


class ExchangeWithoutRecipient(Refused):
    pass


class ExchangeWithoutContent(Refused):
    """Neither a record nor an oral summary is named."""


class ReleaseConditionMissing(Refused):
    """Rule 9."""


class ExchangeAlreadyCorrected(Refused):
    status = HTTPStatus.CONFLICT


# --- participants ---------------------------------------------------------------------------------------------------
class ParticipationEndsBeforeItBegins(Refused):
    """Rule 22."""


class AlreadyTakesPart(Refused):
    status = HTTPStatus.CONFLICT


class CannotLeave(Refused):
    """A coordinator stays while the case is open."""

    status = HTTPStatus.CONFLICT


class ParticipationCannotBeExtended(Refused):
    """It is over, or has no end."""

    status = HTTPStatus.CONFLICT


class DrawnInByItsOwnAuthority(Refused):
    """Rule 44: who works for a tovholder's authority reads that side, so nobody else draws them in."""


class NotAnAuthorityHere(Refused):
    """Rule 7: only an authority of the plan can take part."""


# --- assessment tool ------------------------------------------------------------------------------------------------
class AssessmentOneSided(Refused):
    """Rule 37."""


class UnknownDimension(Refused):
    pass


class TemplateScores(Refused):
    """Rule 38."""
