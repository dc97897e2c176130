"""Reads a plan file: TOML of the document's shape, in which everything that refers to something finds it."""

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from infohus.plan.document import Contact, PlanDocument

_FAULT_AND_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<place>.*)`)?$", re.DOTALL)


class PlanNotUsable(Exception):  # noqa: N818 - names the situation
    """A plan cannot be loaded. `place` is where in the file (`authority[0].kind`), `what` the fault."""

    def __init__(self, *, place: str, what: str) -> None:
        """Make the text from both; it may show values of the plan, which is public."""
        super().__init__(f"{place}: {what}" if place else what)
        self.place = place
        self.what = what


def read_plan(path: Path) -> PlanDocument:
    """Read a plan file.

    Raises:
        PlanNotUsable: it cannot be read, or what it holds is not a plan.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise PlanNotUsable(place="", what=f"the file {path.name} cannot be read as UTF-8 text") from failure
    return parse_plan(text)


def parse_plan(text: str) -> PlanDocument:
    """Read a plan from TOML.

    Raises:
        PlanNotUsable: what it holds is not a plan; with the place.
    """
    try:
        document = msgspec.convert(tomllib.loads(text), PlanDocument)
    except tomllib.TOMLDecodeError as failure:
        raise PlanNotUsable(place="", what=f"not TOML: {failure}") from None
    except msgspec.ValidationError as failure:
        fault = _FAULT_AND_PLACE.match(str(failure))
        assert fault is not None  # noqa: S101 - the pattern matches every text
        raise PlanNotUsable(place=fault["place"] or "", what=fault["what"]) from None
    _require_whole(document)
    return document


def _require_whole(document: PlanDocument) -> None:
    """Refuse what no part shows alone: a missing authority, an id that is there twice, a reference to nothing."""
    for kind in ("municipality", "police"):
        if sum(authority.kind == kind for authority in document.carrying) != 1:
            raise PlanNotUsable(place="authority", what=f"an infohus has exactly one of kind `{kind}`")
    places = [f"authority[{place}]" for place in range(len(document.carrying))]
    carrying_ids = {authority.id for authority in document.carrying}
    for place, participant in enumerate(document.possible_participants):
        if participant.authority is None:
            places.append(f"possible_participant[{place}]")
        elif participant.authority not in carrying_ids:
            at = f"possible_participant[{place}].authority"
            raise PlanNotUsable(place=at, what=f"the plan has no `{participant.authority}`")
    _require_different([authority.id for authority in document.authorities], places.__getitem__)
    _require_different([contact.id for contact in document.contacts], "contact[{}].id".format)
    entries = [(f"{at}].{'id' if one.id else 'labels'}", one) for at, one in enumerate(document.concern_signs)]
    places = [f"concern_sign[{place}" for place, entry in entries for _ in entry.signs]
    _require_different([sign.id for sign in document.signs], places.__getitem__)
    _require_contacts_known(document.contacts)
    _require_different([form.id for form in document.extremism_forms], "extremism_form[{}].id".format)
    _require_different([kind.id for kind in document.concern_kinds], "concern_kind[{}].id".format)
    _require_different([level.id for level in document.prevention_levels], "prevention_level[{}].id".format)
    _require_different([promise.id for promise in document.obligations], "obligation[{}].id".format)


def _require_contacts_known(contacts: Sequence[Contact]) -> None:
    known = {contact.id for contact in contacts}
    for place, contact in enumerate(contacts):
        for other in contact.stands_in_for:
            if other not in known - {contact.id}:
                raise PlanNotUsable(place=f"contact[{place}].stands_in_for", what=f"the plan has no other `{other}`")


def _require_different(ids: Iterable[str], place_of: Callable[[int], str]) -> None:
    seen: set[str] = set()
    for position, entry_id in enumerate(ids):
        if entry_id in seen:
            raise PlanNotUsable(place=place_of(position), what=f"`{entry_id}` is there twice")
        seen.add(entry_id)
