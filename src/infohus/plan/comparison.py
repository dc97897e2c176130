"""Compare two plans and say in Danish what changed. Pure; a plan is public, so its values may be shown."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from infohus.plan.document import PlanDocument
from infohus.plan.words import PLAN_FIELDS, PLAN_PARTS, PLAN_VALUES

IDENTIFIED_BY: dict[str, tuple[str, ...]] = {
    "authority": ("id",), "possible_participant": ("id", "name"), "contact": ("id",), "concern_sign": ("id",),
    "extremism_form": ("id",), "prevention_level": ("id",), "obligation": ("id",), "briefing_audience": ("centre",),
}
"""The fields that identify an entry of a part: the first of them that the entry has a value for."""


class PlanChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change: `place` as in the plan file, `words` in Danish."""

    place: str
    what: Literal["added", "removed", "changed"]
    words: str


def changes_between(old: PlanDocument, new: PlanDocument) -> list[PlanChange]:
    """List the differences in the parts that `PLAN_PARTS` names, in its order; the order of entries is not compared."""
    before: dict[str, Any] = msgspec.to_builtins(old)
    after: dict[str, Any] = msgspec.to_builtins(new)
    return [change for part in PLAN_PARTS for change in _changes_of_part(part, before[part], after[part])]


def _changes_of_part(part: str, before: Any, after: Any) -> Iterator[PlanChange]:  # noqa: ANN401 - JSON values
    if part not in IDENTIFIED_BY:
        yield from _changes_of_entry(part, PLAN_PARTS[part], before, after)
        return
    old, new = _by_name(part, before), _by_name(part, after)
    for name in [*old, *(added for added in new if added not in old)]:
        place, title = f"{part}[{name}]", f"{PLAN_PARTS[part]} »{_title(old.get(name) or new[name])}«"
        if name not in new:
            yield PlanChange(place=place, what="removed", words=f"{title} er taget ud.")
        elif name not in old:
            yield PlanChange(place=place, what="added", words=f"{title} er kommet til.")
        else:
            yield from _changes_of_entry(place, title, old[name], new[name])


def _by_name(part: str, entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Key each entry by what identifies it; the second with the same name gets ` #2`, the third ` #3`."""
    named: dict[str, dict[str, Any]] = {}
    for entry in entries:
        name = next(str(entry[key]) for key in IDENTIFIED_BY[part] if entry.get(key))
        number = sum(earlier == name or earlier.startswith(f"{name} #") for earlier in named) + 1
        named[name if number == 1 else f"{name} #{number}"] = entry
    return named


def _title(entry: Mapping[str, Any]) -> str:
    title = next(entry[key] for key in ("name", "text", "centre", "label") if entry.get(key))
    return PLAN_VALUES.get(title, str(title))


def _changes_of_entry(
    place: str, title: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[PlanChange]:
    for field in dict.fromkeys([*before, *after]):
        old, new = before.get(field), after.get(field)
        if old == new:
            continue
        words = f"{title}: {PLAN_FIELDS.get(field, field)}"
        if isinstance(old, list) and isinstance(new, list):
            yield from _changes_of_list(f"{place}.{field}", words, old, new)
        elif old is None:
            yield PlanChange(place=f"{place}.{field}", what="added", words=f"{words} er nu {_shown(new)}.")
        elif new is None:
            yield PlanChange(place=f"{place}.{field}", what="removed", words=f"{words} var {_shown(old)}, nu intet.")
        else:
            from_and_to = f"{words} var {_shown(old)}, nu {_shown(new)}."
            yield PlanChange(place=f"{place}.{field}", what="changed", words=from_and_to)


def _changes_of_list(place: str, words: str, old: list[Any], new: list[Any]) -> Iterator[PlanChange]:
    for removed in [value for value in old if value not in new]:
        yield PlanChange(place=place, what="removed", words=f"{words} har ikke længere {_shown(removed)}.")
    for added in [value for value in new if value not in old]:
        yield PlanChange(place=place, what="added", words=f"{words} har nu også {_shown(added)}.")
    if sorted(map(str, old)) == sorted(map(str, new)):
        yield PlanChange(place=place, what="changed", words=f"{words} står i en anden rækkefølge.")
    elif {str(value) for value in old} == {str(value) for value in new}:
        yield PlanChange(place=place, what="changed", words=f"{words} gentager noget, som det ikke gjorde før.")


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON values
    if isinstance(value, dict):
        return "»" + ", ".join(f"{PLAN_FIELDS.get(key, key)} {part}" for key, part in value.items()) + "«"
    if isinstance(value, bool):
        return "ja" if value else "nej"
    return f"»{PLAN_VALUES.get(str(value), value)}«"
