"""The refusals of what names persons; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class PersonsNotNamed(Refused):
    """Rule 79: the side knows several persons, so each record says whom it concerns."""


class NoPersonOfTheSide(Refused):
    """Rule 79: a record concerns persons of the case whom the own side knows; of others nothing is told (rule 44)."""


class PersonNotKnownToRecipients(Refused):
    """Rules 44 and 109: what names a person goes to those alone who were told of that person, by an exchange."""
