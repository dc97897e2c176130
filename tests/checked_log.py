"""Steps of a log check for its tests: make entries, announce, draw, review, record a finding."""

from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any
from uuid import UUID

from house import MUNICIPAL_LOG, CaseInHand, House, Person, now
from infohus.danish_calendar import danish_day
from infohus.demo.people import DEMO_PEOPLE
from infohus.kernel.audit.formats.draw import commitment_of
from infohus.web.api_examples import EXAMPLES
from small_entries import small_entry

OWNER, DPO = DEMO_PEOPLE["kommune"].person_id, DEMO_PEOPLE["dpo"].person_id
SOON = str(danish_day(now()) + timedelta(days=14))
SECRET: str = EXAMPLES["DrawLogCheck"]["secret"]
"""The reviewers' secret in all tests; it is the example in the API's description, which schemathesis sends."""
COMMITMENT = commitment_of(SECRET).hex()
_SECRETS = {COMMITMENT: SECRET}
"""By their commitments: no secret is promised twice."""


def today() -> str:
    return str(danish_day(now()))


CHECKS = "/log/checks"


async def logged(house: House, at: str, *, caller: UUID | None = None) -> None:
    """Append an entry, past the application, with a time, a caller and nothing else."""
    entry = small_entry(
        MUNICIPAL_LOG, "", at=datetime.fromisoformat(at).astimezone(UTC), caller=caller, action="readInfohus",
        subject_kind="infohus", purpose="administration",
    )
    await house.sql("SELECT audit.append($1, $2)", MUNICIPAL_LOG, entry)


async def busy(house: House) -> CaseInHand:
    """Let both tovholdere and the DPO do something; give the case."""
    case = await house.case()
    for person in (case.kommune, case.politi, case.kommune):
        await person.get(case.path)
    await case.politi.get(f"{case.path}/concerns/{case.concern_id}", status=404)
    await house.person("dpo").get(f"/infohuse/{house.infohus_id}/exchanges")
    return case


async def announced(house: House, by: str = "dpo", **draft: Any) -> dict[str, Any]:
    """Announce a check of today, with the commitment of `SECRET` the first time, and then of another each time."""
    said = "SELECT FROM infohus.log_check WHERE commitment = $1"
    if "commitment" not in draft and await house.sql(said, bytes.fromhex(COMMITMENT)):
        secret = token_hex(32)
        draft["commitment"] = commitment_of(secret).hex()
        _SECRETS[draft["commitment"]] = secret
    body = {"period_from": today(), "period_until": today(), "commitment": COMMITMENT, **draft}
    check: dict[str, Any] = await house.person(by).post(CHECKS, body)
    return check


async def drawn(house: House, by: str = "dpo", secret: str | None = None, **draft: Any) -> dict[str, Any]:
    """Announce a check, let the log be signed, reveal the secret, and draw."""
    check = await announced(house, by, **draft)
    await signed(house, by=by)
    found: dict[str, Any] = await revealed(house, check, secret, by=by)
    return found


async def signed(house: House, by: str = "dpo") -> None:
    """Let the log be signed, and cosigned where there are witnesses, by reading its state."""
    await house.person(by).get("/log")


async def revealed(
    house: House, check: dict[str, Any], secret: str | None = None, *, by: str = "dpo", status: int = 200
) -> Any:
    """Reveal a secret, by default the one that was promised, so that the check is drawn."""
    secret = secret or _SECRETS[check["commitment"]]
    return await house.person(by).post(f"{CHECKS}/{check['id']}/draw", {"secret": secret}, status=status)


async def review(
    house: House, check: dict[str, Any], index: int, *, by: str = "dpo", status: int = 200, **draft: Any
) -> Any:
    path = f"{CHECKS}/{check['check']['id']}/entries/{index}/review"
    return await house.person(by).post(path, draft or {"review": "in_order"}, status=status)


async def found_at(house: House, **change: Any) -> tuple[dict[str, Any], Person]:
    """Draw a check, and record a finding at an entry of the municipal tovholder; give the finding and its owner."""
    check = await drawn(house, sample=200)
    index = next(one["leaf_index"] for one in check["items"] if one["entry"]["caller"] == str(OWNER))
    draft = {"review": "finding", "text": "Opslag om natten.", "owner": str(OWNER), "answer_by": SOON, **change}
    await review(house, check, index, **draft)
    listed = await house.person("dpo").get("/log/findings")
    return listed["items"][0], house.person("kommune")
