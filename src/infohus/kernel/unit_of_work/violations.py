"""How a violation of a unique constraint is answered: one row a constraint.

Operations check their rules first, so a constraint is violated only when two acts come between each other's check and
write. A constraint that has no row here is a fault of the code: it is logged as critical and answered 500.
"""

from types import MappingProxyType

import asyncpg
import structlog

from infohus import errors

logger = structlog.get_logger()

REFUSALS: MappingProxyType[str, type[errors.Refused]] = MappingProxyType({
    "pk_answered_request": errors.RequestUnderWay,
    # Two acts took the same number: the second may simply act again.
    "uq_case_infohus_id_number": errors.ActedAtTheSameTime,
    # Whoever comes second and acts again is answered as if one had come after the other.
    "uq_yearly_status_infohus_id_year_authority_id": errors.ActedAtTheSameTime,
    "pk_log_notice_receipt": errors.ActedAtTheSameTime,
    "pk_receipt": errors.ActedAtTheSameTime,
    # Two acts wrote the next version of the same record.
    **dict.fromkeys((
        "pk_assessment", "pk_closure", "pk_journal_reference", "pk_recommendation",
        "pk_record_key", "pk_scope_decision", "pk_screening",
    ), errors.ChangedMeanwhile),
    "uq_journal_reference_case_id_authority_id": errors.ChangedMeanwhile,
    "uq_fulfilment_obligation_id_obligation_version": errors.ChangedMeanwhile,
    # Somebody else recorded at this moment what can be recorded once.
    "uq_clearance_check_case_id": errors.AlreadyRecorded,
    "uq_child_notification_subject_id_authority_id": errors.AlreadyRecorded,
    "uq_child_notification_step_notification_id_authority_id_step": errors.AlreadyRecorded,
    "uq_reporter_concern_id": errors.AlreadyRecorded,
    "uq_reporter_release_reporter_id": errors.AlreadyRecorded,
    "uq_protected_address_subject_id": errors.AlreadyRecorded,
    "uq_first_view_case_id_authority_id": errors.AlreadyRecorded,
    "uq_scope_disagreement_scope_decision_id": errors.AlreadyRecorded,
    "uq_withdrawal_exchange_id_recipient_id": errors.AlreadyRecorded,
    "uq_release_record_id": errors.AlreadyRecorded,
    "uq_log_finding_check_id_leaf_index": errors.AlreadyRecorded,
    "pk_log_check_entry": errors.AlreadyRecorded,
    "pk_earlier_concerns_seen": errors.ActedAtTheSameTime,
    "uq_assessment_case_id_authority_id_version": errors.AlreadyProposed,
    "uq_signature_record_id_content_hash_authority_id_withdrawn_at": errors.AlreadySigned,
    "uq_exchange_corrects_id": errors.ExchangeAlreadyCorrected,
})


def refusal_of(violation: asyncpg.UniqueViolationError) -> errors.Refused:
    """Give the refusal that answers a unique violation, by the constraint's name."""
    refusal = REFUSALS.get(violation.constraint_name or "")
    if refusal is not None:
        return refusal()
    logger.critical("unknown_unique_violation", constraint=violation.constraint_name, table=violation.table_name)
    return errors.UnexpectedFailure()
