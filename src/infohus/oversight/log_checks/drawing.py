"""Announce a check, and draw its entries from a checkpoint that was signed after the announcement."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from heapq import nsmallest
from operator import itemgetter
from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from infohus import errors
from infohus.danish_calendar import danish_day, end_of_day, start_of_day
from infohus.errors import slug_of
from infohus.kernel.access.model import Case
from infohus.kernel.audit.formats.draw import Draw, commitment_of, draw_from
from infohus.kernel.audit.formats.entry import Entry, Outcome, read
from infohus.kernel.audit.signing.pooled_signer import PooledSigner
from infohus.kernel.authorization.action import Action
from infohus.kernel.requests.moments import Day
from infohus.kernel.unit_of_work.unit import UnitOfWork
from infohus.oversight.institution_logs.shown import require_checked
from infohus.oversight.log_checks.institution_checks import Period, announced_entries, period_of
from infohus.oversight.log_checks.model import LogCheck, LogCheckEntry
from infohus.oversight.log_checks.namesakes import count_callers, namesakes_among
from infohus.oversight.log_checks.overview import covered_by_checks, day_of_entry
from infohus.oversight.log_checks.refusals import (
    NotDrawableYet,
    NothingInPeriod,
    PeriodLeavesGap,
    SampleTooSmall,
    SecretNotPromised,
    SecretPromisedBefore,
    SecretToldTooEarly,
)
from infohus.oversight.log_checks.risk_rules import Background, DailyCases, Numbered, rules_of

RANDOM = "random"
"""The reason of an entry that was drawn at random; the other reasons are the codes of risk rules."""
MOST_BY_RULE = 30
MOST_BY_LOT = 200
"""The most entries that a check draws, so that the log entry of the draw, which names each, stays within its limit."""
_SAMPLE = "How many entries the lot falls on; a setting of the installation says how few are enough, 25 by default."

CHECK_BY_ID = sa.select(LogCheck).where(LogCheck.id == sa.bindparam("id"))
_PROMISED = sa.select(LogCheck.id).where(LogCheck.commitment == sa.bindparam("commitment", type_=sa.LargeBinary))
_CLOSINGS = sa.select(Case.id, Case.closed_at).where(
    Case.closed_at.is_not(None), Case.id == sa.func.any(sa.bindparam("case_ids", type_=sa.ARRAY(sa.Uuid)))
)


Digits = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
"""64 lower-case hexadecimal digits. The maximum length keeps out a final newline, which `$` would let pass."""


class LogCheckDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which days are looked at, both included, how many entries the lot falls on, and the reviewer's promise.

    Without days: from where the last complete check ended, up to yesterday. A check that begins later `leaves_gap`, and
    says so; it does not put off when the next is due. `commitment` is the SHA-256 of a secret's 64 characters, new for
    each check; the secret stays with the reviewer until a cosigned checkpoint is there and kept (`docs/log-check.md`).
    `log_of` is an institution without a DPO of its own, of whose log what is shown is checked; else the own log is.
    """

    log_of: Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)] | None = None

    period_from: Day | None = None
    period_until: Day | None = None
    sample: Annotated[int, Meta(ge=1, le=MOST_BY_LOT, description=_SAMPLE)] = 25
    leaves_gap: bool = False
    commitment: Digits


class DrawDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The secret that was promised, 64 hexadecimal digits; from now on everyone may know it."""

    secret: Digits


async def announce(
    work: UnitOfWork, draft: LogCheckDraft, signer: PooledSigner, *, least_sample: int
) -> LogCheck:
    """Announce a check of the entries of some days up to today; its own entry is behind all of them.

    Raises:
        SampleTooSmall: it would look at fewer than `least_sample` entries by lot.
        SecretPromisedBefore: an earlier check of the authority has the same commitment.
        NothingInPeriod: the period lies ahead, ends before it begins, or nothing was logged in it.
        PeriodLeavesGap: it begins behind entries that no complete check looked at, and does not say so.
        NotAvailable: `log_of` is no institution whose log the caller checks.
    """
    if draft.sample < least_sample:
        raise SampleTooSmall(least=least_sample)
    commitment = bytes.fromhex(draft.commitment)
    if await work.values(_PROMISED, commitment=commitment):
        raise SecretPromisedBefore
    today = danish_day(work.now)
    until = draft.period_until or today - timedelta(days=1)
    if until > today:
        raise NothingInPeriod
    period = await (_own_period(work, draft, until) if draft.log_of is None else period_of(
        work, draft.log_of, draft.period_from, until, leaves_gap=draft.leaves_gap
    ))
    check = work.add(LogCheck(
        authority_id=work.caller.authority_id, log_of=draft.log_of, entries_digest=period.digest,
        announced_at=work.now, announced_by=work.caller.person_id, period_from=period.since, period_until=until,
        first_index=period.first, last_index=period.last, sample=draft.sample, need=signer.need, commitment=commitment,
    ))
    # Readable in the entry: anyone with the log can see that the secret was fixed before the checkpoint was signed.
    of_whom = "" if period.digest is None else f" log-of:{draft.log_of} entries {period.digest.hex()}"
    work.audit_draft.justification = f"draw commitment {draft.commitment}{of_whom}"
    work.done(check.id)
    return check


async def _own_period(work: UnitOfWork, draft: LogCheckDraft, until: date) -> Period:
    size = (await work.log.head()).size
    covered = await covered_by_checks(work, size=size)
    uncovered_since = await day_of_entry(work, covered.next_index, size=size)
    since = draft.period_from or uncovered_since
    if since is None:
        raise NothingInPeriod
    first = await work.log.first_since(start_of_day(since), size=size)
    last = await work.log.first_since(end_of_day(until), size=size) - 1
    if last < first:
        raise NothingInPeriod
    if first > covered.next_index and not draft.leaves_gap:
        raise PeriodLeavesGap(since=str(uncovered_since))
    return Period(since, first, last, None)


async def check_of(work: UnitOfWork, check_id: UUID) -> LogCheck:
    """Find a check of the caller's own authority.

    Raises:
        NotAvailable: it has none with this id, or it is of the log of an institution that the caller does not check.
    """
    check = await work.row(LogCheck, CHECK_BY_ID, id=check_id)
    if check is None:
        raise errors.NotAvailable
    if check.log_of is not None:
        await require_checked(work, check.log_of)
    return check


async def draw_entries(
    work: UnitOfWork, check: LogCheck, draft: DrawDraft, signer: PooledSigner
) -> list[LogCheckEntry]:
    """Draw a check's entries, once: at random from the first checkpoint with `need` witnesses, and by the risk rules.

    Raises:
        AlreadyRecorded: it was drawn before.
        SecretNotPromised: it is not the secret that was committed to; the check can still be drawn with that.
        NotDrawableYet: no checkpoint that covers the announcement has enough witnesses. The secret is spent by it.
        SecretToldTooEarly: that happened before.
        EntriesNotAsAnnounced: of an institution's log there is now something else.
    """
    if check.drawn_at is not None:
        raise errors.AlreadyRecorded
    if commitment_of(draft.secret) != check.commitment:
        raise SecretNotPromised
    size = await _announced_size(work, check)
    if await _was_told_too_early(work, check):
        raise SecretToldTooEarly
    chosen = None
    origin = (await work.log.head()).origin
    async for archived in work.log.checkpoints_after(size - 1, key=signer.verifier(origin)):
        if len(archived.cosigners(signer.witnesses)) >= check.need:
            chosen = archived
            break
    if chosen is None:
        raise NotDrawableYet
    # The seed is made from valid cosignatures only, and only those are stored, so that anyone can repeat the draw.
    valid = chosen.cosignatures(signer.witnesses)
    note = chosen.note + "".join(cosignature.line for cosignature in valid)
    drawn = draw_from(
        note, check.announced(size), secret=draft.secret, key=signer.verifier(origin), witnesses=signer.witnesses
    )
    picked = await _picked(work, check, drawn)
    work.change(
        check, drawn_at=work.now, announced_size=size, note=note, seed=drawn.seed, is_steerable=drawn.is_steerable,
        secret=draft.secret,
    )
    return [
        work.add(LogCheckEntry(
            check_id=check.id, leaf_index=index, authority_id=check.authority_id, reasons=picked.reasons[index],
            caller_id=picked.callers.get(index),
        ))
        for index in sorted(picked.reasons)
    ]


@dataclass
class _Picked:
    """The entries of a check: why each is looked at, and who its caller is."""

    reasons: dict[int, list[str]]
    callers: dict[int, UUID | None]


async def _picked(work: UnitOfWork, check: LogCheck, drawn: Draw) -> _Picked:
    """Read the period's entries twice, some thousand at a time; keep of each rule no more than it may pick."""
    acted, daily = Counter[UUID](), DailyCases()
    async for entries in _entries(work, check):
        count_callers(acted, entries)
        daily.see(entries)
    namesakes, busy = await namesakes_among(work, acted), daily.busy()
    lot, picked = frozenset(drawn.indices), _Picked({index: [RANDOM] for index in drawn.indices}, {})
    by_rule: dict[str, list[tuple[bytes, int, UUID | None]]] = {}
    async for entries in _entries(work, check):
        callers = {index: entry.caller for index, entry in entries}
        picked.callers.update((index, caller) for index, caller in callers.items() if index in lot)
        background = Background(await _closings(work, entries), namesakes, busy)
        for rule in rules_of(check.log_of):
            found = rule.picks(entries, background) if rule.picks else []
            by_rule[rule.code] = nsmallest(MOST_BY_RULE, [
                *by_rule.get(rule.code, ()),
                *((sha256(drawn.seed + rule.code.encode() + b"%d" % at).digest(), at, callers[at]) for at in found),
            ], key=itemgetter(0))
    for code, kept in by_rule.items():
        for _, index, caller in kept:
            picked.reasons.setdefault(index, []).append(code)
            picked.callers[index] = caller
    return picked


