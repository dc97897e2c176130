"""What may be refused here; the words are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class ErasureRefused(Refused):
    """Rule 72, with what stands in the way."""

    status = HTTPStatus.CONFLICT


class ErasureNotBuiltYet(Refused):
    """Rule 73 comes with the destruction of keys; until then nothing is erased."""

    status = HTTPStatus.CONFLICT
