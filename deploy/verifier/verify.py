#!/usr/bin/env python3
"""Verify an exported infohus log without infohus: one file, no code shared with it, Python 3.9+ and `cryptography`.

    verify.py FOLDER --key LOGS.PUB [--older CHECKPOINT] [--cosigner KEY …] [--need N]
    verify.py --proof PROOF (--entry ENTRY | --leaf-hash HEX) --key LOGS.PUB

LOGS.PUB has logs' keys, one a line. FOLDER is an export in the C2SP tlog-tiles layout: its entries are hashed anew, and
tree and tiles compared. An emptied entry has length 0, and a later one says so; every other one is of format 2. Each
person's entries are recounted, on each track by itself; the parts of an act stand together, written by the same caller.
Exit code 0: whole. 1: not whole, and where. 2: bad arguments, or a file they name cannot be read.
Sources: RFC 6962 section 2.1; C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature, tlog-proof.
"""

import argparse
import base64
import contextlib
import functools
import hashlib
import itertools
import json
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TILE = 256
LOG_KEY, COSIGNER_KEY = 1, 4  # the first byte of a verifier key says what its signatures are
KEY_NAME = r"[^\s+]+"  # "MUST be non-empty and MUST NOT contain any Unicode spaces or plus" (signed-note)


class Wrong(Exception):
    """Something is wrong; the text says what and where."""


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that leaves are added to: the roots of its perfect subtrees, largest first."""

    def __init__(self):
        self.size, self.roots = 0, []

    def add(self, hashed):
        height = 0
        while self.size >> height & 1:
            hashed = node(self.roots.pop(), hashed)
            height += 1
        self.roots.append(hashed)
        self.size += 1
        return self

    def root(self):
        roots = self.roots[::-1] or [hashlib.sha256(b"").digest()]
        return functools.reduce(lambda right, left: node(left, right), roots)


def root_from_proof(hashed, index, size, proof):
    """Compute the root from an inclusion proof, whose last hash is the other half's. RFC 6962, section 2.1.1."""
    if not 0 <= index < size:
        raise Wrong("the proof is for an entry the log does not have")
    if (size == 1) != (not proof):
        raise Wrong("the proof is too long" if proof else "the proof is too short")
    if size == 1:
        return hashed
    half = 1 << (size - 1).bit_length() - 1  # the largest power of two below the size
    if index < half:
        return node(root_from_proof(hashed, index, half, proof[:-1]), proof[-1])
    return node(proof[-1], root_from_proof(hashed, index - half, size - half, proof[:-1]))


def read_key(text):
    """Read `name+id+base64`; give (name, id, kind, public key)."""
    parts = re.fullmatch(f"({KEY_NAME})\\+([0-9a-f]{{8}})\\+([A-Za-z0-9+/]{{44}})", text.strip())
    if not parts:
        raise Wrong("the key file is no verifier key")
    name, number, raw = parts[1], bytes.fromhex(parts[2]), base64.b64decode(parts[3])
    if hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4] != number:
        raise Wrong(f"the key of {name} is not the one its number names")
    return name, number, raw[0], raw[1:]


def read_count(digits):
    if not re.fullmatch("0|[1-9][0-9]{0,18}", digits):
        raise Wrong("a size or an index is no number")
    return int(digits)


def keys_in(log_file, cosigner_files):
    """Read the files of keys; give (logs' keys, cosigners' keys), of which no cosigner's is another's or a log's."""
    logs = [read_key(line) for line in log_file.read_text(encoding="utf-8").split()]
    cosigners = [read_key(file.read_text(encoding="utf-8")) for file in cosigner_files]
    are_of_kind = [key[2] for key in logs + cosigners] == [LOG_KEY] * len(logs) + [COSIGNER_KEY] * len(cosigners)
    are_apart = all(len({key[at] for key in [log, *cosigners]}) > len(cosigners) for log in logs for at in (0, 3))
    if not (logs and are_of_kind and are_apart):
        raise Wrong("--key is logs' keys; each --cosigner is another witness' key, of another name, never a log's")
    return logs, cosigners


