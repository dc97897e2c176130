"""What changed from one plan to another, in words a tovholder reads. Pure; a plan is public, so values may be shown."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from infohus.plan.document import PlanDocument
from infohus.plan.words import PLAN_FIELDS, PLAN_PARTS, PLAN_VALUES

KNOWN_BY: dict[str, tuple[str, ...]] = {
    "authority": ("id",), "possible_participant": ("id", "name"), "contact": ("id",), "concern_sign": ("group",),
    "extremism_form": ("id",), "prevention_level": ("id",), "obligation": ("id",), "briefing_audience": ("centre",),
}
"""What makes two entries of a part the same one: the first of these that the entry has."""


class PlanChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change: `place` as in the plan file, `words` in Danish."""

    place: str
    what: Literal["added", "removed", "changed"]
    words: str


def changes_between(old: PlanDocument, new: PlanDocument) -> list[PlanChange]:
    """List every difference, part by part in the order of the plan file; the order of entries says nothing."""
    before: dict[str, Any] = msgspec.to_builtins(old)
    after: dict[str, Any] = msgspec.to_builtins(new)
    return [change for part in PLAN_PARTS for change in _changes_of_part(part, before[part], after[part])]


def _changes_of_part(part: str, before: Any, after: Any) -> Iterator[PlanChange]:  # noqa: ANN401 - JSON values
    if part not in KNOWN_BY:
        yield from _changes_of_entry(part, PLAN_PARTS[part], before, after)
        return
    known, now = _by_name(part, before), _by_name(part, after)
    for name in [*known, *(one for one in now if one not in known)]:
        place, called = f"{part}[{name}]", f"{PLAN_PARTS[part]} »{_title(known.get(name) or now[name])}«"
        if name not in now:
            yield PlanChange(place=place, what="removed", words=f"{called} er taget ud.")
        elif name not in known:
            yield PlanChange(place=place, what="added", words=f"{called} er kommet til.")
        else:
            yield from _changes_of_entry(place, called, known[name], now[name])


def _by_name(part: str, entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Name each entry; two of one name, as two participants of one authority may have, are numbered."""
    named: dict[str, dict[str, Any]] = {}
    for entry in entries:
        name = next(str(entry[key]) for key in KNOWN_BY[part] if entry.get(key))
        number = sum(one == name or one.startswith(f"{name} #") for one in named) + 1
        named[name if number == 1 else f"{name} #{number}"] = entry
    return named


def _title(entry: Mapping[str, Any]) -> str:
    title = next(entry[key] for key in ("name", "text", "centre", "group") if entry.get(key))
    return PLAN_VALUES.get(title, str(title))


def _changes_of_entry(
    place: str, called: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[PlanChange]:
    for field in dict.fromkeys([*before, *after]):
        old, new = before.get(field), after.get(field)
        if old == new:
            continue
        words = f"{called}: {PLAN_FIELDS.get(field, field)}"
        if isinstance(old, list) and isinstance(new, list):
            yield from _changes_of_list(f"{place}.{field}", words, old, new)
        elif old is None:
            yield PlanChange(place=f"{place}.{field}", what="added", words=f"{words} er nu {_shown(new)}.")
        elif new is None:
            yield PlanChange(place=f"{place}.{field}", what="removed", words=f"{words} var {_shown(old)}, nu intet.")
        else:
            told = f"{words} var {_shown(old)}, nu {_shown(new)}."
            yield PlanChange(place=f"{place}.{field}", what="changed", words=told)


def _changes_of_list(place: str, words: str, old: list[Any], new: list[Any]) -> Iterator[PlanChange]:
    for one in [one for one in old if one not in new]:
        yield PlanChange(place=place, what="removed", words=f"{words} har ikke længere {_shown(one)}.")
    for one in [one for one in new if one not in old]:
        yield PlanChange(place=place, what="added", words=f"{words} har nu også {_shown(one)}.")
    if sorted(map(str, old)) == sorted(map(str, new)):
        yield PlanChange(place=place, what="changed", words=f"{words} står i en anden rækkefølge.")
    elif {str(one) for one in old} == {str(one) for one in new}:
        yield PlanChange(place=place, what="changed", words=f"{words} gentager noget, som det ikke gjorde før.")


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON values
    if isinstance(value, dict):
        return "»" + ", ".join(f"{PLAN_FIELDS.get(key, key)} {part}" for key, part in value.items()) + "«"
    if isinstance(value, bool):
        return "ja" if value else "nej"
    return f"»{PLAN_VALUES.get(str(value), value)}«"
