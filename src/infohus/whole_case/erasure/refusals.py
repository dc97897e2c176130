"""The refusals of this package; their Danish texts are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class ErasureRefused(Refused):
    """Rule 72: something stands in the way of erasing; `reasons` names it in Danish."""

    status = HTTPStatus.CONFLICT


class ErasureNotBuiltYet(Refused):
    """Rule 73: erasing destroys keys, and is not built yet."""

    status = HTTPStatus.CONFLICT
