"""What a unit of work must know of an act: how it locks its case, when it is possible, its purpose in the log.

The rows themselves are in `cases/procedure/table.py`, which the kernel may not import; app.py hands them in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from infohus.kernel.access.model import Case, Stage
from infohus.kernel.unit_of_work.lookup import Lock, OwnSide


@dataclass(frozen=True, slots=True)
class FixedPurpose:
    """The same code in the entry of every such act and attempt."""

    code: str


@dataclass(frozen=True, slots=True)
class PurposeByStage:
    """The code that belongs to the case's stage; `otherwise` where no case was found."""

    at: Mapping[Stage, str]
    otherwise: str


@dataclass(frozen=True, slots=True)
class StatedPurpose:
    """Taken from the request; `of_what` says from which part.

    Where it states none, the code is the one `at` the case's stage, if the act leaves it to that, and else `otherwise`.
    """

    of_what: str
    otherwise: str
    at: Mapping[Stage, str] = field(default_factory=dict)


Purpose = FixedPurpose | PurposeByStage | StatedPurpose


def purpose_without_statement(purpose: Purpose, stage: Stage | None) -> str:
    """Give the code of an act that states no purpose itself, at a case's stage."""
    match purpose:
        case FixedPurpose(code=code):
            return code
        case StatedPurpose(at=at, otherwise=otherwise):
            return otherwise if stage is None else at.get(stage, otherwise)
        case PurposeByStage(at=at, otherwise=otherwise):
            return otherwise if stage is None else at[stage]


class PurposeOfAnotherAct(Exception):  # noqa: N818 - names the situation
    """An operation states a purpose that the procedure's row of its act does not have: a fault of the code."""


class ActRow(Protocol):
    """The procedure's row of one act, as far as a unit of work reads it."""

    @property
    def lock(self) -> Lock: ...
    @property
    def purpose(self) -> Purpose: ...
    @property
    def reopens_side(self) -> bool:
        """Whether a record that the act makes reopens the caller's own side, where that has ended."""
    def require_possible(self, case: Case, side: OwnSide) -> None:
        """Refuse the act when the case, or the caller's own side of it, does not allow it now."""
