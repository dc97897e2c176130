"""Leaks put into the product one at a time, of ten kinds: each must be found, or the histories do not reach it.

Some are a row security policy that shows too much; the others change answers by what stands in the database, as a
handler would that counts, sorts, refuses or stamps by rows that are not the caller's. None reaches beyond the infohus
of its own run.
"""

import importlib
import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from infohus.cases.disclosures import operations as disclosing
from infohus.cases.disclosures.model import DisclosureDraft, Exchange, Item, Paragraph
from infohus.cases.joint_decisions import operations
from infohus.kernel.access.model import Disclosure
from infohus.kernel.unit_of_work.unit import UnitOfWork
from noninterference.installation import INSTITUTION, Answer, Installation, Run, authority_id
from noninterference.telling import (
    Telling,
    as_etag,
    as_field,
    as_header,
    as_padding,
    as_refusal,
    as_rotation,
    in_every_hash,
    in_every_item,
    in_steps,
)

Planting = Callable[[Installation], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class PlantedLeak:
    """One leak: of which kind, what it tells, and how it is put in and taken out again."""

    kind: str
    name: str
    planted: Planting


def shown(table: str, *, to: str = "any", whose: str = "%") -> Planting:
    """Show all rows of a table in the caller's cases, to who takes part as `to` says, of authorities called so."""

    @asynccontextmanager
    async def planted(installation: Installation) -> AsyncIterator[None]:
        await installation.connection.execute(
            f"CREATE POLICY leak ON infohus.{table} FOR SELECT TO infohus_app "
            f"USING (infohus.caller_authority() LIKE '{whose}' "
            f"AND (infohus.takes_part(case_id, '{to}') OR infohus.supervises_case(case_id)))"
        )
        try:
            yield
        finally:
            await installation.connection.execute(f"DROP POLICY leak ON infohus.{table}")

    return planted


def told(pattern: str, sql: str, tell: Telling) -> Planting:
    """Change answers to requests that match, by what a query finds of the case, or of the infohus, that they name."""
    wanted = re.compile(pattern)

    @asynccontextmanager
    async def planted(installation: Installation) -> AsyncIterator[None]:
        async def alter(run: Run, request: str, answer: Answer) -> Answer:
            if not wanted.fullmatch(request.partition("?")[0]):
                return answer
            found = re.search(r"/cases/([0-9a-f-]{36})", request)
            subject: Any = UUID(found.group(1)) if found else run.infohus_id
            value = await installation.connection.fetchval(sql, subject)
            return tell(answer, value)

        installation.alterations.append(alter)
        try:
            yield
        finally:
            installation.alterations.remove(alter)

    return planted


def instead(*places: str, of: str, stands: Any) -> Planting:
    """Let something else stand for a function of the product in the modules that have imported it by its name."""

    @asynccontextmanager
    async def planted(_: Installation) -> AsyncIterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for place in places:
                patch.setattr(importlib.import_module(f"infohus.{place}"), of, stands)
            yield

    return planted


async def _owners_are_recipients(
    work: UnitOfWork, exchange: Exchange, _: DisclosureDraft, items: Sequence[Item], *, told: Sequence[str]
) -> None:
    """Let who owns what is passed on read the exchange."""
    owners = {item.owner for item in items} - {exchange.authority_id, *told}
    await work.grant(exchange.id, [Item.of(exchange)], sorted(owners & work.parties.keys()))


async def _to_anybody(_: UnitOfWork, __: DisclosureDraft) -> None:
    """Let a joint document be disclosed past the authority whose signature it needs."""


async def _everybody_told_of_it(work: UnitOfWork, wrong: Exchange) -> set[str]:
    """Let a correction reach whoever got anything by what it corrects, a notice included."""
    told_of_it = await work.values(_TOLD_BY, exchange_id=wrong.id)
    return {row["recipient_id"] for row in told_of_it} & work.parties.keys()


_TOLD_BY = sa.select(Disclosure.recipient_id).where(Disclosure.exchange_id == sa.bindparam("exchange_id"))


def _all_recipients(exchange: Exchange, _: str) -> list[str]:
    """Show a recipient of a correction who else got it."""
    return exchange.recipients


def _from_whom_it_reaches(work: UnitOfWork, draft: DisclosureDraft, _: Collection[str]) -> Paragraph:
    """Derive the paragraph of a correction from those alone from whom nothing was withdrawn."""
    return _FOLLOWS(work, draft, draft.recipients)


_FOLLOWS = disclosing._follows


def counting(table: str) -> str:
    """Write the query that counts the rows of a case."""
    return f"SELECT count(*) FROM infohus.{table} WHERE case_id = $1"  # noqa: S608


OF_AN_INSTITUTION = f"{authority_id(INSTITUTION, 0).partition('-')[0]}-%"
CASE = r"GET /cases/[0-9a-f-]{36}"
LOGS = (
    "(SELECT count(*) FROM audit.leaf f JOIN audit.log l ON l.id = f.log_id WHERE l.authority IN "
    "(SELECT unnest(ARRAY[i.municipality_id, i.police_id]) FROM infohus.infohus i WHERE i.id = $1))"
)
OF_INFOHUS = 'SELECT count(*) FROM infohus.{} r JOIN infohus."case" c ON c.id = r.case_id WHERE c.infohus_id = $1'
LATEST = "SELECT max({}) FROM infohus.{} WHERE case_id = $1"


def leaks() -> list[PlantedLeak]:
    """List them all."""
    return [PlantedLeak(kind, name, planted) for kind, of_kind in LEAKS.items() for name, planted in of_kind.items()]


LEAKS: dict[str, dict[str, Planting]] = {
    "lists": {
        f"the list shows every {table}": shown(table)
        for table in (
            "information", "note", "concern", "first_view", "exchange", "access_request", "legal_hold",
        )
    } | {
        "who is drawn in sees every exchange": shown("exchange", to="invited"),
        "an institution sees every exchange": shown("exchange", whose=OF_AN_INSTITUTION),
        "an owner reads the exchange that passed its own on": instead(
            "cases.disclosures.operations", of="notify_owners", stands=_owners_are_recipients
        ),
        "a correction reaches whoever was told of the exchange": instead(
            "casework.exchanges.operations", of="_reached_by_correction", stands=_everybody_told_of_it
        ),
        "a correction's paragraph follows from whom it reaches": instead(
            "cases.disclosures.operations", of="_follows", stands=_from_whom_it_reaches
        ),
        "a correction shows from whom it was withdrawn": instead(
            "casework.exchanges.exchange_facts", "casework.exchanges.receipts", of="recipients_shown",
            stands=_all_recipients,
        ),
    },
    "counts": {
        "a case counts all information": told(CASE, counting("information"), as_field("noted")),
        "a case counts all persons": told(CASE, counting("subject"), as_field("persons")),
        "the list of exchanges counts all": told(f"{CASE}/exchanges", counting("exchange"), as_field("of")),
        "the list of exchanges tells that an institution was told": told(
            f"{CASE}/exchanges", f"{counting('exchange')} AND paragraph = 'rpl-115-3'", as_field("by_paragraph_3")
        ),
        "closing counts all notes": told(f"{CASE}/closing", counting("note"), as_field("notes")),
        "supervision counts all exchanges": told(
            r"GET /infohuse/[0-9a-f-]{36}/exchanges/counts", OF_INFOHUS.format("exchange"), as_field("all")
        ),
    },
    "409s": {
        "a proposal is changed past who must sign it": instead(
            "cases.joint_decisions.operations", of="require_shown_to_the_other", stands=_to_anybody
        ),
        "a child of the other's is waited for": shown("child_notification"),
        "another's request blocks closing": shown("information_request"),
        "a note of any side refuses an exchange": told(
            r"POST /cases/[0-9a-f-]{36}/exchanges", counting("note"), as_refusal
        ),
        "a hold of any side refuses the journal note": told(
            r"POST /cases/[0-9a-f-]{36}/journal-notes", counting("legal_hold"), as_refusal
        ),
        "information of any side refuses a proposal": told(
            r"POST /cases/[0-9a-f-]{36}/(scope-decisions|screenings|closures)", counting("information"), as_refusal
        ),
    },
    "order": {
        "cases stand by what was noted in all": told(
            "GET /cases", OF_INFOHUS.format("information"), as_rotation("items")
        ),
        "exchanges stand by what was noted": told(
            f"{CASE}/exchanges", counting("information"), as_rotation("items")
        ),
        "signatures stand as they are found": instead(
            "cases.joint_decisions.operations", of="_SIGNATURES", stands=operations._SIGNATURES.order_by(None)
        ),
        "steps stand by what is known": told(f"{CASE}/next-steps", counting("subject"), as_rotation("steps")),
        "log entries stand by the length of both logs": told(
            "GET /log/entries", f"SELECT {LOGS}", as_rotation("items")
        ),
    },
    "ETags": {
        "the tag counts information": told(CASE, counting("information"), as_etag),
        "the tag counts notes": told(CASE, counting("note"), as_etag),
        "the tag adds up the sides' versions": told(
            CASE, "SELECT sum(version) FROM infohus.case_side WHERE case_id = $1", as_etag
        ),
        "the tag counts who was told what": told(CASE, counting("disclosure"), as_etag),
        "a manifest is another when anything is disclosed": told(
            f"{CASE}/exchanges", counting("disclosure"), in_every_hash("items", "manifest")
        ),
    },
    "clocks": {
        "a case shows when information was last noted": told(
            CASE, LATEST.format("recorded_at", "information"), as_field("changed_at")
        ),
        "a header says when a note was last written": told(
            f"{CASE}/notes", LATEST.format("recorded_at", "note"), as_header("last-modified")
        ),
        "a case shows when the child must be assessed": told(
            CASE, "SELECT min(assess_by) FROM infohus.child_notification WHERE case_id = $1", as_field("due")
        ),
        "the list of exchanges says when the last one was": told(
            f"{CASE}/exchanges", LATEST.format("exchanged_at", "exchange"), as_field("latest")
        ),
    },
    "sizes": {
        "a case is as long as there is information": told(CASE, counting("information"), as_padding),
        "the next steps are as long as there are concerns": told(f"{CASE}/next-steps", counting("concern"), as_padding),
        "every list is as long as there are keys": told(f"{CASE}/[a-z-]+", counting("record_key"), as_padding),
        "supervision is as long as there is information": told(
            r"GET /infohuse/[0-9a-f-]{36}/exchanges", OF_INFOHUS.format("information"), as_padding
        ),
    },
    "searches": {
        "a search shows every person": shown("subject"),
        "a search counts persons of both sides": told(
            r"POST /infohuse/[0-9a-f-]{36}/searches", OF_INFOHUS.format("subject"), as_header("x-persons")
        ),
        "earlier concerns say that there are more": told(
            f"{CASE}/earlier-concerns", counting("concern"), as_field("hidden")
        ),
        "a log report counts the entries of both logs": told(
            r"POST /infohuse/[0-9a-f-]{36}/log-reports", f"SELECT {LOGS}", as_header("x-entries")
        ),
    },
    "next steps": {
        "a step is possible while nothing was noted": told(f"{CASE}/next-steps", counting("information"), in_steps(0)),
        "the last step waits for the other's measures": told(f"{CASE}/next-steps", counting("measure"), in_steps(-1)),
        "a step waits for the other's requests": told(
            f"{CASE}/next-steps", counting("information_request"), in_steps(1)
        ),
        "a step tells of first views": told(f"{CASE}/next-steps", counting("first_view"), in_steps(2)),
    },
    "log indexes": {
        "the log's size is that of both": told("GET /log", f"SELECT {LOGS}", as_field("entries")),
        "entries are numbered over both logs": told(
            "GET /log/entries", f"SELECT {LOGS}", in_every_item("items", "index")
        ),
        "a case's own log is numbered over both": told(
            f"{CASE}/log", "SELECT count(*) FROM infohus.information WHERE case_id = $1", as_header("x-index")
        ),
        "a journal note says how long both logs are": told(
            r"POST /cases/[0-9a-f-]{36}/journal-notes",
            "SELECT count(*) FROM audit.leaf f JOIN audit.log l ON l.id = f.log_id JOIN infohus.participant p "
            "ON p.acts_for = l.authority AND p.kind = 'coordinator' WHERE p.case_id = $1", as_header("x-log-size"),
        ),
    },
}
