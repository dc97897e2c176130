"""The secrets of the caller's own side of one case, and of each person on it: found, made and named in the entry.

A unit makes them for its own authority alone. Whoever is erased loses theirs, and all that hangs on it.
"""

import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from infohus import errors
from infohus.kernel.access.keys_model import NO_PERSON, SideSecret
from infohus.kernel.audit.formats.entry import Wrote
from infohus.kernel.database.statements import insert_unless_there_of
from infohus.kernel.sealing.vault import Vault, WrappedSecret
from infohus.kernel.unit_of_work import key_rows
from infohus.kernel.unit_of_work.key_store import Statement

logger = structlog.get_logger()

MOST_ATTEMPTS = 8
"""How often a unit stores a secret where something else was put in its place meanwhile."""


class SideSecrets:
    """The secrets that were read for a side, by person; `NO_PERSON` is in the place of the side as a whole."""

    def __init__(
        self, vault: Vault, *, authority_id: str, commit: Callable[[Sequence[Statement]], Awaitable[list[str]]],
        read_anew: Callable[[], Awaitable[None]], wrote: Callable[[Wrote], None],
    ) -> None:
        """Begin with none. `read_anew` reads them again, and hands them to `take`."""
        self._vault = vault
        self._authority_id = authority_id
        self._commit = commit
        self._read_anew = read_anew
        self._wrote = wrote
        self._stored: dict[UUID, dict[int, WrappedSecret]] = {}
        self._usable: dict[UUID, list[WrappedSecret]] = {}
        self._named = set[UUID]()
        """Those of whom the entry says already that they were made."""

    def take(self, case_id: UUID, rows: Iterable[Sequence[Any]]) -> None:
        """Take what was read: person, generation and wrapped secret of each row."""
        self._stored, self._usable = {}, {}
        for person_id, generation, wrapped in rows:
            of_whom = None if person_id == NO_PERSON else person_id
            secret = WrappedSecret(case_id, self._authority_id, wrapped, of_whom)
            self._stored.setdefault(person_id, {})[generation] = secret

    def __bool__(self) -> bool:
        """Say whether there is any that the authority's keeper unwraps."""
        return any(self.of(person_id) for person_id in self._stored)

    def of(self, person_id: UUID) -> list[WrappedSecret]:
        """Give the secrets of the side or a person on it: those that its keeper unwraps, the first one first.

        None as long as no unit of the authority needed one; more than one only after the first was lost for a while.
        What somebody else put there does not unwrap, and counts for nothing.
        """
        if person_id not in self._usable:
            usable = self._usable[person_id] = []
            for generation, secret in sorted(self._stored_of(person_id).items()):
                if self._vault.opens(secret):
                    usable.append(secret)
                else:
                    logger.critical(
                        "side_secret_refused", case=str(secret.case_id), authority=secret.authority_id,
                        generation=generation,
                    )
        return self._usable[person_id]

    async def require(self, case_id: UUID, person_id: UUID) -> WrappedSecret:
        """Give a secret, and make it where there is none: the authority's first act that needs one does.

        Of two acts at once, the secret that was stored first counts for both. It is durable before anything is wrapped
        under it.

        Raises:
            ActedAtTheSameTime: whatever was stored, something else stood there afterwards.
        """
        for _ in range(MOST_ATTEMPTS):
            if usable := self.of(person_id):
                return usable[0]
            await self._make(case_id, person_id)
        raise errors.ActedAtTheSameTime

    async def name(self, case_id: UUID, person_id: UUID) -> None:
        """Name a secret in the entry: the first act that needs it does, whoever made it.

        A unit may have made it that came to nothing afterwards, so that no log says so.
        """
        secret = await self.require(case_id, person_id)
        if person_id in self._named:
            return
        generation = next(number for number, one in self._stored_of(person_id).items() if one == secret)
        self._named.add(person_id)
        self._wrote(key_rows.inserted(SideSecret, self._row(generation, secret)))

    async def _make(self, case_id: UUID, person_id: UUID) -> None:
        of_whom = None if person_id == NO_PERSON else person_id
        made = self._vault.new_side_secret(case_id, self._authority_id, of_whom)
        stored = self._stored_of(person_id)
        generation = next(number for number in itertools.count(1) if number not in stored)
        statement, row = insert_unless_there_of(SideSecret), self._row(generation, made)
        done = await self._commit([(statement.sql, statement.arguments(row))])
        if done == [key_rows.INSERTED]:
            self._named.add(person_id)
            self._wrote(key_rows.inserted(SideSecret, row))
        await self._read_anew()

    def _stored_of(self, person_id: UUID) -> Mapping[int, WrappedSecret]:
        return self._stored.get(person_id, {})

    def _row(self, generation: int, secret: WrappedSecret) -> dict[str, Any]:
        return {
            "case_id": secret.case_id, "authority_id": secret.authority_id,
            "person_id": secret.person_id or NO_PERSON, "generation": generation,
            "keeper_key_id": self._vault.keeper_key_id(secret.authority_id), "wrapped_key": secret.wrapped,
        }
