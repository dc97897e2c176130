"""A signature counts on exactly the content that stands, and on no other hash that the signer can know (rule 18)."""

import hashlib

import pytest

from house import MUNICIPALITY, POLICE, House
from integration.test_versions import KINDS, OTHER, SECOND, Kind, Proposed, tovholder


@pytest.mark.rule(18)
@pytest.mark.rule(17)
class WhenAHashIsSigned:
    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.table)
    @pytest.mark.parametrize("by", [MUNICIPALITY, POLICE])
    async def test_none_but_the_present_content_s_counts(self, house: House, kind: Kind, by: str) -> None:
        proposed = await Proposed.by_authority(await house.case(), kind, by)
        twin = await Proposed.by_authority(await house.case(), kind, by)
        other = OTHER[by]
        earlier = (await proposed.read(other))["content_hash"]
        await proposed.amend(by, SECOND, [other])
        present = (await proposed.read(other))["content_hash"]
        await twin.amend(by, SECOND, [other])
        wrong = {
            "of the version before": earlier,
            "of the same content in another case": (await twin.read(other))["content_hash"],
            "of the words alone": hashlib.sha256(SECOND.encode()).hexdigest(),
            "of nothing": hashlib.sha256(b"").hexdigest(),
            "with one digit changed": present[:-1] + ("0" if present[-1] != "0" else "1"),
        }
        assert len({*wrong.values(), present}) == len(wrong) + 1
        signer, path = tovholder(proposed.case, other), f"{proposed.path}/signatures"
        for what, content_hash in wrong.items():
            refused = await signer.post(path, {"content_hash": content_hash}, status=409)
            assert refused["type"] == "/problems/signed-content-differs", what
        await signer.post(path, {"content_hash": present})
        decided = await proposed.read(by)
        assert (decided["said"], decided["content_hash"]) == (SECOND, present)
        assert decided["decided_at"]
