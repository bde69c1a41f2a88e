"""Lab domains with an MTA-STS policy (RFC 8461): in order, or one fault in record, host or policy."""

from dataclasses import replace
from typing import Any

from waxseal.lab.behaviour import KEYWORDS
from waxseal.lab.domains.table import (
    PROVIDER,
    SEALED,
    AddressPlan,
    Expected,
    LabDomain,
    both,
    broken,
    exposed,
    hosted_domain,
    mail_domain,
    minor,
    mx,
    report_record,
    warns,
)
from waxseal.lab.orders import Authority, LeafOrder
from waxseal.lab.web import POLICY_HOST_PREFIX, Manner, WebHost, compressed, policy
from waxseal.lab.zone import DnsFault, FaultyName
from waxseal.net.dial import REFUSED, SILENT

_SOUND = policy(PROVIDER)
_BOMB_OCTETS = 10 * 1024 * 1024
_PLAIN = tuple(keyword for keyword in KEYWORDS if keyword != "STARTTLS")


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(3, first=120)
    return (
        *_in_order(),
        *_records(),
        *_connections(),
        *_certificates(),
        *_responses(),
        *_bodies(),
        *_modes(),
        *_patterns(),
        *_mail_hosts(plan),
    )


def _sts(name: str, title: str, expected: Expected, text: str = _SOUND, **changes: Any) -> LabDomain:
    """A domain with a policy for the provider's mail host."""
    changes.setdefault("tls_rpt", (report_record(name),))
    return hosted_domain(name, title, expected, policy=text, **changes)


def _served(
    name: str, title: str, expected: Expected, *, needs_old_tls: bool = False, slow: bool = False, **how: Any
) -> LabDomain:
    """The same, with a policy host that is the matter."""
    host = WebHost(**{"host": POLICY_HOST_PREFIX + name, "body": _SOUND.encode(), **how})
    whole = _sts(name, title, expected, policy_host=host)
    return replace(whole, needs_old_tls=needs_old_tls, slow=slow)


def _in_order() -> tuple[LabDomain, ...]:
    return (
        _sts("sts-only.test", "MTA-STS in order, without DANE", SEALED),
        _sts("sts-line-feeds.test", "a policy whose lines end with LF", SEALED, _SOUND.replace("\r\n", "\n")),
        _sts("sts-wildcard.test", "a policy with a wildcard", SEALED, policy("*.provider.test")),
    )


def _records() -> tuple[LabDomain, ...]:
    no_record, failing, bogus = "sts-no-record.test", "sts-record-servfail.test", "sts-record-bogus.test"
    return (
        _sts(
            no_record,
            "a policy that no record announces",
            warns("mta-sts/record-missing"),
            announcements=(),
            none_published=True,
        ),
        _sts(
            "sts-two-records.test",
            "two records that announce a policy",
            broken("mta-sts/records-several"),
            announcements=("v=STSv1; id=20260101", "v=STSv1; id=20260102"),
        ),
        _sts(
            "sts-bad-record.test",
            "an id with a character that ids do not have",
            broken("mta-sts/record-malformed"),
            announcements=("v=STSv1; id=2026-01-01",),
        ),
        _sts(
            failing,
            "the look-up of the record ends with SERVFAIL",
            broken("mta-sts/record-lookup-failed"),
            faults=(FaultyName(f"_mta-sts.{failing}", DnsFault.SERVFAIL),),
        ),
        _sts(
            bogus,
            "the signature of the record does not hold",
            broken("mta-sts/record-bogus"),
            faults=(FaultyName(f"_mta-sts.{bogus}", DnsFault.BOGUS),),
            signed=True,
        ),
    )


