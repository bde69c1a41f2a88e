"""The DNS client against Knot DNS and Unbound on loopback."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.net.real_dns import Servers, real_servers
from waxseal.facts import DnsAnswer, Dnssec, DnsStatus
from waxseal.net.dns import DnsClient
from waxseal.wire.dns_rdata import (
    mx_records,
)


@pytest.fixture(scope="module")
def real() -> Any:
    with real_servers() as servers:
        yield servers


def ask(server: str, name: str, rdtype: str, *, validates: bool = False) -> DnsAnswer:
    return asyncio.run(DnsClient([server], timeout_s=5, validates=validates).query(name, rdtype))


@pytest.mark.real
def test_real_servers(real: Servers) -> None:
    """Knot DNS as the authority, Unbound as the validating resolver in front of it."""
    answer = ask(real.resolver, "example.test", "MX")
    assert mx_records(answer)[0].exchange == "mx1.example.test"
    assert answer.authenticated
    assert not ask(real.authority, "example.test", "MX").authenticated
    assert ask(real.resolver, "mx1.example.test", "AAAA").rdata == ("2001:db8::1",)
    assert ask(real.resolver, "nothing.example.test", "MX").status is DnsStatus.NXDOMAIN
    assert ask(real.resolver, "mx1.example.test", "MX").status is DnsStatus.NO_DATA
    assert ask(real.authority, "example.net", "MX").status is DnsStatus.REFUSED


@pytest.mark.real
def test_real_aliases(real: Servers) -> None:
    answer = ask(real.resolver, "alias.example.test", "A")
    assert (answer.aliases, answer.rdata) == (("alias2.example.test", "mx1.example.test"), ("192.0.2.1",))
    assert answer.authenticated
    synthesised = ask(real.resolver, "mx1.old.example.test", "A")
    assert (synthesised.aliases, synthesised.rdata) == (("mx1.example.test",), ("192.0.2.1",))
    assert ask(real.authority, "loop.example.test", "A").status is DnsStatus.CNAME_LOOP
    outside = ask(real.authority, "outside.example.test", "A")
    assert (outside.status, outside.aliases) == (DnsStatus.REFUSED, ("www.example.net",))
    assert ask(real.resolver, "gone.example.test", "A").status is DnsStatus.NXDOMAIN


@pytest.mark.real
def test_real_truncation_and_bogus_signatures(real: Servers) -> None:
    big = ask(real.resolver, "big.example.test", "TXT")
    assert (big.status, big.over_tcp, len(big.rdata)) == (DnsStatus.ANSWERED, True, 60)
    bogus = ask(real.resolver, "bogus.test", "A")
    assert bogus.status is DnsStatus.SERVFAIL
    assert bogus.extended_errors
    assert ask(real.authority, "bogus.test", "A").status is DnsStatus.ANSWERED


@pytest.mark.real
def test_what_a_real_validator_says(real: Servers) -> None:
    secure = ask(real.resolver, "alias.example.test", "A", validates=True)
    assert (secure.status, secure.dnssec) == (DnsStatus.ANSWERED, Dnssec.SECURE)
    assert secure.signed_until is not None
    assert timedelta(0) < secure.signed_until - datetime.now(UTC) < timedelta(days=60)
    for name, rdtype in (("nothing.example.test", "MX"), ("mx1.example.test", "TLSA")):
        denial = ask(real.resolver, name, rdtype, validates=True)
        assert denial.status in (DnsStatus.NXDOMAIN, DnsStatus.NO_DATA)
        assert denial.dnssec is Dnssec.SECURE
        assert denial.signed_until is not None
    for name, rdtype in (("bogus.test", "MX"), ("mx1.bogus.test", "TLSA"), ("nothing.bogus.test", "A")):
        bogus = ask(real.resolver, name, rdtype, validates=True)
        assert (bogus.status, bogus.dnssec) == (DnsStatus.SERVFAIL, Dnssec.BOGUS)
        assert bogus.why_bogus.startswith(("6 DNSSEC Bogus", "9 DNSKEY Missing"))
    # A server that validates nothing sets no AD, whatever is signed.
    assert ask(real.authority, "example.test", "MX", validates=True).dnssec is Dnssec.INSECURE


@pytest.mark.real
def test_real_server_over_ipv6(real: Servers) -> None:
    if real.resolver_ipv6 is None:
        pytest.skip("this machine has no ::1")
    assert ask(real.resolver_ipv6, "big.example.test", "TXT").over_tcp
