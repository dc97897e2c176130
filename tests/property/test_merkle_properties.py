"""Merkle trees against the definition of RFC 6962, written here a second time and as plainly as the RFC does."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infohus.kernel.audit.formats.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    ProofDoesNotHold,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    proof_from,
    root_of,
    verify_consistency,
    verify_inclusion,
)

SIZES = st.integers(1, 600)


def mth(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return sha256(b"\x01" + mth(entries[:split]) + mth(entries[split:])).digest()


def tree(size: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(size)]


def node_of(entries: list[bytes], node: Node) -> bytes:
    level, index = node
    return mth(entries[index << level : (index + 1) << level])


class WhenATreeGrows:
    @given(SIZES)
    def test_its_root_is_the_definition_s(self, size: int) -> None:
        entries, frontier = tree(size), Frontier()
        for entry in entries:
            frontier.append(leaf_hash(entry))
        hashes = [leaf_hash(entry) for entry in entries]
        assert frontier.root() == root_of(hashes) == mth(entries)
        assert (frontier.size, len(frontier.stored)) == (size, 32 * size.bit_count())

    def test_an_empty_one_has_the_root_of_nothing(self) -> None:
        assert Frontier().root() == root_of([]) == EMPTY_ROOT == mth([])

    @given(SIZES)
    def test_it_goes_on_from_what_was_stored(self, size: int) -> None:
        frontier = Frontier()
        for entry in tree(size):
            frontier.append(leaf_hash(entry))
        roots = [frontier.stored[at : at + 32] for at in range(0, len(frontier.stored), 32)]
        again = Frontier(size, roots)
        again.append(leaf_hash(b"one more"))
        assert again.root() == mth([*tree(size), b"one more"])
        with pytest.raises(ValueError, match="roots"):
            Frontier(size, [*roots, roots[0]])


class WhenAnEntryIsProved:
    @given(SIZES, st.data())
    def test_the_proof_holds_for_it_and_for_nothing_else(self, size: int, data: st.DataObject) -> None:
        entries = tree(size)
        index = data.draw(st.integers(0, size - 1))
        proof = proof_from(inclusion_ranges(index, size), lambda node: node_of(entries, node))
        root = mth(entries)
        verify_inclusion(hashed=leaf_hash(entries[index]), index=index, size=size, proof=proof, root=root)
        lies: list[dict[str, Any]] = [
            {"hashed": leaf_hash(b"another")}, {"root": bytes(32)}, {"proof": [*proof, bytes(32)]},
            {"index": size}, {"index": -1},
        ]
        if proof:
            lies += [{"proof": proof[1:]}, {"proof": [bytes(32), *proof[1:]]}, {"index": index ^ 1}]
        truth: dict[str, Any] = {
            "hashed": leaf_hash(entries[index]), "index": index, "size": size, "proof": proof, "root": root,
        }
        for lie in lies:
            with pytest.raises(ProofDoesNotHold):
                verify_inclusion(**{**truth, **lie})

    @given(SIZES, st.data())
    def test_it_is_no_longer_than_the_tree_is_high(self, size: int, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, size - 1))
        assert len(inclusion_ranges(index, size)) <= (size - 1).bit_length()

    @pytest.mark.parametrize("index", [-1, 7, 8])
    def test_there_must_be_such_an_entry(self, index: int) -> None:
        with pytest.raises(ValueError, match="there is no leaf"):
            inclusion_ranges(index, 7)


class WhenATreeIsComparedWithAnOlderOne:
    @given(SIZES, st.data())
    def test_what_was_only_added_to_is_consistent_and_what_was_changed_is_not(
        self, size: int, data: st.DataObject
    ) -> None:
        entries = tree(size)
        old = data.draw(st.integers(1, size))
        proof = proof_from(consistency_ranges(old, size), lambda node: node_of(entries, node))
        before, after = mth(entries[:old]), mth(entries)
        verify_consistency(old_size=old, size=size, proof=proof, old_root=before, root=after)
        changed = [b"changed", *entries[1:]]
        forged = proof_from(consistency_ranges(old, size), lambda node: node_of(changed, node))
        with pytest.raises(ProofDoesNotHold):
            verify_consistency(old_size=old, size=size, proof=forged, old_root=before, root=mth(changed))
        with pytest.raises(ProofDoesNotHold):
            verify_consistency(old_size=old, size=size, proof=[*proof, bytes(32)], old_root=before, root=after)
