"""How long a closed case is kept: a table that the code interprets. Pure.

The values are defaults: the owners settle them with Rigsarkivet and their DPO, and a municipality may not delete
without archive clearance (rule 72), which comes with erasure.
"""

from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from infohus.closures.model import ClosureOutcome


class RetentionRule(NamedTuple):
    """A period in days from closure, and where it comes from."""

    name: str
    days: int
    source: str


UNFOUNDED = RetentionRule("unfounded", 180, "eget valg: en grundløs bekymring gemmes kortest (regel 24 og 71)")
ORDINARY = RetentionRule("ordinary", 1825, "KLE's slettekode P1825D: fem år efter afslutning")

RULES: MappingProxyType[ClosureOutcome, RetentionRule] = MappingProxyType({
    ClosureOutcome.UNFOUNDED: UNFOUNDED,
    ClosureOutcome.OUTSIDE_INFOHUS: UNFOUNDED,
    ClosureOutcome.COMPLETED: ORDINARY,
    ClosureOutcome.HANDED_OVER: ORDINARY,
})


def erase_after(outcome: ClosureOutcome, closed_on: date) -> date:
    """Give the last day a case is kept; the clock runs from closure (rule 71)."""
    return closed_on + timedelta(days=RULES[outcome].days)
