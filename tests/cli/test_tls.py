"""``waxseal tls`` against the standard library's TLS: what it offers, shows, writes, and how it fails."""

import asyncio
import base64
import contextlib
import hashlib
import io
import json
import os
import pty
import re
import select
import ssl
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Command, environment, program
from tests.cli.tls_server import (
    CA,
    CLEAR,
    HOST,
    ORDER,
    Served,
    asking_context,
    serving,
    write_client,
    write_root,
)
from tests.net.loopback import free_port
from waxseal.cli import tls_console
from waxseal.lab.orders import Key, LeafOrder, TlsOrder
from waxseal.lab.tls import server_context


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(write_root(tmp_path))


def arguments(served: Served, protocol: str = "smtp", *more: str) -> list[str]:
    return [
        "tls",
        HOST,
        "--connect",
        served.place,
        "--starttls",
        protocol,
        "--ehlo",
        "probe.example.test",
        *more,
    ]


def seen(waxseal: Command, *given: str, code: int = 0) -> dict[str, Any]:
    ran = waxseal(*given, "--json")
    assert ran.code == code, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    return document


def limited(lowest: str, highest: str = "TLSv1.3", **more: Any) -> ssl.SSLContext:
    return server_context(TlsOrder(leaves=ORDER.leaves, lowest=lowest, highest=highest, **more), CA)


@pytest.mark.parametrize("protocol", CLEAR)
def test_handshake_in_every_protocol(waxseal: Command, root: str, protocol: str) -> None:
    with serving(protocol) as served:
        document = seen(waxseal, *arguments(served, protocol, "--roots", root, "--verify"))
    said = [octets.decode() for octets in CLEAR[protocol]]
    heard = "".join(f"{line['text']}\r\n" for line in document["dialogue"] if line["sender"] == "S")
    assert heard == "".join(said)
    commands = [f"{line['text']}\r\n".encode() for line in document["dialogue"] if line["sender"] == "C"]
    assert commands == served.clear
    assert document["schema"] == "waxseal.tls/1"
    assert document["handshake"]["version"] == "TLSv1.3"
    assert document["handshake"]["proof"]["proved"] is True
    assert document["chain"]["trusted"] is True
    assert document["chain"]["name_matches"] is True
    assert document["connection"]["server_name"] == HOST
    assert document["connection"]["round_trips"] == 1
    if protocol != "none":
        assert served.lines[-1].strip() in {b"QUIT", b"LOGOUT", b"z1 LOGOUT"}
    assert document["handshake"]["tickets"]


def test_certificates_are_those_of_the_server(waxseal: Command, root: str) -> None:
    with serving() as served:
        document = seen(waxseal, *arguments(served, "smtp", "--roots", root))
        printed = waxseal(*arguments(served, "smtp", "--pem"))
    sent = CA.leaf(ORDER.leaves[0]).sent
    leaf = document["certificates"][0]
    assert [c["sha256"] for c in document["certificates"]] == [
        hashlib.sha256(der).hexdigest() for der in sent
    ]
    assert leaf["names"] == [HOST, "localhost"]
    assert leaf["tlsa"] == f"3 1 1 {leaf['spki_sha256']}"
    blocks = re.findall("-----BEGIN CERTIFICATE-----\n(.*?)-----END", printed.out, re.DOTALL)
    assert tuple(base64.b64decode(block) for block in blocks) == sent
    assert printed.out.startswith("-----BEGIN")
    assert printed.out.endswith("-----END CERTIFICATE-----\n")