def open_note(note, logs, cosigners, need=0):
    """Verify a checkpoint's signatures; give (its log's key, size, root, names of the cosigners that signed)."""
    log_key = next((key for key in logs if key[0] == note.partition("\n")[0]), logs[0])
    text, separator, tail = note.rpartition("\n\n")
    if not separator or not note.endswith("\n") or any(character < " " and character != "\n" for character in note):
        raise Wrong("the checkpoint is no signed note")
    text, signed = text + "\n", set()
    for line in tail[:-1].split("\n"):
        parts = re.fullmatch(f"\u2014 ({KEY_NAME}) ([A-Za-z0-9+/]+=*)", line)
        if not parts:
            raise Wrong("a signature line is malformed")
        raw = base64.b64decode(parts[2], validate=True)
        matching = [key for key in [log_key, *cosigners] if key[:2] == (parts[1], raw[:4])]
        signed |= {check_signature(text, raw[4:], key) for key in matching}
    if log_key not in signed:
        raise Wrong("no key in the file of --key has signed the checkpoint in the name of its log")
    names = [key[0] for key in cosigners if key in signed]
    if len(names) < need:
        raise Wrong(f"{len(names)} witnesses have cosigned, and {need} are needed")
    origin, size, root = text.split("\n")[:3]
    if origin != log_key[0]:
        raise Wrong("the checkpoint is another log's")
    return log_key, read_count(size), base64.b64decode(root, validate=True), names


def check_signature(text, signature, key):
    if key[2] == COSIGNER_KEY:
        text, signature = f"cosignature/v1\ntime {int.from_bytes(signature[:8], 'big')}\n{text}", signature[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key[3]).verify(signature, text.encode())
    except InvalidSignature:
        raise Wrong(f"the signature of {key[0]} does not hold") from None
    return key


