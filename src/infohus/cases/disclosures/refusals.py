"""The refusals of this package; their Danish texts are in `danish/`."""

from infohus.errors import Refused


class RecipientIsOneself(Refused):
    """Rule 3: an authority discloses to others; its own people read what is its own."""


class BeforeTheCase(Refused):
    """Rules 3 and 91: what was told before the case was opened was told by nobody who took part in it."""


class InvestigationNotRuledOut(Refused):
    """Rule 2: whoever discloses declares that it is not for the investigation of a crime."""


class ConsentNotConsidered(Refused):
    """Rule 15: what was considered of consent is on record and, unless it was given, why."""


class RecipientTookNoPartThen(Refused):
    """Rule 3: the recipient takes part now, and did not at the moment of exchange."""


class OnwardReasonMissing(Refused):
    """Rule 16: whoever owns what is passed on learns to whom and why, and reads nothing else of the exchange."""


class PetIsAnsweredByItself(Refused):
    """Rule 85: a proposal, a measure or a question is never shown by an exchange at PET's request."""


class ChildIsNotifiedByItself(Refused):
    """Rule 83: an underretning is handed over by an act of its own, never under § 115."""


class DangerIsReportedByItself(Refused):
    """Rule 84: danger is reported by an act of its own, outside § 115; no exchange under § 115 is for that."""


class BasisDoesNotFit(Refused):
    """Rule 105: an authority discloses outside § 115 by a provision that is for it."""


class CategoryNotOutside115(Refused):
    """Rules 102 and 105: ties to gangs are disclosed under § 115, stk. 5, and in no other way."""


class NotDisclosedUnder115(Refused):
    """Rule 105: what an authority does for itself is disclosed outside § 115, and never by an exchange under it."""


class ParticipantIsToldUnder115(Refused):
    """Rules 3 and 105: who takes part is told under § 115, or of danger; nothing goes around what that asks."""


class ReceivedIsNotGivenOutside(Refused):
    """Rule 16: what was received in the case is not passed on to somebody who takes no part."""


class GangTiesByPoliceAlone(Refused):
    """Rule 102: gang ties are told by the police, to authorities, under nr. 1."""


class GangTiesAreNotPassedOn(Refused):
    """Rule 102: who was told of gang ties is bound to secrecy, and passes the record on to nobody."""


class CooperationLacksAnAuthority(Refused):
    """Rules 5 and 9: a form of cooperation is that of the authorities which the law names; each takes part."""
