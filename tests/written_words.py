"""Texts that show nothing to read, texts of digits, and texts with a letter that shows."""

BLANKS = (
    "", " ", "\t\n", "\u00a0", "\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u180e", "\u2000", "\u200b",
    "\u200d", "\u200e", "\u200f", "\u2028", "\u2060", "\u2800", "\u3000", "\u3164", "\ufe0f", "\ufeff", "\uffa0",
    "\U000e0020", "\U0001d159", " \u200b\u3164 ", "\u0301", "…", "-", ".", "🙂",
)
DIGITS = ("1", "½", "²", "٣", "123")
WORDS = ("x", "ø", "Ж", "مرحبا", "漢", "א", "\u3164a", " \u200b b", "ﬁ", "ª")
