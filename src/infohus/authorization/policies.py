"""The Cedar policies, parsed once, validated at start, asked for every act.

Cedar passes over a policy whose evaluation errs, so a failing `forbid` would not forbid: anything but a clean Allow is
a no here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import cedarpy
import msgspec

from infohus.authorization.action import Action
from infohus.identity.caller import Caller

SCHEMA_FILE = "infohus.cedarschema"
FRESH = timedelta(minutes=15)
"""How long after signing in a login counts as fresh (rule 48; design)."""
GROUPS = frozenset({"content", "supervision"})
_NAMESPACE = "Infohus"
_JSON = msgspec.json.Encoder()


class PoliciesUnsound(Exception):  # noqa: N818 - names the situation
    """The policies do not validate; the application must not start on them."""


class Participation(msgspec.Struct, frozen=True):
    """A caller's own participation: `coordinator`, `invited` or `none`, and the areas of an invitation."""

    kind: str
    scope: frozenset[str]


class Resource(msgspec.Struct, frozen=True):
    """What an act is on, as Cedar sees it."""

    kind: str
    id: str
    entities: tuple[dict[str, Any], ...]

    @classmethod
    def installation(cls) -> "Resource":
        """Describe the installation itself."""
        return cls("Installation", "installation", (_entity("Installation", "installation", {}),))

    @classmethod
    def infohus(cls, infohus_id: UUID, *, authorities: Iterable[str]) -> "Resource":
        """Describe an infohus with the authorities of its plan."""
        entity = _entity("Infohus", str(infohus_id), {"authorities": _set(authorities)})
        return cls("Infohus", str(infohus_id), (entity,))

    @classmethod
    def case(cls, case_id: UUID, *, infohus_id: UUID, authorities: Iterable[str]) -> "Resource":
        """Describe a case with the authorities that take part now."""
        entity = _entity(
            "Case", str(case_id), {"authorities": _set(authorities)}, parent=("Infohus", str(infohus_id))
        )
        return cls("Case", str(case_id), (entity,))

    @classmethod
    def record(cls, record_id: UUID, *, kind: str, owner: str, readers: Iterable[str], case_id: UUID) -> "Resource":
        """Describe a record: whose it is, and which authorities may read it by an exchange."""
        attributes = {"owner": _reference("Authority", owner), "kind": kind, "readers": _set(readers)}
        entity = _entity("Record", str(record_id), attributes, parent=("Case", str(case_id)))
        return cls("Record", str(record_id), (entity,))


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an act is allowed, and the ids of the policies that decided; a plain no has none."""

    allowed: bool
    policies: tuple[str, ...]


class Policies:
    """A validated set of policies. `digest` is the SHA-256 of schema and policies, hexadecimal."""

    def __init__(self, *, policies: cedarpy.PolicySet, schema: cedarpy.Schema, digest: str) -> None:
        """Use `load`."""
        self._policies = policies
        self._schema = schema
        self.digest = digest

    @classmethod
    def load(cls, folder: Path) -> "Policies":
        """Read and validate all policies of a folder.

        Raises:
            PoliciesUnsound: they do not parse or validate, an @id is missing or stands twice, a @source is missing,
                or the schema's actions are not exactly those of `Action`.
        """
        try:
            schema_text = (folder / SCHEMA_FILE).read_text(encoding="utf-8")
            texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.cedar"))]
            policies_text = "\n".join(texts)
            schema = cedarpy.Schema.from_str(schema_text)
            policies = cedarpy.PolicySet.from_str(policies_text)
        except (OSError, ValueError) as failure:
            message = f"the policies cannot be read: {failure}"
            raise PoliciesUnsound(message) from None
        result = cedarpy.validate_policies(policies_text, schema)
        if not result.validation_passed:
            message = "; ".join(str(error) for error in result.errors)
            raise PoliciesUnsound(message)
        _refuse_unnamed(policies_text)
        _refuse_other_actions(schema_text)
        digest = sha256(schema_text.encode() + b"\x00" + policies_text.encode()).hexdigest()
        return cls(policies=policies, schema=schema, digest=digest)

    def decide(
        self, caller: Caller, action: Action, resource: Resource, participation: Participation, *, now: datetime
    ) -> Decision:
        """Decide one act."""
        request = {
            "principal": {"type": f"{_NAMESPACE}::Person", "id": str(caller.person_id)},
            "action": {"type": f"{_NAMESPACE}::Action", "id": action.value},
            "resource": {"type": f"{_NAMESPACE}::{resource.kind}", "id": resource.id},
            "context": _JSON.encode({
                "participation": participation.kind,
                "scope": sorted(participation.scope),
                "fresh": now - caller.authenticated_at <= FRESH,
            }).decode(),
        }
        entities = _JSON.encode([_person(caller), *resource.entities]).decode()
        result = cedarpy.is_authorized(request, self._policies, entities, self._schema)
        decided = tuple(
            sorted(name for name in result.diagnostics.id_annotations_by_reason.values() if name is not None)
        )
        allowed = result.decision is cedarpy.Decision.Allow and not result.diagnostics.errors
        return Decision(allowed, decided)


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": f"{_NAMESPACE}::{kind}", "id": name}


def _reference(kind: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": _uid(kind, name)}


def _set(authorities: Iterable[str]) -> list[dict[str, dict[str, str]]]:
    return [_reference("Authority", authority) for authority in authorities]


def _entity(
    kind: str, name: str, attributes: dict[str, Any], *, parent: tuple[str, str] | None = None
) -> dict[str, Any]:
    return {"uid": _uid(kind, name), "attrs": attributes, "parents": [_uid(*parent)] if parent else []}


def _person(caller: Caller) -> dict[str, Any]:
    attributes = {
        "authority": _reference("Authority", caller.authority_id),
        "authorityKind": caller.authority_kind.value,
        "assurance": int(caller.assurance),
    }
    return _entity("Person", str(caller.person_id), attributes, parent=("Role", caller.role.value))


def _refuse_unnamed(policies_text: str) -> None:
    parsed = msgspec.json.decode(cedarpy.policies_to_json_str(policies_text))
    names = []
    for policy in parsed["staticPolicies"].values():
        annotations = policy.get("annotations") or {}
        if not annotations.get("id") or not annotations.get("source"):
            message = f"a policy lacks @id or @source: {annotations or policy}"
            raise PoliciesUnsound(message)
        names.append(annotations["id"])
    if len(names) != len(set(names)):
        message = f"an @id stands twice among {sorted(names)}"
        raise PoliciesUnsound(message)


def _refuse_other_actions(schema_text: str) -> None:
    declared = _actions_in(schema_text) - GROUPS
    known = {action.value for action in Action}
    if declared != known:
        message = f"the schema's actions differ from the system's: {sorted(declared ^ known)}"
        raise PoliciesUnsound(message)


def _actions_in(schema_text: str) -> set[str]:
    names: set[str] = set()
    bare = "\n".join(line.partition("//")[0] for line in schema_text.splitlines())
    for part in bare.split("action ")[1:]:
        listed = part.partition(";")[0].partition("appliesTo")[0].partition(" in [")[0]
        names.update(name.strip() for name in listed.split(",") if name.strip())
    return names
