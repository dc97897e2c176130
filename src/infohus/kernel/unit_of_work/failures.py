"""What becomes of a unit that failed: the refusal that is answered, and the outcome that its entry states."""

from http import HTTPStatus

import asyncpg
import structlog

from infohus import errors
from infohus.kernel.audit.formats.entry import Outcome
from infohus.kernel.unit_of_work.violations import refusal_of

logger = structlog.get_logger()

DATABASE_GONE = (
    ConnectionError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError,
)
"""What the driver raises when PostgreSQL went away, is shutting down, recovers from a crash, or lacks resources."""


def outcome_of(failure: BaseException | None) -> tuple[Outcome, str | None]:
    """Give what an entry says came of an attempt, and the reason's code; `None` is no failure."""
    if failure is None:
        return Outcome.ALLOWED, None
    if not isinstance(failure, errors.Refused):
        return Outcome.FAILED, "cancelled"
    if isinstance(failure, errors.NotAvailable | errors.NotSignedIn):
        return Outcome.DENIED, failure.slug
    ours = failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Outcome.FAILED if ours else Outcome.REFUSED, failure.slug


def as_refusal(failure: BaseException) -> BaseException:
    """Give what a failure is answered as; what is no refusal and no known failure of the database is unexpected."""
    if isinstance(failure, errors.Refused) or not isinstance(failure, Exception):
        return failure
    if isinstance(failure, asyncpg.UniqueViolationError):
        return refusal_of(failure)
    if isinstance(failure, asyncpg.DeadlockDetectedError | asyncpg.SerializationError | asyncpg.LockNotAvailableError):
        return errors.ActedAtTheSameTime()
    if isinstance(failure, DATABASE_GONE):
        return errors.DatabaseUnavailable()
    logger.error("unit_failed", exc_info=failure)
    return errors.UnexpectedFailure()
