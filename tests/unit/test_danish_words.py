"""What users read says it in the field's words: no text has a word that the glossary puts another in the place of."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import infohus
from infohus.danish import WORDS, words_for
from infohus.danish.paragraphs import PARAGRAPHS
from infohus.errors import ExchangeWithoutNecessity, ParagraphDoesNotFollow

SOURCE = Path(infohus.__file__).parent
PLANS = SOURCE.parents[1] / "plans"
NOT_SO = {
    "behandles i infohuset": r"\btag(et|es) (ikke )?ind\b|\btager ind\b",
    "Kan formålet nås med et mindre indgribende middel?": r"[Nn]ærhedsspørgsmål",
    "Begrundelsen for proportionalitet": r"[Ff]orholdsmæssighed",
    "løsladt fra varetægtsfængsling eller anden …": r"løsladt fra varetægt og",
    "ubegrundet": r"[Gg]rundløs",
    "bekræftelse (af en underretning)": r"(?=.*[Uu]nderretning)(?=.*[Kk]vitter)",
    "den, der har henvendt sig": r"[Hh]envender(?! sig)(en|ens|e|s)?\b",
    "vurdering af, om bekymringen hører under infohuset": r"[Aa]fgrænsning",
    "Enkeltsag (mærkesag)": r"[Ee]n enkelt sag",
    "Din første vurdering": r"[Ff]ørste syn\b",
    "Skabelonen beregner et resultat": r"Skabelonen regner",
    "Hjemlen passer ikke til den videregivende myndighed": r"passer ikke til retningen",
    "PET-lovens § 4": r"PET-loven §",
    "Ret feltet med dets navn": r"Ret feltet \$",
    "Sletning er ikke tilgængelig": r"følger i en senere version",
    "no number of a rule": r"\bregel \d|\bregler \d",
}
_DANISH = re.compile(r"[æøåÆØÅ]| (er|og|ikke|den|det|til|af) ")


def danish_texts() -> Iterator[tuple[str, str]]:
    """Give every text of the program that a user may read, with its place: literals but docstrings, and data files."""
    for file in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        unread = {
            id(statement.value) for node in ast.walk(tree) if isinstance(node, documented)
            for statement in node.body if isinstance(statement, ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in unread:
                yield f"{file.relative_to(SOURCE)}:{node.lineno}", node.value
    for file in sorted([*PLANS.glob("*.toml"), *SOURCE.rglob("*.toml")]):
        for text in _strings(tomllib.loads(file.read_text(encoding="utf-8"))):
            yield file.name, text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    parts = [part for name, part in value.items() if name != "source"] if isinstance(value, dict) else value
    for part in parts if isinstance(parts, list) else ():
        yield from _strings(part)


TEXTS = [
    (place, text) for place, text in danish_texts()
    if _DANISH.search(text) and not place.startswith("kernel/authorization/")  # told to whoever writes a policy
]


class WhenUsersRead:
    @pytest.mark.parametrize("better", NOT_SO)
    def test_no_text_has_the_word_that_is_put_better(self, better: str) -> None:
        assert [f"{place}: {text}" for place, text in TEXTS if re.search(NOT_SO[better], text, re.DOTALL)] == []

    def test_the_texts_are_found(self) -> None:
        assert len(TEXTS) > 400
        assert {"danish/__init__.py", "whole_case/log_reports/letter.py"} <= {place.split(":")[0] for place, _ in TEXTS}

    @pytest.mark.parametrize("slug", WORDS)
    def test_every_detail_says_a_way_on(self, slug: str) -> None:
        """It asks for something, or says what was kept, where, or whom to turn to: no detail only says no."""
        assert _WAY_ON.search(WORDS[slug][1]), WORDS[slug]

    @pytest.mark.rule(4)
    @pytest.mark.parametrize("paragraph", PARAGRAPHS)
    def test_a_paragraph_is_named_by_the_direction_and_never_by_its_code(self, paragraph: str) -> None:
        for refusal in (ExchangeWithoutNecessity(paragraph=paragraph), ParagraphDoesNotFollow(paragraph=paragraph)):
            detail = words_for(refusal)[1]
            assert PARAGRAPHS[paragraph] in detail
            assert paragraph not in detail


_ASKS = (
    "Afslut", "Angiv", "Bed", "Bekræft", "Besvar", "Brug", "Fjern", "Følg", "Hent", "Inddrag", "Kontakt", "Kontrollér",
    "Lad", "Log", "Luk", "Notér", "Prøv", "Registrér", "Ret", "Ring", "Se", "Send", "Skriv", "Spørg", "Tag", "Udelad",
    "Underskriv", "Vent", "Videregiv", "Vælg", "Gentag", "Undtag", "Opgiv", "Læs", "Foreslå", "Søg", "Varsl",
    "Føj", "Del", "Lav", "Træk", "Begynd", "Giv",
)
_WAY_ON = re.compile(rf"(?i)\b({'|'.join(_ASKS)})\b")
