"""The further real servers do what their names say, as seen by Python's own clients and plain sockets."""

from __future__ import annotations

import imaplib
import poplib
import re
import smtplib
import socket
import ssl
from base64 import b64encode
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from .by_hand import ENDINGS, GO_AHEAD, NOOP, Wire, ends_message, executed_under_tls
from .dovecot_access import LAX_MECHANISMS, MESSAGES, PASSWORD, USER
from .servers import SERVICE_SET_UPS, RealServer, RealServers

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.real

NO_TLS = {("cyrus", "lmtp-preauthenticated"), ("cyrus", "lmtp-unix"), ("courier", "imap-broken")}
_CERTIFICATE_FAULTS = ("expired", "self-signed", "missing-intermediate")
_SOUND_TLS = [
    at
    for at in SERVICE_SET_UPS
    if at not in NO_TLS and not at[1].endswith((*_CERTIFICATE_FAULTS, "-no-starttls", "haproxy"))
]
_STARTTLS = [at for at in _SOUND_TLS if not at[1].endswith("s")]
VULNERABLE = {("courier", "pop3")}
"""Courier before 1.1.5 executes under TLS what stood behind STLS (CVE-2021-38084)."""
PLAIN = b64encode(f"\0{USER}\0{PASSWORD}".encode())


