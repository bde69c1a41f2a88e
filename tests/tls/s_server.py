"""`openssl s_server` of this system, for what `ssl` does not reach: odd parameters, early data, staples.

It serves one connection at a time, a second one waits in the listening socket; and it never closes first, not
even after QUIT. Run as a program it drives the
command: it answers within TLS through the command's standard input, and ends it when its own input ends.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from tests.real.packages import UnavailableError

from .dh import dh_file
from .dialogue import Dialogue, Speaker
from .names import LOOPBACK
from .process import Order, Running, ServerProcess
from .python_ssl import ROOT
from .threaded import read_orders

if TYPE_CHECKING:
    from .options import TlsOptions

KINDS: Final = ("openssl-s_server",)
_START_LIMIT_S: Final = 10.0
_VERSIONS: Final = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}


def start(order: Order) -> Running:
    """Starts one; `extra` holds further switches, such as `-legacy_renegotiation`.

    Raises:
        UnavailableError: There is no openssl here.
        StartError: It did not come up.
        ValueError: It cannot do what is asked.
    """
    options = order.options
    options.only(
        "leaves", "suites", "lowest", "highest", "groups", "signatures", "dh", "server_order", "tickets",
        "session_ids", "alpn", "client_certificate", "staple", "early_data_octets", "extra", "renegotiations",
    )  # fmt: skip
    if {options.lowest, options.highest} - _VERSIONS - {None}:
        raise ValueError("this kind of server begins at TLS 1.0")
    openssl = shutil.which("openssl")
    if openssl is None:
        raise UnavailableError("there is no openssl on this machine")
    version = subprocess.run([openssl, "version"], capture_output=True, text=True, check=True).stdout.split()[
        1
    ]
    orders = {
        "dialogue": order.dialogue.as_data(),
        "command": [openssl, "s_server", *_switches(order)],
        "version": version,
    }
    path = order.folder / "orders.json"
    path.write_text(json.dumps(orders))
    command = [sys.executable, "-m", f"{__package__}.s_server", str(path)]
    process = ServerProcess(command, order.folder / "log", {"PYTHONPATH": str(ROOT)})
    return Running(process, f"openssl s_server {version}", speaks=not order.greets)


def _switches(order: Order) -> list[str]:
    options, identities = order.options, order.identities
    switches = ["-quiet"]
    for prefix, leaf in zip(("", "d"), options.leaves, strict=False):
        files = identities.files(leaf)
        switches += [f"-{prefix}cert", str(files.leaf), f"-{prefix}key", str(files.key)]
        switches += [f"-{prefix}cert_chain", str(files.chain)]
    suites = "ALL:COMPLEMENTOFALL:@SECLEVEL=0" if options.suites is None else options.suites
    switches += ["-cipher", suites] if suites else []
    switches += ["-min_protocol", options.lowest or "TLSv1", "-max_protocol", options.highest or "TLSv1.3"]
    switches += ["-groups", options.groups] if options.groups else []
    switches += ["-sigalgs", options.signatures] if options.signatures else []
    switches += ["-dhparam", str(dh_file(options.dh, identities.folder))] if options.dh else []
    switches += ["-alpn", ",".join(options.alpn)] if options.alpn else []
    switches += ["-status_file", str(identities.staple(options.leaves[0]))] if options.staple else []
    if options.early_data_octets:
        switches += ["-early_data", "-max_early_data", str(options.early_data_octets)]
    switches += _plain_switches(options)
    if options.client_certificate != "none":
        asks = "-verify" if options.client_certificate == "ask" else "-Verify"
        switches += [asks, "5", "-CAfile", str(identities.root_pem), "-verify_quiet"]
    return [*switches, *options.extra]


def _plain_switches(options: TlsOptions) -> list[str]:
    chosen = {
        "-serverpref": options.server_order,
        "-no_ticket": not options.tickets,
        "-no_cache": not options.session_ids,
        "-client_renegotiation": bool(options.renegotiations),
        "-no_renegotiation": options.renegotiations == 0,
    }
    return [switch for switch, wanted in chosen.items() if wanted]


def _main() -> None:
    orders = read_orders()
    with socket.create_server((LOOPBACK, 0)) as probe:
        port = probe.getsockname()[1]
    command = [*orders["command"], "-accept", f"{LOOPBACK}:{port}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    _wait_until_listening(process, port)
    threading.Thread(target=_speak, args=(process, Dialogue(**orders["dialogue"])), daemon=True).start()
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    process.kill()
    process.wait()
    os._exit(0)  # the speaking thread waits for a reader


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Looks at the kernel's table, since a connection would be served."""
    until = time.monotonic() + _START_LIMIT_S
    wanted = f"0100007F:{port:04X} 00000000:0000 0A"
    while process.poll() is None and time.monotonic() < until:
        with open("/proc/net/tcp") as table:
            if wanted in table.read():
                return
        time.sleep(0.02)
    process.kill()
    sys.exit("s_server does not listen")


def _speak(process: subprocess.Popen[bytes], dialogue: Dialogue) -> None:
    """Answers what comes out of the command, which does not say where one connection ends."""
    assert process.stdout is not None
    assert process.stdin is not None
    speaker = Speaker(dialogue, secured=True)
    while octets := os.read(process.stdout.fileno(), 65536):
        said, turn, _ = speaker.feed(octets)
        if turn == "close":
            speaker = Speaker(dialogue, secured=True)
        process.stdin.write(said)
        process.stdin.flush()


if __name__ == "__main__":
    _main()
