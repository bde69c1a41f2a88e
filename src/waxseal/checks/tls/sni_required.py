"""The server completes the handshake when it is told a host name, and refuses it when it is not.

Not every sender sends a name (SNI): older mail servers do not, and neither do some that take any
certificate. They meet an alert here, and deliver in clear or not at all. Mail servers have to be ready for
clients without SNI and to show them some certificate. Said only where the refusal was an alert; a
handshake that ended otherwise may have failed by chance.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    inconclusive,
    not_applicable,
    passed,
    warn,
)
from waxseal.facts import Handshake, NoSniAnswer
from waxseal.wire.tls_record import alert_name


@check(
    title="A handshake without a server name is refused",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8461 §7.1", "RFC 7672 §8.1"),
    remedy=Remedy(
        general="Give the server a default certificate for clients that send no server name.",
        postfix="smtpd_tls_chain_files beside tls_server_sni_maps",
        exim="a default where tls_certificate is expanded from $tls_in_sni",
        dovecot="an ssl_cert and ssl_key (from 2.4 on: ssl_server_cert_file, ssl_server_key_file) "
        "outside the local_name sections",
    ),
    rows=("D10",),
)
def judge(handshake: Handshake, answer: NoSniAnswer) -> Judgement:
    """Judge what came of the handshake without a name."""
    if handshake.server_name == "":
        return not_applicable("the main handshake sent no name, and was completed")
    if answer.completed:
        return passed("The handshake is completed without a server name too")
    if answer.alert is None:
        return inconclusive(
            f"the handshake without a name ended otherwise: {answer.detail or 'no reason was recorded'}"[
                :200
            ],
            advice="test again; it may have failed by chance or for a limit of connections",
        )
    return warn(
        "The server refuses clients that send no server name",
        f"with {handshake.server_name}: {handshake.version}",
        f"without a name: alert {answer.alert} ({alert_name(answer.alert)})",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("refused", Verdict.WARN, (samples.handshake(), NoSniAnswer(completed=False, alert=112)))
    yield Example("completed", Verdict.PASS, (samples.handshake(), NoSniAnswer(completed=True)))
    yield Example(
        "hung up",
        Verdict.INCONCLUSIVE,
        (samples.handshake(), NoSniAnswer(completed=False, detail="closed at greeting")),
    )
    yield Example(
        "no name in the first place",
        Verdict.NOT_APPLICABLE,
        (samples.handshake(server_name=""), NoSniAnswer(completed=True)),
    )
