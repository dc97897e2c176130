"""Løsladelse: that a subject was released from custody and judged radicalised or at risk, with who judged it.

Without one, retsplejeloven § 115, stk. 1, nr. 3, litra c, cannot carry an exchange (rule 9).
"""

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from infohus.kernel.database.tables import Record, choice, owned_by_authority
from infohus.kernel.sealing.column import SealedColumn
from infohus.kernel.sealing.envelope import Sealed


class Judgement(StrEnum):
    """What the releasing authority judged."""

    RADICALISED = "radicalised"
    AT_RISK = "at_risk"


class CustodyRelease(Record):
    """One release, on the word of the authority that records it."""

    __tablename__ = "custody_release"
    __table_args__ = owned_by_authority()

    released_on: Mapped[date] = mapped_column(sa.Date)
    judgement: Mapped[Judgement] = choice(Judgement, name="judgement")
    basis: Mapped[Sealed] = mapped_column(SealedColumn)
