"""A proof of one entry as C2SP tlog-proof writes it, and every way its head can be wrong."""

import base64

import pytest

from infohus.kernel.audit.formats.checkpoint import Checkpoint, NotACheckpoint, SigningKey
from infohus.kernel.audit.formats.merkle import ProofDoesNotHold, leaf_hash, node_hash
from infohus.kernel.audit.storage.export import PROOF_HEADER, Proved, check_proof, proof_text

KEY, ORIGIN = SigningKey(bytes(range(32))), "infohus.test/log"
CHECKPOINT = Checkpoint(ORIGIN, 2, node_hash(leaf_hash(b"first"), leaf_hash(b"second")))
PROOF = proof_text(0, [leaf_hash(b"second")], KEY.sign(CHECKPOINT))
INDEX = f"{PROOF_HEADER}\nindex 0\n"

BAD = {
    "nothing": "",
    "another header": PROOF.replace("@v1", "@v2"),
    "no index": PROOF.replace("index 0\n", ""),
    "no line but the header": PROOF_HEADER + "\n\n" + KEY.sign(CHECKPOINT),
    "another word for the index": PROOF.replace("index", "indeks"),
    "an index in a raised digit": PROOF.replace("index 0", "index ²"),
    "an index of 5,000 digits": PROOF.replace("index 0", "index " + "1" * 5000),
    "an index of 20 digits": PROOF.replace("index 0", "index " + "1" * 20),
    "an index in other digits": PROOF.replace("index 0", "index ٠"),
    "an index with a zero before it": PROOF.replace("index 0", "index 00"),
    "an index with a sign": PROOF.replace("index 0", "index -0"),
    "an index with more behind it": PROOF.replace("index 0", "index 0 "),
    "no digit": PROOF.replace("index 0", "index "),
    "extra data that is no base64": PROOF.replace(INDEX, f"{PROOF_HEADER}\nextra !\nindex 0\n"),
    "extra data twice": PROOF.replace(INDEX, f"{PROOF_HEADER}\nextra aGVq\nextra aGVq\nindex 0\n"),
    "extra data behind the index": PROOF.replace(INDEX, f"{INDEX}extra aGVq\n"),
    "a hash that is too short": PROOF.replace(INDEX, f"{INDEX}aGVq\n"),
    "a hash too many": PROOF.replace(INDEX, f"{INDEX}{base64.b64encode(bytes(32)).decode()}\n"),
}


class WhenAnEntryIsProved:
    @pytest.mark.parametrize("extra", ["", "extra aGVq\n", "extra \n"])
    def test_opaque_data_in_the_second_line_says_nothing(self, extra: str) -> None:
        proof = PROOF.replace(INDEX, f"{PROOF_HEADER}\n{extra}index 0\n")
        assert check_proof(proof, b"first", [KEY.verifier(ORIGIN)]) == Proved(0, CHECKPOINT)

    @pytest.mark.parametrize("proof", BAD.values(), ids=BAD)
    def test_anything_else_is_refused_by_its_name(self, proof: str) -> None:
        with pytest.raises(ProofDoesNotHold):
            check_proof(proof, b"first", [KEY.verifier(ORIGIN)])

    def test_another_logs_key_does_not_bear_it_out(self) -> None:
        other = KEY.verifier("infohus.test/other")
        raw = base64.b64decode(PROOF.split(" ")[-1])
        relabelled = base64.b64encode(other.key_id + raw[4:]).decode()
        proof = PROOF.rpartition("— ")[0] + f"— {other.name} {relabelled}\n"
        with pytest.raises(NotACheckpoint):
            check_proof(proof, b"first", [other])
