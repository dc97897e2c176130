"""What differs where rows of the schema `keys` are compared with the logs.

A unit makes them durable before its entry, so an act that came to nothing in between leaves a row that no log names. It
opens nothing that anybody stored: that is told apart from a row on which something hangs, or that was changed. What an
authority takes in it stores after its entry: so a key that was taken in without one was put there by somebody else.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.logged_rows import ComparedRow, Written
from infohus.kernel.database.row_digests import digest_of, revision_of

KEYS = "keys"
SIDE_SECRET, EXCHANGE_KEY = "side_secret", "exchange_key"

UNNAMED = "ingen log nævner den, og intet hænger på den: en afbrudt handling, eller lagt der af en anden"
TAKEN_IN = "er åbnet og lukket til egen brug, uden at en log siger det"
SEALED_STILL = "er endnu ikke lukket til egen brug, som loggen siger: en afbrudt handling; den åbner som før"
SEALED_AS, TAKEN_IN_AS = 1, 2
"""The revisions of an exchange key as it was given, and when its recipient took it in."""
SECOND = "siden har mere end én hemmelighed: kun den, som dens nøgleholder kan åbne, bruges"
STANDS_AGAIN = "er slettet ifølge loggen og står der igen"
FALLEN = "står der, selv om det, den hviler på, er væk"
WITHDRAWN = "står der, selv om videregivelsen er trukket tilbage, og intet er lukket med den"


@dataclass(frozen=True, slots=True)
class RowFault:
    """One row that is not what the logs say: its table and key, and what is wrong with it, in Danish.

    `is_remark`: it may be left by an act that came to nothing, and opens nothing. `said_in`: the entries that say what
    the row should be, by log and index.
    """

    table: str
    key: str
    what: str
    is_remark: bool = False
    said_in: str = ""

    @property
    def name(self) -> str:
        """Write in one line which row it is and what is wrong, by which it is known again."""
        return f"{self.table} {self.key}: {self.what}"

    def __str__(self) -> str:
        """Write all of it in one line."""
        return self.name + (f" (efter {self.said_in})" if self.said_in else "")


def told_once(history: Sequence[Written]) -> list[Written]:
    """Give what logs say of an exchange key, of taking it in only the last word: two acts may have found it sealed."""
    taking_in = [one for one in history if one.revision == TAKEN_IN_AS and one.verb == "update"]
    return [one for one in history if one not in taking_in[:-1]]


def digests_of(history: Sequence[Written]) -> set[str | None]:
    """Give the digests of an exchange key's newest revision, by whichever act it was taken in."""
    return {one.digest for one in history if one.revision == history[-1].revision}


def is_sealed_still(stored: Mapping[str, Any], history: Sequence[Written]) -> bool:
    """Say whether an exchange key is as it was given, though a log says that it was taken in.

    A unit stores that once its entry is durable; if the process dies in between, the next act takes the key in. What it
    was given as, its discloser's log says or carries; what the recipient's says that it read is no proof of that.
    """
    if (revision_of(stored), history[-1].revision) != (SEALED_AS, TAKEN_IN_AS):
        return False
    given = {one.digest for one in history if one.revision == SEALED_AS}
    return digest_of(EXCHANGE_KEY, stored) in given


class KeyRowRules(Protocol):
    """Knows what hangs on rows of keys, and who writes which row: `kernel/access`, which knows the tables."""

    def writes(self, action: str, table: str, verb: str, *, authority: str | None) -> bool:
        """Say whether an act of an authority, or with `None` of the operator, does this with rows of a table."""
        ...

    def meets(self, table: str, verb: str) -> bool:
        """Say whether any act of an authority may do that, whatever its case."""
        ...

    def receives(self, table: str, key: Mapping[str, str], authority: str | None) -> bool:
        """Say whether an authority changes a row that another one inserts, by the columns of the row's key."""
        ...

    async def may_write(
        self, connection: AnyConnection, row: ComparedRow, said: Written, *, authority: str | None
    ) -> bool:
        """Say whether an authority, or with `None` the operator, may do with a row what an entry says it did."""
        ...

    def changed_otherwise(self, table: str, stored: Mapping[str, Any], history: Sequence[Written]) -> str | None:
        """Say in Danish which change no act makes so, if any; `stored` is the row as the newest of `history` says."""
        ...

    async def rests_on_nothing(self, connection: AnyConnection, table: str, stored: Mapping[str, Any]) -> bool:
        """Say whether a row says something that only other rows can have brought about, and they are not there."""
        ...

    async def something_hangs_on(self, connection: AnyConnection, table: str, stored: Mapping[str, Any]) -> bool:
        """Say whether something that is stored elsewhere needs a row of keys, so that a log must name it."""
        ...

    async def has_fallen(
        self, connection: AnyConnection, table: str, key: Mapping[str, str], *, told_by: Collection[str | None] | None
    ) -> bool:
        """Say whether a missing exchange key went with what it rested on, or was withdrawn by an entry emptied since.

        `key` is as the logs name it, by columns; `told_by` whose logs name it, where entries were emptied.
        """
        ...

    async def faults(self, connection: AnyConnection) -> list[RowFault]:
        """Name secrets of sides that have several, and exchange keys that fell or stand though they were withdrawn."""
        ...
