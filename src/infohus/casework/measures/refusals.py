"""The refusals of measures; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class ResponsibleAuthorityMissing(Refused):
    """A measure has exactly one responsible authority (rule 23)."""


class ResponsibleAuthorityTakesNoPart(Refused):
    """The authority that carries a measure out must take part and be able to read it (rule 23)."""


class IndicatedMeasureIsAnothers(Refused):
    """An indgribende measure is for the police, PET, probation or social support (forebyggelsestrekanten)."""


class DelivererTakesNoPart(Refused):
    pass


class MeasureEndsWithOneOutcome(Refused):
    pass


class FollowUpInThePast(Refused):
    pass
