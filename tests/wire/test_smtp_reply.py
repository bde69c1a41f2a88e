"""Replies out of octets: the grammar of RFC 5321 §4.2, each breach of it, each limit, any cut."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from waxseal.facts import Deviation, Reply
from waxseal.wire.smtp_reply import (
    MAX_LINE_OCTETS,
    MAX_REPLY_LINES,
    MAX_REPLY_OCTETS,
    RULES,
    ReplyParser,
    decode_text,
)


def parse(octets: bytes, *, smtputf8: bool = False) -> list[Reply]:
    parser = ReplyParser(smtputf8=smtputf8)
    replies = parser.feed(octets)
    rest = parser.finish()
    return replies if rest is None else [*replies, rest]


def only(octets: bytes) -> Reply:
    replies = parse(octets)
    assert len(replies) == 1
    return replies[0]


def rules(reply: Reply) -> set[str]:
    return {deviation.rule for deviation in reply.deviations}


def deviation(reply: Reply, rule: str) -> Deviation:
    return next(found for found in reply.deviations if found.rule == rule)


@pytest.mark.parametrize(
    ("octets", "code", "lines"),
    [
        (
            b"220 foo.com Simple Mail Transfer Service Ready\r\n",
            220,
            ("foo.com Simple Mail Transfer Service Ready",),
        ),
        (b"250 OK\r\n", 250, ("OK",)),
        (b"250\r\n", 250, ("",)),
        (b"250 \r\n", 250, ("",)),
        (b"250-\r\n250\r\n", 250, ("", "")),
        (b"250  two spaces \r\n", 250, (" two spaces ",)),
        (b"250 tab\there\r\n", 250, ("tab\there",)),
        (
            # RFC 5321 §4.2.1, the example of a multiline reply.
            b"250-First line\r\n250-Second line\r\n"
            b"250-234 Text beginning with numbers\r\n250 The last line\r\n",
            250,
            ("First line", "Second line", "234 Text beginning with numbers", "The last line"),
        ),
        (b"554 No SMTP service here\r\n", 554, ("No SMTP service here",)),
        (
            b"354 Start mail input; end with <CRLF>.<CRLF>\r\n",
            354,
            ("Start mail input; end with <CRLF>.<CRLF>",),
        ),
    ],
)
def test_a_reply_by_the_rules_has_no_deviation(octets: bytes, code: int, lines: tuple[str, ...]) -> None:
    assert parse(octets) == [Reply(code=code, lines=lines, raw=octets)]


@pytest.mark.parametrize(
    ("octets", "code", "lines", "broken"),
    [
        (b"250 OK\n", 250, ("OK",), {"bare-lf"}),
        (b"\n", None, ("",), {"bare-lf", "not-a-reply"}),
        (b"\r\n", None, ("",), {"not-a-reply"}),
        (b"250 a\rb\r\n", 250, ("a\\x0db",), {"bare-cr"}),
        (b"250 a\r\r\n", 250, ("a\\x0d",), {"bare-cr"}),
        (b"250 a\0b\r\n", 250, ("a\\x00b",), {"nul"}),
        (b"250 a\x1b[2Jb\x7f\r\n", 250, ("a\\x1b[2Jb\\x7f",), {"control-octets"}),
        (b"220 gr\xc3\xbc\xc3\x9fe\r\n", 220, ("grüße",), {"eight-bit"}),
        (b"220 gr\xfc\xdfe\r\n", 220, ("gr\\xfc\\xdfe",), {"eight-bit"}),
        (b"250-a\r\n251 b\r\n", 251, ("a", "b"), {"codes-mixed"}),
        (b"250-a\r\n550 no\r\n", 550, ("a", "no"), {"codes-mixed"}),
        (b"hello\r\n", None, ("hello",), {"not-a-reply"}),
        (b"25 OK\r\n", None, ("25 OK",), {"not-a-reply"}),
        (b"2500 OK\r\n", None, ("2500 OK",), {"not-a-reply"}),
        (b"250\tOK\r\n", None, ("250\tOK",), {"not-a-reply"}),
        (b"250_OK\r\n", None, ("250_OK",), {"not-a-reply"}),
        (b" 250 OK\r\n", None, (" 250 OK",), {"not-a-reply"}),
        ("２５０ OK\r\n".encode(), None, ("２５０ OK",), {"not-a-reply", "eight-bit"}),
        (b"250-a\r\nnoise\r\n250 b\r\n", 250, ("a", "noise", "b"), {"not-a-reply"}),
        (b"250-a\r\n\r\n250 b\r\n", 250, ("a", "", "b"), {"not-a-reply"}),
        (b"HTTP/1.1 400 Bad Request\r\n", None, ("HTTP/1.1 400 Bad Request",), {"not-a-reply"}),
        (b"150 FTP\r\n", 150, ("FTP",), {"code-out-of-range"}),
        (b"690 x\r\n", 690, ("x",), {"code-out-of-range"}),
        (b"000 x\r\n", 0, ("x",), {"code-out-of-range"}),
        (b"260 x\r\n", 260, ("x",), {"code-out-of-range"}),
        (b"550 " + b"x" * 507 + b"\r\n", 550, ("x" * 507,), {"line-too-long"}),
        (b"550 4.7.1 later\r\n", 550, ("4.7.1 later",), {"enhanced-code-mismatch"}),
        (b"354 2.0.0 go\r\n", 354, ("2.0.0 go",), {"enhanced-code-mismatch"}),
    ],
)
def test_a_breach_is_data_and_reading_goes_on(
    octets: bytes, code: int | None, lines: tuple[str, ...], broken: set[str]
) -> None:
    first, second = parse(octets + b"221 Bye\r\n")
    assert (first.code, first.lines, rules(first)) == (code, lines, broken)
    assert first.raw == octets
    assert second == Reply(code=221, lines=("Bye",), raw=b"221 Bye\r\n")
    assert all(found.source == RULES[found.rule] and len(found.octets) <= 64 for found in first.deviations)


def test_512_octets_with_crlf_are_not_too_long() -> None:
    assert only(b"550 " + b"x" * 506 + b"\r\n").deviations == ()


@pytest.mark.parametrize(
    ("octets", "code", "lines", "broken"),
    [
        (b"2", None, ("2",), {"cut-off"}),
        (b"250", 250, ("",), {"cut-off"}),
        (b"250 OK", 250, ("OK",), {"cut-off"}),
        (b"250 OK\r", 250, ("OK",), {"cut-off"}),
        (b"250-a\r\n", 250, ("a",), {"cut-off"}),
        (b"250-a\r\n25", 250, ("a", "25"), {"cut-off"}),
        (b"250-a\r\n550", 550, ("a", ""), {"cut-off", "codes-mixed"}),
        (b"Go away", None, ("Go away",), {"cut-off", "not-a-reply"}),
        (b"\r", None, ("",), {"cut-off"}),
    ],
)
def test_the_end_of_the_stream_completes_what_came(
    octets: bytes, code: int | None, lines: tuple[str, ...], broken: set[str]
) -> None:
    parser = ReplyParser()
    assert parser.feed(octets) == []
    assert parser.buffered == octets
    reply = parser.finish()
    assert reply is not None
    assert (reply.code, reply.lines, rules(reply), reply.raw) == (code, lines, broken, octets)
    assert parser.finish() is None
    assert parser.buffered == b""


def test_the_end_of_a_stream_between_replies_is_nothing() -> None:
    parser = ReplyParser()
    assert parser.finish() is None
    assert len(parser.feed(b"250 OK\r\n")) == 1
    assert parser.finish() is None


def test_deviations_say_where_and_what() -> None:
    reply = only(b"250-abc\r\n250-x\x01y\r\n250 z\n")
    assert reply.deviations == (
        Deviation("control-octets", "RFC 5321 §4.2", b"\x01y", 14),
        Deviation("bare-lf", "RFC 5321 §2.3.8", b"250 z\n", 23),
    )


def test_each_rule_is_named_once() -> None:
    reply = only(b"250-a\0\n" * 100 + b"250 b\0\n")
    assert [found.rule for found in reply.deviations] == ["bare-lf", "nul"]
    assert len(reply.lines) == 101


def test_utf8_is_allowed_where_smtputf8_is_in_use() -> None:
    (reply,) = parse("250 grüße\r\n".encode(), smtputf8=True)
    assert (reply.text, reply.deviations) == ("grüße", ())


@pytest.mark.parametrize(
    ("octets", "enhanced"),
    [
        (b"250 2.1.0 Originator <ned@ymir.claremont.edu> ok\r\n", "2.1.0"),
        (b'550 5.1.1 Mailbox "nosuchuser" does not exist\r\n', "5.1.1"),
        (b"551-5.7.1 Forwarding to remote hosts disabled\r\n551 5.7.1 Select another host\r\n", "5.7.1"),
        (b"454 4.7.0\r\n", "4.7.0"),
        (b"454 4.7.123\tx\r\n", "4.7.123"),
        (b"550-5.7.1 first line only\r\n550 see above\r\n", None),
        (b"250 2.1.0: no\r\n", None),
        (b"250 2.1.0000 no\r\n", None),
        (b"250 3.1.0 no\r\n", None),
        (b"250 2.1 no\r\n", None),
        (b"250  2.1.0 no\r\n", None),
        (b"2.1.0 no\r\n", None),
    ],
)
def test_enhanced_status_codes(octets: bytes, enhanced: str | None) -> None:
    assert only(octets).enhanced == enhanced


def test_a_banner_of_300_lines() -> None:
    octets = b"220-tarpit\r\n" * 299 + b"220 ready\r\n"
    reply = only(octets)
    assert (reply.code, len(reply.lines), reply.deviations) == (220, 300, ())


def test_the_limit_of_lines() -> None:
    whole = b"220-x\r\n" * (MAX_REPLY_LINES - 1) + b"220 y\r\n"
    assert only(whole).deviations == ()
    parser = ReplyParser()
    (reply,) = parser.feed(b"220-x\r\n" * (MAX_REPLY_LINES + 7) + b"220 y\r\n250 OK\r\n")
    assert (reply.code, len(reply.lines), rules(reply)) == (220, MAX_REPLY_LINES, {"too-many-lines"})
    assert parser.overflow
    assert parser.feed(b"250 OK\r\n") == []
    assert parser.buffered == b""
    assert parser.finish() is None


def test_the_limit_of_octets() -> None:
    line = b"220-" + b"x" * 1018 + b"\r\n"
    whole = line * 63 + b"220 " + b"x" * 1018 + b"\r\n"
    assert len(whole) == MAX_REPLY_OCTETS
    assert rules(only(whole)) == {"line-too-long"}
    parser = ReplyParser()
    (reply,) = parser.feed(line * 65)
    assert rules(reply) == {"line-too-long", "reply-too-long"}
    assert (reply.code, len(reply.lines), len(reply.raw)) == (220, 64, MAX_REPLY_OCTETS)
    assert parser.overflow


@pytest.mark.parametrize(("extra", "cut"), [(0, False), (1, True)])
def test_the_limit_of_a_line(extra: int, cut: bool) -> None:
    octets = b"250 " + b"x" * (MAX_LINE_OCTETS - 4 + extra) + b"\r\n"
    first, second = parse(octets + b"221 Bye\r\n")
    assert rules(first) == ({"line-too-long", "line-cut"} if cut else {"line-too-long"})
    assert (first.code, len(first.text)) == (250, MAX_LINE_OCTETS - 4)
    assert first.raw == octets[:MAX_LINE_OCTETS] + b"\r\n"
    assert second.code == 221


def test_an_endless_line_takes_no_memory() -> None:
    parser = ReplyParser()
    replies = []
    for _ in range(1000):
        replies += parser.feed(b"\xff" * 997)
        assert len(parser.buffered) <= MAX_REPLY_OCTETS
    (reply,) = replies
    assert rules(reply) == {"not-a-reply", "eight-bit", "line-too-long", "line-cut", "reply-too-long"}
    assert (reply.code, len(reply.raw)) == (None, MAX_LINE_OCTETS)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"plain \t text \\ here", "plain \t text \\ here"),
        (b"\xc2\x9b31m", "\\xc2\\x9b31m"),
        ("a\u202eb\u2028c\u00a0d".encode(), "a\\xe2\\x80\\xaeb\\xe2\\x80\\xa8c\\xc2\\xa0d"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
        ("日本".encode(), "日本"),
    ],
)
def test_decoded_text_is_safe_to_show(octets: bytes, text: str) -> None:
    assert decode_text(octets) == text


_line = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda code, mark, text: code + mark + text,
        st.sampled_from([b"220", b"250", b"354", b"421", b"550", b"199", b"25"]),
        st.sampled_from([b" ", b"-", b"", b"\t"]),
        st.one_of(st.binary(max_size=20), st.sampled_from([b"5.7.1 no", b"x" * 600, b"y" * 9000])),
    ),
)
_stream = st.lists(st.tuples(_line, st.sampled_from([b"\r\n", b"\r\n", b"\n", b"\r", b""])), max_size=30).map(
    lambda lines: b"".join(line + end for line, end in lines)
)


@given(_stream, cut_places)
@example(b"250-" + b"x" * 70_000 + b"\r\n250 y\r\n", [4096, 8192, 8193, 65_535, 65_536, 65_537])
@example(b"250-x\r\n" * 501, [3499, 3500, 3501])
@example(b"250 " + b"x" * 8188 + b"\r\n", [8192, 8193, 8194])
def test_cut_anywhere(octets: bytes, cuts: list[int]) -> None:
    whole, cut = ReplyParser(), ReplyParser()
    expected = whole.feed(octets)
    replies = [reply for piece in pieces(octets, cuts) for reply in cut.feed(piece)]
    assert replies == expected
    assert cut.buffered == whole.buffered
    assert cut.overflow == whole.overflow
    assert cut.finish() == whole.finish()


@given(_stream)
def test_octet_by_octet(octets: bytes) -> None:
    octets = octets[:2000]
    parser = ReplyParser()
    replies = [reply for octet in octets for reply in parser.feed(bytes([octet]))]
    assert replies == ReplyParser().feed(octets)


@given(_stream)
def test_what_is_kept_is_bounded_and_no_octet_is_lost(octets: bytes) -> None:
    parser = ReplyParser()
    replies = parser.feed(octets)
    rest = parser.buffered
    for reply in replies:
        assert len(reply.raw) <= MAX_REPLY_OCTETS
        assert 1 <= len(reply.lines) <= MAX_REPLY_LINES
        assert len(reply.deviations) <= len(RULES)
        assert reply.code is None or 0 <= reply.code <= 999
        assert all(found.source == RULES[found.rule] for found in reply.deviations)
    # The end of a line that is too long is dropped, also while it is still coming.
    dropped = any(rules(reply) & {"line-cut", "reply-too-long", "too-many-lines"} for reply in replies)
    if not dropped and len(rest) < MAX_LINE_OCTETS:
        assert b"".join(reply.raw for reply in replies) + rest == octets
