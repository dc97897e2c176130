"""Checks the folder of policies: valid, formatted, and listed for lawyers in policies/README.md as they are.

`python -m infohus.kernel.authorization.check` says what is wrong and exits 1; with `--write` it formats the files and
writes the table of policies/README.md first. It changes no policy's meaning.
"""

import sys
from pathlib import Path
from typing import TypeAlias

import cedarpy
import msgspec

from infohus.kernel.authorization.policies import Policies, PoliciesUnsound

LINE_WIDTH = 120
_BEGIN, _END = "<!-- politikker: skrevet af `infohus.kernel.authorization.check --write` -->", "<!-- slut -->"
_EFFECTS = {"permit": "tillader", "forbid": "**forbyder**"}
_FOLDER = Path(__file__).resolve().parents[4] / "policies"

Row: TypeAlias = tuple[str, str, str, str]
"""A policy as the table shows it: file, @id, effect in Danish, @source."""


def formatted(text: str) -> str:
    """Write Cedar as `cedar format` does, in lines of at most 120 characters."""
    return cedarpy.format_policies(text, LINE_WIDTH)


def table(folder: Path) -> str:
    """Write every policy with its effect and source as a Markdown table."""
    lines = ["| fil | politik | virkning | kilde |", "|---|---|---|---|"]
    lines += [
        f"| `{file}` | `{name}` | {effect} | {source} |"
        for path in sorted(folder.glob("*.cedar"))
        for file, name, effect, source in _rows(path)
    ]
    return "\n".join(lines)


def faults(folder: Path) -> list[str]:
    """Say what is wrong with a folder of policies, one sentence each; an empty list when nothing is."""
    try:
        Policies.load(folder)
    except PoliciesUnsound as unsound:
        return [str(unsound)]
    found = [
        f"{file.name} is not formatted"
        for file in sorted(folder.glob("*.cedar"))
        if file.read_text(encoding="utf-8") != formatted(file.read_text(encoding="utf-8"))
    ]
    readme = (folder / "README.md").read_text(encoding="utf-8")
    if readme != _with_table(readme, folder):
        found.append("README.md does not tell what the files say")
    return found


def write(folder: Path) -> None:
    """Format every file of policies, and write the table in README.md.

    Raises:
        PoliciesUnsound: the policies do not validate; nothing is written.
    """
    Policies.load(folder)
    for file in sorted(folder.glob("*.cedar")):
        file.write_text(formatted(file.read_text(encoding="utf-8")), encoding="utf-8")
    readme = folder / "README.md"
    readme.write_text(_with_table(readme.read_text(encoding="utf-8"), folder), encoding="utf-8")


def _rows(path: Path) -> list[Row]:
    policies = msgspec.json.decode(cedarpy.policies_to_json_str(path.read_text(encoding="utf-8")))["staticPolicies"]
    in_order = sorted(policies, key=lambda key: int(key.removeprefix("policy")))
    return [
        (path.name, policy["annotations"]["id"], _EFFECTS[policy["effect"]], policy["annotations"]["source"])
        for policy in (policies[key] for key in in_order)
    ]


def _with_table(readme: str, folder: Path) -> str:
    before, begin, rest = readme.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        before, after = f"{readme.rstrip()}\n\n", "\n"
    return f"{before}{_BEGIN}\n{table(folder)}\n{_END}{after}"


def main(arguments: list[str]) -> int:
    """Check, after writing with `--write`; the exit code is 0 when nothing is wrong."""
    if arguments == ["--write"]:
        write(_FOLDER)
    found = faults(_FOLDER)
    for fault in found:
        sys.stderr.write(f"{fault}\n")
    if not found:
        sys.stdout.write(f"policies: sound, digest {Policies.load(_FOLDER).digest}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
