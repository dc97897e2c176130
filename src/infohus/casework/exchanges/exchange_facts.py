"""The facts of an exchange without its texts, as its parties and the supervision see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from infohus.cases.disclosures.model import Category, Channel, Consent, CooperationForm, Exchange, Paragraph, Purpose


class ExchangeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange is, without its texts; `manifest` hashes what was disclosed, 64 hexadecimal digits."""

    id: UUID
    case_id: UUID
    discloser: str
    recipients: list[str]
    paragraph: Paragraph
    cooperation_form: CooperationForm
    purpose: Purpose
    categories: list[Category]
    channel: Channel
    exchanged_at: datetime
    recorded_at: datetime
    is_late: bool
    is_onward: bool
    consent: Consent
    corrects: UUID | None
    manifest: str


def facts_of(exchange: Exchange) -> dict[str, Any]:
    """Give the facts of an exchange by the field names of `ExchangeFacts`."""
    return {
        "id": exchange.id, "case_id": exchange.case_id, "discloser": exchange.authority_id,
        "recipients": exchange.recipients, "paragraph": exchange.paragraph,
        "cooperation_form": exchange.cooperation_form, "purpose": exchange.purpose,
        "categories": [Category(category) for category in exchange.categories], "channel": exchange.channel,
        "exchanged_at": exchange.exchanged_at, "recorded_at": exchange.recorded_at, "is_late": exchange.is_late,
        "is_onward": exchange.is_onward, "consent": exchange.consent, "corrects": exchange.corrects_id,
        "manifest": exchange.manifest.hex(),
    }
