"""What a route begins its units of work with: its caller, its Idempotency-Key, and what a log is read for."""

from typing import Annotated, Any

from litestar import Request
from litestar.di import Provide
from litestar.params import HeaderParameter, QueryParameter

from infohus.cases.procedure.purposes import LogReadingPurpose
from infohus.kernel.identity.caller import Caller
from infohus.kernel.requests.asked import asked_now
from infohus.kernel.unit_of_work.audit_draft import IdempotencyKey
from infohus.kernel.unit_of_work.begin import RequestScope, UnitsOfWork

AnyRequest = Request[Caller, Any, Any]
IdempotencyKeyHeader = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key", pattern="^[!-~]{8,100}$",
        description=(
            "Any text of your own; a repetition of the request with the same text does not act twice, "
            "for 14 days where the installation sets no other number."
        ),
    ),
]
LogPurposeParameter = Annotated[
    LogReadingPurpose, QueryParameter(description="What the log is read for; it stands in the entry of the reading.")
]
READING_A_LOG = frozenset({"log_scope", "idempotent_log_scope"})
"""What a route depends on that takes one of the four purposes (rule 104)."""


def scopes_over(units: UnitsOfWork) -> dict[str, Provide]:
    """Make the dependencies by which routes begin units of work."""

    def request_scope(request: AnyRequest) -> RequestScope:
        return RequestScope(units, request.user)

    async def idempotent_scope(request: AnyRequest, idempotency_key: IdempotencyKeyHeader = None) -> RequestScope:
        if idempotency_key is None:
            return RequestScope(units, request.user)
        asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
        return RequestScope(units, request.user, IdempotencyKey(idempotency_key, asked + await request.body()))

    def log_scope(request: AnyRequest, purpose: LogPurposeParameter) -> RequestScope:
        asked_now().purpose = purpose.value
        return request_scope(request)

    async def idempotent_log_scope(
        request: AnyRequest, purpose: LogPurposeParameter, idempotency_key: IdempotencyKeyHeader = None
    ) -> RequestScope:
        asked_now().purpose = purpose.value
        return await idempotent_scope(request, idempotency_key)

    return {
        "request_scope": Provide(request_scope, sync_to_thread=False),
        "idempotent_scope": Provide(idempotent_scope),
        "log_scope": Provide(log_scope, sync_to_thread=False),
        "idempotent_log_scope": Provide(idempotent_log_scope),
    }