def test_versions_suites_groups_and_schemes_are_as_asked(waxseal: Command) -> None:
    suite = "ECDHE-ECDSA-AES128-GCM-SHA256"
    with serving("none", limited("TLSv1.2")) as served:
        below = seen(waxseal, *arguments(served, "none", "--suites", suite, "--groups", "P-256"))["handshake"]
        above = ["--versions", "1.3", "--suites", "0x1303", "--groups", "P-384"]
        shown = seen(waxseal, *arguments(served, "none", *above))["handshake"]
        refused = seen(waxseal, *arguments(served, "none", "--schemes", "rsa_pss_rsae_sha256"), code=3)
    assert (below["version"], below["openssl_suite"]) == ("TLSv1.2", suite)
    assert below["suite"]["name"] == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert below["group"]["name"] == "secp256r1"
    assert below["extended_main_secret"] is True
    assert (shown["version"], shown["suite"]["number"]) == ("TLSv1.3", 0x1303)
    assert shown["group"]["name"] == "secp384r1"
    assert shown["extended_main_secret"] is None
    assert refused["ended"]["alert"] == 40
    assert "alert 40" in refused["sentence"]
    assert "--schemes" in refused["hint"]


def test_protocol_of_alpn(waxseal: Command) -> None:
    context = limited("TLSv1.2")
    context.set_alpn_protocols(["imap", "smtp"])
    with serving("none", context) as served:
        assert seen(waxseal, *arguments(served, "none", "--alpn", "smtp"))["handshake"]["protocol"] == "smtp"
        assert seen(waxseal, *arguments(served, "none"))["handshake"]["protocol"] is None


def test_old_versions_are_spoken(waxseal: Command) -> None:
    from waxseal.lab.tls import speaks_old_versions

    if not speaks_old_versions():
        pytest.skip("this machine's OpenSSL does not speak them")
    with serving("smtp", limited("TLSv1", "TLSv1")) as served:
        document = seen(waxseal, *arguments(served, "smtp", "--versions", "1.0-1.2"))
        assert seen(waxseal, *arguments(served), code=3)["ended"]["alert"] == 70
    assert document["handshake"]["version"] == "TLSv1"
    assert document["handshake"]["proof"]["proved"] is True


def test_server_name(waxseal: Command) -> None:
    context = server_context(
        TlsOrder(leaves=ORDER.leaves, without_name=(LeafOrder(names=("other.test",), key=Key.RSA_2048),)), CA
    )
    with serving("smtp", context) as served:
        named = seen(waxseal, *arguments(served))
        unnamed = seen(waxseal, *arguments(served, "smtp", "--no-sni"))
        other = seen(waxseal, *arguments(served, "smtp", "--sni", "b\u00fccher.test"))
        by_address = seen(waxseal, "tls", served.place, "--starttls", "smtp")
    assert named["certificates"][0]["names"] == [HOST, "localhost"]
    assert unnamed["certificates"][0]["names"] == ["other.test"]
    assert unnamed["chain"]["name_matches"] is False
    assert other["connection"]["server_name"] == "xn--bcher-kva.test"
    assert by_address["connection"]["server_name"] == ""


def test_verify_changes_the_exit_code_only_where_asked(waxseal: Command, root: str) -> None:
    with serving() as served:
        assert waxseal(*arguments(served)).code == 0
        assert waxseal(*arguments(served, "smtp", "--verify")).code == 1
        assert waxseal(*arguments(served, "smtp", "--verify", "--roots", root)).code == 0
        other = waxseal(*arguments(served, "smtp", "--verify", "--roots", root, "--name", "other.test"))
    assert other.code == 1
    assert "NOT VERIFIED" in other.out
    assert "The name other.test is not among those of the certificate." in other.out


def test_client_certificate(waxseal: Command, tmp_path: Path) -> None:
    certificate, key, der = write_client(tmp_path)
    for version in ("TLSv1.2", "TLSv1.3"):
        context = asking_context(certificate)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
        with serving("smtp", context) as served:
            bare = seen(waxseal, *arguments(served))
            shown = seen(waxseal, *arguments(served, "smtp", "--cert", str(certificate), "--key", str(key)))
        assert served.clients == [None, der]
        assert bare["handshake"]["request"]["answered"] is False
        assert shown["handshake"]["request"]["answered"] is True
        assert "ecdsa_secp256r1_sha256" in shown["handshake"]["request"]["schemes"]