def _connections() -> tuple[LabDomain, ...]:
    unreachable = broken("mta-sts/policy-unreachable")
    return (
        _served("sts-no-host.test", "the policy host has no address", unreachable, missing=True),
        _served("sts-refused.test", "the policy host refuses the connection", unreachable, word=REFUSED),
        _served("sts-silent.test", "the policy host never answers", unreachable, word=SILENT, slow=True),
        _served(
            "sts-alert.test", "the policy host does not know its own name", unreachable, manner=Manner.ALERT
        ),
        _served("sts-clear.test", "the policy host speaks in clear", unreachable, manner=Manner.CLEAR),
        _served(
            "sts-closes.test", "the policy host hangs up on the request", unreachable, manner=Manner.CLOSE
        ),
        _served("sts-cut.test", "the policy ends in the middle", unreachable, manner=Manner.CUT),
        _served(
            "sts-stalls.test",
            "the policy host never answers the request",
            warns("mta-sts/policy-slow"),
            manner=Manner.STALL,
            slow=True,
        ),
        _served(
            "sts-drips.test",
            "the policy comes one octet in each half second",
            warns("mta-sts/policy-slow"),
            manner=Manner.DRIP,
            slow=True,
        ),
    )


def _certificates() -> tuple[LabDomain, ...]:
    wrong = broken("mta-sts/policy-host-certificate")

    def showing(label: str, title: str, **leaf: Any) -> LabDomain:
        name = f"sts-{label}.test"
        order = LeafOrder(**{"names": (POLICY_HOST_PREFIX + name,), **leaf})
        return _served(name, title, wrong, leaf=order)

    return (
        showing(
            "wrong-name", "the policy host's certificate is for another name", names=("www.hosting.test",)
        ),
        showing("expired", "the policy host's certificate has expired", from_days=-93, to_days=-3),
        showing(
            "stranger", "the policy host's certificate is from a stranger", issuer=Authority.STRANGER_ISSUING
        ),
        showing("self-signed", "the policy host's certificate is self-signed", issuer=None),
        _served(
            "sts-old-tls.test",
            "the policy host speaks TLS 1.1 and no newer",
            broken("mta-sts/policy-host-tls-old"),
            old_tls=True,
            needs_old_tls=True,
        ),
    )


def _responses() -> tuple[LabDomain, ...]:
    status = broken("mta-sts/policy-status")
    elsewhere = ("Location", f"https://www.hosting.test/{PROVIDER}.txt")
    return (
        _served("sts-404.test", "the policy is not where it should be", status, status="404 Not Found"),
        _served("sts-500.test", "the policy host is broken", status, status="500 Internal Server Error"),
        _served(
            "sts-redirect.test",
            "the policy host sends clients elsewhere",
            broken("mta-sts/policy-redirected"),
            status="301 Moved Permanently",
            fields=(elsewhere,),
        ),
        _served(
            "sts-html.test",
            "the policy is served as HTML",
            minor("mta-sts/policy-type"),
            media_type="text/html; charset=utf-8",
        ),
    )


def _bodies() -> tuple[LabDomain, ...]:
    coded = (("Content-Encoding", "gzip"),)
    large = _SOUND + "x-padding: 0\r\n" * 5000
    return (
        _served(
            "sts-large.test",
            "a policy of 70 kB",
            broken("mta-sts/policy-too-large"),
            body=large.encode(),
        ),
        _served(
            "sts-endless.test",
            "a policy without end",
            broken("mta-sts/policy-too-large"),
            manner=Manner.ENDLESS,
        ),
        _served(
            "sts-compressed.test",
            "a compressed policy, for which nobody asked",
            broken("mta-sts/policy-compressed"),
            body=compressed(_SOUND.encode()),
            fields=coded,
        ),
        _served(
            "sts-bomb.test",
            "ten megabytes of nothing, compressed",
            broken("mta-sts/policy-compressed"),
            body=compressed(_SOUND.encode() + bytes(_BOMB_OCTETS)),
            fields=coded,
        ),
        _sts(
            "sts-no-max-age.test",
            "a policy without max_age",
            broken("mta-sts/policy-malformed"),
            _SOUND[: _SOUND.index("max_age")],
        ),
        _sts(
            "sts-odd-mode.test",
            "a policy in a mode that there is not",
            broken("mta-sts/policy-malformed"),
            policy(PROVIDER, mode="Enforce"),
        ),
        _sts(
            "sts-no-mx.test",
            "a policy that names no mail host",
            broken("mta-sts/policy-malformed"),
            policy(),
        ),
        _sts(
            "sts-blank-line.test",
            "a policy with an empty line in it",
            warns("mta-sts/policy-form"),
            _SOUND.replace("mode:", "\r\nmode:"),
        ),
    )


