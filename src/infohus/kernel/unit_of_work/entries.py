"""Makes a unit of work's audit entry of what it found, did and was asked for; and the refusal of what went wrong."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

import asyncpg
import msgspec
import structlog

from infohus import errors
from infohus.kernel.audit.formats.entry import Entry, Outcome, Track
from infohus.kernel.audit.storage.log import log_of
from infohus.kernel.authorization.action import Action
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.identity.caller import Caller
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft, LookedAt
from infohus.kernel.unit_of_work.committing import DATABASE_GONE
from infohus.kernel.unit_of_work.denials import RoleMayNot
from infohus.kernel.unit_of_work.lookup import ResolvedSubject
from infohus.kernel.unit_of_work.violations import refusal_of
from infohus.logs import correlation_id

logger = structlog.get_logger()


_OUTCOMES = {errors.slug_of(RoleMayNot): Outcome.DENIED}
"""Of what is refused before a unit of work begins: what is more than not understood."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tries which act on what: the installation (no `model`), an infohus, a case, or a record."""

    caller: Caller
    action: Action
    model: type[Row] | None
    subject_id: UUID | None


def entry_of(  # noqa: PLR0913 - an entry is all of it
    attempt: Attempt, resolved: ResolvedSubject, audit_draft: AuditEventDraft, *, failure: BaseException | None,
    refused: str | None, at: datetime, policy_set: str,
) -> Entry:
    """Make the entry of what was done; of what was tried where there is a `failure`, or a reason why it was `refused`.

    An attempt keeps every id that its request named; an act what its address named, for its rows say the others.
    """
    caller, has_failed = attempt.caller, failure is not None or refused is not None
    outcome, reason = _outcome(failure) if refused is None else (_OUTCOMES.get(refused, Outcome.REFUSED), refused)
    case = resolved.case.id if resolved.case is not None else audit_draft.case
    beside = (attempt.subject_id, case, resolved.infohus_id)
    asked = audit_draft.asked.named(beside=beside, with_body=has_failed, authorities=resolved.authorities)
    return Entry(
        at=at, log=log_of(caller.authority_id), caller=caller.person_id, authority=caller.authority_id,
        role=caller.role.value, assurance=caller.assurance.name.lower(), action=attempt.action.value,
        subject_kind=attempt.model.__tablename__ if attempt.model else "installation", subject=attempt.subject_id,
        case=case, outcome=outcome, reason=audit_draft.reason(reason),
        policies=list(failure.policies) if isinstance(failure, errors.NotAvailable) else audit_draft.policies,
        policy_set=policy_set, justification=audit_draft.justification, purpose=audit_draft.purpose,
        recipients=audit_draft.recipients, track=_track(resolved, audit_draft),
        persons=list(dict.fromkeys([
            *audit_draft.named_of(resolved.side.persons), *audit_draft.named(failed=has_failed)
        ])),
        opened=[] if has_failed else list(audit_draft.opened), wrote=[] if has_failed else list(audit_draft.wrote),
        correlation=correlation_id.get(), nonce=secrets.token_urlsafe(16),
        asked=asked or msgspec.UNSET, read=audit_draft.read_entries or msgspec.UNSET,
    )


def pets_entry_of(act: Entry, looked_at: LookedAt) -> Entry:
    """Make the entry of what an act looked at on PET's track, where the act's own stands on the ordinary one.

    A letter that counts the act for a person would tell that PET asked about somebody (rules 64 and 85).
    """
    return msgspec.structs.replace(
        act, track=Track.PET, persons=looked_at.persons, case=looked_at.case, opened=[], wrote=[], read=msgspec.UNSET,
        nonce=secrets.token_urlsafe(16),
    )


def _track(resolved: ResolvedSubject, audit_draft: AuditEventDraft) -> Track:
    on_pets = audit_draft.is_for_pet or (isinstance(resolved.subject, Record) and resolved.subject.is_for_pet)
    return Track.PET if on_pets else Track.ORDINARY


def _outcome(failure: BaseException | None) -> tuple[Outcome, str | None]:
    if failure is None:
        return Outcome.ALLOWED, None
    if not isinstance(failure, errors.Refused):
        return Outcome.FAILED, "cancelled"
    if isinstance(failure, errors.NotAvailable | errors.NotSignedIn):
        return Outcome.DENIED, failure.slug
    ours = failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Outcome.FAILED if ours else Outcome.REFUSED, failure.slug


def as_refusal(failure: BaseException) -> BaseException:
    """Give the refusal that a failure is answered with; what is no exception of the program stays what it is."""
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
