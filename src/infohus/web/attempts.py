"""Which act a route is, and which roles can do that: for its description and for refusals before a unit of work.

A body that is not understood, a misspelt parameter or a missing purpose is an attempt too (rule 56): it stands in the
log of the caller's authority, with the case that the address names.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from litestar.handlers import HTTPRouteHandler

from infohus import errors
from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import Policies
from infohus.kernel.identity.caller import Caller, Role
from infohus.kernel.requests.asked import Asked
from infohus.kernel.requests.bodies import read_body
from infohus.kernel.unit_of_work.begin import UnitsOfWork
from infohus.web.strict_request import draft_of

_OTHERWISE_CALLED: Mapping[str, Action] = MappingProxyType({
    "SearchPerson": Action.SEARCH_PERSONS,
    "ReadScopeDisagreement": Action.READ_SCOPE_DECISION,
    "RecordOralExchange": Action.RECORD_EXCHANGE,
    "ListContributions": Action.READ_ASSESSMENT,
    "ListFollowUps": Action.READ_MEASURE,
    "ListReceipts": Action.READ_EXCHANGE,
    "ListInformationRequests": Action.LIST_EXCHANGES,
    "ListKeptMarks": Action.LIST_EXCHANGES,
    "ListOnwardNotices": Action.LIST_EXCHANGES,
    "ReadJournalReference": Action.READ_OWN_JOURNAL,
    "CountExchanges": Action.SUPERVISE_EXCHANGES,
    "ReviewExchange": Action.SUPERVISE_EXCHANGES,
    "SuperviseOnwardNotices": Action.SUPERVISE_EXCHANGES,
    "SupervisePetRequests": Action.SUPERVISE_EXCHANGES,
    "ReadYearlyStatusSheet": Action.READ_YEARLY_STATUS,
    "RecordFulfilment": Action.FULFIL_OBLIGATION,
})
_LISTED_BELOW: Mapping[str, Action] = MappingProxyType({
    "/cases/": Action.READ_CASE, "/infohuse/": Action.READ_INFOHUS,
})
"""What a GET is that has no act of its own, by how its address begins."""
_RECORDED_ALIKE: Mapping[str, str] = MappingProxyType({
    "RecordOralExchange": "what was said is recorded as what was written (rule 12), and the exchange names its channel",
})
"""Operations that write under the act of another one, and why. All others have an act that no other operation has."""
_NAMES_OF_ACTS = frozenset(action.value for action in Action)

RolesOfRoutes = Mapping[str, frozenset[Role]]
"""The roles that the policies can permit a route to at all, by its operation id."""


class RouteWithoutAct(Exception):  # noqa: N818 - names the situation
    """An attempt at this route could not be logged; the application must not start with it."""


class ActOfAnotherOperation(Exception):  # noqa: N818 - names the situation
    """Who reads the log could not tell this operation from another; the application must not start with it."""


def acts_of(handlers: Iterable[HTTPRouteHandler]) -> dict[str, Action]:
    """Give the act of each route by its operation id; one that writes has an act that no other operation has.

    Raises:
        RouteWithoutAct: naming the operation.
        ActOfAnotherOperation: naming both.
    """
    routes = {str(handler.operation_id): handler for handler in handlers}
    acts = {operation: _act_of(handler) for operation, handler in routes.items()}
    alone = [operation for operation in acts if operation not in _RECORDED_ALIKE]
    for operation in alone:
        others = [other for other in alone if acts[other] is acts[operation] and other != operation]
        if others and not _only_reads(routes[operation]):
            message = f"{operation} stands in the log as `{acts[operation].value}`, and so does {others[0]}"
            raise ActOfAnotherOperation(message)
    return acts


def roles_of(acts: Mapping[str, Action], policies: Policies) -> RolesOfRoutes:
    """Give the roles that can ever call each route, by its operation id; see `authorization/roles.py`."""
    return {operation: policies.roles[action] for operation, action in acts.items()}


def _only_reads(handler: HTTPRouteHandler) -> bool:
    return handler.http_methods == {"GET"}


def _act_of(handler: HTTPRouteHandler) -> Action:
    operation = str(handler.operation_id)
    named = operation[0].lower() + operation[1:]
    if operation in _OTHERWISE_CALLED:
        return _OTHERWISE_CALLED[operation]
    if named in _NAMES_OF_ACTS:
        return Action(named)
    path = min(handler.paths)
    below = [action for begin, action in _LISTED_BELOW.items() if path.startswith(begin)]
    if not _only_reads(handler) or not below:
        raise RouteWithoutAct(operation)
    return below[0]


async def log_attempt(
    units: UnitsOfWork, acts: Mapping[str, Action], caller: Caller, scope: Mapping[str, Any], asked: Asked
) -> None:
    """Log a request that was refused before a unit of work began; once, and nothing where it reached no route.

    Raises:
        DatabaseUnavailable, LogUnavailable: it is not in the log.
    """
    handler = scope.get("route_handler")
    if asked.is_in_log or not isinstance(handler, HTTPRouteHandler) or str(handler.operation_id) not in acts:
        return
    asked.is_in_log = True
    _read_sent(asked, handler)
    case_id = scope["path_params"].get("case_id")
    await units.log_attempt(
        caller, acts[str(handler.operation_id)], case_id if isinstance(case_id, UUID) else None,
        asked.problem or "request-not-understood",
    )


def _read_sent(asked: Asked, handler: HTTPRouteHandler) -> None:
    """Take in what was sent and not read: as the route's draft, or of what is none as much as can be told."""
    if not asked.sent:
        return
    draft = draft_of(handler)
    try:
        asked.read_body(read_body(asked.sent, draft))
    except errors.Refused:
        asked.read_refused_body(draft)
