"""What each step of a case can end in. Which stage an outcome leads to is in `table.py`."""

from enum import StrEnum


class ClearanceOutcome(StrEnum):
    """What the police check found (rule 19)."""

    NOTHING_HINDERS = "nothing_hinders"
    HINDERED = "hindered"


class ProposedScope(StrEnum):
    """Where the concern belongs, as one authority proposes it."""

    WITHIN = "within"
    OUTSIDE = "outside"
    POLICE_ALONE = "police_alone"


class ScopeOutcome(StrEnum):
    """Where the concern belongs, as it was decided."""

    WITHIN = "within"
    OUTSIDE = "outside"
    POLICE_ALONE = "police_alone"
    DISAGREED = "disagreed"
    """Never proposed: what remains when the two differ."""


class TakeoverOutcome(StrEnum):
    """What it ends in that the police take a case over (rule 84)."""

    TAKEN_OVER = "taken_over"


class ScreeningOutcome(StrEnum):
    """What the screening ends in."""

    QUALIFY_FURTHER = "qualify_further"
    RECOMMEND = "recommend"
    NOTHING_FURTHER = "nothing_further"


class AssessmentOutcome(StrEnum):
    """An assessment has one outcome: it is concluded. What it says is words, never a level (rule 38)."""

    CONCLUDED = "concluded"


class RecommendationOutcome(StrEnum):
    """A recommendation has one outcome: it is given."""

    RECOMMENDED = "recommended"


class ClosureOutcome(StrEnum):
    """How a case ends."""

    UNFOUNDED = "unfounded"
    COMPLETED = "completed"
    OUTSIDE_INFOHUS = "outside_infohus"
    HANDED_OVER = "handed_over"
