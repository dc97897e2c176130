"""The refusals of this package; their Danish texts are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class YearNotOver(Refused):
    """Rule 75: two counts of a running year would show what was recorded in between."""

    status = HTTPStatus.CONFLICT


class YearlyStatusNotReleased(Refused):
    status = HTTPStatus.CONFLICT


class YearlyStatusAlreadyReleased(Refused):
    """Rule 75: what was released is never computed again."""

    status = HTTPStatus.CONFLICT
