"""Check that the procedure covers every act and every outcome. Run when the application starts."""

from collections.abc import Container, Iterator, Mapping
from enum import StrEnum
from typing import get_args

from infohus.cases.procedure.row import Outcome, ProcedureRow
from infohus.kernel.access.model import Stage
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.lookup import Lock
from infohus.kernel.unit_of_work.procedure import purpose_without_statement

OUTCOMES: tuple[type[StrEnum], ...] = get_args(Outcome)


class ProcedureIncomplete(Exception):  # noqa: N818 - names the situation
    """The table of the procedure leaves something out; the application must not start with it."""


def require_complete(
    procedure: Mapping[Action, ProcedureRow], words: Container[str], purposes: Container[str]
) -> None:
    """Check that every act has a row, Danish `words` and `purposes`, and every outcome one stage to lead to.

    Raises:
        ProcedureIncomplete: naming each act, and what its row lacks.
    """
    faults = [*_faults_of_acts(procedure, words, purposes), *_faults_of_outcomes(procedure)]
    if faults:
        raise ProcedureIncomplete("; ".join(faults))


def _faults_of_acts(
    procedure: Mapping[Action, ProcedureRow], words: Container[str], purposes: Container[str]
) -> Iterator[str]:
    for action in Action:
        row = procedure.get(action)
        if row is None:
            yield f"`{action.value}` has no row"
            continue
        if row.words not in words:
            yield f"`{action.value}` has no Danish words `{row.words}`"
        for stage in (None, *Stage):
            if (code := purpose_without_statement(row.purpose, stage)) not in purposes:
                yield f"`{action.value}` is for `{code}`, which has no Danish words"
        if not row.stages:
            yield f"`{action.value}` is possible at no stage"
        if row.leads_to and row.lock is not Lock.DECIDING:
            yield f"`{action.value}` moves a case that it does not have to itself"
        for outcome in row.leads_to:
            if not isinstance(outcome, OUTCOMES):
                yield f"`{action.value}` leads on from `{outcome}`, which no step ends in"


def _faults_of_outcomes(procedure: Mapping[Action, ProcedureRow]) -> Iterator[str]:
    for kind in OUTCOMES:
        for outcome in kind:
            settling = [action for action, row in procedure.items() if any(one is outcome for one in row.leads_to)]
            if len(settling) != 1:
                acts = ", ".join(f"`{action.value}`" for action in settling) or "no act"
                yield f"`{outcome.value}` of `{kind.__name__}` is settled by {acts}, and not by exactly one"
