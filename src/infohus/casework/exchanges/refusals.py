"""The refusals of acts on exchanges; their Danish texts are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class CorrectionCarriesMore(Refused):
    """Rule 13: where an exchange is refused, a correction carries no other records, and reaches nobody else."""

    status = HTTPStatus.CONFLICT


class AnswerIsWithdrawn(Refused):
    """Rules 16 and 86: a request ends by an answer, and who asked reads nothing of what was withdrawn from it."""


class NothingToKeep(Refused):
    """Rule 16: a mark says what of an exchange it keeps."""


class CorrectionOnAnotherTrack(Refused):
    """Rules 13 and 85: what was told on own initiative is not corrected as if PET had asked for it."""


class RecordHasNoSuchPart(Refused):
    """Rule 87: a part is named of a record that is told whole or not at all."""
