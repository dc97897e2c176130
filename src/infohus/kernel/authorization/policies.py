"""The Cedar policies, parsed and validated at start, asked for every act.

Cedar passes over a policy whose evaluation errs, so a failing `forbid` would not forbid: any error is answered no here.
What the set must look like is in `load`; what it says is in the folder `policies/`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import cedarpy
import msgspec

from infohus.kernel.authorization.action import Action
from infohus.kernel.authorization.roles import roles_permitted
from infohus.kernel.identity.caller import Assurance, AuthorityKind, Caller, Role

SCHEMA_FILE = "infohus.cedarschema"
FRESH = timedelta(minutes=15)
"""How long after signing in a login counts as fresh (rule 48; design)."""
_NAMESPACE = "Infohus"
_ANYONE = "anyone"
_NAMEABLE = frozenset({f"{_NAMESPACE}::Role", f"{_NAMESPACE}::Action"})
"""The kinds of entities a policy may name. So a decision depends on attributes alone, never on one person or record."""
REMEMBERED_DECISIONS = 4096
_JSON = msgspec.json.Encoder()
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SOURCE = re.compile(r".+; regel [0-9]+((, [0-9]+)* og [0-9]+)?")


class PoliciesUnsound(Exception):  # noqa: N818 - names the situation
    """The policies do not validate; the application must not start on them."""


class Participation(msgspec.Struct, frozen=True):
    """A caller's own participation: `coordinator`, `invited` or `none`, and the areas that an invitation covers."""

    kind: str
    scope: frozenset[str]


class Resource(msgspec.Struct, frozen=True):
    """What an act is on, as Cedar sees it."""

    kind: Literal["Installation", "Infohus", "Case", "Record"]
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
    def record(  # noqa: PLR0913 - all by name
        cls, record_id: UUID, *, kind: str, owner: str, readers: Iterable[str], case_id: UUID, delivered: bool = False,
        given: bool = True,
    ) -> "Resource":
        """Describe a record: its owner, and the authorities that may read it: the owner, and those it is disclosed to.

        `delivered` says that it belongs to a measure which the caller carries out; `given`, that the caller's
        invitation is not narrowed to other records.
        """
        attributes = {
            "owner": _reference("Authority", owner), "kind": kind, "readers": _set(readers), "delivered": delivered,
            "given": given,
        }
        entity = _entity("Record", str(record_id), attributes, parent=("Case", str(case_id)))
        return cls("Record", str(record_id), (entity,))


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an act is allowed, and the ids of the policies that decided; none where no policy permitted it."""

    allowed: bool
    policies: tuple[str, ...]


class Policies:
    """A validated set of policies. `digest` is the SHA-256 of schema and policies, hexadecimal.

    `roles` are those to which each act can be permitted at all (`roles.py`).
    """

    def __init__(
        self, *, by_action: Mapping[Action, cedarpy.PolicySet], roles: Mapping[Action, frozenset[Role]],
        schema: cedarpy.Schema, digest: str,
    ) -> None:
        """Made by `load`."""
        self._by_action = by_action
        self.roles = roles
        self._schema = schema
        self.digest = digest
        self._remembered = lru_cache(maxsize=REMEMBERED_DECISIONS)(self._evaluate)

    @classmethod
    def load(cls, folder: Path) -> "Policies":
        """Read and validate all policies of a folder.

        Raises:
            PoliciesUnsound: they do not parse or validate; there is none, or a template; an @id is missing, not
                kebab-case or stands twice; a @source does not end in the numbers of rules; or the schema's actions
                are not exactly those of `Action`.
        """
        by_action, roles, schema, digest = _validated(*_read(folder))
        return cls(by_action=by_action, roles=roles, schema=schema, digest=digest)

    def require_unchanged(self, folder: Path) -> None:
        """Compare the policies of a folder with these.

        Raises:
            PoliciesUnsound: they are others, or cannot be read: a restart would decide otherwise, or fail.
        """
        if _digest_of(*_read(folder)) != self.digest:
            message = "the policies are others than those loaded"
            raise PoliciesUnsound(message)

    def decide(
        self, caller: Caller, action: Action, resource: Resource, participation: Participation, *, now: datetime
    ) -> Decision:
        """Decide one act; anything but an Allow without errors is a no."""
        context = _JSON.encode({
            "participation": participation.kind,
            "scope": sorted(participation.scope),
            "fresh": now - caller.authenticated_at < FRESH,
        })
        person = _person(caller.authority_id, caller.authority_kind, caller.assurance, caller.role)
        entities = [person, *map(_nameless, resource.entities)]
        return self._remembered(action, resource.kind, _JSON.encode(entities), context)

    def _evaluate(self, action: Action, kind: str, entities: bytes, context: bytes) -> Decision:
        """Ask Cedar. The answer depends on attributes alone (see `_nameless`), so equal questions share one answer."""
        request = {
            "principal": _uid("Person", _ANYONE), "action": _uid("Action", action.value),
            "resource": _uid(kind, _ANYONE), "context": context.decode(),
        }
        result = cedarpy.is_authorized(request, self._by_action[action], entities.decode(), self._schema)
        if result.diagnostics.errors:
            return Decision(allowed=False, policies=())
        decided = result.diagnostics.id_annotations_by_reason.values()
        return Decision(result.decision is cedarpy.Decision.Allow, tuple(sorted(decided)))


@lru_cache(maxsize=4)
def _validated(
    schema_text: str, texts: tuple[str, ...]
) -> tuple[Mapping[Action, cedarpy.PolicySet], Mapping[Action, frozenset[Role]], cedarpy.Schema, str]:
    """Validate the schema and the policies; equal texts are validated once in a process."""
    policies_text = "\n".join(texts)
    try:
        # Parsed one by one first: what is wrong in one file cannot hide in the next.
        for text in texts:
            cedarpy.PolicySet.from_str(text)
        schema = cedarpy.Schema.from_str(schema_text)
        policies = msgspec.json.decode(cedarpy.policies_to_json_str(policies_text))
    except ValueError as failure:
        message = f"the policies cannot be read: {failure}"
        raise PoliciesUnsound(message) from None
    result = cedarpy.validate_policies(policies_text, schema)
    if not result.validation_passed:
        message = "; ".join(str(error) for error in result.errors)
        raise PoliciesUnsound(message)
    _refuse_unnamed(policies)
    concerning = _by_action(policies["staticPolicies"], _groups_by_action(schema))
    roles = {action: roles_permitted(of_action.values()) for action, of_action in concerning.items()}
    return _policy_sets(concerning), roles, schema, _digest_of(schema_text, texts)


def _read(folder: Path) -> tuple[str, tuple[str, ...]]:
    """Read the schema and the policies of a folder."""
    try:
        schema_text = (folder / SCHEMA_FILE).read_text(encoding="utf-8")
        return schema_text, tuple(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.cedar")))
    except (OSError, ValueError) as failure:
        message = f"the policies cannot be read: {failure}"
        raise PoliciesUnsound(message) from None


def _digest_of(schema_text: str, texts: tuple[str, ...]) -> str:
    return sha256(schema_text.encode() + b"\x00" + "\n".join(texts).encode()).hexdigest()


def _nameless(entity: dict[str, Any]) -> dict[str, Any]:
    """Replace the id by `anyone`: no policy may name one person or one record, so no decision can depend on it."""
    kind = entity["uid"]["type"]
    parents = [parent for parent in entity["parents"] if parent["type"] in _NAMEABLE]
    return {"uid": {"type": kind, "id": _ANYONE}, "attrs": entity["attrs"], "parents": parents}


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


@lru_cache(maxsize=REMEMBERED_DECISIONS)
def _person(authority_id: str, authority_kind: AuthorityKind, assurance: Assurance, role: Role) -> dict[str, Any]:
    """Make the Cedar entity of a caller of this kind, without the person's id, so that decisions can be remembered."""
    attributes = {
        "authority": _reference("Authority", authority_id), "authorityKind": authority_kind.value,
        "assurance": int(assurance),
    }
    return _entity("Person", _ANYONE, attributes, parent=("Role", role.value))


