"""A template holds words and nothing that counts, however it is hidden (rules 36 and 38)."""

import pytest

from infohus.casework.assessments.template import CURRENT, Side, TemplateNotUsable, current_template, read_template
from infohus.errors import TemplateScores

TEXT = CURRENT.read_text(encoding="utf-8")


class WhenATemplateIsRead:
    @pytest.mark.rule(36)
    def test_ours_has_words_for_both_sides(self) -> None:
        assert {dimension.side for dimension in current_template().dimension} == set(Side)
        assert read_template(TEXT.replace("[[step]]", "\n\n[[step]]")).digest() == current_template().digest()

    @pytest.mark.rule(38)
    @pytest.mark.parametrize(("line", "place"), [
        ("weight = 1", "dimension[9].weight"), ("'vægt' = 'meget'", "dimension[9].vægt"),
        ("point = 'få'", "dimension[9].point"), ("risk_level = 'x'", "dimension[9].risk_level"),
        ("risikoScore = 'x'", "dimension[9].risikoScore"), ("Farve = 'x'", "dimension[9].Farve"),
        ("note = 3", "dimension[9].note"), ("note = 0.5", "dimension[9].note"), ("note = true", "dimension[9].note"),
        ("note = '3'", "dimension[9].note"), ("note = ' 1-5 '", "dimension[9].note"),
        ("vaegt = 'x'", "dimension[9].vaegt"), ("note = 'Rød'", "dimension[9].note"),
        ("note = 'HØJ'", "dimension[9].note"),
        ("note = 'Angiv risikoniveau'", "dimension[9].note"), ("note = 2026-01-01", "dimension[9].note"),
        ("note = ['ord', '4']", "dimension[9].note[2]"),
        ("note = {dybt = {scale = 'x'}}", "dimension[9].note.dybt.scale"),
    ])
    def test_what_counts_is_refused_with_its_place(self, line: str, place: str) -> None:
        with pytest.raises(TemplateScores) as refused:
            read_template(f"{TEXT}{line}\n")
        assert refused.value.facts == {"field": place}

    @pytest.mark.parametrize(("old", "new"), [
        ('name = "Familie"', ""), ('id = "family"', 'id = "mental_vulnerability"'), ('id = "family"', 'id = "Fam-1"'),
        ('side = "wellbeing_and_resilience"', 'side = "risk_and_threat"'), ('["Interviewguide"]', "[]"),
        ('id = "cdie-1"', 'id = "cdie-1'), ('name = "Familie"', 'name = "Familie"\nukendt = "felt"'),
    ])
    def test_what_is_no_template_is_refused(self, old: str, new: str) -> None:
        assert old in TEXT
        with pytest.raises(TemplateNotUsable):
            read_template(TEXT.replace(old, new))

    def test_ordinary_words_that_look_alike_are_let_through(self) -> None:
        kept = read_template(TEXT.replace('"Familie"', '"Familie, oplevelser, overvægt og standpunkter"'))
        assert kept.dimension[6].name == "Familie, oplevelser, overvægt og standpunkter"