@pytest.mark.parametrize("password", ["open sesame", "wrong"])
def test_key_with_a_password_asks_on_the_terminal(tmp_path: Path, password: str) -> None:
    certificate, key, der = write_client(tmp_path, b"open sesame")
    with serving("smtp", asking_context(certificate)) as served:
        given = arguments(served, "smtp", "--cert", str(certificate), "--key", str(key))
        shown, code = on_a_terminal(given, [(b"Password of", f"{password}\n".encode())])
    right = password == "open sesame"
    assert served.clients == ([der] if right else [])
    assert code == (0 if right else 2)
    assert password.encode() not in shown
    assert (b"cannot be opened with that password" in shown) is not right


def test_key_with_a_password_without_a_terminal_takes_no_line_of_the_input(tmp_path: Path) -> None:
    certificate, key, _ = write_client(tmp_path, b"open sesame")
    given = ["tls", "127.0.0.1:1", "--cert", str(certificate), "--key", str(key), "-i"]
    ran = subprocess.run(
        [sys.executable, "-m", "waxseal", *given],
        input=b"open sesame\n",
        capture_output=True,
        timeout=30,
        check=False,
        env=environment(),
        start_new_session=True,
    )
    assert ran.returncode == 2
    assert b"no terminal is there" in ran.stderr
    assert b"GetPassWarning" not in ran.stderr


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_session_is_resumed(waxseal: Command, version: str) -> None:
    with serving() as served:
        second = seen(waxseal, *arguments(served, "smtp", "--resume", "--versions", version))["resumption"]
    assert served.resumed == [False, True]
    assert (second["tried"], second["taken"]) == (True, True)
    assert second["version"] == f"TLSv{version}"


def test_session_that_is_not_taken(waxseal: Command) -> None:
    context = limited("TLSv1.2", "TLSv1.2")
    context.options |= ssl.OP_NO_TICKET
    with serving("smtp", context) as served:
        second = seen(waxseal, *arguments(served, "smtp", "--resume"))["resumption"]
    assert second["tried"] is True
    assert second["taken"] is served.resumed[1]


def test_early_data_is_not_sent_where_none_is_taken(waxseal: Command, tmp_path: Path) -> None:
    file = tmp_path / "early"
    file.write_bytes(b"EHLO early.example.test\r\n")
    with serving() as served:
        second = seen(waxseal, *arguments(served, "smtp", "--early-data", str(file)))["resumption"]
        printed = waxseal(*arguments(served, "smtp", "--early-data", str(file)))
    assert (second["taken"], second["early_data_octets"]) == (True, 0)
    assert second["early_data_kept_octets"] == 25
    assert "25 octets not sent: the server's ticket takes none" in printed.out
    assert b"EHLO early.example.test\r\n" not in served.lines


