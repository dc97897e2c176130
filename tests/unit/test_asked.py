"""What a request names is read from its body, also where no draft understands that; as much as an entry can hold."""

from hashlib import sha256
from uuid import UUID, uuid4

import msgspec
import pytest

from infohus.casework.exchanges.operations import ExchangeDraft
from infohus.kernel.requests.asked import MOST_IDS, Asked
from infohus.oversight.content_requests.operations import ContentRequestDraft


class WhenARequestNamesVeryMuch:
    @pytest.mark.rule(57)
    def test_of_a_body_that_is_not_understood_whom_it_names_is_read_however_it_is_written(self) -> None:
        for sent, named in (
            (b'{"recipients": ["politi", "pet"], ', ["politi", "pet"]), (b'{"recipient":"politi"', ["politi"]),
            (b'{"recipients":[]}', []), (b'{"recipients":["politi"', []), (b'"recipients":[' * 50_000, []),
            (b'[{"recipients":["politi"]},{"disclosure":{"recipients":["pet"]}}', ["politi", "pet"]),
        ):
            asked = Asked(sent=sent)
            asked.read_refused_body(ExchangeDraft)
            assert asked.recipients == named

    @pytest.mark.rule(60)
    def test_of_such_a_body_an_id_keeps_the_name_that_the_draft_has_for_it_and_no_other(self) -> None:
        one, two, three = (str(UUID(int=number)) for number in (1, 2, 3))
        asked = Asked(sent=f'{{"kind":"odd","record_id":"{one}","jonas":"{two}","of":["{three}","{one}"]'.encode())
        asked.read_refused_body(ContentRequestDraft)
        assert asked.in_body == {"record_id": [one], "$": [two, three]}

    @pytest.mark.rule(56)
    def test_the_entry_keeps_as_many_ids_as_it_can_hold_and_a_digest_of_the_rest(self) -> None:
        class Draft(msgspec.Struct):
            records: list[UUID]

        asked = Asked()
        records = [uuid4() for _ in range(3 * MOST_IDS)]
        asked.read_body(Draft(records))
        named = asked.named(beside=(), with_body=True)
        assert named["records"] == list(map(str, records[:MOST_IDS]))
        of_the_rest = sha256("".join(map(str, records[MOST_IDS:])).encode()).hexdigest()
        assert named["further_ids"] == [str(2 * MOST_IDS), of_the_rest]
        refused = Asked(sent=msgspec.json.encode([records]))
        refused.read_refused_body(Draft)
        assert refused.named(beside=(), with_body=True)["further_ids"] == named["further_ids"]
        assert asked.named(beside=(), with_body=False) == {}
