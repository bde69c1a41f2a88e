"""Lab domains that are in order, each in its own way."""

from dataclasses import replace

from waxseal.grading.seal import State
from waxseal.lab.behaviour import KEYWORDS, Behaviour
from waxseal.lab.domains.table import (
    PROVIDER,
    SEALED,
    AddressPlan,
    LabDomain,
    LabServer,
    expect,
    mail_domain,
    mx,
    report_record,
    reports_elsewhere,
    sound_host,
)
from waxseal.lab.orders import Authority, Key, LeafOrder, TlsaOrder, TlsOrder
from waxseal.lab.web import policy
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName, host_records

SUBMISSION_HOST = "mail.sound.test"
_AUTH = (*(keyword for keyword in KEYWORDS if keyword != "STARTTLS"), "AUTH PLAIN LOGIN")


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(1)
    return (
        _sound(plan),
        _provider(plan),
        *_submission(plan),
        *_certificates(plan),
        _long_answer(plan),
        _null_mx(),
    )


def _sound(plan: AddressPlan) -> LabDomain:
    name = "sound.test"
    first, second = f"mx1.{name}", f"mx2.{name}"
    first_records, first_server = sound_host(first, plan)
    second_records, second_server = sound_host(second, plan)
    return LabDomain(
        name=name,
        title="everything in order: two MX hosts, IPv4 and IPv6, DANE, MTA-STS, TLS-RPT",
        expected=SEALED,
        records=(*mx(name, first, second), *first_records, *second_records, *_services(name)),
        servers=(first_server, second_server),
        signed=True,
        tlsa=tuple(
            TlsaOrder(host, usage, 1, 1, of)
            for host in (first, second)
            for usage, of in ((3, LeafOrder(names=(host,))), (2, Authority.ISSUING))
        ),
        policy=policy(first, second),
        tls_rpt=(report_record(name),),
    )


def _provider(plan: AddressPlan) -> LabDomain:
    name = PROVIDER.removeprefix("mx.")
    return mail_domain(name, "takes mail for other domains of the lab", plan, SEALED)


def _services(name: str) -> tuple[DnsRecord, ...]:
    return (
        DnsRecord(f"_submissions._tcp.{name}", "SRV", f"0 1 465 {SUBMISSION_HOST}."),
        DnsRecord(f"_submission._tcp.{name}", "SRV", f"10 1 587 {SUBMISSION_HOST}."),
        DnsRecord(f"_imap._tcp.{name}", "SRV", "0 0 0 ."),
    )


def _submission(plan: AddressPlan) -> tuple[LabDomain, ...]:
    addresses = plan.pair()
    at_465 = Behaviour(host=SUBMISSION_HOST, implicit=True, keywords=_AUTH)
    at_587 = Behaviour(host=SUBMISSION_HOST, keywords_tls=_AUTH)
    return (
        LabDomain(
            name=SUBMISSION_HOST,
            title="submission with implicit TLS, in order",
            expected=SEALED,
            records=tuple(host_records(SUBMISSION_HOST, *addresses)),
            servers=(LabServer(addresses=addresses, behaviour=at_465, port=465),),
            port=465,
        ),
        LabDomain(
            name=SUBMISSION_HOST,
            title="submission with STARTTLS, in order",
            expected=SEALED,
            servers=(LabServer(addresses=addresses, behaviour=at_587, port=587),),
            port=587,
        ),
    )


def _certificates(plan: AddressPlan) -> tuple[LabDomain, ...]:
    both = "mx.rsa-and-ecdsa.test"
    either = tuple(LeafOrder(names=(both,), key=key) for key in (Key.EC_P256, Key.RSA_2048))
    return (
        mail_domain(
            "rsa-and-ecdsa.test",
            "an RSA and an ECDSA certificate side by side",
            plan,
            SEALED,
            tls=TlsOrder(leaves=either),
        ),
        mail_domain(
            "wildcard.test",
            "a wildcard certificate, which covers the MX host",
            plan,
            SEALED,
            leaf={"names": ("*.wildcard.test",)},
        ),
        replace(
            mail_domain("xn--bcher-kva.test", "an internationalized domain", plan, SEALED),
            typed="bücher.test",
        ),
    )


def _long_answer(plan: AddressPlan) -> LabDomain:
    name = "truncated.test"
    records, server = sound_host(f"mx.{name}", plan)
    return LabDomain(
        name=name,
        title="its MX answer needs TCP",
        expected=SEALED,
        records=(*mx(name, f"mx.{name}"), *records),
        faults=(FaultyName(name, DnsFault.TRUNCATED),),
        servers=(server,),
    )


def _null_mx() -> LabDomain:
    name = "null-mx.test"
    return LabDomain(
        name=name,
        title="says that it takes no mail",
        expected=expect(State.NO_MAIL),
        spf="v=spf1 -all",
        **reports_elsewhere(name, DnsRecord(name, "MX", "0 .")),
    )
