"""Videregivelse uden for § 115: on which provision an authority can disclose there, and who can use which (rule 105).

What § 115 does not carry has a named basis of its own. Necessity and categories are asked for all the same; ties to
gangs are never disclosed so, since stk. 5 knows them in one form of cooperation alone. The basis of an underretning is
used by its hand-over alone (rule 83).

Source: forvaltningsloven § 28 with databeskyttelsesloven §§ 6-8; straffeloven § 141; sundhedsloven § 43.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from infohus.cases.disclosures.model import OUTSIDE_115, Category, Exchange, Paragraph, Purpose
from infohus.cases.disclosures.refusals import BasisDoesNotFit, CategoryNotOutside115
from infohus.kernel.identity.caller import AuthorityKind

BASES: Mapping[AuthorityKind, tuple[Paragraph, ...]] = MappingProxyType({
    AuthorityKind.MUNICIPALITY: (
        Paragraph.BETWEEN_AUTHORITIES, Paragraph.CRIME_TO_BE_PREVENTED, Paragraph.BY_HEALTH_PERSON,
    ),
    AuthorityKind.POLICE: (Paragraph.BETWEEN_AUTHORITIES, Paragraph.CRIME_TO_BE_PREVENTED),
    AuthorityKind.PROBATION: (Paragraph.BETWEEN_AUTHORITIES, Paragraph.CRIME_TO_BE_PREVENTED),
    AuthorityKind.HEALTH_REGION: (
        Paragraph.BY_HEALTH_PERSON, Paragraph.BETWEEN_AUTHORITIES, Paragraph.CRIME_TO_BE_PREVENTED,
    ),
    AuthorityKind.SECURITY_SERVICE: (Paragraph.BETWEEN_AUTHORITIES, Paragraph.CRIME_TO_BE_PREVENTED),
    AuthorityKind.SELF_GOVERNING: (
        Paragraph.BY_INSTITUTION, Paragraph.CRIME_TO_BE_PREVENTED, Paragraph.BY_HEALTH_PERSON,
    ),
})
"""What each kind of authority can disclose by outside § 115; the first is meant where none is stated."""
_ANSWERING = frozenset({
    AuthorityKind.MUNICIPALITY, AuthorityKind.POLICE, AuthorityKind.PROBATION, AuthorityKind.HEALTH_REGION,
})
"""Authorities of the administration, which forvaltningslovens § 31 obliges."""
CATEGORIES = frozenset({
    Category.ORDINARY, Category.PURELY_PRIVATE, Category.SPECIAL, Category.CRIMINAL_OFFENCES, Category.CPR_NUMBER,
})
"""What can be disclosed outside § 115. A category that is added later is not, until somebody has decided so."""


class Outside(NamedTuple):
    """That an exchange rests on `basis`; `is_acute` of a report of danger, `None` of any other."""

    basis: Paragraph
    is_acute: bool | None

    @classmethod
    def of(cls, exchange: Exchange) -> "Outside | None":
        """Give what an exchange rests on outside § 115, so that its correction does too; `None` under § 115."""
        return cls(exchange.paragraph, exchange.is_acute) if exchange.is_outside_115 else None

    @property
    def purpose(self) -> Purpose:
        """The one purpose it has."""
        if self.basis is Paragraph.CHILD_IS_NOTIFIED:
            return Purpose.CHILD_NOTIFICATION
        return Purpose.OWN_HANDLING if self.is_acute is None else Purpose.DANGER


def basis_of_answer(kind: AuthorityKind, stated: Paragraph | None) -> Paragraph:
    """Do the same for what an authority discloses for itself, which can also answer another that asked.

    Raises:
        BasisDoesNotFit
    """
    if stated is Paragraph.ON_REQUEST_OF_ANOTHER and kind in _ANSWERING:
        return stated
    return basis_for(kind, stated)


def basis_for(kind: AuthorityKind, stated: Paragraph | None) -> Paragraph:
    """Derive the provision that an authority of this kind discloses by outside § 115, or take one that fits it.

    Raises:
        BasisDoesNotFit: an authority of this kind cannot use the one stated.
    """
    fitting = BASES[kind]
    if stated is None:
        return fitting[0]
    if stated not in fitting:
        raise BasisDoesNotFit(paragraph=fitting[0].value, field="basis")
    return stated


def refuse_other_categories(categories: list[Category]) -> None:
    """Refuse what only § 115 lets be disclosed.

    Raises:
        CategoryNotOutside115
    """
    if not set(categories) <= CATEGORIES:
        raise CategoryNotOutside115(field="categories")


assert {one for fitting in BASES.values() for one in fitting} | {  # noqa: S101 - each is somebody's
    Paragraph.ON_REQUEST_OF_ANOTHER, Paragraph.CHILD_IS_NOTIFIED
} == OUTSIDE_115