def _modes() -> tuple[LabDomain, ...]:
    return (
        _sts(
            "sts-testing.test",
            "a policy in mode testing",
            minor("mta-sts/mode-testing"),
            policy(PROVIDER, mode="testing"),
        ),
        _sts(
            "sts-none.test",
            "a policy in mode none",
            warns("mta-sts/mode-none"),
            policy(PROVIDER, mode="none"),
        ),
        _sts(
            "sts-short.test",
            "a policy that holds for an hour",
            minor("mta-sts/max-age-short"),
            policy(PROVIDER, max_age_s=3600),
        ),
        _sts(
            "sts-long.test",
            "a policy that holds for longer than may be",
            broken("mta-sts/max-age-excessive"),
            policy(PROVIDER, max_age_s=99_999_999),
        ),
    )


def _patterns() -> tuple[LabDomain, ...]:
    return (
        _sts(
            "sts-unmatched.test",
            "a policy that does not allow the mail host",
            broken("mta-sts/mx-unmatched"),
            policy("mx1.sound.test"),
        ),
        _sts(
            "sts-unmatched-testing.test",
            "a policy in mode testing that does not allow the mail host",
            warns("mta-sts/mx-unmatched", "mta-sts/mode-testing"),
            policy("mx1.sound.test", mode="testing"),
        ),
        _sts(
            "sts-too-deep.test",
            "a wildcard, which stands for no name but those below it",
            broken("mta-sts/mx-unmatched"),
            policy(f"*.{PROVIDER}"),
        ),
        replace(
            _sts(
                "sts-wide.test",
                "a policy that allows hosts of anybody",
                warns("mta-sts/pattern-wide"),
                policy("*.test"),
            ),
            records=mx("sts-wide.test", "implicit-mx.test"),
        ),
        _sts(
            "sts-stale.test",
            "a policy with a mail host that there is not",
            minor("mta-sts/pattern-stale"),
            policy(PROVIDER, "old.provider.test"),
        ),
    )


def _mail_hosts(plan: AddressPlan) -> tuple[LabDomain, ...]:
    """Policies that the mail host itself breaks."""

    def own(label: str, title: str, expected: Expected, mode: str = "enforce", **more: Any) -> LabDomain:
        name = f"sts-{label}.test"
        whole = mail_domain(name, title, plan, expected, **more)
        return replace(whole, policy=policy(f"mx.{name}", mode=mode), tls_rpt=(report_record(name),))

    bad = {
        "issuer": Authority.STRANGER_ISSUING,
        "sent": (Authority.STRANGER_ISSUING, Authority.STRANGER_ROOT),
    }
    return (
        own(
            "mx-certificate",
            "the mail host's certificate is from a stranger, which the policy does not allow",
            both("mta-sts/mx-certificate", "certificate/root-untrusted"),
            leaf=bad,
        ),
        own(
            "mx-certificate-testing",
            "the same in mode testing",
            warns("mta-sts/mx-certificate", "mta-sts/mode-testing", "certificate/root-untrusted"),
            "testing",
            leaf=bad,
        ),
        own(
            "mx-no-starttls",
            "the mail host offers no STARTTLS, which the policy does not allow",
            exposed("mta-sts/mx-starttls-missing", "smtp/starttls-missing"),
            keywords=_PLAIN,
        ),
    )