def tile_path(level, index, width):
    digits = str(index).zfill(-(-len(str(index)) // 3) * 3)
    name = re.sub("([0-9]{3})(?=[0-9])", r"x\1/", digits)
    return f"tile/{level}/{name}" + (f".p/{width}" if width < TILE else "")


def entries_of(folder, index, width):
    """Read one bundle of entries, each preceded by its length in two bytes."""
    entries, path = [], tile_path("entries", index, width)
    with (folder / path).open("rb") as bundle:
        while head := bundle.read(2):
            entries.append(bundle.read(int.from_bytes(head, "big")))
            if head != len(entries[-1]).to_bytes(2, "big"):
                raise Wrong(f"{path} ends inside entry {index * TILE + len(entries) - 1}")
    if len(entries) != width:
        raise Wrong(f"{path} holds {len(entries)} entries and not {width}")
    return entries


LIST, OBJECT = r"\[(?:{0}(?:,{0})*)?\]", r"\{{(?:{0}(?:,{0})*)?\}}"
TEXT = r'"[^"\\]*(?:\\.[^"\\]*)*"'
ID = '"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"'
AT = r'"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.(?!0{6})[0-9]{6})?Z"'
INT, TEXTS, ID_OR_NOT, MAYBE = "(?:0|[1-9][0-9]*)", LIST.format(TEXT), f"(?:null|{ID})", f"(?:null|{TEXT})"
OPENED = rf'\{{"table":{TEXT},"column":{TEXT},"row":{ID}\}}'
WROTE = rf'\{{"verb":{TEXT},"table":{TEXT},"key":(?!\[\]){TEXTS},"revision":(?!0){INT},'
WROTE += rf'"digest":{MAYBE},"was":{MAYBE}\}}'
FIELDS = {
    "v": "2", "at": AT, "log": ID, "caller": ID_OR_NOT, "authority": MAYBE, "role": MAYBE, "assurance": MAYBE,
    "action": TEXT, "subject_kind": TEXT, "subject": ID_OR_NOT, "case": ID_OR_NOT,
    "outcome": '"(?:allowed|denied|refused|failed)"', "reason": MAYBE, "policies": TEXTS, "policy_set": TEXT,
    "justification": MAYBE, "purpose": MAYBE, "recipients": TEXTS, "track": '"(?:ordinary|pet)"', "persons": TEXTS,
    "opened": LIST.format(OPENED), "wrote": LIST.format(WROTE), "correlation": TEXT, "nonce": TEXT,
}
AT_TIMES = {
    "part": rf"\[{INT},{INT}\]", "asked": OBJECT.format(f"{TEXT}:{TEXTS}"), "read": LIST.format(rf"\[{INT},{INT}\]"),
    "emptied": rf'\{{"start":{INT},"stop":{INT},"before":{AT}\}}',
    "counted": rf'\{{"minute":{AT},"refusals":' + OBJECT.format(f"{TEXT}:{INT}") + r"\}",
    "tally": LIST.format(rf"\[{INT},{TEXT}\]"),
}
ENTRY = r"\{" + ",".join(f'"{name}":{form}' for name, form in FIELDS.items())
ENTRY = re.compile(ENTRY + "".join(f'(?:,"{name}":{form})?' for name, form in AT_TIMES.items()) + r"\}", re.DOTALL)
SPELLED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def fields_of(index, entry):
    """Read an entry of format 2: it has one spelling, with FIELDS in this order, and then those AT_TIMES it needs."""
    with contextlib.suppress(ValueError, IndexError, RecursionError):
        fields = json.loads(entry, parse_int=lambda digits: range(2**63)[int(digits)])
        is_one = SPELLED(fields).encode() == entry and ENTRY.fullmatch(entry.decode())
        if is_one and all(map(moment, re.findall('"(?:at|before|minute)":"([^"]*)"', entry.decode()))):
            return fields
    raise Wrong(f"entry {index} is no entry of format 2")


class Claims:
    """What entries say of others: up to where they are emptied, how many there are on each person, and of each act."""

    def __init__(self):
        self.empty, self.emptied, self.counted, self.act = 0, 0, {}, None

    def see(self, index, entry):
        if not entry:
            if self.empty != index:
                raise Wrong(f"entry {index} is empty among entries that are not")
            self.empty += 1
            return
        fields = fields_of(index, entry)
        self.emptied = max(self.emptied, emptied_by(fields, index))
        self.see_part(index, fields)
        persons, tally, track = fields["persons"], fields.get("tally", []), fields["track"]
        if len(persons) != len(tally) or len(set(persons)) != len(persons):
            raise Wrong(f"entry {index} does not count whom it is on")
        core = leaf(entry[: entry.rfind(b',"tally":[')] + b"}")
        for person, (number, chain) in zip(persons, tally):  # noqa: B905 - same length, Python 3.9
            earlier = self.counted.get((fields["authority"], person, track))
            count, before = earlier or (0, bytes(32))
            continues = (number, chain) == (count + 1, hashlib.sha256(before + core).hexdigest())
            if not continues and (earlier or not self.empty or number == 1):  # an emptied entry's tally is lost
                raise Wrong(f"entry {index} counts wrongly: an entry on a person is missing before it, or one too many")
            self.counted[fields["authority"], person, track] = number, bytes.fromhex(chain)

    def see_part(self, index, fields):
        """Take the next entry of its act: part 1 … n of one act follow one another, for they are appended together."""
        number, count = fields.get("part", (1, 1))
        act = [fields[name] for name in ("correlation", "action", "caller", "authority", "subject", "outcome")]
        follows = self.act is None if number == 1 else self.act == (act, number - 1, count)
        if not 1 <= number <= count or not (follows or (self.act is None and index == self.empty)):
            raise Wrong(f"entry {index} is part {number} of {count} of an act whose other parts are not beside it")
        self.act = (act, number, count) if number < count else None


def emptied_by(fields, index):
    """Read how far an entry says the log is emptied; 0 for any other entry, and for an impossible range or date."""
    what = fields.get("emptied")
    if not what or (fields["action"], fields["outcome"]) != ("emptyLogEntries", "allowed"):
        return 0
    is_old = moment(fields["at"]) - moment(what["before"]) >= timedelta(days=364)
    return what["stop"] if is_old and what["start"] < what["stop"] <= index else 0


def compare(folder, level, index, hashes):
    """Compare a stored tile with the computed hashes, and give its hashes; where one is None the stored one is used."""
    path = tile_path(level, index, len(hashes))
    stored = (folder / path).read_bytes()
    for position, hashed in enumerate(hashes):
        if hashed is not None and stored[32 * position : 32 * position + 32] != hashed:
            place = f"entry {index * TILE + position}" if level == 0 else f"hash {position}"
            raise Wrong(f"{path}: {place} is not what was logged")
    if len(stored) != 32 * len(hashes):
        raise Wrong(f"{path} holds more than it should")
    return [stored[at : at + 32] for at in range(0, len(stored), 32)]


def verify_folder(folder, older, logs, cosigners, need):
    """Verify an export; give the sentence to print."""
    key, size, root, signed = open_note((folder / "checkpoint").read_text("utf-8"), logs, cosigners, need)
    old_size, old_root = open_note(older, [key], cosigners)[1:3] if older else (None, None)
    tree, levels, claims = Tree(), [[]], Claims()
    for index in range(-(-size // TILE)):
        width = min(TILE, size - index * TILE)
        entries = entries_of(folder, index, width)
        hashes = compare(folder, 0, index, [leaf(entry) if entry else None for entry in entries])
        for position, hashed in enumerate(hashes):
            claims.see(tree.size, entries[position])
            if tree.size == old_size and tree.root() != old_root:
                raise Wrong(f"the log is not the one whose checkpoint of {old_size} entries you hold")
            tree.add(hashed)
        if width == TILE:
            store_full(folder, levels, hashes)
        sys.stderr.write(f"\r{tree.size} of {size} entries" + "\n" * (tree.size == size) if sys.stderr.isatty() else "")
    for level, hashes in enumerate(levels[1:], start=1):
        if len(hashes) % TILE:
            compare(folder, level, len(hashes) // TILE, hashes[len(hashes) // TILE * TILE :])
    if claims.act:
        raise Wrong(f"the log ends within an act of {claims.act[2]} entries")
    if tree.root() != root:
        raise Wrong("the entries make another tree than the one that was signed")
    if claims.empty != claims.emptied:
        raise Wrong(f"the first {claims.empty} entries are empty, and the log says that the first {claims.emptied} are")
    if old_size is not None and (old_size > size or (old_size == size and old_root != root)):
        raise Wrong(f"the log has {size} entries, and you hold a checkpoint of {old_size}: it was cut off or replaced")
    emptied = f", the first {claims.empty} emptied after their period" if claims.empty else ""
    cosigned = f"cosigned by {', '.join(signed) or 'none of these'}" if cosigners else "witnesses not looked for"
    return f"whole: {size} entries of {key[0]}, root {root.hex()}{emptied}, {cosigned}"


def store_full(folder, levels, hashes):
    """Append a full tile's root to the level above, and compare that level's tile when it is full too."""
    for level in itertools.count(1):
        levels.extend([[]] * (level == len(levels)))
        levels[level].append(functools.reduce(Tree.add, hashes, Tree()).root())
        hashes = levels[level][-TILE:]
        if len(levels[level]) % TILE:
            return
        compare(folder, level, len(levels[level]) // TILE - 1, hashes)


def verify_proof(proof, hashed, logs, cosigners, need):
    """Verify that one entry is in the log; give the sentence to print."""
    head, separator, note = proof.partition("\n\n")
    header, *lines = head.split("\n")
    if lines and lines[0].startswith("extra "):
        base64.b64decode(lines.pop(0)[6:], validate=True)  # no signature covers it, so it is ignored
    if not separator or header != "c2sp.org/tlog-proof@v1" or not lines or not lines[0].startswith("index "):
        raise Wrong("the file is no C2SP tlog-proof")
    key, size, root, _ = open_note(note, logs, cosigners, need)
    index = read_count(lines[0][6:])
    if root_from_proof(hashed, index, size, [base64.b64decode(line, validate=True) for line in lines[1:]]) != root:
        raise Wrong("the proof does not lead from this entry to the signed root")
    return f"proved: it is entry {index} of {size} in {key[0]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--key", required=True, type=Path, help="logs' public keys, from elsewhere than the folder")
    parser.add_argument("--cosigner", action="append", default=[], type=Path, help="a witness' public key")
    parser.add_argument("--need", type=int, default=0, help="how many witnesses must have cosigned")
    parser.add_argument("--older", type=Path, help="a checkpoint you kept: the log must begin with its entries")
    parser.add_argument("--proof", type=Path)
    parser.add_argument("--entry", type=Path)
    parser.add_argument("--leaf-hash", type=bytes.fromhex, help="instead of --entry, for an entry that was emptied")
    asked = parser.parse_args()
    named = [one for one in (asked.folder, asked.entry, asked.leaf_hash) if one]
    if len(named) != 1 or bool(asked.proof) == bool(asked.folder) or asked.need > len(asked.cosigner):
        parser.error("name a FOLDER, or --proof and --entry or --leaf-hash; and as many --cosigner as you --need")
    try:
        keys = (*keys_in(asked.key, asked.cosigner), asked.need)
        (asked.folder or asked.proof).stat()
        older, proof = [file and file.read_text(encoding="utf-8") for file in (asked.older, asked.proof)]
        hashed = leaf(asked.entry.read_bytes()) if asked.entry else asked.leaf_hash
    except (Wrong, OSError, ValueError) as wrong:
        parser.error(str(wrong))
    try:
        print(verify_folder(asked.folder, older, *keys) if asked.folder else verify_proof(proof, hashed, *keys))
    except (Wrong, OSError, ValueError, IndexError, KeyError, TypeError) as wrong:
        print("WRONG:", f"{wrong.filename} is missing" if isinstance(wrong, FileNotFoundError) else wrong)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
