"""Rows in an order that only an ORDER BY fixes: what a statement leaves open is drawn anew each time it runs.

PostgreSQL gives such rows in the order in which it happens to find them, which is mostly that of their insertion and
depends on rows that the caller does not see. Each statement's `random()` is seeded, so rows that are found in the same
order come in the same order again, and a history that differs in some orders alone can be played in many.
"""

import random
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import asyncpg
import pytest

SHUFFLED_BY: ContextVar[random.Random | None] = ContextVar("SHUFFLED_BY", default=None)
"""What draws the order of rows for the statements of the present task, and of those that it starts; none by default."""

_SELECT = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
_DISTINCT = re.compile(r"\s*(SELECT\s+)?DISTINCT\b", re.IGNORECASE)
_GATHERING = re.compile(r"\b(array_agg|jsonb?_agg|string_agg|array)\(", re.IGNORECASE)
_ACTING = re.compile(r"SELECT asked\.\* FROM \((.*)\) AS asked WHERE \(SELECT [a-z]+\.act_as\([^()]*\)\)", re.DOTALL)
_SET = re.compile(r"\b(UNION|EXCEPT|INTERSECT)\b", re.IGNORECASE)
_ORDER = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
_BEHIND = re.compile(r"\b(LIMIT|OFFSET|FETCH|FOR)\b", re.IGNORECASE)


@cache
def shuffled(sql: str) -> str:
    """Rewrite a query so that what its ORDER BY leaves open is random, in the arrays that it gathers, too."""
    if not _SELECT.match(sql):
        return sql
    acting = _ACTING.fullmatch(sql)
    if acting:
        return sql.replace(acting.group(1), shuffled(acting.group(1)))
    return _in_any_order(_arrays_shuffled(sql))


@contextmanager
def shuffling() -> Iterator[None]:
    """Let `SHUFFLED_BY` count for every connection of this process until the context is left."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fetch", "fetchrow", "fetchval"):
            patch.setattr(asyncpg.Connection, name, _shuffling(getattr(asyncpg.Connection, name)))
        yield


def _shuffling(asking: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def ask(connection: object, sql: str, *arguments: object, **options: object) -> Any:
        drawn = SHUFFLED_BY.get()
        if drawn is None or shuffled(sql) == sql:
            return await asking(connection, sql, *arguments, **options)
        await asking(connection, "SELECT setseed($1)", drawn.uniform(-1, 1))
        return await asking(connection, shuffled(sql), *arguments, **options)

    return ask


def _in_any_order(select: str) -> str:
    outer = _outermost(select)
    if _SET.search(outer) or _DISTINCT.match(select):
        # Only what such a query selects may stand in its own ORDER BY.
        return select if _ORDER.search(outer) else f"SELECT * FROM ({select}) AS any_order ORDER BY random()"  # noqa: S608
    ordered = _ORDER.search(outer)
    behind = _BEHIND.search(outer, ordered.end() if ordered else 0)
    end = behind.start() if behind else len(select)
    drawn = ", random() " if ordered else " ORDER BY random() "
    return f"{select[:end].rstrip()}{drawn}{select[end:]}".rstrip()


def _arrays_shuffled(sql: str) -> str:
    """Rewrite from the last to the first, so that one in another is done before that one."""
    for found in reversed(list(_GATHERING.finditer(sql))):
        end = _end_of(sql, found.end())
        content = sql[found.end():end]
        selects = content
        while selects.startswith("(") and _end_of(selects, 1) == len(selects) - 1:
            selects = selects[1:-1]
        if found.group(1).lower() == "array":
            drawn = f"({_in_any_order(selects)})" if content != selects else _in_any_order(selects)
        else:
            drawn = content if _DISTINCT.match(content) else _in_any_order(content)
        sql = sql[:found.end()] + drawn + sql[end:]
    return sql


def _end_of(sql: str, start: int) -> int:
    """Find the parenthesis that closes the one before `start`."""
    depth = 1
    for place in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[place], 0)
        if not depth:
            return place
    message = f"a parenthesis is not closed in {sql}"
    raise ValueError(message)


def _outermost(sql: str) -> str:
    """Blank out what stands in parentheses or quotes, so that places stay."""
    depth, quote, written = 0, "", []
    for sign in sql:
        if quote:
            quote = "" if sign == quote else quote
            written.append(" ")
            continue
        if sign in "'\"":
            quote = sign
        depth += {"(": 1, ")": -1}.get(sign, 0)
        written.append(" " if depth or sign in ")'\"" else sign)
    return "".join(written)
