"""Asks the issuer of a server's certificate whether it is revoked: by OCSP, else by its CRL.

Only done where the user wants it (`ProbeSettings.online_revocation`): the issuer learns from it who is being
tested. What the answers prove is found in ``trust.ocsp`` and ``trust.crl``.
"""

from waxseal.facts import (
    Cause,
    Certificate,
    CertificateChain,
    Ended,
    RevocationAnswer,
    Subject,
    TrustAnchors,
)
from waxseal.facts.certificates import CRL, OCSP
from waxseal.net.errors import NetError
from waxseal.net.http import HttpClient
from waxseal.net.network import Network
from waxseal.probes.recorder import Recorder, Run, attempt
from waxseal.trust import crl, ocsp
from waxseal.trust.chain import issuer_of
from waxseal.wire.http_message import parse_url

PROBE = "tls.revocation"
OCSP_LIMIT_S = 10.0
CRL_LIMIT_S = 30.0
MAX_PLACES = 2


async def ask_revocation(
    network: Network,
    recorder: Recorder,
    subjects: tuple[Subject, ...],
    chain: CertificateChain,
    anchors: TrustAnchors,
) -> None:
    """Ask about the leaf of a chain, and record each answer for the certificate (`tls.revocation/1`).

    OCSP is asked at the first places that the certificate names; where none of them gives an answer, or none
    is named, the CRL. Where the issuer's certificate is not at hand nothing is asked, and the attempt says
    so.

    Args:
        network: The outside world.
        recorder: Where the facts go.
        subjects: Certificate subjects, each with the server name and type that `chain` is recorded under.
        chain: The chain as shown.
        anchors: The roots that could end it.
    """
    async with attempt(recorder, subjects, PROBE, network.clock) as run:
        issuer = issuer_of(chain.certificates, anchors.candidates, chain.shown_at)
        if issuer is None:
            run.ended = Ended(Cause.DECLINED, detail="the issuer's certificate is not at hand")
            return
        asking = _Asking(network, run)
        if not await asking.ask(chain.leaf, issuer):
            asking.emit(RevocationAnswer(method="", ended=run.ended, asked_at=network.clock.now()))


class _Asking:
    """One run of questions."""

    def __init__(self, network: Network, run: Run) -> None:
        self.network = network
        self.run = run

    def emit(self, answer: RevocationAnswer) -> None:
        self.run.recorder.emit(self.run.subjects, answer, self.run.id)

    async def ask(self, leaf: Certificate, issuer: Certificate) -> bool:
        """Ask in turn until an answer came; False where there is no place to ask."""
        question = ocsp.ocsp_request(leaf, issuer)
        places = [(OCSP, url) for url in leaf.ocsp_urls[:MAX_PLACES] if question is not None]
        places += [(CRL, url) for url in leaf.crl_urls[:MAX_PLACES]]
        places = [
            (method, url)
            for method, url in places
            if (parsed := parse_url(url)) is not None and parsed.scheme == "http"
        ]
        for method, url in places:
            if await self._fetch(method, url, question if method == OCSP else None):
                break
        return bool(places)

    async def _fetch(self, method: str, url: str, question: bytes | None) -> bool:
        """Ask at one place and record what came; False where no octets did."""
        limit_s = OCSP_LIMIT_S if method == OCSP else CRL_LIMIT_S
        client = HttpClient(self.network, time_limit_s=limit_s, streams=self.run.streams)
        octets = b""
        ended = Ended(Cause.COMPLETED)
        try:
            response = await client.fetch(
                url,
                size_limit=ocsp.MAX_OCTETS if method == OCSP else crl.MAX_OCTETS,
                body=question,
                content_type="application/ocsp-request",
            )
            octets = response.body
        except NetError as error:
            ended = error.ended()
        finally:
            self.run.connections += client.connections
        self.run.ended = ended
        now = self.network.clock.now()
        self.emit(RevocationAnswer(method=method, url=url[:500], ended=ended, asked_at=now, octets=octets))
        return bool(octets)
