"""Asks the real policies about a situation of the oracle, and compares the two answers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import cedarpy
import msgspec

from infohus.kernel.authorization.policies import Decision, Participation, Policies, Resource
from infohus.kernel.identity.caller import AuthorityId, Caller
from policies.oracle import ACTS, Situation, Standing, Verdict, situations, verdict_on

FOLDER = Path(__file__).resolve().parents[2] / "policies"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OURS, THEIRS, THIRD = AuthorityId("ours"), AuthorityId("theirs"), AuthorityId("third")
PERSON, INFOHUS, CASE, RECORD = (UUID(int=number) for number in range(1, 5))

FEWER = 5
"""Of what no role can ever do, one situation in so many is asked; prime to the number of roles, so that each is."""
Policy = dict[str, Any]
"""One policy as Cedar's JSON."""

_OWNERS_AND_READERS = {
    Standing.OWNER: (OURS, (OURS, THEIRS)),
    Standing.TOLD: (THEIRS, (THEIRS, OURS)),
    Standing.UNTOLD: (THEIRS, (THEIRS, THIRD)),
}


def policies_as_json() -> dict[str, Policy]:
    """Read every policy of the repository, by Cedar's own key."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.cedar")))
    read: dict[str, Policy] = msgspec.json.decode(cedarpy.policies_to_json_str(text))["staticPolicies"]
    return read


def fewer_situations() -> Iterator[Situation]:
    """List each situation of the roles that can ever do its act, and every fifth of the others: `make situations`."""
    every = list(situations())
    can_ever = {(case.action, case.role) for case in every if verdict_on(case).allowed}
    yield from (case for at, case in enumerate(every) if (case.action, case.role) in can_ever or at % FEWER == 0)


def decision_on(policies: Policies, case: Situation) -> Decision:
    """Ask the policies."""
    age = timedelta(minutes=1 if case.fresh else 16)
    caller = Caller(
        PERSON, OURS, case.works_for, case.role, case.assurance, NOW - age, NOW + timedelta(hours=1), b"token"
    )
    participation = Participation(case.participation, case.scope)
    return policies.decide(caller, case.action, _resource(case), participation, now=NOW)


def agree(decision: Decision, verdict: Verdict) -> bool:
    """Say whether both allow and a policy permits, or both refuse and name the same prohibitions."""
    if decision.allowed != verdict.allowed:
        return False
    return bool(decision.policies) if decision.allowed else frozenset(decision.policies) == verdict.prohibitions


def _resource(case: Situation) -> Resource:
    on = ACTS[case.action].on
    if on == "Installation":
        return Resource.installation()
    if on == "Record":
        owner, readers = _OWNERS_AND_READERS[case.standing]
        return Resource.record(
            RECORD, kind=case.kind, owner=owner, readers=readers, case_id=CASE, delivered=case.delivers,
            given=case.given,
        )
    authorities = (THEIRS, OURS) if case.standing is Standing.MEMBER else (THEIRS, THIRD)
    if on == "Infohus":
        return Resource.infohus(INFOHUS, authorities=authorities)
    return Resource.case(CASE, infohus_id=INFOHUS, authorities=authorities)
