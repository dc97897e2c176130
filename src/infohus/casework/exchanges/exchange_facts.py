"""The facts of an exchange without its texts, as its parties and the supervision see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from infohus.cases.disclosures.model import Category, Channel, Consent, CooperationForm, Exchange, Paragraph, Purpose
from infohus.danish.paragraphs import SECRECY


class ExchangeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange is, without its texts; `manifest` hashes all that it tells, texts too: 64 hexadecimal digits.

    `declared_not_for_investigation`: its discloser declared that it is not for the investigation of a crime. That binds
    whoever acknowledges it (rule 2). Where PET asked, nothing need be declared, nor `consent` considered; nor outside
    § 115, where there is no `cooperation_form` either. Of a report of danger `is_acute` and `was_told_112` say whether
    it was acute, and whether who reported was told to call 112. `secrecy`
    tells of the duty that comes with gang ties (rule 102).
    """

    id: UUID
    case_id: UUID
    discloser: str
    recipients: list[str]
    paragraph: Paragraph
    cooperation_form: CooperationForm | None
    purpose: Purpose
    categories: list[Category]
    channel: Channel
    exchanged_at: datetime
    recorded_at: datetime
    is_late: bool
    is_onward: bool
    declared_not_for_investigation: bool
    is_acute: bool | None
    was_told_112: bool | None
    consent: Consent | None
    corrects: UUID | None
    manifest: str
    secrecy: str | None


def recipients_shown(exchange: Exchange, to: str) -> list[str]:
    """Name the recipients of an exchange as it is shown to an authority.

    Who gets a correction depends on what was withdrawn from others, so a recipient is shown no other one (rule 44).
    """
    if exchange.corrects_id is None or to == exchange.authority_id:
        return exchange.recipients
    return [one for one in exchange.recipients if one == to]


def facts_of(exchange: Exchange, *, to: str) -> dict[str, Any]:
    """Give the facts of an exchange by the field names of `ExchangeFacts`, as they are shown to an authority."""
    return {
        "id": exchange.id, "case_id": exchange.case_id, "discloser": exchange.authority_id,
        "recipients": recipients_shown(exchange, to), "paragraph": exchange.paragraph,
        "cooperation_form": exchange.cooperation_form, "purpose": exchange.purpose,
        "categories": [Category(category) for category in exchange.categories], "channel": exchange.channel,
        "exchanged_at": exchange.exchanged_at, "recorded_at": exchange.recorded_at, "is_late": exchange.is_late,
        "is_onward": exchange.is_onward, "consent": exchange.consent, "corrects": exchange.corrects_id,
        "declared_not_for_investigation": exchange.declared_not_for_investigation, "manifest": exchange.manifest.hex(),
        "is_acute": exchange.is_acute, "was_told_112": exchange.was_told_112,
        "secrecy": SECRECY if Category.GANG_TIES in exchange.categories else None,
    }
