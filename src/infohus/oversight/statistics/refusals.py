"""What may be refused here; the words are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class YearNotOver(Refused):
    """Rule 75: a count of a running year, taken twice, tells what came in between."""

    status = HTTPStatus.CONFLICT


class YearlyStatusNotReleased(Refused):
    status = HTTPStatus.CONFLICT


class YearlyStatusAlreadyReleased(Refused):
    """Rule 75: what was released is never computed again."""

    status = HTTPStatus.CONFLICT
