"""The refusals of this package; their Danish texts are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class ContentAskedForAnotherPurpose(Refused):
    """Rule 104: what was asked for is read for the purpose that the request states."""

    status = HTTPStatus.CONFLICT
