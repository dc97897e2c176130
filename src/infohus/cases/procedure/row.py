"""One row of the procedure's table: its columns, and the four functions that make the rows of `table.py`."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from infohus import errors
from infohus.cases.procedure.outcomes import (
    AssessmentOutcome,
    ClearanceOutcome,
    ClosureOutcome,
    RecommendationOutcome,
    ScopeOutcome,
    ScreeningOutcome,
    TakeoverOutcome,
)
from infohus.kernel.access.model import Case, Stage
from infohus.kernel.unit_of_work.lookup import Lock, OwnSide
from infohus.kernel.unit_of_work.procedure import Purpose

Outcome = (
    ClearanceOutcome | ScopeOutcome | TakeoverOutcome | ScreeningOutcome | AssessmentOutcome | RecommendationOutcome
    | ClosureOutcome
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of the caller's own side beside the case's stage, and the refusal while it does not.

    Of the other side nothing is asked: a refusal would tell of it (rule 44).
    """

    holds: Callable[[OwnSide], bool]
    refusal: type[errors.Refused]


CHILD_NOTIFICATION_HANDED_OVER = Condition(
    lambda side: not side.awaits_child_notification, errors.ScreeningAwaitsChildNotification
)
"""The side that knows of a child does not screen before the underretning is handed over (rule 32)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureRow:
    """When an act is possible, which lock it takes on its case, where it leads, and how it is named and logged."""

    stages: frozenset[Stage]
    for_pet_also: frozenset[Stage]
    """Further stages, at which the act is possible for what PET asks under PET-loven § 4 alone (rule 85)."""
    lock: Lock
    purpose: Purpose
    """The purpose that the act's entry in the log states."""
    words: str
    """The key of the act's Danish name in `danish/acts.py`."""
    leads_to: Mapping[Outcome, Stage]
    """The stage that each outcome of the step brings the case to; empty for an act that moves no case."""
    conditions: tuple[Condition, ...]
    offered_under_rule: int | None
    """The rule that the act serves as a next step of a case; `None` for an act that is not offered as one."""

    @property
    def reopens_side(self) -> bool:
        """Whether a record that the act makes reopens the caller's own side, where that has ended (rule 70).

        What a closed case allows too (a note, a hold, a correction) moves no retention clock.
        """
        return Stage.CLOSED not in self.stages

    def require_possible(self, case: Case, side: OwnSide) -> None:
        """Refuse an act that the case, or the caller's own side of it, does not allow now.

        Raises:
            NotPossibleNow: naming the stage.
            ScreeningAwaitsChildNotification: the child's underretning is not handed over yet (rule 32).
        """
        if case.stage not in self.stages | self.for_pet_also:
            raise errors.NotPossibleNow(stage=case.stage.value)
        for condition in self.conditions:
            if not condition.holds(side):
                raise condition.refusal

    def require_ordinary_stage(self, case: Case) -> None:
        """Refuse an act that is not for PET at a stage that allows it for PET alone.

        Before its body was read nobody knows which it is, so the operations of acts with such stages ask for this.

        Raises:
            NotPossibleNow: naming the stage.
        """
        if case.stage not in self.stages:
            raise errors.NotPossibleNow(stage=case.stage.value)


_NOWHERE: Mapping[Outcome, Stage] = MappingProxyType({})


def reading(words: str, purpose: Purpose) -> ProcedureRow:
    """Make the row of an act that only reads: possible at every stage, and it takes no lock."""
    return _row(frozenset(Stage), Lock.NONE, purpose, words)


def done_by_the_owner(words: str, purpose: Purpose) -> ProcedureRow:
    """Make the row of an act that only the command line does, as the database's owner and in no unit of work."""
    return _row(frozenset(Stage), Lock.NONE, purpose, words)


def recording(
    words: str, stages: Collection[Stage], purpose: Purpose, *, for_pet_also: Collection[Stage] = (),
    rule: int | None = None,
) -> ProcedureRow:
    """Make the row of an act that writes under the shared lock: others may record meanwhile, nobody may decide."""
    return _row(stages, Lock.RECORDING, purpose, words, for_pet_also=for_pet_also, rule=rule)


def deciding(  # noqa: PLR0913 - a row is all of it
    words: str, stages: Collection[Stage], purpose: Purpose, *, leads_to: Mapping[Outcome, Stage] = _NOWHERE,
    conditions: tuple[Condition, ...] = (), for_pet_also: Collection[Stage] = (), rule: int | None = None,
) -> ProcedureRow:
    """Make the row of an act that writes under the exclusive lock; only such an act moves a case."""
    return _row(
        stages, Lock.DECIDING, purpose, words, leads_to=leads_to, conditions=conditions, for_pet_also=for_pet_also,
        rule=rule,
    )


def _row(  # noqa: PLR0913 - a row is all of it
    stages: Collection[Stage], lock: Lock, purpose: Purpose, words: str, *,
    leads_to: Mapping[Outcome, Stage] = _NOWHERE, conditions: tuple[Condition, ...] = (),
    for_pet_also: Collection[Stage] = (), rule: int | None = None,
) -> ProcedureRow:
    return ProcedureRow(
        stages=frozenset(stages), lock=lock, purpose=purpose, words=words, leads_to=MappingProxyType(dict(leads_to)),
        conditions=conditions, for_pet_also=frozenset(for_pet_also), offered_under_rule=rule,
    )