async def _closings(work: UnitOfWork, entries: Numbered) -> dict[UUID, datetime]:
    """Say when the cases of some entries were closed, those that are."""
    cases = sorted({entry.case for _, entry in entries if entry.case is not None})
    return {row["id"]: row["closed_at"] for row in await work.values(_CLOSINGS, case_ids=cases)}


async def _was_told_too_early(work: UnitOfWork, check: LogCheck) -> bool:
    """Say whether the log has the refusal of an earlier draw of this check: its secret is known since then."""
    async for _, encoded in work.log.entries_holding([str(check.id)], start=check.last_index + 1):
        entry = read(encoded)
        if entry is not None and (entry.action, entry.reason) == (Action.DRAW_LOG_CHECK, slug_of(NotDrawableYet)):
            return True
    return False


async def _announced_size(work: UnitOfWork, check: LogCheck) -> int:
    """Find the entry that announced a check, which is behind its period; give the log's size that includes it."""
    async for index, encoded in work.log.entries_holding([str(check.id)], start=check.last_index + 1):
        entry = read(encoded)
        if entry is not None and entry.outcome is Outcome.ALLOWED and any(
            (row.verb, row.table, row.row) == ("insert", LogCheck.__tablename__, check.id) for row in entry.wrote
        ):
            return index + 1
    raise NotDrawableYet


async def _entries(work: UnitOfWork, check: LogCheck) -> AsyncIterator[list[tuple[int, Entry]]]:
    if check.log_of is None:
        async for some in work.log.entries(start=check.first_index, stop=check.last_index + 1):
            yield some
        return
    async for shown in announced_entries(work, check, check.log_of):
        yield [(one.place, entry) for one in shown if (entry := one.entry) is not None]
