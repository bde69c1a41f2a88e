"""Lab domains in signed zones with one fault in DNSSEC (RFC 4035), and one without."""

from dataclasses import replace

from waxseal.grading.seal import State
from waxseal.lab.domains.table import (
    PROVIDER,
    SEALED,
    AddressPlan,
    Expected,
    LabDomain,
    expect,
    mail_domain,
    mx,
    warns,
)
from waxseal.lab.zone import DnsFault, FaultyName


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(2, first=100)
    bogus = expect(State.UNKNOWN, fails=("dnssec/mx-bogus",))
    host = "mx.address-bogus.test"
    return (
        replace(mail_domain("signed.test", "a signed zone, and nothing else", plan, SEALED), signed=True),
        _mx("mx-bogus.test", "the signature of the MX records does not hold", DnsFault.BOGUS, bogus),
        _mx(
            "mx-ends-soon.test",
            "the signature of the MX records ends in a few hours",
            DnsFault.ENDING,
            warns("dnssec/mx-signature-ends-soon"),
        ),
        _mx("mx-outdated.test", "the signature of the MX records has ended", DnsFault.EXPIRED, bogus),
        LabDomain(
            name="zone-bogus.test",
            title="the DS record of its zone fits none of the zone's keys",
            expected=bogus,
            records=mx("zone-bogus.test", PROVIDER),
            wrong_ds=True,
        ),
        replace(
            mail_domain(
                "address-bogus.test",
                "the signatures of the MX host's addresses do not hold",
                plan,
                expect(State.UNKNOWN, fails=("dnssec/address-bogus",)),
            ),
            signed=True,
            none_published=False,
            faults=tuple(FaultyName(host, DnsFault.BOGUS, rdtype) for rdtype in ("A", "AAAA")),
        ),
    )


def _mx(name: str, title: str, fault: DnsFault, expected: Expected) -> LabDomain:
    return LabDomain(
        name=name,
        title=title,
        expected=expected,
        records=mx(name, PROVIDER),
        faults=(FaultyName(name, fault, "MX"),),
        signed=True,
    )
