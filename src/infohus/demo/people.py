"""The people of the demonstration. Every one is invented; no name or number belongs to anybody."""

from dataclasses import dataclass
from uuid import UUID

from infohus.kernel.identity.caller import AuthorityId, AuthorityKind, Role

ISHOJ = AuthorityId("ishoj-kommune")
VESTEGNEN = AuthorityId("kbh-vestegns-politi")

KIND_OF_AUTHORITY = {ISHOJ: AuthorityKind.MUNICIPALITY, VESTEGNEN: AuthorityKind.POLICE}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One invented employee. `title` is Danish; `loa` is the NSIS level the demo's issuer writes."""

    user: str
    person_id: UUID
    name: str
    title: str
    authority_id: AuthorityId
    role: Role
    loa: str = "Substantial"


_EVERYBODY = (
    DemoPerson(
        "kommune",
        UUID("5a1f0c3e-7b42-4d19-9c61-0e4f6a2b1d01"),
        "Mette Lindvang",
        "infohustovholder, Ishøj Kommune",
        ISHOJ,
        Role.MUNICIPAL_COORDINATOR,
        "High",
    ),
    DemoPerson(
        "politi",
        UUID("c27d84b9-13fe-4a06-8f2a-6b90d5e37c02"),
        "Søren Brandholt",
        "infohustovholder, Københavns Vestegns Politi",
        VESTEGNEN,
        Role.POLICE_COORDINATOR,
        "High",
    ),
    DemoPerson(
        "raadgiver",
        UUID("91e6b7d0-58ac-4f3b-a7c4-2d18f09e6b03"),
        "Amina Rosenkjær",
        "ungerådgiver, Børne- og ungerådgivningen",
        ISHOJ,
        Role.INVITED_PROFESSIONAL,
    ),
    DemoPerson(
        "dpo",
        UUID("3f80d2a6-e94b-4c75-b1d8-74a5c6012e04"),
        "Karen Overmark",
        "databeskyttelsesrådgiver, Ishøj Kommune",
        ISHOJ,
        Role.DATA_PROTECTION_OFFICER,
    ),
    DemoPerson(
        "jurist",
        UUID("e05b9c18-2d67-4e8a-93f0-b8c1d74a5f05"),
        "Jonas Elmegård",
        "jurist, Ishøj Kommune",
        ISHOJ,
        Role.LEGAL,
    ),
    DemoPerson(
        "admin",
        UUID("7c4e1fa2-b068-4935-8d5e-195f3b80ca06"),
        "Pernille Stenvad",
        "systemadministrator, Ishøj Kommune",
        ISHOJ,
        Role.ADMINISTRATOR,
    ),
    DemoPerson(
        "politi-dpo",
        UUID("a8d35e71-6f0c-4b92-ae17-c3f2840d9b07"),
        "Henrik Falkenlund",
        "databeskyttelsesrådgiver, Københavns Vestegns Politi",
        VESTEGNEN,
        Role.DATA_PROTECTION_OFFICER,
    ),
)

DEMO_PEOPLE = {person.user: person for person in _EVERYBODY}
"""The demo's users by the name they sign in with."""
