"""What a unit asks the policies beside the act that it was begun for, and that its entry names what decided."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from infohus import errors
from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.policies import Participation, Policies
from infohus.kernel.database.statements import Stored, compiled
from infohus.kernel.database.tables import Record, Row
from infohus.kernel.identity.caller import Caller
from infohus.kernel.unit_of_work.audit_draft import AuditEventDraft
from infohus.kernel.unit_of_work.denials import denial_by_role
from infohus.kernel.unit_of_work.lookup import ResolvedSubject, resource_of
from infohus.kernel.unit_of_work.side_keys import Ask
from infohus.kernel.unit_of_work.stored_keys import READERS


class Deciding:
    """Asks the policies for one unit, and remembers of which records they said yes."""

    def __init__(  # noqa: PLR0913 - all of it by name
        self, *, policies: Policies, caller: Caller, resolved: ResolvedSubject, now: datetime,
        audit_draft: AuditEventDraft, ask: Ask,
    ) -> None:
        """Begin with the unit's subject, which the policies have allowed."""
        self._policies = policies
        self._caller = caller
        self._now = now
        self._audit_draft = audit_draft
        self._ask = ask
        self.decided = {resolved.subject.id} if isinstance(resolved.subject, Record) else set[UUID]()

    def allows(self, action: Action, resolved: ResolvedSubject, subject: Row) -> bool:
        """Say whether the policies would allow an act on this."""
        resource = resource_of(resolved, subject, ())
        return self._policies.decide(
            self._caller, action, resource, _participation(resolved), now=self._now
        ).allowed

    def require(
        self, action: Action, resolved: ResolvedSubject, subject: Row, readers: Sequence[str] = ()
    ) -> None:
        """Ask the policies for an act on this; a no raises `NotAvailable`, a yes is named by the entry."""
        resource = resource_of(resolved, subject, readers)
        decision = self._policies.decide(self._caller, action, resource, _participation(resolved), now=self._now)
        if not decision.allowed:
            raise denial_by_role(self._policies.roles[action], self._caller, policies=decision.policies)
        logged = self._audit_draft.policies
        logged.extend(policy for policy in decision.policies if policy not in logged)

    async def require_each(
        self, records: Sequence[Record], resolved: ResolvedSubject, reading: Action | None
    ) -> None:
        """Ask the policies to read each record that was not decided yet.

        Raises:
            NotAvailable: one may not be read, or nothing says by which act.
        """
        records = [record for record in records if record.id not in self.decided]
        if not records:
            return
        if reading is None:
            raise errors.NotAvailable
        versions = {(record.id, record.record_version): [record.authority_id] for record in records}
        for row in await self._readers([record.id for record in records]):
            if (readers := versions.get((row["record_id"], row["record_version"]))) is not None:
                readers.append(row["recipient_id"])
        for record in records:
            self.require(reading, resolved, record, versions[record.id, record.record_version])
            self.decided.add(record.id)

    async def _readers(self, record_ids: list[UUID]) -> list[Stored]:
        ready = compiled(READERS)
        return await self._ask(ready.sql, ready.arguments({"record_ids": record_ids}))


def _participation(resolved: ResolvedSubject) -> Participation:
    return Participation(resolved.participation, resolved.scope)