def _servers(*ats: tuple[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("real_server", ats, indirect=True, ids="-".join)


class _NamedContext(ssl.SSLContext):
    """Sends and verifies the server's name, whatever address the client was given."""

    name = ""

    def wrap_socket(self, sock: socket.socket, *args: object, **options: object) -> ssl.SSLSocket:
        return super().wrap_socket(sock, server_hostname=self.name)


def _context(server: RealServer) -> ssl.SSLContext:
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(server.root_pem)
    context.name = server.name
    return context


def _secured_by_python(server: RealServer) -> ssl.SSLSocket:
    """The TLS socket of the client that Python has for the protocol, after a command under TLS."""
    context = _context(server)
    host, port, implicit = server.host, server.port, server.mode == "implicit"
    if server.protocol == "imap":
        imap = (
            imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=10)
            if implicit
            else imaplib.IMAP4(host, port, timeout=10)
        )
        if not implicit:
            imap.starttls(context)
        assert imap.noop()[0] == "OK"
        sock: socket.socket = imap.sock
    elif server.protocol == "pop3":
        pop = (
            poplib.POP3_SSL(host, port, context=context, timeout=10)
            if implicit
            else poplib.POP3(host, port, timeout=10)
        )
        if not implicit:
            assert b"+OK" in pop.stls(context)
        assert pop.capa()
        sock = pop.sock
    else:
        kind = smtplib.LMTP if server.protocol == "lmtp" else smtplib.SMTP
        where = str(server.socket_path) if server.socket_path else host
        smtp = smtplib.SMTP_SSL(host, port, "probe.test", context=context) if implicit else kind(where, port)
        if not implicit:
            assert smtp.starttls(context=context)[0] == 220
        assert smtp.ehlo("probe.test")[0] == 250
        assert smtp.sock
        sock = smtp.sock
    assert isinstance(sock, ssl.SSLSocket)
    return sock


@_servers(*_SOUND_TLS)
def test_tls_stands_with_the_certificate_ordered(real_server: RealServer, real_servers: RealServers) -> None:
    if real_server.protocol == "sieve":  # of which Python knows nothing
        with Wire(real_server) as wire:
            assert b'"STARTTLS"' in wire.greeting
            wire.start_tls()
            assert b'"SASL"' in wire.answer()
            assert wire.say(b"NOOP").startswith(b"OK")
            assert isinstance(wire.sock, ssl.SSLSocket)
            shown = wire.sock.getpeercert(binary_form=True)
    else:
        with closing(_secured_by_python(real_server)) as sock:
            shown = sock.getpeercert(binary_form=True)
    assert shown
    assert x509.load_der_x509_certificate(shown) == real_servers.certificates.sound.certificate


@_servers(*(at for at in SERVICE_SET_UPS if at[1].endswith(_CERTIFICATE_FAULTS)))
def test_certificate_faults_are_those_named(real_server: RealServer) -> None:
    said = {
        "expired": "certificate has expired",
        "self-signed": "self-signed certificate",
        "missing-intermediate": "unable to get local issuer certificate",
    }[real_server.set_up.partition("-")[2]]
    with Wire(real_server) as wire, pytest.raises(ssl.SSLCertVerificationError, match=said):
        wire.start_tls()


@_servers(*(at for at in SERVICE_SET_UPS if at[1].endswith("-no-starttls")))
def test_no_starttls_is_refused(real_server: RealServer) -> None:
    command = {"imap": b"s1 STARTTLS", "pop3": b"STLS"}.get(real_server.protocol, b"STARTTLS")
    capability = {"imap": b"c1 CAPABILITY", "pop3": b"CAPA"}.get(real_server.protocol)
    with Wire(real_server) as wire:
        listed = wire.greeting
        if capability:
            listed += wire.say(capability)
        # Dovecot's ManageSieve goes on offering what it then refuses
        assert (b"STARTTLS" in listed or b"STLS" in listed) == (real_server.protocol == "sieve")
        assert b"TLS support isn't enabled" in wire.say(command)


def test_starttls_that_breaks_in_clear(start_real: Callable[[str, str], RealServer]) -> None:
    with (
        Wire(start_real("courier", "imap-broken")) as wire,
        pytest.raises(ssl.SSLError, match="WRONG_VERSION"),
    ):
        wire.start_tls()


@_servers(("cyrus", "lmtp-preauthenticated"), ("cyrus", "lmtp-unix"))
def test_lmtp_without_starttls(real_server: RealServer) -> None:
    with Wire(real_server) as wire:
        assert b"STARTTLS" not in wire.hello()
        assert wire.say(b"STARTTLS").startswith(b"500 ")


@_servers(*(at for at in SERVICE_SET_UPS if at[1].endswith("haproxy")))
def test_a_proxy_header_is_needed_and_believed(real_server: RealServer, real_servers: RealServers) -> None:
    header = b"PROXY TCP4 192.0.2.7 192.0.2.25 40000 25\r\n"
    with Wire(real_server, header) as wire:
        wire.hello()
        wire.start_tls()
        assert wire.say(NOOP[real_server.protocol])
        if real_server.protocol == "imap":
            wire.say(f"l1 LOGIN {USER} {PASSWORD}".encode())
    if real_server.protocol == "imap":
        assert "rip=192.0.2.7" in real_servers.log(real_server.software)
    elif real_server.software == "postfix-services":
        assert "connect from unknown[192.0.2.7]" in real_servers.log(real_server.software)
    with socket.create_connection((real_server.host, real_server.port), timeout=10) as bare:
        bare.sendall(b"NOOP\r\nNOOP\r\n")
        with suppress(ConnectionResetError):
            assert bare.recv(200)[:4] in (b"", b"421 ")


def _login(wire: Wire) -> bytes:
    """What a login with the one account is answered; POP3's own two commands, IMAP's own one, else PLAIN."""
    protocol = wire.server.protocol
    if protocol == "imap":
        return wire.say(f"l1 LOGIN {USER} {PASSWORD}".encode())
    if protocol == "pop3":
        first = wire.say(b"USER " + USER.encode())
        return wire.say(b"PASS " + PASSWORD.encode()) if first.startswith(b"+OK") else first
    if protocol == "sieve":
        return wire.say(b'AUTHENTICATE "PLAIN" "' + PLAIN + b'"')
    wire.hello()
    return wire.say(b"AUTH PLAIN " + PLAIN)


_IN = re.compile(rb"(?m)^(?:235 |l1 OK|\+OK|OK)")
_CLEAR_TAKEN = [
    *(("dovecot-lax", set_up) for set_up in ("imap", "pop3", "sieve")),
    ("postfix-services", "auth-in-clear"),
    ("exim-services", "auth-in-clear"),
    ("cyrus", "imap-plaintext"),
    ("courier", "imap"),
    ("courier", "pop3"),
    ("nginx", "imap"),
    ("nginx", "pop3"),
]
_CLEAR_REFUSED = [
    *(("dovecot-access", set_up) for set_up in ("imap", "pop3", "sieve", "submission")),
    ("postfix-services", "submission"),
    ("exim-services", "submission"),
    *(("cyrus", set_up) for set_up in ("imap", "pop3", "sieve")),
    ("nginx", "imap-insisting"),
    ("nginx", "pop3-insisting"),
]


@_servers(*_CLEAR_TAKEN)
def test_a_password_in_clear_is_taken(real_server: RealServer) -> None:
    with Wire(real_server) as wire:
        assert _IN.match(_login(wire))


@_servers(*_CLEAR_REFUSED)
def test_a_password_is_taken_under_tls_alone(real_server: RealServer) -> None:
    with Wire(real_server) as wire:
        assert not _IN.match(_login(wire))
    with Wire(real_server) as wire:
        wire.hello()
        wire.start_tls()
        if real_server.protocol == "sieve":
            wire.answer()
        assert _IN.match(_login(wire))


@_servers(("dovecot-access", "imaps"), ("nginx", "imaps"))
def test_the_account_has_mail(real_server: RealServer) -> None:
    with imaplib.IMAP4_SSL(real_server.host, real_server.port, ssl_context=_context(real_server)) as imap:
        imap.login(USER, PASSWORD)
        assert imap.select("INBOX", readonly=True) == ("OK", [str(MESSAGES).encode()])
        status, envelopes = imap.fetch("1:*", "(ENVELOPE)")
        assert (status, len(envelopes)) == ("OK", MESSAGES)


def test_nginx_asked_where_to(
    start_real: Callable[[str, str], RealServer], real_servers: RealServers
) -> None:
    with Wire(start_real("nginx", "pop3s")) as wire:
        assert wire.say(b"USER someone").startswith(b"+OK")
        assert wire.say(b"PASS wrong").startswith(b"-ERR")
    assert real_servers.auth_site.asked[-1] == ("pop3", "someone")


def test_lax_dovecot_offers_every_mechanism_in_clear(start_real: Callable[[str, str], RealServer]) -> None:
    with Wire(start_real("dovecot-lax", "imap")) as wire:
        offered = set(re.findall(rb"AUTH=(\S+)", wire.say(b"c1 CAPABILITY")))
        assert offered == {name.upper().encode() for name in (*LAX_MECHANISMS, "external")}
        assert wire.say(b"l1 AUTHENTICATE ANONYMOUS eA==").startswith(b"* CAPABILITY")


@_servers(("dovecot-lax", "pop3"), ("courier", "pop3"))
def test_a_user_named_in_clear_is_logged_in_under_tls(real_server: RealServer) -> None:
    with Wire(real_server) as wire:
        wire.say(b"USER " + USER.encode())
        wire.start_tls()
        assert wire.say(b"PASS " + PASSWORD.encode()).startswith(b"+OK")
    with Wire(real_server) as wire:
        wire.start_tls()
        assert wire.say(b"PASS " + PASSWORD.encode()).startswith(b"-ERR")


@_servers(("dovecot-access", "imap"), ("dovecot-access", "pop3"), ("courier", "imap"), ("nginx", "smtp"))
def test_starttls_with_a_parameter_is_taken(real_server: RealServer) -> None:
    command = {"imap": b"s1 STARTTLS", "pop3": b"STLS"}.get(real_server.protocol, b"STARTTLS")
    with Wire(real_server) as wire:
        wire.hello()
        assert wire.say(command + b" x").startswith(GO_AHEAD[real_server.protocol])
        wire.secure()


RELAYING = {
    ("postfix-services", "open-relay"): b"250 ",
    ("postfix-services", "closed"): b"454 ",
    ("postfix-services", "closed-for-good"): b"554 ",
    ("exim-services", "open-relay"): b"250 ",
    ("exim-services", "closed"): b"550 ",
}


@_servers(*RELAYING)
def test_only_the_open_relay_relays(real_server: RealServer) -> None:
    with Wire(real_server) as wire:
        wire.hello()
        assert wire.say(b"MAIL FROM:<a@example.org>").startswith(b"250")
        assert wire.say(b"RCPT TO:<postmaster@real.test>").startswith(b"250")
        answer = wire.say(b"RCPT TO:<b@example.com>")
        assert answer.startswith(RELAYING[real_server.software, real_server.set_up]), answer


@_servers(("postfix-services", "mandatory-tls"), ("postfix-services", "submission"))
def test_mail_in_clear_is_refused_where_tls_is_mandatory(real_server: RealServer) -> None:
    with Wire(real_server) as wire:
        wire.hello()
        assert wire.say(b"MAIL FROM:<>").startswith(b"530 ")


@_servers(*_STARTTLS)
def test_what_is_said_behind_starttls_is_executed_by_the_vulnerable_alone(real_server: RealServer) -> None:
    said = executed_under_tls(real_server)
    assert bool(said) == ((real_server.software, real_server.set_up) in VULNERABLE), said


BARE = {"lf-dot-lf", "lf-dot-crlf", "crlf-dot-lf"}
SMUGGLED: dict[tuple[str, str], set[str]] = {
    ("postfix-services", "closed"): BARE,
    ("postfix-services", "bare-newline-normalized"): set(),
    ("postfix-services", "bare-newline-refused"): set(),
    ("exim-services", "closed"): set(),
    ("nginx", "smtp"): BARE,  # which hands on to Postfix
}
"""By server, the doubtful ends of data that end a message. Postfix before 3.9 takes a bare LF for a line's
end unless `smtpd_forbid_bare_newline` is set (CVE-2023-51764); Debian's Exim is mended (CVE-2023-51766)."""


@_servers(*SMUGGLED)
def test_doubtful_ends_of_data(real_server: RealServer) -> None:
    found = {
        name: ends_message(real_server, ending, "postmaster@real.test") for name, ending in ENDINGS.items()
    }
    at = real_server.software, real_server.set_up
    assert {name for name, ends in found.items() if ends} == SMUGGLED[at], found
