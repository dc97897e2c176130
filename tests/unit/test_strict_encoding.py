"""base64url and JSON in their one accepted spelling, good beside bad."""

import pytest

from infohus.kernel.identity.strict_encoding import NotStrictlyEncoded, decode_base64url, read_json_object


class WhenBase64urlIsRead:
    @pytest.mark.parametrize(
        ("segment", "content"), [(b"", b""), (b"QQ", b"A"), (b"-_8", b"\xfb\xff"), (b"QUJD", b"ABC")]
    )
    def test_it_gives_the_bytes(self, segment: bytes, content: bytes) -> None:
        assert decode_base64url(segment) == content

    @pytest.mark.parametrize(
        "segment", [b"Q", b"QQ==", b"QR", b"+/8", b"Q Q", b"QQ\n", b"QUJ?D", b"QUJDQ", b"=", b"Q===", b"\xff\xff"]
    )
    def test_it_refuses_any_other_spelling(self, segment: bytes) -> None:
        with pytest.raises(NotStrictlyEncoded):
            decode_base64url(segment)


class WhenJsonIsRead:
    def test_it_gives_the_object(self) -> None:
        text = '{"a": [1, -9223372036854775808, 1.5, true, null, {"b": "\u00e6"}], "b": {}}'
        expected = {"a": [1, -9223372036854775808, 1.5, True, None, {"b": "\u00e6"}], "b": {}}
        assert read_json_object(text.encode()) == expected

    @pytest.mark.parametrize(
        "text",
        [
            '{"a": 1, "a": 1}', '{"a": {"b": 1, "b": 2}}', '[{"a": 1}]', '{"a": [[{"b": 1, "\\u0062": 2}]]}',
            '{"a": 1e400}', '{"a": -1e400}', '{"a": NaN}', '{"a": Infinity}', '{"a": -Infinity}',
            '{"a": 123456789012345678901}', '{"a": 0.1234567890123456789}', '{"a": ' + "9" * 5000 + "}",
            "", "null", "1", "{", "{}{}", "{} x", "{'a': 1}", '{"a": 1,}', "\ufeff{}", '{"a":' * 5000, "[" * 5000,
        ],
    )  # fmt: skip
    def test_it_refuses_what_could_be_read_twice_or_not_at_all(self, text: str) -> None:
        with pytest.raises(NotStrictlyEncoded):
            read_json_object(text.encode())

    @pytest.mark.parametrize(
        "encoded", ['{"a": 1}'.encode("utf-16"), b'{"a": "\xe6"}', b'{"a": "\xed\xa0\x80"}', b"\xc0\x80"]
    )
    def test_it_refuses_what_is_not_utf_8(self, encoded: bytes) -> None:
        with pytest.raises(NotStrictlyEncoded):
            read_json_object(encoded)
