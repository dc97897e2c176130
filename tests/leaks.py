"""A search for secrets in places where none may be, which first shows that it would find one in each place."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest
import structlog

_METHODS = ("msg", "log", "debug", "info", "warn", "warning", "error", "critical", "exception", "fatal", "failure")


def spellings(secret: str) -> set[str]:
    """Write a secret as it could stand in a log line, an address or a dump."""
    written = secret.encode()
    return {
        secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], repr(written)[2:-1], quote(secret), written.hex(),
        *_without_dash(secret),
    }


def _without_dash(secret: str) -> set[str]:
    """Write a CPR number in its three ways; anything else in none more."""
    digits = secret.replace("-", "")
    if not (digits.isdecimal() and len(digits) == 10):
        return set()
    return {digits, f"{digits[:6]}-{digits[6:]}", f"{digits[:6]} {digits[6:]}"}


def leaks(secrets: Iterable[str], places: Mapping[str, str]) -> list[tuple[str, str]]:
    """List which spellings of the secrets stand where."""
    return sorted(
        (place, spelling)
        for place, text in places.items() for secret in secrets for spelling in spellings(secret) if spelling in text
    )


def assert_nothing_leaked(secrets: Iterable[str], places: Mapping[str, str]) -> None:
    """Assert that no spelling of a secret is in a place; first append each to a copy of the place and find it."""
    wanted = list(secrets)
    assert wanted, "nothing to search for"
    for secret in wanted:
        for spelling in spellings(secret):
            planted = {place: text + spelling for place, text in places.items()}
            assert {(place, spelling) for place in places} <= set(leaks(wanted, planted)), "a leak would not be seen"
    found = leaks(wanted, places)
    assert found == [], found


@dataclass(frozen=True, slots=True)
class LogLines:
    """The lines that were written to the service's log."""

    written: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Everything that was written."""
        return "\n".join(self.written)

    def events(self) -> set[str]:
        """Name what the lines say happened; the lines must be JSON, as the service writes them for machines."""
        return {json.loads(line)["event"] for line in self.written}

    def assert_without(self, secrets: Iterable[str]) -> None:
        """Assert that no line holds a secret; first show that an unfiltered line with each secret is collected here.

        The lines go to where the service's own set-up sends them: were that elsewhere, nothing would be found here.
        """
        wanted = list(secrets)
        straight = structlog.get_config()["logger_factory"]()
        for secret in wanted:
            line = secret.encode() if isinstance(straight, structlog.BytesLogger) else secret
            straight.info(line)
            assert self.written[-1:] == [secret], "the service's log goes elsewhere"
            self.written.pop()
        assert_nothing_leaked(wanted, {"log": self.text})


@contextmanager
def log_lines() -> Iterator[LogLines]:
    """Collect what the service's log writes meanwhile, whichever module's logger writes it; search before it ends."""
    lines = LogLines()

    def collect(_logger: object, line: bytes | str) -> None:
        lines.written.append(line.decode() if isinstance(line, bytes) else line)

    with pytest.MonkeyPatch.context() as patch:
        for logger in (structlog.BytesLogger, structlog.PrintLogger):
            for method in _METHODS:
                patch.setattr(logger, method, collect)
        yield lines
