"""What a unit of work must know of an act: how it locks its case, when it is possible, its purpose in the log.

The rows themselves are in `cases/procedure/table.py`, which the kernel may not import; app.py hands them in.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from infohus.kernel.access.model import Case
from infohus.kernel.unit_of_work.lookup import Lock, OwnSide


@dataclass(frozen=True, slots=True)
class FixedPurpose:
    """The same text in the entry of every act that succeeded."""

    text: str


@dataclass(frozen=True, slots=True)
class StatedPurpose:
    """Taken from the request; `of_what` says from which part. The operation states it where the request has it."""

    of_what: str


class NoPurpose(Enum):
    """The entry holds no purpose; its action says enough."""

    NOT_STATED = "not stated"


Purpose = FixedPurpose | StatedPurpose | NoPurpose


class PurposeOfAnotherAct(Exception):  # noqa: N818 - names the situation
    """An operation states a purpose that the procedure's row of its act does not have: a fault of the code."""


class ActRow(Protocol):
    """The procedure's row of one act, as far as a unit of work reads it."""

    @property
    def lock(self) -> Lock: ...
    @property
    def purpose(self) -> Purpose: ...
    def require_possible(self, case: Case, side: OwnSide) -> None:
        """Refuse the act when the case, or the caller's own side of it, does not allow it now."""
