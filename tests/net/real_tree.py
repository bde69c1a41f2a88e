"""A private DNS tree from its own signed root down: Knot DNS serves it, two Unbounds resolve it.

One Unbound validates, over DNS and over TLS (RFC 7858); the other has no trust anchor. Zones are signed here,
so that each can be wrong in a way of its own. Names end in ``test.`` (RFC 6761 §6.2). Debian packages: knot,
unbound. Without them the tests are skipped, but fail where CI is set.
"""

import base64
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory

import dns.dnssec
import dns.dnssectypes
import dns.name
import dns.rdata
import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from tests.net.real_dns import _free_port, _program, _start
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import LeafOrder

DAY_S = 86_400
TLS_NAME = "resolver.test"


class State(Enum):
    """What a validator is to find of a zone."""

    SECURE = "secure"
    INSECURE = "insecure"
    """Not signed, and its parent proves that."""
    WRONG_DS = "wrong-ds"
    """The digest at the parent is of another key: whatever the zone says is bogus."""
    EXPIRED = "expired"
    """Every signature ended yesterday."""
    BROKEN_DENIAL = "broken-denial"
    """The signatures of its NSEC records are spoilt: what is there is secure, what is not is bogus."""
    UNPROVED = "unproved"
    """Signed at the parent, but served without a signature, as behind a server that strips them."""


@dataclass(frozen=True)
class Leaf:
    """One zone right below ``test.``, in master file form without its SOA and NS records."""

    name: str
    state: State
    records: str


HOSTS = """
@ 300 A 192.0.2.80
@ 300 MX 10 mx1
mx1 300 A 192.0.2.1
mx1 300 AAAA 2001:db8::1
_25._tcp.mx1 300 TLSA 3 1 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
alias 300 CNAME mx1
"""

LEAVES = (
    Leaf(
        "secure",
        State.SECURE,
        HOSTS + "out 300 CNAME mx1.insecure.test.\nsick 300 CNAME mx1.bogus.test.\nloop 300 CNAME loop2\n"
        "loop2 300 CNAME loop\n" + "".join(f'big 300 TXT "{n:02d} {"x" * 60}"\n' for n in range(60)),
    ),
    Leaf("insecure", State.INSECURE, HOSTS + "in 300 CNAME mx1.secure.test.\n"),
    Leaf("bogus", State.WRONG_DS, HOSTS),
    Leaf("expired", State.EXPIRED, HOSTS),
    Leaf("broken-denial", State.BROKEN_DENIAL, HOSTS),
    Leaf("unproved", State.UNPROVED, HOSTS),
)


@dataclass(frozen=True)
class Tree:
    """The running servers, ``address:port`` each.

    Attributes:
        authority: Serves every zone; asked without recursion.
        validator: The resolver that validates.
        plain: The resolver that does not.
        over_tls: The validator's port for DNS over TLS; its certificate is for `TLS_NAME`.
        anchor: File with the DS record of the root's key.
        ca: Issued the certificate.
        folder: For files of the test's own.
    """

    authority: str
    validator: str
    plain: str
    over_tls: str
    anchor: Path
    ca: CertificateAuthority
    folder: Path


KNOT = """
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-max-payload: 1232
database:
    storage: "{folder}"
log:
  - target: stdout
    any: info
template:
  - id: default
    storage: "{folder}"
    file: "%s.zone"
    semantic-checks: soft
    journal-content: none
zone:
{zones}
"""

UNBOUND = """
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 1
    num-threads: 1
    so-reuseport: no
    do-ip6: no
    interface: 127.0.0.1@{port}
    do-not-query-localhost: no
    ede: yes
    edns-buffer-size: 1232
    max-udp-size: 1232
    local-zone: "test." nodefault
    {more}
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{authority}
remote-control:
    control-enable: no
"""

VALIDATING = """trust-anchor-file: "{anchor}"
    interface: 127.0.0.1@{over_tls}
    tls-port: {over_tls}
    tls-service-key: "{pem}"
    tls-service-pem: "{pem}"
"""


