"""What was said about a certificate beside the chain itself: staples, answers on revocation, timestamps.

Octets as they came; what they prove is found in ``trust`` (``ocsp``, ``crl``, ``timestamps``). The chains
themselves are in ``facts.tls``.
"""

from waxseal.facts.attempt import Ended
from waxseal.facts.record import AwareTime, Fact, fact
from waxseal.facts.subject import Scope

OCSP = "ocsp"
CRL = "crl"


@fact("tls.ocsp-staple/1", Scope.CERTIFICATE)
class StapledResponse(Fact, frozen=True, kw_only=True):
    """Whether the handshake that showed a chain brought an OCSP response with it (RFC 6066 §8).

    Attributes:
        offered: Whether the ClientHello held status_request; where not, nothing could come.
        shown_at: When the handshake ended, aware UTC: the time at which the response is judged.
        octets: The OCSPResponse, DER; empty where none came.
    """

    offered: bool
    shown_at: AwareTime
    octets: bytes = b""


@fact("tls.revocation/1", Scope.CERTIFICATE)
class RevocationAnswer(Fact, frozen=True, kw_only=True):
    """What came of asking the issuer whether a certificate is revoked; there only where it was asked.

    Attributes:
        method: `OCSP` or `CRL`; "" where the certificate names no place to ask that is http.
        url: The place asked, as the certificate names it; "" where none was.
        ended: How the asking ended.
        asked_at: When it ended, aware UTC: the time at which the answer is judged.
        octets: The OCSPResponse or CertificateList, DER; empty where none came.
    """

    method: str
    ended: Ended
    asked_at: AwareTime
    url: str = ""
    octets: bytes = b""


@fact("tls.timestamps/1", Scope.CERTIFICATE)
class Timestamps(Fact, frozen=True, kw_only=True):
    """What the TLS extension signed_certificate_timestamp brought (RFC 6962 §3.3.1).

    Attributes:
        offered: Whether the ClientHello held the extension; where not, nothing could come.
        octets: The SignedCertificateTimestampList, its length included; empty where none came.
    """

    offered: bool
    octets: bytes = b""


@fact("tls.openssl-verdict/1", Scope.CERTIFICATE)
class OpensslVerdict(Fact, frozen=True, kw_only=True):
    """What OpenSSL's own verification said of a chain against the recorded roots, at the time of the run.

    Attributes:
        code: X509_V_ERR number, 0 for none; None where it gave no verdict.
        message: Its words; for None, why there is none.
        library: Name and version of the library that said so.
    """

    code: int | None
    message: str = ""
    library: str = ""
