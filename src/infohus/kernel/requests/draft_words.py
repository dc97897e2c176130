"""The words of a draft that are looked for in a body that is none: the names of its ids, and its purposes."""

from dataclasses import dataclass, field
from functools import cache

import msgspec
from msgspec import inspect

PURPOSE = "purpose"


@dataclass(frozen=True, slots=True)
class DraftWords:
    """The names that a draft's ids have at any depth, and the codes that its purpose can have."""

    ids: set[str] = field(default_factory=set)
    purposes: set[str] = field(default_factory=set)


@cache
def words_of(draft: type[msgspec.Struct]) -> DraftWords:
    """Gather the words of a draft."""
    words, waiting = DraftWords(), [("", inspect.type_info(draft))]
    while waiting:
        name, kind = waiting.pop()
        match kind:
            case inspect.StructType(fields=fields):
                waiting.extend((one.encode_name, one.type) for one in fields)
            case inspect.UnionType(types=types):
                waiting.extend((name, one) for one in types)
            case inspect.ListType(item_type=inner) | inspect.Metadata(type=inner):
                waiting.append((name, inner))
            case inspect.UUIDType():
                words.ids.add(name)
            case inspect.EnumType(cls=codes) if name == PURPOSE:
                words.purposes.update(one.value for one in codes)
    return words
