"""The application's own log: JSON lines on stdout, colours in a terminal. Never personal data, keys or tokens.

This is not the audit log. It hides values under the names of sealed columns, at any depth, and what looks like a CPR
number or a token. It never prints an exception's own text, for a library may have put a value in it. What libraries log
by Python's `logging` goes the same way.
"""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any

import msgspec
import structlog

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="-")
"""The id that a request's log lines, its audit entry and its answer have in common."""

HIDDEN = "[skjult]"
_LOOKS_SECRET = re.compile(
    # An id of ours is none: one in thirty has ten digits in a row.
    r"(?P<id>\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b)"
    r"|(?<!\d)\d{6}[-\s]?\d{4}(?!\d)"  # a CPR number
    r"|eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){0,2}"  # a token
)
_LONGEST_SAID = 200
_ALWAYS_HIDDEN = frozenset({
    "authorization", "cookie", "body", "token", "password", "secret", "key", "name", "cpr", "dsn", "url",
})

EventDict = MutableMapping[str, Any]


def set_up(*, form: str, sealed_names: Iterable[str]) -> None:
    """Configure structlog for the process.

    `form` is `auto`, `json` or `console`; `sealed_names` are the sealed columns' names, whose values are hidden.
    """
    hidden = _ALWAYS_HIDDEN | frozenset(sealed_names)
    in_terminal = form == "console" or (form == "auto" and sys.stdout.isatty())
    renderer = structlog.dev.ConsoleRenderer() if in_terminal else structlog.processors.JSONRenderer(_json)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _join_request,
            _where_it_failed,
            lambda _logger, _method, event: _without_secrets(event, hidden),
            renderer,
        ],
        logger_factory=(
            structlog.PrintLoggerFactory(sys.stdout) if in_terminal else structlog.BytesLoggerFactory(sys.stdout.buffer)
        ),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    if not any(isinstance(handler, _LibraryLog) for handler in root.handlers):
        root.addHandler(_LibraryLog())


class _LibraryLog(logging.Handler):
    """Writes what libraries log, as asyncpg's pool does when it cannot connect.

    Only the first line of a message, before anything was put into it: in the others asyncio writes exceptions out.
    """

    def emit(self, record: logging.LogRecord) -> None:
        failure = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno, "library", library=record.name, said=str(record.msg).partition("\n")[0][:_LONGEST_SAID],
            exc_info=failure,
        )


def _json(event: EventDict, **_options: object) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)


def _join_request(_logger: object, _method: str, event: EventDict) -> EventDict:
    event.setdefault("correlation_id", correlation_id.get())
    return event


def _where_it_failed(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Log an exception's class and places (file, line, function) instead of its text and local values."""
    failure = event.pop("exc_info", None)
    if isinstance(failure, BaseException):
        event["failure"] = type(failure).__name__
        event["places"] = places_of(failure.__traceback__)
        cause = failure.__cause__ or failure.__context__
        if cause is not None:
            event["cause"] = type(cause).__name__
            event["cause_places"] = places_of(cause.__traceback__)[-3:]
    return event


def places_of(traceback: TracebackType | None) -> list[str]:
    """List `file:line function` of a traceback, outermost first, at most the last eight; no source text, no values."""
    places: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-8:]


def _without_secrets(event: EventDict, hidden: frozenset[str]) -> EventDict:
    # The correlation id was checked when the request came. One in thirty of those made here has ten digits in a row,
    # and would be hidden as a CPR number.
    return {
        name: HIDDEN if name in hidden else value if name == "correlation_id" else _hide(value, hidden)
        for name, value in event.items()
    }


def _hide(value: object, hidden: frozenset[str]) -> object:
    if isinstance(value, str):
        return _LOOKS_SECRET.sub(lambda found: found["id"] or HIDDEN, value)
    if isinstance(value, bytes | bytearray | memoryview):
        return HIDDEN
    if isinstance(value, dict):
        # A name can be a value too: a dictionary by CPR number.
        return {
            _hide(name, hidden): HIDDEN if name in hidden else _hide(part, hidden) for name, part in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_hide(part, hidden) for part in value]
    return value
