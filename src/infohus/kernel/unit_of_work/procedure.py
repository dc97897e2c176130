"""What a unit of work must know of an act: how firmly it holds its case, when it is possible, its purpose in the log.

The rows stand where cases are known (`cases/procedure/table.py`) and are handed in.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from infohus.kernel.access.model import Case
from infohus.kernel.unit_of_work.lookup import Lock


@dataclass(frozen=True, slots=True)
class FixedPurpose:
    """The same text in every entry of the act, once it is done."""

    text: str


@dataclass(frozen=True, slots=True)
class StatedPurpose:
    """What the request says; `of_what` names the part of it. The operation states it, where the request has it."""

    of_what: str


class NoPurpose(Enum):
    """The entry names the act and no purpose beside it."""

    NOT_STATED = "not stated"


Purpose = FixedPurpose | StatedPurpose | NoPurpose


class PurposeOfAnotherAct(Exception):  # noqa: N818 - names the situation
    """An operation states a purpose that the procedure's row of its act does not have: our own mistake."""


class ActRow(Protocol):
    """The procedure's row of one act, as far as a unit of work reads it."""

    @property
    def lock(self) -> Lock: ...
    @property
    def purpose(self) -> Purpose: ...
    def require_possible(self, case: Case) -> None:
        """Refuse the act when the case does not allow it now."""
