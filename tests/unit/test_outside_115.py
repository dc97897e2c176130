"""On what an authority can disclose outside § 115, by what it is, and what it cannot (rules 84, 102, 105)."""

from typing import cast

import pytest

from infohus.cases.disclosures.model import OUTSIDE_115, Category, Paragraph
from infohus.cases.disclosures.outside_115 import (
    BASES,
    CATEGORIES,
    basis_for,
    basis_of_answer,
    refuse_other_categories,
)
from infohus.cases.disclosures.refusals import BasisDoesNotFit, CategoryNotOutside115
from infohus.danish.paragraphs import PARAGRAPHS
from infohus.kernel.identity.caller import AuthorityKind


@pytest.mark.rule(84)
@pytest.mark.rule(105)
class WhenTheProvisionIsDerived:
    @pytest.mark.parametrize(("kind", "paragraph"), [
        (AuthorityKind.MUNICIPALITY, "fvl-28"), (AuthorityKind.POLICE, "fvl-28"), (AuthorityKind.PROBATION, "fvl-28"),
        (AuthorityKind.HEALTH_REGION, "sul-43-2-2"), (AuthorityKind.SELF_GOVERNING, "dbl-6-8"),
    ])
    def test_it_follows_from_what_the_authority_is(self, kind: AuthorityKind, paragraph: str) -> None:
        assert basis_for(kind, None) == paragraph

    def test_every_authority_has_one_and_none_is_of_115(self) -> None:
        assert BASES.keys() == set(AuthorityKind)
        only_there = {Paragraph.ON_REQUEST_OF_ANOTHER, Paragraph.CHILD_IS_NOTIFIED}
        assert {one for fitting in BASES.values() for one in fitting} == OUTSIDE_115 - only_there
        assert all(one in PARAGRAPHS and "115" not in one for one in OUTSIDE_115)

    @pytest.mark.parametrize("stated", sorted({*Paragraph} - OUTSIDE_115 | {Paragraph.CHILD_IS_NOTIFIED}))
    @pytest.mark.parametrize("kind", sorted(AuthorityKind))
    def test_115_and_pets_own_are_refused_to_everybody(self, kind: AuthorityKind, stated: Paragraph) -> None:
        with pytest.raises(BasisDoesNotFit):
            basis_for(kind, stated)

    @pytest.mark.parametrize(("kind", "stated"), [
        (AuthorityKind.POLICE, Paragraph.BY_HEALTH_PERSON), (AuthorityKind.PROBATION, Paragraph.BY_HEALTH_PERSON),
        (AuthorityKind.MUNICIPALITY, Paragraph.BY_INSTITUTION),
        (AuthorityKind.SELF_GOVERNING, Paragraph.BETWEEN_AUTHORITIES),
    ])
    def test_anothers_is_refused(self, kind: AuthorityKind, stated: Paragraph) -> None:
        with pytest.raises(BasisDoesNotFit):
            basis_for(kind, stated)


@pytest.mark.rule(105)
def test_an_authority_that_asks_is_answered_by_31_from_the_administration_alone() -> None:
    for kind in AuthorityKind:
        answers = kind not in {AuthorityKind.SELF_GOVERNING, AuthorityKind.SECURITY_SERVICE}
        if answers:
            assert basis_of_answer(kind, Paragraph.ON_REQUEST_OF_ANOTHER) is Paragraph.ON_REQUEST_OF_ANOTHER
        else:
            with pytest.raises(BasisDoesNotFit):
                basis_of_answer(kind, Paragraph.ON_REQUEST_OF_ANOTHER)
        with pytest.raises(BasisDoesNotFit):
            basis_for(kind, Paragraph.ON_REQUEST_OF_ANOTHER)  # danger waits for nobody to ask


@pytest.mark.rule(102)
def test_a_category_that_nobody_decided_on_does_not_ride_along() -> None:
    refuse_other_categories(sorted(CATEGORIES))
    with pytest.raises(CategoryNotOutside115):
        refuse_other_categories([Category.ORDINARY, cast("Category", "gang_ties")])
