"""The refusals of closures; their Danish texts are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class SideCannotEndYet(Refused):
    """Rule 70: an authority ends its own side where it has signed, and the other has not within some days."""

    status = HTTPStatus.CONFLICT
