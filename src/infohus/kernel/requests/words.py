"""Texts that people write: which must have words that can be read, and how long they may be (rule 91). Pure.

A space, a zero-width sign, a soft hyphen or a filler is a character, and no reason. So a reason has at least one
letter, of whatever script, that shows. The types say which texts are reasons; `bodies.py` asks for the letter.
"""

from enum import Enum
from typing import Annotated
from unicodedata import category

from msgspec import Meta

LONGEST_TEXT = 20_000
_LETTERS_WITHOUT_A_SHAPE = frozenset("\u115f\u1160\u3164\uffa0")
"""Hangul fillers: letters by category that show as nothing. Source: Unicode 16.0, Default_Ignorable_Code_Point."""


class Needs(Enum):
    """What `bodies.py` asks of a text; it stands in the type's metadata."""

    LETTER = "letter"
    LETTER_IF_ANY = "letter_if_any"
    LETTER_OR_DIGIT = "letter_or_digit"
    NOTHING = "nothing"
    """Its operation asks, so that the refusal stands in the log."""
    NO_WORDS = "no_words"


def _text(needs: Needs, pattern: str, description: str, *, longest: int = LONGEST_TEXT) -> Meta:
    # ECMA-262's pattern with the u flag, as JSON Schema recommends; Python's `re` knows no \p. The least length stands
    # in the schema only, so that an empty text and a blank one get the same answer.
    least = {"minLength": 1} if needs in {Needs.LETTER, Needs.LETTER_OR_DIGIT} else {}
    return Meta(
        max_length=longest, description=description, extra_json_schema={"pattern": pattern, **least},
        extra={"needs": needs},
    )


def optional_reason(longest: int) -> Meta:
    """Describe words that may be left out by an empty text."""
    return _text(
        Needs.LETTER_IF_ANY, r"^$|\p{L}", "Words, with at least one letter that shows; or nothing.", longest=longest
    )


def label(longest: int) -> Meta:
    """Describe a name, an address, a telephone number, a reference: short, with a letter or digit that shows."""
    return _text(
        Needs.LETTER_OR_DIGIT, r"[\p{L}\p{N}]", "At least one letter or digit that shows.", longest=longest
    )


Reason = Annotated[str, _text(Needs.LETTER, r"\p{L}", "Words, with at least one letter that shows.")]
"""Why, for what purpose, on what basis; or what somebody observed, noted, answered: a text with words."""
OptionalReason = Annotated[str, optional_reason(LONGEST_TEXT)]
"""The same where it may be left empty."""
AnswerToRule = Annotated[str, _text(Needs.NOTHING, r"\p{L}", "Words, with at least one letter that shows.")]
"""A reason that a rule asks for: its operation asks `has_words`, so that a refusal stands in the log."""
AnyText = Annotated[str, Meta(
    max_length=LONGEST_TEXT, description="Any text, an empty one too.", extra={"needs": Needs.NO_WORDS}
)]
"""What is only looked at, and not kept."""
Label = Annotated[str, label(400)]


def has_words(text: str | None) -> bool:
    """Say whether a text has a letter that shows."""
    return text is not None and any(_is_letter(sign) for sign in text)


def has_letter_or_digit(text: str) -> bool:
    """Say whether a text has a letter that shows, or a digit."""
    return any(_is_letter(sign) or category(sign).startswith("N") for sign in text)


def _is_letter(sign: str) -> bool:
    return category(sign).startswith("L") and sign not in _LETTERS_WITHOUT_A_SHAPE
