"""podman for tests/operators_machine.py: starts the service of this machine as a container of it would run.

It has the account, the environment and the mounts that the command names, and nothing else of /etc/infohus and
/var/lib/infohus; the image is not built. Stands alone, as stand_ins.py does.
"""

import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

HIDDEN = ("/etc/infohus", "/var/lib/infohus")
STATE = Path("/run/stand-ins")


def main(*words: str) -> int:
    """Do what the runbook asks of podman."""
    if words[0] != "run":
        sys.stderr.write("STAND-IN podman: NOT CHECKED: builds no image; /opt/infohus stands for it\n")
        return 0
    given = [(option, value) for option, value in pairwise(words) if option.startswith("--")]
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    for file in (value for option, value in given if option == "--env-file"):
        lines = Path(file).read_text(encoding="utf-8").splitlines()
        environment |= dict(line.split("=", 1) for line in lines)
    environment |= dict(value.split("=", 1) for option, value in given if option == "--env")
    volumes = [value for option, value in given if option == "--volume"]
    # podman puts memory on /tmp and /var/tmp of a --read-only container; what is large is held on the machine's disk.
    assert environment["TMPDIR"] in {volume.split(":")[1] for volume in volumes if not volume.endswith(":ro")}
    user, group = next(value for option, value in given if option == "--user").split(":")
    assert ("--network", "host") in given
    become = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--bounding-set=-all"]
    serve = ["exec", *become, "--no-new-privs", "/opt/infohus/.venv/bin/infohus", "serve"]
    lines = [*mounts(volumes), shlex.join(serve)]
    sys.stderr.write(f"STAND-IN podman: starts the service as {user}, with the mounts and settings named\n")
    with (STATE / "container.log").open("ab") as log:
        subprocess.Popen(
            ["/usr/bin/unshare", "--mount", "/bin/sh", "-euc", "\n".join(lines)], env=environment, cwd="/opt/infohus",
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
    return 0


def mounts(volumes: list[str]) -> list[str]:
    """Write how only what is mounted is seen: each source is kept aside, what is not named is covered."""
    aside = [f"/run/stand-ins/volume-{place}" for place in range(len(volumes))]
    parts = [(*volume.split(":"), "rw")[:3] for volume in volumes]
    lines = [
        f"mkdir -p {kept}\nmount --bind {source} {kept}" for kept, (source, *_) in zip(aside, parts, strict=True)
    ]
    lines += [f"mount -t tmpfs -o mode=755 hidden {place}" for place in HIDDEN]
    for kept, (_, target, mode) in zip(aside, parts, strict=True):
        lines += [f"[ -e {target} ] || mkdir -p {target}", f"mount --bind {kept} {target}"]
        lines += [f"mount -o remount,bind,ro {target}"] if mode == "ro" else []
    return lines


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