def _refuse_unnamed(policies: dict[str, Any]) -> None:
    if policies["templates"] or not policies["staticPolicies"]:
        message = "there are templates, or no policies"
        raise PoliciesUnsound(message)
    names = set()
    for policy in policies["staticPolicies"].values():
        if (named := _named_entities(policy)) - _NAMEABLE:
            message = f"a policy may name roles and actions, not one of {sorted(named - _NAMEABLE)}"
            raise PoliciesUnsound(message)
        annotations = policy.get("annotations") or {}
        name, source = annotations.get("id") or "", annotations.get("source") or ""
        if not _ID.fullmatch(name) or not _SOURCE.fullmatch(source):
            message = f'a policy needs @id("kebab-case") and @source("source; regel 1 og 2"): {annotations or policy}'
            raise PoliciesUnsound(message)
        if name in names:
            message = f"the @id stands twice: {name}"
            raise PoliciesUnsound(message)
        names.add(name)


def _named_entities(part: Any) -> set[str]:  # noqa: ANN401 - any JSON value
    if isinstance(part, dict):
        own = {part["type"]} if isinstance(part.get("type"), str) and isinstance(part.get("id"), str) else set()
        return own.union(*map(_named_entities, part.values()))
    return set().union(*map(_named_entities, part)) if isinstance(part, list) else set()


def _groups_by_action(schema: cedarpy.Schema) -> dict[Action, frozenset[str]]:
    """Read from the schema which groups each action is in; groups are not in groups."""
    declared = {
        entity["uid"]["id"]: frozenset(parent["id"] for parent in entity["parents"])
        for entity in msgspec.json.decode(str(cedarpy.Entities.from_json_str("[]", schema)))
    }
    groups = frozenset[str]().union(*declared.values())
    actions = {action.value for action in Action}
    if declared.keys() - groups != actions or any(declared[group] for group in groups):
        message = f"the schema's actions differ from the system's: {sorted((declared.keys() - groups) ^ actions)}"
        raise PoliciesUnsound(message)
    return {action: declared[action.value] for action in Action}


def _by_action(policies: dict[str, Any], groups: dict[Action, frozenset[str]]) -> dict[Action, dict[str, Any]]:
    """Give each action the policies whose head names it or its group: the others cannot apply, and cost time."""
    return {
        action: {
            key: policy for key, policy in policies.items() if _concerns(policy["action"], {action.value, *names})
        }
        for action, names in groups.items()
    }


def _policy_sets(policies: Mapping[Action, dict[str, Any]]) -> dict[Action, cedarpy.PolicySet]:
    return {
        action: cedarpy.PolicySet.from_json_str(
            _JSON.encode({"staticPolicies": of_action, "templates": {}, "templateLinks": []}).decode()
        )
        for action, of_action in policies.items()
    }


def _concerns(head: dict[str, Any], names: set[str]) -> bool:
    if head["op"] == "All":
        return True
    return not names.isdisjoint(entity["id"] for entity in head.get("entities") or [head["entity"]])
