"""Gennemsyn: before something is told, whom it names whose identity does not go along (rule 109).

It asks and never stops anything: the answer is a list of places, for whoever is about to tell. All that any disclosure
holds can be looked through, the records it names and the texts that go along, before it is sent.
"""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from infohus.cases.disclosures.model import AuthoritySlug
from infohus.cases.persons.known_to import not_known_to, persons_seen
from infohus.cases.persons.named_in_texts import Found, FoundAs, found_in
from infohus.casework.exchanges.disclosable import DisclosableKind, DisclosableRecords, Items
from infohus.kernel.authorization.action import Action
from infohus.kernel.requests.words import AnyText
from infohus.kernel.unit_of_work.places import sealed_columns_of
from infohus.kernel.unit_of_work.unit import UnitOfWork

_READING = {
    DisclosableKind.CONTRIBUTION: Action.READ_ASSESSMENT, DisclosableKind.FOLLOW_UP: Action.READ_MEASURE,
    DisclosableKind.CHILD_NOTIFICATION_STEP: Action.READ_CHILD_NOTIFICATION,
}
"""The act that reads a record, where it is named after another kind."""
_MOST_WARNINGS = 500


class TextToLookThrough(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text that goes along, such as `summary` or `content.reasons`, by the field that it is to be sent in."""

    field: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}(\.[a-z_]{1,40}){0,3}$", max_length=200)]
    text: AnyText


class LookThroughDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is about to be told, and to whom: records as an exchange names them, and the texts of any disclosure."""

    recipients: Annotated[list[AuthoritySlug], Meta(max_length=20)]
    items: Items = msgspec.field(default_factory=list)
    texts: Annotated[list[TextToLookThrough], Meta(max_length=40)] = []


class NamedAt(msgspec.Struct, frozen=True, kw_only=True):
    """A place that names somebody, or looks so: in a record's part, or with neither kind nor id in a text that is sent.

    `field` is the text's, `begins` and `ends` count its signs. `subject_id` is whom it names, where that is known: a
    person of the own side whose identity does not go along.
    """

    kind: DisclosableKind | None
    id: UUID | None
    part: str | None
    field: str
    begins: int
    ends: int
    found_as: FoundAs
    subject_id: UUID | None


class LookedThrough(msgspec.Struct, frozen=True):
    """The places at which to ask oneself whether they are to go along. Nothing was told, and nothing is stopped.

    The first 500 of them; `further` counts the rest.
    """

    warnings: list[NamedAt]
    further: int


async def look_through(work: UnitOfWork, draft: LookThroughDraft, records: DisclosableRecords) -> LookedThrough:
    """Look for persons of the own side in what is about to be told, but those whose identity the recipients have.

    It concerns those whom it looks for, and whom the records concern (rule 79).

    Raises:
        NotAvailable: a record is not the caller's authority's to tell, or it may not read the side's persons.
    """
    persons = await _unnamed(work, draft)
    if persons or draft.items:
        work.audit_draft.narrow()
    warnings = [
        _warning(None, None, None, one.field, found) for one in draft.texts for found in found_in(one.text, persons)
    ]
    for kind, record, parts in await records.named(work, draft.items):
        if kind is DisclosableKind.SUBJECT:
            continue
        reading = _READING.get(kind) or Action[f"READ_{kind.name}"]
        texts = (await work.open(record, reading=reading))[record.id]
        for column, part in sealed_columns_of(type(record)).items():
            if part in parts and column in texts:
                found_at = found_in(texts[column], persons)
                warnings += [_warning(kind, record.id, part, column, found) for found in found_at]
    return LookedThrough(warnings[:_MOST_WARNINGS], max(0, len(warnings) - _MOST_WARNINGS))


async def _unnamed(work: UnitOfWork, draft: LookThroughDraft) -> Mapping[UUID, Mapping[str, str]]:
    """Open the persons of the own side whom not every recipient knows or is about to be told."""
    persons = await persons_seen(work)
    go_along = {one.id for one in draft.items if one.kind is DisclosableKind.SUBJECT}
    unnamed = await not_known_to(work, persons, draft.recipients) - go_along
    return await work.open(*(one for one in persons if one.id in unnamed), reading=Action.READ_SUBJECT)


def _warning(
    kind: DisclosableKind | None, record_id: UUID | None, part: str | None, field: str, found: Found
) -> NamedAt:
    return NamedAt(
        kind=kind, id=record_id, part=part, field=field, begins=found.begins, ends=found.ends,
        found_as=found.found_as, subject_id=found.subject_id,
    )
