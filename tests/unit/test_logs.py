"""The service's log, set up as the service sets it up: it holds no secret, however one comes near it."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from infohus import logs
from infohus.kernel.database.tables import Row
from infohus.kernel.sealing.column import sealed_columns
from infohus.logs import HIDDEN
from leaks import LogLines, leaks, log_lines, spellings

CANARY = "KanariefuglGul æblegrød"
CPR = "010158-5018"
"""Invented: by digit 7 of somebody born in 1858."""
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJrYW5hcmllZnVnbCJ9.c2lnbmF0dXI"


@pytest.fixture(params=["json", "console"])
def lines(request: pytest.FixtureRequest) -> Iterator[LogLines]:
    """Set the log up as the service does, and collect what it writes; afterwards it is as it was."""
    before = structlog.get_config()
    logs.set_up(form=request.param, sealed_names={column for _, column in sealed_columns(Row.metadata)})
    with log_lines() as collected:
        yield collected
    structlog.configure(**before)


@pytest.fixture
def logger() -> Any:
    """Make a logger as each module does."""
    return structlog.get_logger()


class GivenTheSearchItself:
    def test_a_line_that_says_a_secret_in_a_plain_field_is_found(self, lines: LogLines, logger: Any) -> None:
        logger.info("request", route=CANARY)
        with pytest.raises(AssertionError, match="KanariefuglGul"):
            lines.assert_without([CANARY])

    @pytest.mark.parametrize("spelling", sorted(spellings(CPR)))
    def test_every_spelling_is_found(self, spelling: str) -> None:
        assert ("log", spelling) in leaks([CPR], {"log": f"før {spelling} efter"})

    def test_a_cpr_number_is_searched_for_in_its_three_ways(self) -> None:
        assert {"0101585018", "010158-5018", "010158 5018"} <= spellings(CPR) & spellings("0101585018")


class WhenAValueLooksLikeASecret:
    @pytest.mark.rule(53)
    @pytest.mark.parametrize("written", [
        "0101585018", "010158-5018", "010158 5018", "cpr:0101585018.", "/cases/0101585018/x", "a0101585018b",
    ])
    def test_a_cpr_number_is_hidden_with_dash_and_without(self, lines: LogLines, logger: Any, written: str) -> None:
        assert leaks([CPR], {"written": written})
        logger.warning("odd", route=written, nested={"in": [written, {"deeper": (written,)}]})
        logger.warning(written)
        assert lines.text.count(HIDDEN) == 4
        lines.assert_without([CPR])

    def test_the_correlation_id_stays_as_it_was_checked_at_the_door(self, lines: LogLines, logger: Any) -> None:
        logger.info("request", correlation_id="7d1c0101585018ab")
        logger.info("request", correlation_id="0101585018-4711")
        assert "7d1c0101585018ab" in lines.text
        assert "0101585018-4711" in lines.text

    @pytest.mark.parametrize("written", ["01015850181", "201015850", "12345", "2026-11-29T10:00:00"])
    def test_what_is_no_cpr_number_stays(self, lines: LogLines, logger: Any, written: str) -> None:
        logger.info("size", value=written)
        assert written in lines.text

    def test_an_id_of_a_record_stays_and_what_only_looks_like_one_does_not(self, lines: LogLines, logger: Any) -> None:
        record = "01a22d16-6476-7166-8c4c-3080975075b6"
        logger.critical("record_not_readable", record=record)
        assert record in lines.text
        logger.critical("odd", value=f"{record[:-12]}0101585018")
        lines.assert_without([CPR])

    @pytest.mark.rule(53)
    @pytest.mark.parametrize("written", [TOKEN, f"Bearer {TOKEN}", TOKEN.rsplit(".", 1)[0]])
    def test_a_token_is_hidden(self, lines: LogLines, logger: Any, written: str) -> None:
        logger.warning("odd", route=written, nested=[written])
        assert lines.text.count(HIDDEN) == 2
        lines.assert_without(TOKEN.split("."))


class WhenAFieldIsSecretByItsName:
    @pytest.mark.rule(53)
    @pytest.mark.parametrize("name", [
        "authorization", "cookie", "body", "token", "password", "secret", "key", "name", "cpr", "dsn", "url",
    ])
    def test_it_is_hidden_whatever_it_holds(self, lines: LogLines, logger: Any, name: str) -> None:
        logger.info("odd", **{name: CANARY})
        assert HIDDEN in lines.text
        lines.assert_without([CANARY])

    @pytest.mark.rule(53)
    @pytest.mark.parametrize("name", sorted({column for _, column in sealed_columns(Row.metadata)}))
    def test_every_sealed_column_is_one(self, lines: LogLines, logger: Any, name: str) -> None:
        logger.info("odd", **{name: CANARY})
        lines.assert_without([CANARY])

    @pytest.mark.rule(53)
    @pytest.mark.parametrize("name", ["name", "observation"])
    @pytest.mark.parametrize("nest", [
        lambda inner: inner, lambda inner: [inner], lambda inner: ({"deeper": [inner]},),
        lambda inner: {"row": {"columns": inner}},
    ])
    def test_also_when_it_is_inside_another(self, lines: LogLines, logger: Any, name: str, nest: Any) -> None:
        logger.info("odd", nested=nest({name: CANARY}))
        logger.info("odd", nested=nest({name: [CANARY, {"text": CANARY}]}))
        assert lines.text.count(HIDDEN) == 2
        lines.assert_without([CANARY])

    @pytest.mark.rule(53)
    def test_a_secret_is_hidden_where_it_is_itself_the_name_or_in_a_set(self, lines: LogLines, logger: Any) -> None:
        logger.info("odd", nested={CPR: 1}, several={CPR}, fixed=frozenset({TOKEN}))
        assert lines.text.count(HIDDEN) == 3
        lines.assert_without([CPR, TOKEN])

    @pytest.mark.rule(53)
    @pytest.mark.parametrize("value", [CANARY.encode(), bytearray(CANARY.encode()), memoryview(CANARY.encode())])
    def test_bytes_are_hidden_under_any_name(self, lines: LogLines, logger: Any, value: object) -> None:
        logger.info("odd", stored=value, nested=[{"stored": value}])
        assert lines.text.count(HIDDEN) == 2
        lines.assert_without([CANARY])


class WhenALibraryLogs:
    def test_it_stands_in_the_service_s_own_log(self, lines: LogLines) -> None:
        try:
            _raise(ConnectionRefusedError("postgres://somebody:hemmelig@somewhere"))
        except ConnectionRefusedError:
            logging.getLogger("asyncpg.pool").warning("Failed to restore the pool connection; retrying", exc_info=True)
        assert len(lines.written) == 1
        for said in ("asyncpg.pool", "Failed to restore the pool connection", "ConnectionRefusedError", "warning"):
            assert said in lines.text
        assert "hemmelig" not in lines.text

    @pytest.mark.rule(53)
    def test_nothing_that_was_put_into_it_does(self, lines: LogLines) -> None:
        logging.getLogger("a.library").error("row %s", CANARY)
        logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: {ValueError(CANARY)!r}")  # noqa: G004
        assert "row %s" in lines.text
        assert "never retrieved" in lines.text
        lines.assert_without([CANARY])


def _raise(failure: BaseException, cause: BaseException | None = None) -> None:
    raise failure from cause


def _raised(failure: BaseException, *, cause: BaseException | None = None) -> BaseException:
    """Raise and catch, so that there is a traceback with the text among its local values."""
    try:
        _raise(failure, cause)
    except BaseException as caught:  # noqa: BLE001 - whatever was given
        return caught
    raise AssertionError


def _while_handling(first: Exception, second: Exception) -> Exception:
    """Raise the second while the first is handled: the first is its context, and not its cause."""
    try:
        try:
            _raise(first)
        finally:
            raise second
    except Exception as caught:  # noqa: BLE001 - whatever was given
        return caught


def _noted(failure: Exception) -> Exception:
    failure.add_note(CANARY)
    return failure


FAILURES = {
    "its text": lambda: _raised(ValueError(CANARY)),
    "several arguments": lambda: _raised(OSError(5, CANARY, CANARY)),
    "a note": lambda: _raised(_noted(ValueError("x"))),
    "its cause": lambda: _raised(RuntimeError("x"), cause=_raised(ValueError(CANARY))),
    "its context": lambda: _while_handling(ValueError(CANARY), RuntimeError("x")),
    "one of a group": lambda: _raised(ExceptionGroup(CANARY, [ValueError(CANARY)])),
    "a cancellation": lambda: _raised(asyncio.CancelledError(CANARY)),
    "a CPR number": lambda: _raised(KeyError(CPR)),
}
"""Exceptions that carry a secret somewhere."""


class WhenSomethingFails:
    @pytest.mark.rule(53)
    @pytest.mark.parametrize("make", FAILURES.values(), ids=FAILURES)
    def test_its_kind_and_place_are_said_and_never_its_text(self, lines: LogLines, logger: Any, make: Any) -> None:
        failure = make()
        logger.error("unit_failed", exc_info=failure)
        assert type(failure).__name__ in lines.text
        assert "test_logs.py" in lines.text
        lines.assert_without([CANARY, CPR])

    @pytest.mark.rule(53)
    def test_also_when_it_is_taken_from_where_it_is_handled(self, lines: LogLines, logger: Any) -> None:
        try:
            _raise(ValueError(CANARY))
        except ValueError:
            logger.exception("unit_failed")
        assert "unit_failed" in lines.text
        lines.assert_without([CANARY])

    def test_the_cause_is_named_with_its_places(self, lines: LogLines, logger: Any) -> None:
        logger.error("unit_failed", exc_info=_raised(RuntimeError("x"), cause=_raised(ValueError(CANARY))))
        assert "RuntimeError" in lines.text
        assert "ValueError" in lines.text
