"""The route of a plan's contacts at this moment: who is open until when, who opens when, and who is open instead.

The hours come from the plan, the moment from the unit's clock. Nothing here is about any case.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from infohus.danish import CONTACTS, WEEKDAYS
from infohus.danish_calendar import danish_day, danish_time, open_until, opens_at
from infohus.kernel.access.model import Infohus
from infohus.kernel.authorization.action import Action
from infohus.kernel.unit_of_work.begin import RequestScope
from infohus.plan.document import Contact
from infohus.plan.in_force import plan_in_force


class ReachableContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact as it is now. `is_open_now` is null where the plan states no hours; `instead` is one that is open."""

    id: str
    audience: Literal["under_18", "over_18", "anyone", "acute"]
    name: str
    phone: str | None
    email: str | None
    is_open_now: bool | None
    open_until: datetime | None
    opens_at: datetime | None
    instead: str | None
    says: str


def reachable(contacts: Sequence[Contact], moment: datetime) -> list[ReachableContact]:
    """Describe every contact of a plan at a moment."""
    until = {contact.id: open_until(contact.opening_hours(), moment) for contact in contacts}
    return [_described(contact, contacts, until, moment) for contact in contacts]


def _described(
    contact: Contact, contacts: Sequence[Contact], until: dict[str, datetime | None], moment: datetime
) -> ReachableContact:
    hours = contact.opening_hours()
    closes = until[contact.id]
    opens = opens_at(hours, moment) if closes is None else None
    instead = None if closes else _open_instead(contact, contacts, until)
    return ReachableContact(
        id=contact.id, audience=contact.audience, name=contact.name, phone=contact.phone, email=contact.email,
        is_open_now=closes is not None if hours else None, open_until=closes, opens_at=opens,
        instead=instead.id if instead else None,
        says=" ".join([_own_words(contact, closes, opens, moment), *_words_instead(instead, until, moment)]),
    )


def _open_instead(
    contact: Contact, contacts: Sequence[Contact], until: dict[str, datetime | None]
) -> Contact | None:
    """Choose one that is open and that the plan names in this one's place; nobody else answers for another."""
    return next((one for one in contacts if contact.id in one.stands_in_for and until[one.id] is not None), None)


def _own_words(contact: Contact, closes: datetime | None, opens: datetime | None, moment: datetime) -> str:
    if closes is not None:
        return CONTACTS["open"].format(when=_when(closes, moment))
    if contact.audience == "acute":
        return CONTACTS["acute"].format(phone=contact.phone or contact.email)
    if not contact.opening_hours():
        return CONTACTS["unknown"]
    return CONTACTS["opens"].format(when=_when(opens, moment)) if opens else CONTACTS["closed"]


def _words_instead(instead: Contact | None, until: dict[str, datetime | None], moment: datetime) -> list[str]:
    closes = until[instead.id] if instead else None
    if instead is None or closes is None:
        return []
    reached_by = instead.phone or instead.email
    return [CONTACTS["instead"].format(name=instead.name, reached_by=reached_by, when=_when(closes, moment))]


def _when(at: datetime, moment: datetime) -> str:
    """Write `22.00` in Danish time, with the weekday unless it is today; the midnight that ends today is `24.00`."""
    today, day, local = danish_day(moment), danish_day(at), danish_time(at)
    if local.time() == time.min and day == today + timedelta(days=1):
        return "24.00"
    clock = f"{local:%H.%M}"
    return clock if day == today else f"{clock} {WEEKDAYS[local.weekday()]}"


@get("/infohuse/{infohus_id:uuid}/contacts", operation_id="ListContacts")
async def list_contacts(
    infohus_id: FromPath[UUID], request_scope: NamedDependency[RequestScope],
) -> list[ReachableContact]:
    """List whom to turn to, and who can be reached at this moment; empty until a plan is loaded."""
    async with request_scope.begin(Action.READ_INFOHUS, Infohus, infohus_id) as work:
        plan = await plan_in_force(work)
        return [] if plan is None else reachable(plan.document.contacts, work.now)


handlers = [list_contacts]
