"""The pages tell the truth where a machine can check it: links, files, names, and the form of decisions."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([
    REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *REPOSITORY.glob("docs/**/*.md"),
    *REPOSITORY.glob("deploy/**/*.md"), *REPOSITORY.glob("policies/*.md"),
])
DECISIONS = sorted(REPOSITORY.glob("docs/decisions/*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]
ONE_SCREEN = 60
FOLDERS = "src|tests|migrations|policies|deploy|bench|plans|cases|identity"


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


class WhenAPageIsRead:
    @pytest.mark.parametrize("page", PAGES, ids=name_of)
    def test_every_link_leads_somewhere(self, page: Path) -> None:
        links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text_of(page))
        missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
        assert missing == []

    @pytest.mark.parametrize("page", [*DECISIONS, REPOSITORY / "docs" / "architecture.md"], ids=name_of)
    def test_every_file_it_names_exists(self, page: Path) -> None:
        named = re.findall(rf"`((?:{FOLDERS})/[\w./-]+)`", text_of(page))
        places = (REPOSITORY, REPOSITORY / "src" / "infohus")
        assert [one for one in named if not any((place / one).exists() for place in places)] == []


class WhenADecisionIsRead:
    def test_they_are_numbered_without_a_gap(self) -> None:
        assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))

    @pytest.mark.parametrize("page", DECISIONS, ids=name_of)
    def test_it_has_five_parts_and_fits_on_a_screen(self, page: Path) -> None:
        text = text_of(page)
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
        assert text.count("\n") <= ONE_SCREEN
        decision = text.split("## Decision\n")[1].split("## ")[0]
        assert re.search(r"\*\*[^*]+\.\*\*", decision), "the decision is one sentence that can be quoted"


class WhenWordsAreLookedUp:
    def test_every_name_in_the_glossary_is_in_the_code(self) -> None:
        code = "\n".join(text_of(file) for file in (REPOSITORY / "src").rglob("*.py"))
        names = re.findall(r"\| `(\w+)` \|", text_of(REPOSITORY / "docs" / "glossary.md"))
        assert len(names) > 30
        assert [name for name in names if not re.search(rf"\b{name}\b", code)] == []

    def test_the_architecture_names_every_module(self) -> None:
        tree = text_of(REPOSITORY / "docs" / "architecture.md").split("```")[1]
        modules = {
            one.name + "/" if one.is_dir() else one.name
            for one in (REPOSITORY / "src" / "infohus").iterdir()
            if one.name != "__pycache__" and one.suffix != ".typed"
        }
        named = set(re.findall(r"^  ([\w.]+/?) ", tree, re.MULTILINE))
        assert modules - named == set()
        assert named - modules == set()

    def test_the_readme_s_two_commands_are_there_to_run(self) -> None:
        makefile = text_of(REPOSITORY / "Makefile")
        for command in re.findall(r"`?make (\w+)", text_of(REPOSITORY / "README.md")):
            assert re.search(rf"^{command}:", makefile, re.MULTILINE), command
