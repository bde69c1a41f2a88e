"""Lab domains with one fault in the TLS handshake or in what it negotiates."""

from waxseal.facts import Stage
from waxseal.lab.behaviour import Behaviour, Break
from waxseal.lab.domains.table import (
    AddressPlan,
    Expected,
    LabDomain,
    LabServer,
    exposed,
    mail_domain,
    minor,
    unknown,
    warns,
)
from waxseal.lab.orders import Key, LeafOrder, TlsOrder, alert_record
from waxseal.lab.zone import host_records

HANDSHAKE_FAILURE = 40
UNRECOGNIZED_NAME = 112


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(2, first=60)
    return (*_failures(plan), *_names(plan), *_parameters(plan), _clear_text_at_465(plan))


def _failures(plan: AddressPlan) -> tuple[LabDomain, ...]:
    refused = exposed("tls/handshake-refused")
    return (
        _answering("alert-40.test", "refuses the handshake", plan, refused, alert_record(HANDSHAKE_FAILURE)),
        _answering(
            "alert-112.test", "does not know its own name", plan, refused, alert_record(UNRECOGNIZED_NAME)
        ),
        _answering(
            "starttls-garbage.test",
            "goes on in clear behind its 220 to STARTTLS",
            plan,
            exposed("tls/not-tls"),
            b"500 5.5.2 Command unrecognized\r\n",
        ),
        mail_domain(
            "cuts-at-handshake.test",
            "hangs up in the TLS handshake",
            plan,
            exposed("tls/handshake-cut"),
            breaks={Stage.HANDSHAKE: Break.CLOSE},
        ),
        mail_domain(
            "resets-at-handshake.test",
            "breaks the connection off in the TLS handshake",
            plan,
            exposed("tls/handshake-cut"),
            breaks={Stage.HANDSHAKE: Break.RESET},
        ),
        _answering(
            "odd-server-hello.test",
            "answers with a ServerHello of a version that does not exist",
            plan,
            unknown("tls/handshake-failed-here"),
            _ODD_SERVER_HELLO,
        ),
    )


# A ServerHello of version 3.9 with suite 0x0000, a random of zeros and no session id.
_ODD_SERVER_HELLO = bytes.fromhex("160303002a 02000026 0309" + "00" * 32 + "00" + "0000" + "00")


def _answering(name: str, title: str, plan: AddressPlan, expected: Expected, octets: bytes) -> LabDomain:
    order = TlsOrder(leaves=(LeafOrder(names=(f"mx.{name}",)),), answer=octets)
    return mail_domain(name, title, plan, expected, tls=order)


def _names(plan: AddressPlan) -> tuple[LabDomain, ...]:
    needed, changes = "sni-needed.test", "sni-changes.test"
    return (
        mail_domain(
            needed,
            "refuses clients that send no server name",
            plan,
            warns("tls/sni-required"),
            tls=TlsOrder(leaves=(LeafOrder(names=(f"mx.{needed}",)),), alert_without_name=UNRECOGNIZED_NAME),
        ),
        mail_domain(
            changes,
            "shows a self-signed certificate to clients that send no server name",
            plan,
            minor("tls/sni-changes-certificate"),
            tls=TlsOrder(
                leaves=(LeafOrder(names=(f"mx.{changes}",)),),
                without_name=(LeafOrder(names=("default.invalid",), issuer=None),),
            ),
        ),
    )


def _parameters(plan: AddressPlan) -> tuple[LabDomain, ...]:
    def leaf(name: str, key: Key = Key.EC_P256) -> tuple[LeafOrder, ...]:
        return (LeafOrder(names=(f"mx.{name}",), key=key),)

    old, newer, static = "old-tls.test", "tls12.test", "no-forward-secrecy.test"
    newest = "tls13-only.test"
    return (
        mail_domain(
            newest,
            "TLS 1.3 and no older",
            plan,
            minor("tls/version-12-missing"),
            tls=TlsOrder(leaves=leaf(newest), lowest="TLSv1.3"),
        ),
        mail_domain(
            newer,
            "TLS 1.2 and no newer",
            plan,
            minor("tls/version-13-missing"),
            tls=TlsOrder(leaves=leaf(newer), highest="TLSv1.2"),
        ),
        mail_domain(
            old,
            "TLS 1.1 and no newer",
            plan,
            warns("tls/version-old"),
            tls=TlsOrder(leaves=leaf(old), lowest="TLSv1", highest="TLSv1.1"),
            needs_old_tls=True,
        ),
        mail_domain(
            static,
            "TLS 1.2 without forward secrecy",
            plan,
            minor("tls/version-13-missing", "tls/forward-secrecy-missing"),
            tls=TlsOrder(leaves=leaf(static, Key.RSA_2048), highest="TLSv1.2", suites="AES128-GCM-SHA256"),
        ),
    )


def _clear_text_at_465(plan: AddressPlan) -> LabDomain:
    host = "mail.clear-465.test"
    addresses = plan.pair()
    return LabDomain(
        name=host,
        title="speaks in clear where TLS should begin with the first octet",
        expected=exposed("tls/implicit-plaintext"),
        records=tuple(host_records(host, *addresses)),
        servers=(LabServer(addresses=addresses, behaviour=Behaviour(host=host), port=465),),
        port=465,
    )
