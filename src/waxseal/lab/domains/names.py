"""Lab domains with one fault in DNS: MX records, addresses, reverse names."""

from dataclasses import replace

from waxseal.grading.seal import State
from waxseal.lab.behaviour import Behaviour
from waxseal.lab.domains.table import (
    AddressPlan,
    Expected,
    LabDomain,
    LabServer,
    broken,
    expect,
    mail_domain,
    minor,
    mx,
    reports_elsewhere,
    sound_host,
    undeliverable,
    unknown,
    warns,
)
from waxseal.lab.orders import LeafOrder, TlsOrder
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName, host_records, reverse_name


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(2)
    return (
        *_look_ups(),
        *_odd_exchanges(plan),
        *_exchanges_beside_a_sound_one(plan),
        *_exchange_names(plan),
        *_addresses(plan),
        *_reverse_names(plan),
        *_issuance(plan),
    )


def _look_ups() -> tuple[LabDomain, ...]:
    missing = undeliverable("dns/domain-missing")
    nowhere = undeliverable("dns/no-mail-destination")
    return (
        LabDomain(name="nxdomain.test", title="does not exist", expected=missing, spf="", dmarc=""),
        LabDomain(
            name="no-mail.test",
            title="has neither an MX record nor an address",
            expected=nowhere,
            spf="v=spf1 -all",
            **reports_elsewhere("no-mail.test"),
        ),
        LabDomain(
            name="servfail.test",
            title="its MX look-up ends with SERVFAIL",
            expected=unknown("dns/mx-lookup-failed"),
            in_company=undeliverable("dns/mx-lookup-failed"),
            faults=(FaultyName("servfail.test", DnsFault.SERVFAIL, "MX"),),
        ),
        LabDomain(
            name="dns-refused.test",
            title="its MX look-up is refused",
            expected=unknown("dns/mx-lookup-failed"),
            faults=(FaultyName("dns-refused.test", DnsFault.REFUSED, "MX"),),
        ),
        LabDomain(
            name="dns-silent.test",
            title="its MX look-up is never answered",
            expected=unknown("dns/mx-lookup-failed"),
            faults=(FaultyName("dns-silent.test", DnsFault.SILENCE, "MX"),),
            slow=True,
        ),
    )


def _odd_exchanges(plan: AddressPlan) -> tuple[LabDomain, ...]:
    implicit, alias = "implicit-mx.test", "mx-alias.test"
    implicit_records, implicit_server = sound_host(implicit, plan)
    addresses = plan.pair()
    names = (f"alias.{alias}", f"mx.{alias}")
    behaviour = Behaviour(host=f"mx.{alias}", tls=TlsOrder(leaves=(LeafOrder(names=names),)))
    return (
        LabDomain(
            name=implicit,
            title="no MX record: mail goes to the address of the domain",
            expected=minor("dns/mx-implicit"),
            records=implicit_records,
            servers=(implicit_server,),
        ),
        LabDomain(
            name=alias,
            title="the MX record names an alias",
            expected=broken("dns/mx-is-alias"),
            records=(
                *mx(alias, names[0]),
                DnsRecord(names[0], "CNAME", f"{names[1]}."),
                *host_records(names[1], *addresses),
            ),
            servers=(LabServer(addresses=addresses, behaviour=behaviour),),
        ),
    )


def _exchanges_beside_a_sound_one(plan: AddressPlan) -> tuple[LabDomain, ...]:
    fault = DnsFault.SERVFAIL
    internal, gone, failing = "internal.mx-private.test", "gone.mx-unresolvable.test", "mx.mx-servfail.test"
    local = (
        DnsRecord("localhost", "A", "127.0.0.1"),
        DnsRecord("localhost", "AAAA", "::1"),
        DnsRecord("localhost", "CAA", '0 issue "ca.lab.test"'),
    )
    return (
        _two(
            "null-mx-and-more.test",
            "a null MX beside a real one",
            plan,
            "",
            broken("dns/null-mx-with-others"),
        ),
        _two(
            "mx-literal.test",
            "an MX record names an address",
            plan,
            "192.0.2.250",
            broken("dns/mx-is-address-literal"),
        ),
        _two(
            "mx-localhost.test",
            "an MX record names localhost",
            plan,
            "localhost",
            broken("dns/mx-is-localhost"),
            local,
        ),
        _two(
            "mx-private.test",
            "an MX host has a private address",
            plan,
            internal,
            expect(
                State.MEND, fails=("dns/mx-special-address",), inconclusive=("reach/address-not-allowed",)
            ),
            tuple(host_records(internal, "10.0.0.1")),
        ),
        _two(
            "mx-unresolvable.test",
            "an MX host does not exist",
            plan,
            gone,
            broken("dns/mx-host-unresolvable"),
        ),
        _two(
            "mx-servfail.test",
            "the address look-up of an MX host ends with SERVFAIL",
            plan,
            failing,
            broken("dns/mx-host-lookup-failed"),
            faults=tuple(FaultyName(failing, fault, rdtype) for rdtype in ("A", "AAAA")),
        ),
    )