@pytest.mark.parametrize("by", ["option", "environment"])
def test_key_log_is_for_its_owner_only(
    waxseal: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    file = tmp_path / "keys"
    more = ["--key-log", str(file)] if by == "option" else []
    if by == "environment":
        monkeypatch.setenv("SSLKEYLOGFILE", str(file))
    with serving() as served:
        assert waxseal(*arguments(served, "smtp", "--versions", "1.2", *more)).code == 0
        assert waxseal(*arguments(served, "smtp", *more)).code == 0
    labels = [line.split()[0] for line in file.read_text().splitlines()]
    assert labels[0] == "CLIENT_RANDOM"
    assert "SERVER_TRAFFIC_SECRET_0" in labels
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


FAILURES = [
    ((b"220 mx\r\n", b"250 mx\r\n", b"221 bye\r\n"), "the server does not offer STARTTLS", "declined"),
    ((b"554 no\r\n", b""), "the server declined in its greeting: 554 no", "declined"),
    ((b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"454 later\r\n"), "454 later", "declined"),
    ((b"SSH-2.0-x\r\n",), "the server did not go on: no reply: SSH-2.0-x", "declined"),
    (
        (b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go\r\n220 more\r\n"),
        "TLS was due, but octets came in clear",
        "declined",
    ),
]


@pytest.mark.parametrize(("clear", "sentence", "cause"), FAILURES)
def test_failure_in_one_sentence(
    waxseal: Command, clear: tuple[bytes, ...], sentence: str, cause: str
) -> None:
    with serving("smtp", clear=clear) as served:
        document = seen(waxseal, *arguments(served), code=3)
        printed = waxseal(*arguments(served))
    assert sentence in document["sentence"]
    assert document["ended"]["cause"] == cause
    assert document["handshake"] is None
    assert printed.code == 3
    assert "NO HANDSHAKE" in printed.out


def test_tls_where_clear_text_is_spoken(waxseal: Command) -> None:
    with serving("smtp") as served:
        document = seen(waxseal, *arguments(served, "none"), code=3)
    assert document["ended"]["cause"] in {"not-tls", "declined"}
    assert "--starttls" in document["hint"]


def test_nothing_listens(waxseal: Command) -> None:
    document = seen(waxseal, "tls", f"127.0.0.1:{free_port()}", code=3)
    assert document["ended"]["cause"] == "refused"
    assert document["hint"]


def test_a_proxy_is_used_and_its_password_is_not_shown(waxseal: Command) -> None:
    ran = waxseal("tls", HOST, "--proxy", f"socks5://user:sesame@127.0.0.1:{free_port()}")
    assert ran.code == 3
    assert "the proxy socks5://127.0.0.1:" in ran.out
    assert "sesame" not in ran.out + ran.err


@pytest.mark.parametrize(
    "given",
    [
        ("--versions", "1.4"),
        ("--versions", "1.3-1.2"),
        ("--suites", "FOO"),
        ("--suites", ","),
        ("--groups", "curve1"),
        ("--schemes", "md4"),
        ("--key", "k.pem"),
        ("--sni", "a.test", "--no-sni"),
        ("--sni", "192.0.2.1"),
        ("--cert", "/nowhere.pem"),
        ("--early-data", "/nowhere"),
        ("--proxy", "ftp://a"),
        ("-4", "-6"),
        ("-i", "--json"),
        ("--key-log", "/nowhere/keys"),
        ("--connect", "a b"),
        ("--alpn", "a" * 256),
        ("--alpn", ",".join(f"protocol-{number}" for number in range(1000))),
        ("--time-limit", "nan"),
        ("-i", "--quiet-for", "nan"),
        ("--proxy", "socks5://proxy.example.test:0"),
    ],
)
def test_usage_is_told_with_a_hint(waxseal: Command, given: tuple[str, ...]) -> None:
    ran = waxseal("tls", "127.0.0.1:1", *given)
    assert ran.code == 2
    assert ran.err.startswith("waxseal: ")
    assert "hint: " in ran.err
    assert ran.out == ""


def test_key_of_another_certificate(waxseal: Command, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    certificate, _, _ = write_client(tmp_path)
    _, key, _ = write_client(tmp_path / "a")
    ran = waxseal("tls", "127.0.0.1:1", "--cert", str(certificate), "--key", str(key))
    assert ran.code == 2
    assert "is not that of" in ran.err


SCRIPT = [f"LINE {number}" for number in range(40)]


def test_piped_script_loses_no_line_and_no_letter_is_a_command() -> None:
    lines = ["Q", "R", "K", "q", "", *SCRIPT, "\u00fc\x00raw", "QUIT"]
    with serving() as served:
        ran = program(*arguments(served, "smtp", "-i"), standard_input="\n".join(lines).encode())
    assert ran.returncode == 0
    assert served.lines == [line.encode() + b"\r\n" for line in lines]
    assert ran.stdout == b"".join(b"250 \x1b[31m" + line.encode() + b"\r\n" for line in lines)
    assert b"TLS 1.3 with mx.example.test" in ran.stderr


def test_answers_are_waited_for_after_the_end_of_the_script() -> None:
    with serving("none", greeting=b"220 hello\r\n") as served:
        ran = program(
            *arguments(served, "none", "-i", "--quiet-for", "0.5"), standard_input=b"SILENCE\nNOOP\n"
        )
    assert served.lines == [b"SILENCE\r\n", b"NOOP\r\n"]
    assert ran.stdout == b"220 hello\r\n250 \x1b[31mNOOP\r\n"


def test_console_on_a_terminal_marks_and_escapes_what_comes() -> None:
    with serving() as served:
        given = arguments(served, "smtp", "-i")
        shown, code = on_a_terminal(given, [(b"Verification", b"Q\nNOOP\n"), (b"mNOOP", b"\x04")])
    assert code == 0
    assert served.lines == [b"Q\r\n", b"NOOP\r\n"]
    assert b"< 250 \\x1b[31mQ\r\n" in shown
    assert b"\x1b[31mQ" not in shown


def test_server_that_hangs_up_ends_the_run_while_the_input_is_open() -> None:
    with serving() as served:
        running = subprocess.Popen(
            [sys.executable, "-m", "waxseal", *arguments(served, "smtp", "-i")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        with running.stdin, running.stdout, running.stderr:
            running.stdin.write(b"QUIT\n")
            running.stdin.flush()
            code = running.wait(30)
            said = running.stderr.read()
    assert code == 0
    assert b"Fatal" not in said


def test_server_that_never_stops_talking_does_not_hold_the_script_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tls_console, "SETTLE_LIMIT_S", 0.2)
    monkeypatch.setattr(tls_console, "LINGER_LIMIT_S", 0.3)
    stream, out = Chatterer(), io.BytesIO()
    console = tls_console.Console(
        stream, io.BytesIO(b"one\ntwo\nthree"), tls_console.Screen(out, marked=True), quiet_s=5, greeted=True
    )
    began = time.monotonic()
    asyncio.run(asyncio.wait_for(console.run(), 20))
    assert time.monotonic() - began < 10
    assert stream.written == [b"one\r\n", b"two\r\n", b"three\r\n"]
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) < 2 * tls_console.MAX_SHOWN_OCTETS


class Chatterer:
    """A stream that says something all the time, and never ends a line."""

    octets_in = octets_out = 0
    local_address = "127.0.0.1"

    def __init__(self) -> None:
        self.written: list[bytes] = []

    async def read(self, limit_octets: int = 65536) -> bytes:
        await asyncio.sleep(0.005)
        return b"x" * 1000

    async def write(self, data: bytes) -> None:
        self.written.append(data)

    async def close_writing(self) -> None:
        return

    async def close(self) -> None:
        return

    def abort(self) -> None:
        return


def on_a_terminal(given: list[str], script: list[tuple[bytes, bytes]]) -> tuple[bytes, int]:
    """Run on a pseudo-terminal: wait for each text, then type; give what was shown, and the exit code."""
    master, slave = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "waxseal", *given],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        close_fds=True,
        start_new_session=True,
        env=environment(COLUMNS="80"),
    )
    os.close(slave)
    shown = b""
    until = time.monotonic() + 30
    waiting = list(script)
    with contextlib.suppress(OSError):  # the other end of the terminal is gone
        while time.monotonic() < until:
            if waiting and waiting[0][0] in shown:
                os.write(master, waiting.pop(0)[1])
            if select.select([master], [], [], 0.1)[0]:
                data = os.read(master, 65536)
                if not data:
                    break
                shown += data
            elif running.poll() is not None:
                break
    code = running.wait(10)
    os.close(master)
    return shown, code
