import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.errors import UsageError
from waxseal.facts import MailProtocol, Scope, TargetKind, TlsMode
from waxseal.scan.target import parse_target, subject_of

DOMAIN, HOST, ADDRESS = TargetKind.DOMAIN, TargetKind.HOST, TargetKind.ADDRESS
STARTTLS, IMPLICIT = TlsMode.STARTTLS, TlsMode.IMPLICIT

TARGETS = [
    # what the user wrote, kind, name, port, mode
    ("example.org", DOMAIN, "example.org", 25, STARTTLS),
    ("EXAMPLE.Org.", DOMAIN, "example.org", 25, STARTTLS),
    ("  example.org\n", DOMAIN, "example.org", 25, STARTTLS),
    ("user@example.org", DOMAIN, "example.org", 25, STARTTLS),
    ('"odd@user"@example.org', DOMAIN, "example.org", 25, STARTTLS),
    ("user@[192.0.2.1]", ADDRESS, "192.0.2.1", 25, STARTTLS),
    ("user@[IPv6:2001:db8::1]", ADDRESS, "2001:db8::1", 25, STARTTLS),
    ("b\u00fccher.test", DOMAIN, "xn--bcher-kva.test", 25, STARTTLS),
    ("B\u00dcCHER.test", DOMAIN, "xn--bcher-kva.test", 25, STARTTLS),
    ("bu\u0308cher.test", DOMAIN, "xn--bcher-kva.test", 25, STARTTLS),
    ("xn--bcher-kva.test", DOMAIN, "xn--bcher-kva.test", 25, STARTTLS),
    ("\u4f8b\u3048.\u30c6\u30b9\u30c8", DOMAIN, "xn--r8jz45g.xn--zckzah", 25, STARTTLS),
    ("example\u3002org", DOMAIN, "example.org", 25, STARTTLS),
    ("post@b\u00fccher.test", DOMAIN, "xn--bcher-kva.test", 25, STARTTLS),
    ("mail_server.example.org:25", HOST, "mail_server.example.org", 25, STARTTLS),
    ("mx.example.org:25", HOST, "mx.example.org", 25, STARTTLS),
    ("mx.example.org:587", HOST, "mx.example.org", 587, STARTTLS),
    ("mx.example.org:2525", HOST, "mx.example.org", 2525, STARTTLS),
    ("mx.example.org:465", HOST, "mx.example.org", 465, IMPLICIT),
    ("user@mx.example.org:587", HOST, "mx.example.org", 587, STARTTLS),
    ("192.0.2.25", ADDRESS, "192.0.2.25", 25, STARTTLS),
    ("192.0.2.25:587", ADDRESS, "192.0.2.25", 587, STARTTLS),
    ("[192.0.2.25]", ADDRESS, "192.0.2.25", 25, STARTTLS),
    ("[192.0.2.25]:465", ADDRESS, "192.0.2.25", 465, IMPLICIT),
    ("2001:db8::1", ADDRESS, "2001:db8::1", 25, STARTTLS),
    ("2001:DB8:0:0::1", ADDRESS, "2001:db8::1", 25, STARTTLS),
    ("[2001:db8::1]", ADDRESS, "2001:db8::1", 25, STARTTLS),
    ("[2001:db8::1]:2525", ADDRESS, "2001:db8::1", 2525, STARTTLS),
    ("[IPv6:2001:db8::1]:587", ADDRESS, "2001:db8::1", 587, STARTTLS),
    ("2001:db8::1:25", ADDRESS, "2001:db8::1:25", 25, STARTTLS),
    ("::1", ADDRESS, "::1", 25, STARTTLS),
    ("smtp://example.org", HOST, "example.org", 25, STARTTLS),
    ("SMTP://Example.ORG/", HOST, "example.org", 25, STARTTLS),
    ("smtp://[2001:db8::1]:2525", ADDRESS, "2001:db8::1", 2525, STARTTLS),
    ("smtp://192.0.2.25", ADDRESS, "192.0.2.25", 25, STARTTLS),
    ("smtp://mx.example.org:465", HOST, "mx.example.org", 465, STARTTLS),
    ("smtp://mx.example.org:110", HOST, "mx.example.org", 110, STARTTLS),
    ("submission://mail.example.org", HOST, "mail.example.org", 587, STARTTLS),
    ("submissions://mail.example.org", HOST, "mail.example.org", 465, IMPLICIT),
    ("submissions://mail.example.org:2465", HOST, "mail.example.org", 2465, IMPLICIT),
    ("smtps://mail.example.org", HOST, "mail.example.org", 465, IMPLICIT),
    ("imaps://mail.example.org", HOST, "mail.example.org", 993, IMPLICIT),
    ("pop3s://mail.example.org", HOST, "mail.example.org", 995, IMPLICIT),
    ("mail.example.org:993", HOST, "mail.example.org", 993, IMPLICIT),
    ("mail.example.org:995", HOST, "mail.example.org", 995, IMPLICIT),
    ("imap://mail.example.org", HOST, "mail.example.org", 143, STARTTLS),
    ("pop3://mail.example.org", HOST, "mail.example.org", 110, STARTTLS),
    ("lmtp://mail.example.org", HOST, "mail.example.org", 24, STARTTLS),
    ("sieve://mail.example.org", HOST, "mail.example.org", 4190, STARTTLS),
    ("managesieve://[::1]:2000", ADDRESS, "::1", 2000, STARTTLS),
    ("mail.example.org:143", HOST, "mail.example.org", 143, STARTTLS),
    ("mail.example.org:110", HOST, "mail.example.org", 110, STARTTLS),
    ("mail.example.org:4190", HOST, "mail.example.org", 4190, STARTTLS),
    ("192.0.2.25:24", ADDRESS, "192.0.2.25", 24, STARTTLS),
    ("lmtp+unix:/run/dovecot/lmtp", ADDRESS, "unix:/run/dovecot/lmtp", 0, STARTTLS),
    ("lmtp+unix:///run//Dovecot/./lmtp", ADDRESS, "unix:/run/Dovecot/lmtp", 0, STARTTLS),
    ("SMTP+UNIX:/run/a@b", ADDRESS, "unix:/run/a@b", 0, STARTTLS),
    ("imaps+unix:/run/imap", ADDRESS, "unix:/run/imap", 0, IMPLICIT),
    ("pop3+unix:/run/../run/pop3", ADDRESS, "unix:/run/../run/pop3", 0, STARTTLS),
    ("lmtp+unix:/" + "a" * 106, ADDRESS, "unix:/" + "a" * 106, 0, STARTTLS),
    ("localhost", DOMAIN, "localhost", 25, STARTTLS),
]


