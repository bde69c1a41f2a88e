"""The certificates of the chain were sent in the wrong order.

After the server's own certificate each one should certify the one before it. Most current software sorts
them by itself, and TLS 1.3 asks clients to; older mail servers follow the order sent and call the chain
broken. It is mended by putting the parts of the chain file in order, so it is a warning on every port.
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
    passed,
    warn,
)
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import MAX_LINES, ShownChain, called


@check(
    title="The chain is sent in the wrong order",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5246 §7.4.2", "RFC 8446 §4.4.2"),
    remedy=Remedy(
        general="Order the chain file: your own certificate first, then the one that issued it, and so on.",
        postfix="the same order in each file of smtpd_tls_chain_files, after the key",
        exim="the same order in the file of tls_certificate",
    ),
    rows=("D5",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the order in which the certificates of the path were sent."""
    if shown.proof.out_of_order:
        order = [str(step.index + 1) for step in shown.proof.path if step.index is not None]
        sent = [f"sent as {n}: {called(c)}" for n, c in enumerate(shown.chain.certificates, start=1)]
        return warn(
            "The certificates of the chain are sent in the wrong order",
            f"right order of those sent: {', '.join(order)}",
            *sent[:MAX_LINES],
        )
    if len(shown.chain.certificates) == 1:
        return passed("One certificate was sent, so there is no order to keep")
    return shown.without_path() or passed("Each certificate certifies the one sent before it")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("two intermediates exchanged", Verdict.WARN, (samples.endpoint(), *sample("out_of_order")))
    yield Example("in order", Verdict.PASS, (samples.endpoint(), *sample("deep")))
    yield Example("one certificate", Verdict.PASS, (samples.endpoint(), *sample("orphan")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
    only_nameless = (samples.endpoint(), samples.handshake(), *sample("out_of_order", server_name=""))
    yield Example("shown only without a name", Verdict.NOT_APPLICABLE, only_nameless)