def _exchange_names(plan: AddressPlan) -> tuple[LabDomain, ...]:
    """MX hosts whose names are not well formed; the machines behind them have good names of their own."""
    rows = (
        (
            "mx-underscore.test",
            "mail_server",
            "the name of the MX host has an underscore",
            "dns/mx-host-name-invalid",
        ),
        ("idn-invalid.test", "xn--ls8h", "the name of the MX host is no valid A-label", "dns/idn-invalid"),
    )
    return tuple(_misnamed(plan, *row) for row in rows)


def _misnamed(plan: AddressPlan, name: str, label: str, title: str, check: str) -> LabDomain:
    host, other = f"mx.{name}", f"{label}.{name}"
    addresses = plan.pair()
    order = TlsOrder(leaves=(LeafOrder(names=(f"*.{name}",)),))
    return LabDomain(
        name=name,
        title=title,
        expected=broken(check),
        records=(
            *mx(name, other),
            *host_records(other, *addresses, reverse=""),
            *host_records(host, *addresses),
        ),
        servers=(LabServer(addresses=addresses, behaviour=Behaviour(host=host, tls=order)),),
    )


def _two(
    name: str,
    title: str,
    plan: AddressPlan,
    other: str,
    expected: Expected,
    records: tuple[DnsRecord, ...] = (),
    faults: tuple[FaultyName, ...] = (),
) -> LabDomain:
    """A domain with a sound MX host and a second exchange that is the matter."""
    host = f"sound.{name}"
    host_part, server = sound_host(host, plan)
    return LabDomain(
        name=name,
        title=title,
        expected=expected,
        records=(*mx(name, host, other), *host_part, *records),
        faults=faults,
        servers=(server,),
    )


def _addresses(plan: AddressPlan) -> tuple[LabDomain, ...]:
    old, shared = "ipv4-only.test", "shared-address.test"
    old_address, _ = plan.pair()
    shared_addresses = plan.pair()
    hosts = (f"mx1.{shared}", f"mx2.{shared}")
    one_for_both = TlsOrder(leaves=(LeafOrder(names=hosts),))
    return (
        LabDomain(
            name=old,
            title="no IPv6",
            expected=minor("dns/ipv6-missing"),
            records=(*mx(old, f"mx.{old}"), *host_records(f"mx.{old}", old_address)),
            servers=(LabServer(addresses=(old_address,), behaviour=Behaviour(host=f"mx.{old}")),),
        ),
        LabDomain(
            name=shared,
            title="two MX hosts on one address",
            expected=minor("dns/mx-hosts-share-address"),
            records=(
                *mx(shared, *hosts),
                *host_records(hosts[0], *shared_addresses),
                *host_records(hosts[1], *shared_addresses, reverse=""),
            ),
            servers=(
                LabServer(addresses=shared_addresses, behaviour=Behaviour(host=hosts[0], tls=one_for_both)),
            ),
        ),
    )


def _reverse_names(plan: AddressPlan) -> tuple[LabDomain, ...]:
    missing, unconfirmed, failing = "no-reverse.test", "unconfirmed-reverse.test", "reverse-servfail.test"
    failing_domain = mail_domain(
        failing, "the look-up of its reverse name fails", plan, minor("dns/reverse-lookup-failed")
    )
    return (
        _reversed(missing, "no reverse name", plan, "", minor("dns/reverse-name-missing")),
        _reversed(
            unconfirmed,
            "its reverse name leads to another address",
            plan,
            "mx1.sound.test",
            minor("dns/reverse-name-unconfirmed"),
        ),
        replace(
            failing_domain,
            faults=tuple(
                FaultyName(reverse_name(address), DnsFault.SERVFAIL)
                for address in failing_domain.servers[0].addresses
            ),
        ),
    )


def _issuance(plan: AddressPlan) -> tuple[LabDomain, ...]:
    """CAA records, which for all others stand at ``test``."""
    forbidding, failing = "caa-forbids.test", "caa-servfail.test"
    forbidden = mail_domain(forbidding, "no CA may issue for it", plan, warns("dns/caa-forbids-all"))
    unanswered = mail_domain(
        failing, "the look-up of its CAA records fails", plan, minor("dns/caa-lookup-failed")
    )
    return (
        replace(forbidden, records=(*forbidden.records, DnsRecord(forbidding, "CAA", '0 issue ";"'))),
        replace(unanswered, faults=(FaultyName(f"mx.{failing}", DnsFault.SERVFAIL, "CAA"),)),
    )


def _reversed(name: str, title: str, plan: AddressPlan, reverse: str, expected: Expected) -> LabDomain:
    host = f"mx.{name}"
    addresses = plan.pair()
    return LabDomain(
        name=name,
        title=title,
        expected=expected,
        records=(*mx(name, host), *host_records(host, *addresses, reverse=reverse)),
        servers=(LabServer(addresses=addresses, behaviour=Behaviour(host=host)),),
    )