@pytest.mark.parametrize(("text", "kind", "name", "port", "mode"), TARGETS)
def test_what_may_be_named(text: str, kind: TargetKind, name: str, port: int, mode: TlsMode) -> None:
    target = parse_target(text)
    assert (target.kind, target.name, target.port, target.mode) == (kind, name, port, mode)
    assert target.given == text.strip()
    assert target.expected_name is None


@pytest.mark.parametrize(
    ("text", "protocol"),
    [
        ("imaps://mail.example.org", MailProtocol.IMAP),
        ("mail.example.org:993", MailProtocol.IMAP),
        ("pop3s://mail.example.org", MailProtocol.POP3),
        ("mail.example.org:995", MailProtocol.POP3),
        ("mail.example.org:465", MailProtocol.SMTP),
        ("smtp://mail.example.org:993", MailProtocol.SMTP),
        ("imaps://mail.example.org:1993", MailProtocol.IMAP),
        ("imap://mail.example.org:25", MailProtocol.IMAP),
        ("mail.example.org:143", MailProtocol.IMAP),
        ("pop3://mail.example.org", MailProtocol.POP3),
        ("mail.example.org:110", MailProtocol.POP3),
        ("lmtp://mail.example.org:25", MailProtocol.LMTP),
        ("mail.example.org:24", MailProtocol.LMTP),
        ("sieve://mail.example.org", MailProtocol.SIEVE),
        ("managesieve://mail.example.org", MailProtocol.SIEVE),
        ("mail.example.org:4190", MailProtocol.SIEVE),
        ("smtp://mail.example.org:143", MailProtocol.SMTP),
        ("lmtp+unix:/run/lmtp", MailProtocol.LMTP),
        ("sieve+unix:/run/sieve", MailProtocol.SIEVE),
    ],
)
def test_what_is_spoken_there(text: str, protocol: MailProtocol) -> None:
    assert parse_target(text).protocol is protocol


@pytest.mark.parametrize(
    ("text", "given", "port", "mode", "kind"),
    [
        ("example.org", 2525, 2525, STARTTLS, DOMAIN),
        ("example.org", 465, 465, IMPLICIT, DOMAIN),
        ("mx.example.org:587", 2525, 587, STARTTLS, HOST),
        ("submissions://mx.example.org", 2465, 2465, IMPLICIT, HOST),
        ("192.0.2.1", 587, 587, STARTTLS, ADDRESS),
        ("2001:db8::1", 465, 465, IMPLICIT, ADDRESS),
        ("mx.example.org", 143, 143, STARTTLS, DOMAIN),
        ("lmtp+unix:/run/lmtp", 24, 0, STARTTLS, ADDRESS),
    ],
)
def test_a_port_given_apart_counts_where_the_text_names_none(
    text: str, given: int, port: int, mode: TlsMode, kind: TargetKind
) -> None:
    target = parse_target(text, port=given)
    assert (target.port, target.mode, target.kind) == (port, mode, kind)