class _Signer:
    """A zone with a key of its own."""

    def __init__(self, name: str, state: State, records: str) -> None:
        self.state = state
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.dnskey: DNSKEY = dns.dnssec.make_dnskey(
            self.key.public_key(), dns.dnssectypes.Algorithm.ECDSAP256SHA256, flags=257
        )
        text = f"@ 300 SOA ns.test. root.test. 1 3600 600 86400 60\n@ 300 NS ns.test.\n{records}"
        self.zone = dns.zone.from_text(text, name, relativize=False)

    def delegation(self) -> str:
        """DS records for the parent; "" for a zone that is not signed."""
        if self.state is State.INSECURE:
            return ""
        key = self.dnskey
        if self.state is State.WRONG_DS:
            other = ec.generate_private_key(ec.SECP256R1()).public_key()
            key = dns.dnssec.make_dnskey(other, key.algorithm, flags=257)
        assert self.zone.origin is not None
        return f"{self.zone.origin} 300 DS {dns.dnssec.make_ds(self.zone.origin, key, 'SHA256')}\n"

    def signed(self) -> str:
        """The zone as it is served, in master file form."""
        if self.state not in (State.INSECURE, State.UNPROVED):
            now = time.time()
            with self.zone.writer() as txn:
                dns.dnssec.sign_zone(
                    self.zone,
                    txn,
                    [(self.key, self.dnskey)],
                    inception=now - 30 * DAY_S,
                    expiration=now + (-DAY_S if self.state is State.EXPIRED else 30 * DAY_S),
                )
        text = self.zone.to_text(relativize=False)
        return "\n".join(map(self._spoilt, text.splitlines())) + "\n"

    def _spoilt(self, line: str) -> str:
        words = line.split()
        if self.state is not State.BROKEN_DENIAL or words[3:5] != ["RRSIG", "NSEC"]:
            return line
        octets = bytearray(base64.b64decode("".join(words[12:])))
        octets[-1] ^= 1
        return " ".join((*words[:12], base64.b64encode(octets).decode()))


@contextmanager
def real_tree(leaves: Sequence[Leaf] = LEAVES) -> Iterator[Tree]:
    """The three servers, running; skips where a program is not installed."""
    knotd, unbound = _program("knotd"), _program("unbound")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="waxseal-tree-")))
        anchor = _write_zones(folder, leaves)
        ca = CertificateAuthority()
        pem = folder / "tls.pem"
        pem.write_bytes(ca.leaf(LeafOrder((TLS_NAME,))).pem())
        names = (".", "test.", "example.test.", *(f"{leaf.name}.test." for leaf in leaves))
        config = folder / "knot.conf"

        def knot_on(port: int) -> list[str]:
            zones = "".join(f'  - domain: "{name}"\n    file: "{_file(name)}"\n' for name in names)
            config.write_text(KNOT.format(folder=folder, port=port, zones=zones))
            return [knotd, "-c", str(config)]

        authority = _start(stack, knot_on, folder / "knot.log")
        over_tls = 0

        def unbound_on(port: int, name: str, more: str) -> list[str]:
            text = UNBOUND.format(folder=folder, port=port, authority=authority, more=more)
            (folder / f"{name}.conf").write_text(text)
            return [unbound, "-d", "-c", str(folder / f"{name}.conf")]

        def validator_on(port: int) -> list[str]:
            nonlocal over_tls
            over_tls = _free_port()
            more = VALIDATING.format(anchor=anchor, over_tls=over_tls, pem=pem)
            return unbound_on(port, "validator", more)

        validator = _start(stack, validator_on, folder / "validator.log")
        plain = _start(stack, lambda port: unbound_on(port, "plain", ""), folder / "plain.log")
        one, two, three, four = (f"127.0.0.1:{port}" for port in (authority, validator, plain, over_tls))
        yield Tree(one, two, three, four, anchor, ca, folder)


def _write_zones(folder: Path, leaves: Sequence[Leaf]) -> Path:
    """Write every zone file, and the trust anchor: its path."""
    # Both daemons are asked for example.test until they answer (``real_dns``).
    below = [
        _Signer(f"{leaf.name}.test.", leaf.state, leaf.records)
        for leaf in (*leaves, Leaf("example", State.SECURE, HOSTS))
    ]
    cuts = "".join(f"{signer.zone.origin} 300 NS ns.test.\n{signer.delegation()}" for signer in below)
    test = _Signer("test.", State.SECURE, f"ns 300 A 127.0.0.1\n{cuts}")
    root = _Signer(".", State.SECURE, f"test. 300 NS ns.test.\nns.test. 300 A 127.0.0.1\n{test.delegation()}")
    for signer in (root, test, *below):
        (folder / _file(str(signer.zone.origin))).write_text(signer.signed())
    anchor = folder / "root.ds"
    anchor.write_text(root.delegation())
    return anchor


def _file(zone: str) -> str:
    return f"{zone.rstrip('.') or 'root'}.zone"
