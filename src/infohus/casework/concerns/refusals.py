"""The refusals of acts on concerns; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class NotInThePlan(Refused):
    """A code that is neither one of those that every infohus has nor one of its plan's."""


class BirthDateNotPossible(Refused):
    """A birth date lies after the concern, or one that was stated lies further back than anybody lives."""


class AgeNotPossible(Refused):
    """An age from one year to a lower one."""


class AgeNotStated(Refused):
    """A statement on an age that says nothing, nor that what was stated before is wrong."""


class BeforeTheClockBegan(Refused):
    """What stops a child's clock cannot have been before the municipality received it (rule 83)."""


class ReporterIsKnown(Refused):
    """A receipt is not possible only where nobody knows whom to tell (rule 83)."""


class HandOverWithoutWords(Refused):
    """Rule 83: an underretning says what the worry about the child is."""


class PlanWithoutSigns(Refused):
    """A sign is named where the plan lists none."""
