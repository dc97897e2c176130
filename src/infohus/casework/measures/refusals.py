"""What may be refused here; the words are in `danish/`."""

from infohus.errors import Refused


class ResponsibleAuthorityMissing(Refused):
    """Rule 23."""


class ResponsibleAuthorityTakesNoPart(Refused):
    """Rule 23: who carries a measure out must know of it."""


class IndicatedMeasureIsAnothers(Refused):
    """Forebyggelsestrekanten: indgribende is for the police, PET, probation or social support."""


class DelivererTakesNoPart(Refused):
    pass


class MeasureEndsWithOneOutcome(Refused):
    pass


class FollowUpInThePast(Refused):
    pass