def test_a_name_given_apart_is_what_the_certificate_should_bear() -> None:
    assert parse_target("192.0.2.25", name="MX.B\u00fccher.test.").expected_name == "mx.xn--bcher-kva.test"


BAD = [
    "",
    "   ",
    "\x00",
    "exa mple.org",
    "exam\tple.org",
    "example.org\x7f",
    "a" * 1025,
    "a" * 64 + ".org",
    ".".join(["a" * 60] * 5),
    "example..org",
    ".example.org",
    "exam/ple.org",
    "example.org/path",
    "example.org:",
    "example.org:0",
    "example.org:65536",
    "example.org:99999",
    "example.org:123456",
    "example.org:25x",
    "example.org:-25",
    ":25",
    "@",
    "user@",
    "user@@",
    "[example.org]",
    "[example.org]:25",
    "[192.0.2.1",
    "192.0.2.1]",
    "[]",
    "[]:25",
    "192.0.2.256",
    "192.0.2",
    "1.2.3.4.5",
    "2001:db8::g",
    "2001:db8:::1",
    "[2001:db8::1]25",
    "[[::1]]",
    "http://example.org",
    "smtp://",
    "smtp://user@example.org",
    "smtp://example.org/inbox",
    "smtp://example.org?x=1",
    "smtp:///example.org",
    "smtp://:25",
    "://example.org",
    "lmtps://mail.example.org",
    "imap://user@example.org",
    "unix:/run/lmtp",
    "http+unix:/run/lmtp",
    "lmtp+unix:",
    "lmtp+unix:run/lmtp",
    "lmtp+unix://host/run/lmtp",
    "lmtp+unix:/",
    "lmtp+unix:/run/",
    "lmtp+unix:/" + "a" * 107,
    "lmtp+unix:/run/\u202elmtp",
    "lmtp+unix:/run/\udcff",
    "example.org\udcff",
    "-a\u0308\u200b.test",
    "exa\u202emple.test",
    "ex\u00adample\u0000.test",
    "*.example.org",
    "example.org,example.net",
    "<user@example.org>",
    "mailto:",
    "e\u0301" * 70 + ".test",
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_target_is_told_in_one_sentence_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    error = caught.value
    assert error.message
    assert "\n" not in error.message
    assert not error.message.endswith(".")
    assert len(error.message) < 1300
    assert error.hint
    assert error.message.isprintable(), error.message


@pytest.mark.parametrize("name", ["", "exa mple.org", "192.0.2.1", "a" * 64, "*.example.org", "\udcff"])
def test_an_expected_name_is_a_host_name(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target("192.0.2.1", name=name)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "scope"),
    [("example.org", Scope.DOMAIN), ("example.org:25", Scope.HOST), ("192.0.2.1:25", Scope.ADDRESS)],
)
def test_each_kind_has_its_subject(text: str, scope: Scope) -> None:
    subject = subject_of(parse_target(text))
    assert subject.scope is scope
    assert [s for s in (subject.domain, subject.host, subject.address) if s] == [text.partition(":")[0]]


@given(
    st.one_of(
        st.text(max_size=40),
        st.text(alphabet="aZ0.:[]@/-_%smtp\u00fc\u3002", max_size=30),
        st.text(max_size=20).map("lmtp+unix:/".__add__),
    )
)
def test_any_text_is_a_target_or_a_usage_error(text: str) -> None:
    try:
        target = parse_target(text)
    except UsageError:
        return
    subject_of(target)
    if target.name.startswith("unix:/"):
        assert target.port == 0
        assert parse_target(f"lmtp+{target.name}").name == target.name
        return
    assert 1 <= target.port <= 65535
    assert target.name.isascii()
    assert target.name == target.name.lower()
    assert parse_target(target.name).name == target.name


def test_a_bad_expected_name_is_the_one_that_is_told() -> None:
    with pytest.raises(UsageError, match="'no name'"):
        parse_target("192.0.2.1", name="no name")


def test_a_socket_has_its_subject_and_its_expected_name() -> None:
    target = parse_target("lmtp+unix:/run/lmtp", name="mail.example.org")
    assert str(subject_of(target)) == "[unix:/run/lmtp]"
    assert target.expected_name == "mail.example.org"
