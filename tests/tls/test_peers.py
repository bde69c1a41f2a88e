"""The benchmark against other tools: its proxy, its measuring, the readers of the peers' reports."""

import json
import socket
import sys
import threading
from pathlib import Path

from benchmarks.tls import readers
from benchmarks.tls.delay_proxy import DelayedServer
from benchmarks.tls.measure import measured
from benchmarks.tls.seen import Seen, differences, group, scheme, suite


def _echo(listener: socket.socket) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        with sock:
            while data := sock.recv(4096):
                sock.sendall(data)


def test_the_proxy_hands_everything_on_in_order_and_counts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_echo, args=(listener,), daemon=True).start()
        with DelayedServer("127.0.0.1", listener.getsockname()[1], 0.02) as server:
            for _ in range(3):
                with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
                    for piece in (b"one ", b"two ", b"three"):
                        sock.sendall(piece)
                    sock.shutdown(socket.SHUT_WR)
                    with sock.makefile("rb") as stream:
                        assert stream.read() == b"one two three"
            counts = server.take()
            assert (counts.connections, counts.octets_out, counts.octets_in) == (3, 39, 39)
            assert counts.most_open == 1
            assert server.take().connections == 0


def test_the_measure_holds_what_grandchildren_took(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    cost = measured([sys.executable, "-c", nested], 60, tmp_path / "cost")
    assert cost.exit_code == 0
    assert cost.cpu_s >= 0.3
    assert not cost.gave_up
    assert cost.peak_octets > 1_000_000


def test_the_measure_ends_what_takes_too_long(tmp_path: Path) -> None:
    cost = measured(["sleep", "60"], 0.3, tmp_path / "cost")
    assert cost.gave_up
    assert cost.exit_code == -9


def test_names_of_one_element_are_one() -> None:
    assert suite("0xC02F") == suite("xc02f") == suite(0xC02F) == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert suite("TLS_AKE_WITH_AES_128_GCM_SHA256") == suite(0x1301)
    assert group("prime256v1") == group("SECP256R1") == group("0x0017") == group(23) == "secp256r1"
    assert scheme("ECDSA_SHA256") == scheme("0x0403") == scheme(0x0403)
    assert scheme("RSA_PSS_RSAE_SHA512") == scheme(0x0806)


def test_differences_are_among_those_who_asked() -> None:
    one, two, three = Seen(), Seen(), Seen()
    one.add("suites TLSv1.2", ["A", "B"])
    two.add("suites TLSv1.2", ["A"])
    one.tell("heartbleed", False)
    two.tell("heartbleed", True)
    three.tell("compression", False)
    found = differences({"one": one, "two": two, "three": three})
    assert [(d.question, d.element, dict(d.said)) for d in found] == [
        ("suites TLSv1.2", "B", {"seen": ("one",), "not seen": ("two",)}),
        ("heartbleed", "", {"no": ("one",), "yes": ("two",)}),
    ]


def test_sslscan_is_read(tmp_path: Path) -> None:
    (tmp_path / "sslscan.xml").write_text("""<document><ssltest host="h" port="25">
      <protocol type="ssl" version="2" enabled="0" /><protocol type="tls" version="1.0" enabled="1" />
      <protocol type="tls" version="1.2" enabled="1" /><heartbleed sslversion="TLSv1.2" vulnerable="1" />
      <cipher status="accepted" sslversion="TLSv1.0" cipher="x" id="0x0039" dhebits="1024" />
      <group sslversion="TLSv1.2" name="x25519" id="0x001d" /></ssltest></document>""")
    seen = readers.sslscan(tmp_path)
    assert seen.sets["suites TLSv1"] == ("TLS_DHE_RSA_WITH_AES_256_CBC_SHA",)
    assert seen.sets["suites TLSv1.2"] == ()
    assert seen.sets["groups TLSv1.2"] == ("x25519",)
    assert seen.sets["DH bits"] == ("1024",)
    assert "schemes TLSv1.2" not in seen.sets
    assert seen.answers["heartbleed"] == "yes"


def test_nmap_is_read(tmp_path: Path) -> None:
    (tmp_path / "nmap.xml").write_text("""<nmaprun><script id="ssl-enum-ciphers"><table key="TLSv1.3">
      <table key="ciphers"><table><elem key="kex_info">ecdh_x25519</elem>
      <elem key="name">TLS_AKE_WITH_AES_128_GCM_SHA256</elem></table></table>
      <elem key="cipher preference">server</elem></table></script></nmaprun>""")
    seen = readers.nmap(tmp_path)
    assert seen.sets["suites TLSv1.3"] == ("TLS_AES_128_GCM_SHA256",)
    assert seen.sets["suites SSLv3"] == ()
    assert seen.answers["order TLSv1.3"] == "server"
    assert seen.answers["version TLSv1.2"] == "no"


def test_testssl_is_read_and_an_aborted_run_is_not_an_empty_server(tmp_path: Path) -> None:
    entries = [
        {"id": "cipher-tls1_2_xc030", "finding": "TLS 1.2  xc030  ECDHE-RSA-AES256-GCM-SHA384  ECDH 253"},
        {"id": "PFS_ECDHE_curves", "finding": "prime256v1 X25519"},
        {"id": "TLS1", "finding": "not offered"},
        {"id": "fallback_SCSV", "finding": "no protocol below TLS 1.2 offered"},
    ]
    path = tmp_path / "testssl.json"
    path.write_text(json.dumps(entries))
    seen = readers.testssl(tmp_path)
    assert "suites TLSv1.1" not in seen.sets
    path.write_text(json.dumps([*entries, {"id": "scanTime", "finding": "9"}]))
    seen = readers.testssl(tmp_path)
    assert seen.sets["suites TLSv1.2"] == ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",)
    assert seen.sets["suites TLSv1.1"] == ()
    assert seen.sets["groups any version"] == ("secp256r1", "x25519")
    assert seen.answers == {"version TLSv1": "no"}
