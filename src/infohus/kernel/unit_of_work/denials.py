"""What a refused caller is told: as much as the caller's own role, and what the caller sees already, let it be told.

Unknown and forbidden are answered alike (rule 47). Two refusals tell nothing of that: one that the role alone decides,
which is the same for every case there is and for none; and one about what the caller may read anyway.
"""

from datetime import datetime
from http import HTTPStatus

from infohus import errors
from infohus.kernel.access.model import Case
from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import FRESH, Decision, Participation, Policies, Resource
from infohus.kernel.authorization.roles import has_one_of, names_of
from infohus.kernel.database.tables import Record
from infohus.kernel.identity.caller import Caller, Role
from infohus.kernel.unit_of_work.lookup import ResolvedSubject, resource_of


class RoleMayNot(errors.NotAvailable):
    """No circumstance lets the caller's role do this: the same answer whatever it is asked of."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self, roles: frozenset[Role], *, policies: tuple[str, ...] = ()) -> None:
        """Say which roles may."""
        super().__init__(policies=policies)
        self.facts = {"roles": " ".join(names_of(roles))}


class SignInNotFresh(errors.NotAvailable):
    """It would be allowed after a new sign-in (rule 48); the caller sees what it is about."""

    status = HTTPStatus.FORBIDDEN


class AnotherMay(errors.NotAvailable):
    """The caller sees what it is about, and this act on it is somebody else's."""

    status = HTTPStatus.FORBIDDEN


def require_role(roles: frozenset[Role], caller: Caller) -> None:
    """Refuse an act that only `roles` can ever do.

    Raises:
        RoleMayNot: the caller's role is none of them.
    """
    if not has_one_of(caller, roles):
        raise RoleMayNot(roles)


def denial_by_role(
    roles: frozenset[Role], caller: Caller, *, policies: tuple[str, ...] = ()
) -> errors.NotAvailable:
    """Give the refusal of an act that only `roles` can ever do; `policies` forbade it, where they were asked."""
    if has_one_of(caller, roles):
        return errors.NotAvailable(policies=policies)
    return RoleMayNot(roles, policies=policies)


def denial_of(  # noqa: PLR0913, PLR0917 - what was decided, and about what
    policies: Policies, caller: Caller, action: Action, resolved: ResolvedSubject, decision: Decision, now: datetime
) -> errors.NotAvailable:
    """Give the refusal of an act that the policies deny."""
    roles = policies.roles[action]
    if not has_one_of(caller, roles) or not _is_seen(policies, caller, resolved, now):
        return denial_by_role(roles, caller, policies=decision.policies)
    resource = resource_of(resolved, resolved.subject, resolved.readers)
    participation = Participation(resolved.participation, resolved.scope)
    if now - caller.authenticated_at >= FRESH and policies.decide(
        caller, action, resource, participation, now=caller.authenticated_at
    ).allowed:
        return SignInNotFresh(policies=decision.policies)
    return AnotherMay(policies=decision.policies)


def _is_seen(policies: Policies, caller: Caller, resolved: ResolvedSubject, now: datetime) -> bool:
    """Say whether a caller who takes part sees the subject: the case, or a record that the authority reads."""
    case, subject = resolved.case, resolved.subject
    if case is None or not isinstance(subject, Case | Record):
        return False
    if isinstance(subject, Record) and (
        resolved.participation != "coordinator" or caller.authority_id not in resolved.readers
    ):
        return False
    resource = Resource.case(case.id, infohus_id=case.infohus_id, authorities=[caller.authority_id])
    participation = Participation(resolved.participation, resolved.scope)
    return policies.decide(caller, Action.READ_CASE, resource, participation, now=now).allowed
