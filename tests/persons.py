"""Invented persons with CPR numbers, cases about them, and a second infohus, for tests of what is known of a person."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from house import MUNICIPALITY, POLICE, CaseInHand, House, Person, now
from house_keys import issuer_keys, make_intake_keys
from infohus.demo.issuer import DEMO_ISSUERS
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.identity.tokens import sign_token
from infohus.kernel.sealing.keepers import FileKeyKeeper

CPR, OTHER_CPR = "010104-1234", "010158-5018"
"""Invented: by digit 7 the first was born in 1904 and the second in 1858, so neither can be a living person's.

The first does not satisfy modulus 11, the second does.
"""


def named_otherwise(house: House, user: str = "kommune", **claims: Any) -> Person:
    """Give a demo user with a token that has other claims; `None` leaves a claim out."""
    said = json.loads(base64.urlsafe_b64decode(house.issuers.token(user).split(".")[1] + "=="))
    said = {name: value for name, value in {**said, **claims}.items() if value is not None}
    issuer = next(name for name, of in DEMO_ISSUERS.items() if of == DEMO_PEOPLE[user].authority_id)
    key = issuer_keys()[issuer]
    return Person(user, house.client, sign_token(key.private_pem, said, kid=key.kid))


async def case_of(house: House, cpr_number: str = CPR, name: str = "Prøve Prøvesen") -> CaseInHand:
    """Let the municipality record a concern about a person with a CPR number."""
    return await house.case(subjects=[{"name": name, "cpr_number": cpr_number}])


async def recorded_by_the_police(
    house: House, infohus_id: UUID | None = None, *, subject: Mapping[str, object] | None = None
) -> CaseInHand:
    """Let the police tovholder record a concern about a person."""
    recorded = await house.person("politi").post(f"/infohuse/{infohus_id or house.infohus_id}/concerns", {
        "channel": "hotline", "received_at": now().isoformat(), "reporter_kind": "citizen",
        "observation": "Set i byen.", "told_reporter": "Vi ser på det.", "subjects": [subject or {"cpr_number": CPR}],
    })
    return CaseInHand(house, recorded["case_id"], recorded["id"])


async def second_infohus(house: House) -> UUID:
    """Set a second infohus up, in which the police tovholder works alone."""
    infohus_id = uuid4()
    await house.sql(
        "INSERT INTO infohus.infohus VALUES ($1, 'Infohus Andetsteds', $2, $3, 'rpl-115-1-1')",
        infohus_id, MUNICIPALITY, POLICE,
    )
    await house.sql("INSERT INTO infohus.infohus_authority VALUES ($1, $2), ($1, $3)", infohus_id, MUNICIPALITY, POLICE)
    politi = house.person("politi").person_id
    await house.sql("INSERT INTO infohus.coordinator VALUES ($1, $2, $3)", infohus_id, POLICE, politi)
    FileKeyKeeper.create(house.settings.keys_folder, [], [infohus_id])
    await make_intake_keys(house.superuser, house.folder, infohus_id, [MUNICIPALITY, POLICE])
    return infohus_id
