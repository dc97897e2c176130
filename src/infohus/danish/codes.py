"""What the codes of a record's columns are called, for whoever is handed the record: by kind of record and column.

A concern's kind, signs and form of extremism are the plan's codes, and have its words.
"""

from collections.abc import Mapping

from infohus.danish.paragraphs import PARAGRAPHS
from infohus.danish.purposes import PURPOSES

_ORIGIN = {"already_held": "myndigheden havde den i forvejen", "collected": "indhentet til denne sag"}
EXTREMISM_WEIGHTS: Mapping[str, str] = {
    "main": "ekstremisme er det vigtigste i bekymringen", "one_of_several": "ekstremisme er et af flere forhold",
    "unknown": "ikke kendt",
}
"""Of a concern's reading, which is sealed."""
CODES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("concern", "channel"): {
        "phone": "telefon", "mail": "mail eller brev", "in_person": "personligt fremmøde", "hotline": "hotline",
    },
    ("concern", "reporter_kind"): {
        "citizen": "borger", "relative": "pårørende", "professional": "fagperson", "authority": "myndighed",
        "organisation": "forening eller virksomhed",
    },
    ("subject", "age_group"): {
        "under_18": "under 18 år", "18_to_24": "18-24 år", "25_or_older": "25 år eller ældre", "unknown": "ikke kendt",
    },
    ("clearance_check", "outcome"): {
        "nothing_hinders": "intet hindrer, at infohuset behandler bekymringen",
        "hindered": "noget hindrer, at infohuset behandler bekymringen",
    },
    ("child_notification_step", "step"): {
        "handed_over": "underretningen er afleveret", "assessed": "underretningen er vurderet",
        "receipt_given": "modtagelsen er bekræftet over for underretteren",
        "receipt_not_possible": "bekræftelse er ikke mulig, for ingen ved, hvem der har henvendt sig",
    },
    ("information", "origin"): _ORIGIN,
    ("note", "kind"): {
        "note": "notat", "received": "modtaget dokument", "sent": "afsendt dokument",
        "internal_final": "internt dokument i endelig form", "takeover": "hvorfor politiet overtog sagen alene",
    },
    ("custody_release", "judgement"): {
        "radicalised": "skønnet radikaliseret", "at_risk": "skønnet i risiko for at blive radikaliseret",
    },
    ("exchange", "paragraph"): PARAGRAPHS,
    ("exchange", "cooperation_form"): {
        "rpl-115-1-1": "kriminalitetsforebyggende samarbejde (retsplejelovens § 115, stk. 1, nr. 1)",
        "rpl-115-1-2": "samarbejde med sociale myndigheder og psykiatrien (retsplejelovens § 115, stk. 1, nr. 2)",
        "rpl-115-1-3-a": "samarbejde om løsladte (retsplejelovens § 115, stk. 1, nr. 3, litra a)",
        "rpl-115-1-3-b": "samarbejde om løsladte (retsplejelovens § 115, stk. 1, nr. 3, litra b)",
        "rpl-115-1-3-c": "samarbejde om løsladte (retsplejelovens § 115, stk. 1, nr. 3, litra c)",
    },
    ("exchange", "purpose"): PURPOSES,
    ("exchange", "channel"): {
        "system": "i infohus", "written": "skriftligt", "meeting": "på et møde", "phone": "i telefon",
    },
    ("exchange", "categories"): {
        "ordinary": "almindelige oplysninger", "purely_private": "oplysninger om rent private forhold",
        "special_categories": "følsomme oplysninger", "criminal_offences": "oplysninger om strafbare forhold",
        "cpr_number": "CPR-nummer", "gang_ties": "oplysninger om tilknytning til bandemiljøer",
    },
    ("exchange", "consent"): {
        "given": "samtykke er givet", "refused": "samtykke er afslået", "sought": "samtykke er søgt",
        "not_sought": "samtykke er ikke søgt",
    },
    ("scope_decision", "outcome"): {
        "within": "hører under infohuset", "outside": "hører ikke under infohuset",
        "police_alone": "behandles af politiet alene", "disagreed": "myndighederne var uenige",
    },
    ("screening", "outcome"): {
        "qualify_further": "skal kvalificeres yderligere", "recommend": "der gives en anbefaling",
        "nothing_further": "der gøres ikke mere",
    },
    ("assessment", "outcome"): {"concluded": "vurderingen er afsluttet"},
    ("contribution", "answer"): {
        "described": "beskrevet", "unknown": "ikke kendt", "not_relevant": "ikke relevant",
    },
    ("contribution", "origin"): _ORIGIN,
    ("recommendation", "outcome"): {"recommended": "anbefalingen er givet"},
    ("measure", "level"): {
        "universal": "opbyggende", "selective": "foregribende", "indicated": "indgribende",
    },
    ("measure", "kind"): {"course": "forløb for borgeren", "advice": "rådgivning af fagpersoner"},
    ("follow_up", "outcome"): {
        "goal_reached": "målet er nået", "partly_reached": "målet er delvis nået", "not_reached": "målet er ikke nået",
        "declined_by_the_citizen": "borgeren ønskede det ikke", "moved_elsewhere": "flyttet eller overgået til andre",
        "unknown": "ikke kendt",
    },
    ("closure", "outcome"): {
        "unfounded": "ubegrundet: uden grundlag for videre behandling", "completed": "forløbet er gennemført",
        "outside_infohus": "hører ikke under infohuset", "handed_over": "overgivet til andre",
    },
}
