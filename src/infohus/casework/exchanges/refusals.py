"""The refusals of acts on exchanges; their Danish texts are in `danish/`."""

from http import HTTPStatus

from infohus.errors import Refused


class CorrectionCarriesMore(Refused):
    """Rule 13: where an exchange is refused, a correction carries no other records, and reaches nobody else."""

    status = HTTPStatus.CONFLICT


class AnswerIsWithdrawn(Refused):
    """Rules 16 and 86: a request ends by an answer, and who asked reads nothing of what was withdrawn from it."""


class PetHasNotAsked(Refused):
    """Rules 14 and 85: PET-loven § 4 carries the answer to a request of PET's that is noted, and nothing else."""


class PetStatesItsBasis(Refused):
    """Rule 14: of PET's request, and of no other, it is said whether it states straffelovens chapters 12–13."""


class AskedFromOutsideAlone(Refused):
    """Rule 12: when and by whom was asked is noted of what came from outside; the system knows it of its own."""


class NothingToKeep(Refused):
    """Rule 16: a mark says what of an exchange it keeps."""


class CorrectionOnAnotherTrack(Refused):
    """Rules 13 and 85: what was told on own initiative is not corrected as if PET had asked for it."""


class RecordHasNoSuchPart(Refused):
    """Rule 87: a part is named of a record that is told whole or not at all."""


class UnderretningIsNotWithdrawn(Refused):
    """Rule 83: an underretning that was handed over is the municipality's to assess, and stops for nobody."""
