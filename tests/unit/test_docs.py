"""What a program can check of the pages: links, files, names, and the form of decisions."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
FIXED = [REPOSITORY / name for name in ("README.md", "CHANGELOG.md") if (REPOSITORY / name).exists()]
PAGES = sorted([*FIXED, *DOCS.rglob("*.md"), *REPOSITORY.glob("deploy/**/*.md"), *REPOSITORY.glob("policies/*.md")])
DECISIONS = sorted(DOCS.glob("decisions/*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]
ONE_SCREEN = 60
SUFFIXES = "py|toml|md|cedar|cedarschema|sql|json|conf|service|txt|svg"
MADE_BY = ("log/",)
"""Folders that a command makes, so that a page may name what is in them."""


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def prose_of(text: str) -> str:
    """Leave out blocks of code: what they name is typed by somebody, somewhere."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def broken_links(page: Path, text: str) -> list[str]:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose_of(text))
    return [link for link in links if "://" not in link and not (page.parent / link).exists()]


def missing_files(page: Path, text: str) -> list[str]:
    """List what stands in backticks, has a slash, and is a folder or a file of a known kind, and is not there."""
    named = re.findall(rf"`((?:[\w.-]+/)+(?:[\w.-]+\.(?:{SUFFIXES}))?)`", prose_of(text))
    places = (REPOSITORY, REPOSITORY / "src" / "infohus", page.parent)
    return [
        one for one in named
        if not one.startswith(MADE_BY) and not any((place / one).exists() for place in places)
    ]


def faults_of_decision(text: str) -> Iterator[str]:
    if re.findall(r"^## (.+)$", text, re.MULTILINE) != HEADINGS:
        yield "has other parts"
        return
    if text.count("\n") > ONE_SCREEN:
        yield "does not fit on a screen"
    if not re.match(r"\*\*[^*]+\.\*\*\n", text.split("## Decision\n")[1]):
        yield "does not begin with one sentence that can be quoted"


def rows_of_table(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


class WhenAPageIsRead:
    @pytest.mark.parametrize("page", PAGES, ids=name_of)
    def test_every_link_leads_somewhere(self, page: Path) -> None:
        assert broken_links(page, text_of(page)) == []

    @pytest.mark.parametrize("page", PAGES, ids=name_of)
    def test_every_file_it_names_is_there(self, page: Path) -> None:
        assert missing_files(page, text_of(page)) == []

    def test_a_wrong_one_would_be_noticed(self) -> None:
        text = "[a](trust.md) [b](gone.md#here) `cases/api.py` `cases/gone.py` `gone/` `migrations/`"
        page = DOCS / "glossary.md"
        assert broken_links(page, text) == ["gone.md"]
        assert missing_files(page, text) == ["cases/gone.py", "gone/"]

    def test_every_target_it_says_to_make_is_in_the_makefile(self) -> None:
        targets = set(re.findall(r"^([a-z-]+):", text_of(REPOSITORY / "Makefile"), re.MULTILINE))
        named = {
            target for page in PAGES
            for target in re.findall(r"(?:`|^)make ([a-z]+(?:-[a-z]+)*)", text_of(page), re.MULTILINE)
        }
        assert named >= {"demo", "test"}
        assert named - targets == set()


class WhenADecisionIsRead:
    def test_no_number_stands_for_two(self) -> None:
        numbers = [int(page.name[:4]) for page in DECISIONS]
        assert numbers == sorted(set(numbers))

    @pytest.mark.parametrize("page", DECISIONS, ids=name_of)
    def test_it_has_five_parts_and_fits_on_a_screen(self, page: Path) -> None:
        assert list(faults_of_decision(text_of(page))) == []

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("## Context\n", "has other parts"),
            ("\n".join(f"## {part}\n**So.**\n" for part in HEADINGS) + "\n" * 60, "does not fit on a screen"),
            ("\n".join(f"## {part}\nSo." for part in HEADINGS),
             "does not begin with one sentence that can be quoted"),
        ],
    )
    def test_another_form_would_be_noticed(self, text: str, fault: str) -> None:
        assert list(faults_of_decision(text)) == [fault]

    def test_every_dependency_is_accounted_for(self) -> None:
        asked = {
            name
            for file in ("requirements.in", "requirements-dev.in")
            for name in re.findall(r"^([a-z][a-z0-9-]*)", text_of(REPOSITORY / file), re.MULTILINE)
        }
        [page] = [page for page in DECISIONS if "dependencies" in page.name]
        accounted = {name for row in rows_of_table(text_of(page)) for name in row[0].split(", ")}
        assert accounted == asked


class WhenWordsAreLookedUp:
    def test_every_name_in_the_glossary_is_in_the_code(self) -> None:
        code = "\n".join(text_of(file) for file in (REPOSITORY / "src").rglob("*.py"))
        rows = rows_of_table(text_of(DOCS / "glossary.md"))
        assert len(rows) > 30
        assert [row for row in rows if len(row) != 3 or not re.fullmatch(r"`\w+`", row[1])] == []
        assert [row[1] for row in rows if not re.search(rf"\b{row[1].strip('`')}\b", code)] == []

    def test_the_architecture_names_every_module_and_nothing_else(self) -> None:
        tree = text_of(DOCS / "architecture.md").split("```")[1]
        modules = {
            one.name + "/" if one.is_dir() else one.name
            for one in (REPOSITORY / "src" / "infohus").iterdir()
            if one.name != "__pycache__" and one.suffix != ".typed"
        }
        assert set(re.findall(r"^  ([\w.]+/?) ", tree, re.MULTILINE)) == modules
