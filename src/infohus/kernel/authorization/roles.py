"""Which roles the policies can permit an act to, whatever the circumstances: read from the policies themselves.

What a condition asks beside the caller's role is taken as unknown. So a role that is not among them is refused in every
case alike, and whoever hears that learns nothing of any case.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from infohus.kernel.identity.caller import Caller, Role

_ROLE = "Infohus::Role"
Part = Mapping[str, Any]


def roles_permitted(policies: Iterable[Part]) -> frozenset[Role]:
    """Give the roles that some policy may permit and none forbids for certain. Policies are Cedar's JSON."""
    each = list(policies)
    permits = [policy for policy in each if policy["effect"] == "permit"]
    forbids = [policy for policy in each if policy["effect"] == "forbid"]
    return frozenset(
        role for role in Role
        if any(_applies(policy, role) is not False for policy in permits)
        and not any(_applies(policy, role) for policy in forbids)
    )


def has_one_of(caller: Caller, roles: Collection[Role]) -> bool:
    """Say whether the caller acts in one of these roles."""
    return caller.role in roles


def names_of(roles: Collection[Role]) -> list[str]:
    """Name roles, in the order in which `Role` lists them."""
    return [role.value for role in Role if role in roles]


def _applies(policy: Part, role: Role) -> bool | None:
    """Say whether a policy applies to a role: for certain, never, or depending on other things (`None`)."""
    head: bool | None = True
    if policy["principal"]["op"] != "All":
        head = _is_one_of([policy["principal"].get("entity")], role) if policy["principal"]["op"] == "in" else None
    on_anything = True if policy["resource"]["op"] == "All" else None
    return _all_of(head, on_anything, *(
        _holds(part["body"], role) if part["kind"] == "when" else _opposite(_holds(part["body"], role))
        for part in policy["conditions"]
    ))


def _holds(expression: Part, role: Role) -> bool | None:
    ((operator, parts),) = expression.items()
    if operator == "&&":
        return _all_of(_holds(parts["left"], role), _holds(parts["right"], role))
    if operator == "||":
        left, right = _holds(parts["left"], role), _holds(parts["right"], role)
        return True if True in {left, right} else None if None in {left, right} else False
    if operator == "!":
        return _opposite(_holds(parts["arg"], role))
    if operator == "in" and parts["left"] == {"Var": "principal"}:
        right = parts["right"]
        return _is_one_of([one.get("Value", {}).get("__entity") for one in right.get("Set", [right])], role)
    return None


def _is_one_of(entities: Iterable[Part | None], role: Role) -> bool | None:
    named = list(entities)
    if any(entity is None or entity["type"] != _ROLE for entity in named):
        return None
    return role.value in {entity["id"] for entity in named if entity is not None}


def _all_of(*parts: bool | None) -> bool | None:
    if False in parts:
        return False
    return None if None in parts else True


def _opposite(part: bool | None) -> bool | None:  # noqa: FBT001 - one of three values
    return None if part is None else not part
