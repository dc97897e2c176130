"""What an answer to bytes of any kind may be. Everything else is a finding."""

import json
from collections.abc import Iterator

from raw_client import Received

PROBLEM = "application/problem+json"
MEMBERS = {"type", "title", "status", "detail", "correlation_id"}
FROM_THE_SERVER = {400, 431}
"""What the HTTP server answers itself, before the application sees anything: with no body."""
TRACES = (b"Traceback", b'File "', b".py", b"asyncpg", b"msgspec", b"litestar", b"SELECT ")
"""What a stack trace or a library's own message would bring along."""
_CLOSED, _SILENT = 0, -1


def faults_of(received: Received, *, must_answer: bool) -> Iterator[str]:
    """List what is wrong with an answer. `must_answer`: the request was whole, so that silence is a fault too."""
    status = received.status
    if status in {_CLOSED, _SILENT}:
        if must_answer:
            yield "closed without an answer" if status == _CLOSED else "no answer in time"
        return
    if status >= 500:  # noqa: PLR2004 - all server errors
        yield f"status {status}"
    if status >= 400:  # noqa: PLR2004 - all refusals
        yield from _faults_of_refusal(received)


def _faults_of_refusal(received: Received) -> Iterator[str]:
    if not received.body:
        if received.status not in FROM_THE_SERVER and "x-correlation-id" not in received.headers:
            yield f"status {received.status} without a body"
        return
    yield from (f"shows {trace.decode()!r}" for trace in TRACES if trace in received.body)
    if received.headers.get("content-type") != PROBLEM:
        yield f"a refusal as {received.headers.get('content-type')}"
        return
    try:
        problem = json.loads(received.body)
    except ValueError:
        yield "problem details that are no JSON"
        return
    if set(problem) != MEMBERS or problem["status"] != received.status:
        yield "problem details with other members"
