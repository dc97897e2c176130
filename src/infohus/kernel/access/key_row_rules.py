"""What hangs on rows of the schema `keys`, for whoever compares them with the logs; asked as the reconciler."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from infohus.kernel.access.keys_model import NO_PERSON, ExchangeKey, SideSecret
from infohus.kernel.access.model import CaseSide, DisclosedKey, Disclosure, SidePerson
from infohus.kernel.access.row_writers import RowWriters
from infohus.kernel.audit.storage.log import AnyConnection
from infohus.kernel.audit.verification.key_rows import (
    EXCHANGE_KEY,
    FALLEN,
    SECOND,
    SIDE_SECRET,
    WITHDRAWN,
    RowFault,
)
from infohus.kernel.audit.verification.logged_rows import key_text
from infohus.kernel.database.row_digests import key_of
from infohus.kernel.database.statements import compiled


def _there_is(*conditions: sa.ColumnElement[bool]) -> sa.Exists:
    """Write that there is such a row: naming no column, since the reconciler may not read all of them."""
    return sa.select(sa.literal(1)).where(*conditions).exists()


_SIDE = sa.select(CaseSide.version).where(
    CaseSide.case_id == sa.bindparam("case_id"), CaseSide.authority_id == sa.bindparam("authority_id"),
    sa.or_(
        sa.bindparam("person_id", type_=sa.Uuid) == NO_PERSON,
        _there_is(
            SidePerson.case_id == sa.bindparam("case_id"), SidePerson.authority_id == sa.bindparam("authority_id"),
            SidePerson.subject_id == sa.bindparam("person_id", type_=sa.Uuid),
        ),
    ),
)
_WRAPPED_UNDER = sa.select(DisclosedKey.part).where(
    DisclosedKey.exchange_id == sa.bindparam("exchange_id"), DisclosedKey.recipient_id == sa.bindparam("recipient_id"),
    DisclosedKey.number == sa.bindparam("number"),
).limit(1)  # fmt: skip
_UPON, _WITHDRAWN, _WRAPPED = aliased(ExchangeKey), aliased(Disclosure), aliased(DisclosedKey)
_HAS_FALLEN = sa.select(sa.literal(1)).where(
    sa.cast(Disclosure.exchange_id, sa.Text) == sa.bindparam("exchange_id", type_=sa.Text),
    Disclosure.recipient_id == sa.bindparam("recipient_id"),
    sa.or_(
        _there_is(
            _WITHDRAWN.exchange_id == sa.any_(Disclosure.via), _WITHDRAWN.recipient_id == Disclosure.discloser_id,
            _WITHDRAWN.withdrawn_at.is_not(None),
        ),
        _there_is(
            _WRAPPED.exchange_id == sa.any_(Disclosure.via), _WRAPPED.recipient_id == Disclosure.discloser_id,
            ~_there_is(
                _UPON.exchange_id == _WRAPPED.exchange_id, _UPON.recipient_id == _WRAPPED.recipient_id,
                _UPON.number == _WRAPPED.number,
            ),
        ),
    ),
)
"""Whether an exchange passed on what its discloser lost meanwhile: its keys went with that, and no log says so."""
_RESTING_ON_NOTHING = (
    sa.select(ExchangeKey.exchange_id, ExchangeKey.number, ExchangeKey.recipient_id)
    .where(
        ExchangeKey.rests_on.is_not(None),
        ~_there_is(
            _UPON.exchange_id == ExchangeKey.rests_on, _UPON.number == ExchangeKey.rests_on_number,
            _UPON.recipient_id == ExchangeKey.discloser_id,
        ),
    )
    .order_by(ExchangeKey.exchange_id, ExchangeKey.number)
)
_UNDER_A_WITHDRAWAL = (
    sa.select(ExchangeKey.exchange_id, ExchangeKey.number, ExchangeKey.recipient_id)
    .where(
        _there_is(
            Disclosure.exchange_id == ExchangeKey.exchange_id, Disclosure.recipient_id == ExchangeKey.recipient_id,
            Disclosure.withdrawn_at.is_not(None),
        ),
        ~_there_is(
            DisclosedKey.exchange_id == ExchangeKey.exchange_id, DisclosedKey.recipient_id == ExchangeKey.recipient_id,
            DisclosedKey.number == ExchangeKey.number,
        ),
    )
    .order_by(ExchangeKey.exchange_id, ExchangeKey.number)
)
"""What keeps the service from starting (`restored_keys`), whether a log names the row or somebody put it there."""
_OTHER = aliased(SideSecret)
_SECOND_SECRETS = (
    sa.select(SideSecret.authority_id, SideSecret.case_id, SideSecret.generation, SideSecret.person_id)
    .where(_there_is(
        _OTHER.case_id == SideSecret.case_id, _OTHER.authority_id == SideSecret.authority_id,
        _OTHER.person_id == SideSecret.person_id, _OTHER.generation != SideSecret.generation,
    ))
    .order_by(SideSecret.case_id, SideSecret.authority_id, SideSecret.generation)
)
_HANGING = {
    SIDE_SECRET: (_SIDE, ("case_id", "authority_id", "person_id")),
    EXCHANGE_KEY: (_WRAPPED_UNDER, ("exchange_id", "recipient_id", "number")),
}
"""What is stored elsewhere that needs a row of keys. On one more kept key nothing hangs: each is tried."""


class RulesOfKeyRows(RowWriters):
    """What the comparison of rows with the logs asks of the keys, and of who writes which row."""

    async def something_hangs_on(self, connection: AnyConnection, table: str, stored: Mapping[str, Any]) -> bool:
        """Say whether something that is stored elsewhere needs a row of keys, so that a log must name it."""
        if table not in _HANGING:
            return table.startswith("intake")
        query, names = _HANGING[table]
        return bool(await connection.fetch(*compiled(query).bound(**{name: stored[name] for name in names})))

    async def has_fallen(
        self, connection: AnyConnection, table: str, key: Mapping[str, str], *, told_by: Collection[str | None] | None
    ) -> bool:
        """Say whether a missing exchange key went with what it rested on, or was withdrawn by an entry emptied since.

        `key` is as the logs name it, by columns; `told_by` whose logs name it, where entries were emptied: the
        recipient's go on saying that it took the key in when the discloser's say nothing more.
        """
        if table != EXCHANGE_KEY:
            return False
        exchange_id, recipient_id = key["exchange_id"], key["recipient_id"]
        if told_by is not None and set(told_by) == {recipient_id}:
            return True
        asked = compiled(_HAS_FALLEN).bound(exchange_id=exchange_id, recipient_id=recipient_id)
        return bool(await connection.fetch(*asked))

    async def faults(self, connection: AnyConnection) -> list[RowFault]:
        """Name secrets of sides that have several, and exchange keys that fell or stand though they were withdrawn."""
        self.begin_turn()
        return [
            RowFault(table, key_text(key_of(dict(row), tuple(row.keys()))), what)
            for table, query, what in (
                (SIDE_SECRET, _SECOND_SECRETS, SECOND), (EXCHANGE_KEY, _RESTING_ON_NOTHING, FALLEN),
                (EXCHANGE_KEY, _UNDER_A_WITHDRAWAL, WITHDRAWN),
            )
            for row in await connection.fetch(*compiled(query).bound())
        ]
