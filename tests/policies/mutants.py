"""Spoils policies one small way at a time, in Cedar's own JSON form, to see whether anybody notices.

Not spoiled: `resource is …`, because the schema gives each action one type of subject and says the same.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from policies.asking import Policy

Expression = dict[str, Any]

_OPPOSITES = {"==": "!=", "!=": "==", "<": "<=", "&&": "||", "||": "&&"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A set of policies in which one is spoiled: its @id, and how. `policies` are Cedar JSON by key."""

    spoiled: str
    how: str
    policies: dict[str, Policy]


def mutants(policies: dict[str, Policy]) -> Iterator[Mutant]:
    """Spoil each policy in each way."""
    for key, policy in policies.items():
        name = policy["annotations"]["id"]
        yield Mutant(name, "removed", {other: kept for other, kept in policies.items() if other != key})
        for how, spoiled in _spoiled(policy):
            yield Mutant(name, how, {**policies, key: spoiled})


def _spoiled(policy: Policy) -> Iterator[tuple[str, Policy]]:
    opposite = "forbid" if policy["effect"] == "permit" else "permit"
    yield f"becomes a {opposite}", {**policy, "effect": opposite}
    if policy["principal"]["op"] != "All":
        yield "for every principal", {**policy, "principal": {"op": "All"}}
    for number, _ in enumerate(policy["action"].get("entities", ())):
        fewer = deepcopy(policy)
        dropped = fewer["action"]["entities"].pop(number)
        yield f"without the action {dropped['id']}", fewer
    if policy["conditions"]:
        yield "without its condition", {**policy, "conditions": []}
    for number, condition in enumerate(policy["conditions"]):
        other = "unless" if condition["kind"] == "when" else "when"
        yield f"{condition['kind']} becomes {other}", _with_condition(policy, number, {**condition, "kind": other})
        for how, body in _spoiled_expressions(condition["body"]):
            yield how, _with_condition(policy, number, {**condition, "body": body})


def _with_condition(policy: Policy, number: int, condition: dict[str, Any]) -> Policy:
    conditions = list(policy["conditions"])
    conditions[number] = condition
    return {**policy, "conditions": conditions}


def _spoiled_expressions(expression: Expression) -> Iterator[tuple[str, Expression]]:
    ((operator, operands),) = expression.items()
    if operator in _OPPOSITES:
        yield f"{operator} becomes {_OPPOSITES[operator]}", {_OPPOSITES[operator]: operands}
    if operator in {"&&", "||"}:
        for side in ("left", "right"):
            yield f"only the {side} of {operator}", operands[side]
    if operator in {"in", "contains", "."}:
        yield f"not {operator}", {"!": {"arg": expression}}
    if operator in {"&&", "||"}:
        for side in ("left", "right"):
            for how, spoiled in _spoiled_expressions(operands[side]):
                yield how, {operator: {**operands, side: spoiled}}
    elif operator in {"==", "!=", "<", "contains", "in"}:
        for how, spoiled in _spoiled_values(operands["right"]):
            yield how, {operator: {**operands, "right": spoiled}}


def _spoiled_values(expression: Expression) -> Iterator[tuple[str, Expression]]:
    ((operator, value),) = expression.items()
    if operator == "Set":
        for number, dropped in enumerate(value):
            yield f"without {dropped}", {"Set": value[:number] + value[number + 1 :]}
    elif operator == "Value" and isinstance(value, str):
        yield f"another word than {value}", {"Value": f"another {value}"}
    elif operator == "Value" and isinstance(value, int):
        for other in (value - 1, value + 1):
            yield f"{other} instead of {value}", {"Value": other}
    elif operator == "Value" and "__entity" in value:
        changed = {"__entity": {**value["__entity"], "id": "another"}}
        yield f"another than {value['__entity']['id']}", {"Value": changed}
    elif operator == ".":
        pass  # an attribute on the right has its twin on the left, which is spoiled by "not"
