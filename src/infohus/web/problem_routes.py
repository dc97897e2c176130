"""The routes that list and explain every situation the API can refuse in: what a problem's `type` points to."""

from http import HTTPStatus

import msgspec
from litestar import get
from litestar.params import FromPath

from infohus import errors
from infohus.danish import WORDS
from infohus.kernel.answers.problems import documented_problems


class ProblemKind(msgspec.Struct, frozen=True):
    """One situation the API can answer with."""

    type: str
    status: int
    title: str
    detail: str


@get("/problems", operation_id="ListProblems", responses=documented_problems(HTTPStatus.INTERNAL_SERVER_ERROR))
async def list_problems() -> list[ProblemKind]:
    """List every situation the API can refuse in."""
    return _every_problem()


def _every_problem() -> list[ProblemKind]:
    return [
        ProblemKind(f"/problems/{slug}", int(situation.status), *WORDS[slug])
        for situation in errors.situations()
        for slug in (errors.slug_of(situation),)
    ]


@get(
    "/problems/{slug:str}", operation_id="ReadProblem",
    responses=documented_problems(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR),
)
async def read_problem(slug: FromPath[str]) -> ProblemKind:
    """Explain one situation: what a problem's `type` points to."""
    by_type = {kind.type: kind for kind in _every_problem()}
    if f"/problems/{slug}" not in by_type:
        raise errors.NoSuchAddress
    return by_type[f"/problems/{slug}"]


handlers = [list_problems, read_problem]
