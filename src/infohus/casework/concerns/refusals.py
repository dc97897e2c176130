"""The refusals of acts on concerns; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class NotInThePlan(Refused):
    """A code that is neither one of those that every infohus has nor one of its plan's."""


class PlanWithoutSigns(Refused):
    """A sign is named where the plan lists none."""
