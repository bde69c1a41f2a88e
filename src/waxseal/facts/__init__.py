"""Immutable, versioned records of what was seen. No judgement, no I/O (DESIGN §3).

To add a fact: a frozen struct with ``@fact("area.name/1", Scope...)`` in the module of its area, named
here. See CONTRIBUTING.
"""

from waxseal.facts.attempt import DIALOGUE, Attempt, Cause, Deviation, Ended, Stage, describe
from waxseal.facts.dns import (
    DnsAnswer,
    DnsStatus,
    HostAddresses,
    MailExchange,
    MxRecords,
    MxTarget,
    ReverseName,
    ReverseNames,
)
from waxseal.facts.record import FACT_TYPES, Fact, FactSet, Record, UnknownFact, fact
from waxseal.facts.run import ControlReach, Endpoint, MailProtocol, RunContext, Target, TargetKind, TlsMode
from waxseal.facts.smtp import (
    EhloAnswer,
    EhloClear,
    EhloTls,
    Greeting,
    Keyword,
    QuitAnswer,
    Reply,
    StarttlsAnswer,
    Timing,
    Transcript,
    TranscriptLine,
)
from waxseal.facts.subject import Scope, Subject
from waxseal.facts.tls import (
    Certificate,
    CertificateChain,
    CertificateTypeQuery,
    CertificateTypes,
    Handshake,
    NoSniAnswer,
    TrustAnchors,
)

__all__ = [
    "DIALOGUE",
    "FACT_TYPES",
    "Attempt",
    "Cause",
    "Certificate",
    "CertificateChain",
    "CertificateTypeQuery",
    "CertificateTypes",
    "ControlReach",
    "Deviation",
    "DnsAnswer",
    "DnsStatus",
    "EhloAnswer",
    "EhloClear",
    "EhloTls",
    "Ended",
    "Endpoint",
    "Fact",
    "FactSet",
    "Greeting",
    "Handshake",
    "HostAddresses",
    "Keyword",
    "MailExchange",
    "MailProtocol",
    "MxRecords",
    "MxTarget",
    "NoSniAnswer",
    "QuitAnswer",
    "Record",
    "Reply",
    "ReverseName",
    "ReverseNames",
    "RunContext",
    "Scope",
    "Stage",
    "StarttlsAnswer",
    "Subject",
    "Target",
    "TargetKind",
    "Timing",
    "TlsMode",
    "Transcript",
    "TranscriptLine",
    "TrustAnchors",
    "UnknownFact",
    "describe",
    "fact",
]
