"""What a missing fact means: it could not be seen, or the question does not arise.

One place decides it for every check, so that no check can take silence for an answer (DESIGN §4).
"""

from functools import cached_property

from waxseal.checks.verdict import Judgement, not_applicable, unreached
from waxseal.facts import (
    AccessGreeting,
    AccessLogout,
    AccessStarttls,
    Attempt,
    AuthTrials,
    BlocklistAnswer,
    Capabilities,
    CapabilitiesClear,
    CapabilitiesTls,
    Cause,
    CertificateChain,
    CertificateTypes,
    ClientCertificateRequest,
    CommandAnswers,
    CommandInjection,
    CrossProtocol,
    DkimKey,
    DmarcWalk,
    DnsStatus,
    EarlierEndpoint,
    EarlyChangeCipherSpec,
    EhloAnswer,
    EhloClear,
    EhloTls,
    Endpoint,
    EnvelopeAnswers,
    Fact,
    FactSet,
    FallbackAnswer,
    Greeting,
    Handshake,
    HeartbeatAnswer,
    HostAddresses,
    ImapLogin,
    IssuancePolicy,
    MailProtocol,
    MailServices,
    MxRecords,
    MxTarget,
    NoSniAnswer,
    PaddingOracle,
    QuitAnswer,
    RawPublicKeyAnswer,
    RelayTrials,
    Renegotiation,
    ReportDestination,
    Response,
    ReverseNames,
    RsaOracle,
    RunContext,
    Scope,
    SmugglingTrials,
    SpfAnswers,
    Ssl2Answer,
    StarttlsAnswer,
    StarttlsSession,
    StsFetch,
    StsRecord,
    Subject,
    TicketEcho,
    Timing,
    TlsaRecords,
    TlsGroups,
    TlsKeyExchanges,
    TlsMode,
    TlsRptRecord,
    TlsSchemes,
    TlsSessions,
    TlsSpending,
    TlsSuites,
    TlsTolerance,
    TlsVersions,
    TrustAnchors,
    Validator,
    describe,
)
from waxseal.facts.address import UNIX
from waxseal.wire.smtp_ehlo import masked_keyword

_EXAMINED: dict[type[Fact], str] = {
    Ssl2Answer: "the answer to SSL 2.0",
    TlsVersions: "which versions of TLS are accepted",
    TlsSuites: "which cipher suites are accepted",
    TlsGroups: "which groups are accepted for the key exchange",
    TlsSchemes: "with which schemes the server signs",
    TlsKeyExchanges: "the parameters of the key exchange",
    TlsSpending: "what the examination of TLS cost",
    TlsTolerance: "the answer to unusual hellos",
    TlsSessions: "how sessions are resumed",
    FallbackAnswer: "the answer to TLS_FALLBACK_SCSV",
    Renegotiation: "what the server makes of renegotiation",
    ClientCertificateRequest: "whether a client certificate is asked for",
    RawPublicKeyAnswer: "the answer to a hello that takes raw public keys",
    HeartbeatAnswer: "the answer to heartbeats",
    EarlyChangeCipherSpec: "the answer to an early ChangeCipherSpec",
    RsaOracle: "the answers to spoilt RSA ciphertexts",
    PaddingOracle: "the answers to spoilt records",
    TicketEcho: "the answer to a ticket with a short session id",
}
"""What the examination of TLS finds, as far as its depth goes, and what each is called in a sentence."""
_NEEDS_TLS: frozenset[type[Fact]] = frozenset(
    {
        Handshake,
        CertificateChain,
        TrustAnchors,
        CertificateTypes,
        NoSniAnswer,
        EhloTls,
        StarttlsAnswer,
        CapabilitiesTls,
        AccessStarttls,
        CommandInjection,
        StarttlsSession,
        CrossProtocol,
        ImapLogin,
        *_EXAMINED,
    }
)
_ONLY_OF_DOMAINS: frozenset[type[Fact]] = frozenset(
    {
        MxRecords,
        MxTarget,
        StsRecord,
        StsFetch,
        TlsRptRecord,
        ReportDestination,
        SpfAnswers,
        DmarcWalk,
        DkimKey,
        MailServices,
    }
)
_MAIL = frozenset({MailProtocol.SMTP, MailProtocol.LMTP})
_SPOKEN_IN: dict[type[Fact], frozenset[MailProtocol]] = {
    **dict.fromkeys(
        (Greeting, EhloClear, EhloTls, StarttlsAnswer, QuitAnswer, EnvelopeAnswers, CommandAnswers), _MAIL
    ),
    **dict.fromkeys((RelayTrials, SmugglingTrials), frozenset({MailProtocol.SMTP})),
    **dict.fromkeys(
        (AccessGreeting, CapabilitiesClear, AccessStarttls, CapabilitiesTls, AccessLogout),
        frozenset({MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE}),
    ),
    ImapLogin: frozenset({MailProtocol.IMAP}),
}
"""The protocols in which a fact can come about, where that is not every one."""
_BY_ADDRESS: frozenset[type[Fact]] = frozenset({ReverseNames, TlsaRecords, IssuancePolicy, HostAddresses})
_ONLY_AFTER_STARTTLS: frozenset[type[Fact]] = frozenset(
    {StarttlsAnswer, EhloTls, AccessStarttls, CapabilitiesTls, CommandInjection, StarttlsSession}
)

_PUBLISHED: dict[type[Fact], str] = {
    TlsaRecords: "dane.tlsa",
    StsRecord: "sts.record",
    StsFetch: "sts.policy",
    TlsRptRecord: "tlsrpt.record",
    ReportDestination: "tlsrpt.destinations",
    SpfAnswers: "spf",
    DmarcWalk: "dmarc",
    DkimKey: "dkim",
    IssuancePolicy: "dns.caa",
    BlocklistAnswer: "dns.blocklist",
    EnvelopeAnswers: "smtp.envelope",
    MailServices: "dns.services",
    CommandInjection: "starttls.injection",
    StarttlsSession: "starttls.session",
    AuthTrials: "auth.trials",
    ImapLogin: "imap.login",
    RelayTrials: "smtp.relay",
    SmugglingTrials: "smtp.smuggling",
    CommandAnswers: "smtp.commands",
    CrossProtocol: "tls.cross-protocol",
}
"""What is asked beside the servers' conversations, each with its probe: the end of one explains no other."""
_ASIDE = frozenset(_PUBLISHED.values())
_LEFT_OUT: dict[type[Fact], str] = {
    **dict.fromkeys((TlsaRecords, StsRecord, StsFetch, TlsRptRecord, ReportDestination), "policy"),
    **dict.fromkeys((SpfAnswers, DmarcWalk, DkimKey, IssuancePolicy), "authentication"),
    CommandInjection: "injection",
}
"""What the caller can leave out, and by which word (`RunContext.left_out`)."""
_ON_REQUEST: dict[type[Fact], str] = {
    DkimKey: "no DKIM key was named (--dkim, --message)",
    BlocklistAnswer: "no blocklist was asked about it (--blocklist)",
    EnvelopeAnswers: "the envelope was not tried (--envelope)",
    MailServices: "mail programs' SRV records were not asked for (--services)",
    StsFetch: "there is no MTA-STS policy to ask for",
    ReportDestination: "there is no place for reports to try",
    AuthTrials: "no login was tried (--active-auth)",
    ImapLogin: "no account was given (--account)",
    RelayTrials: "relaying was not asked for (--relay)",
    SmugglingTrials: "no message was sent (--own-recipient)",
    EarlierEndpoint: "there is no earlier run to compare with (--baseline)",
}
"""What is there only where it was asked for, or where something leads to it, and why it is not."""

_REQUESTED: dict[type[Fact], str] = {
    EnvelopeAnswers: "envelope",
    AuthTrials: "active-auth",
    ImapLogin: "account",
    RelayTrials: "relay",
    SmugglingTrials: "own-recipient",
}
"""How `RunContext.requested` names it."""
_NOT_AT_GRADE: frozenset[type[Fact]] = frozenset(
    {CommandInjection, StarttlsSession, CommandAnswers, CrossProtocol}
)
"""What depth grade leaves out."""

_INCOMPLETE = frozenset({"cut-off", "line-cut", "not-a-reply", "too-many-lines", "reply-too-long"})
"""Rules whose breach may have swallowed keywords."""
LISTS_CUT = frozenset({"too-many-lines", "response-too-long", "cut-off"})
"""The same of IMAP, POP3 and ManageSieve: a response with one of them is not whole."""

_WORDS: dict[type[Fact], str] = {
    MxRecords: "the MX look-up",
    MxTarget: "a mail host to test",
    HostAddresses: "the look-up of the host's addresses",
    ReverseNames: "the look-up of the reverse name",
    Endpoint: "an address to test",
    Greeting: "the greeting",
    EhloClear: "the answer to EHLO",
    StarttlsAnswer: "the answer to STARTTLS",
    Handshake: "a completed TLS handshake",
    EhloTls: "the answer to EHLO under TLS",
    QuitAnswer: "the answer to QUIT",
    AccessGreeting: "the greeting",
    CapabilitiesClear: "the capabilities",
    AccessStarttls: "the answer to STARTTLS",
    CapabilitiesTls: "the capabilities under TLS",
    AccessLogout: "the answer to LOGOUT",
    CommandInjection: "whether commands in clear are executed under TLS",
    StarttlsSession: "what the server keeps over STARTTLS",
    AuthTrials: "the answer to a login",
    ImapLogin: "the answer to the login",
    RelayTrials: "the answer to a request to relay",
    SmugglingTrials: "how doubtful ends of data are taken",
    CommandAnswers: "the answer to VRFY and EXPN",
    CrossProtocol: "how a web client is taken",
    EarlierEndpoint: "what an earlier run saw",
    CertificateChain: "the certificate chain",
    TrustAnchors: "the root store's candidates",
    CertificateTypes: "which types of certificate there are",
    NoSniAnswer: "the handshake without a server name",
    Timing: "how long each stage took",
    TlsaRecords: "the TLSA look-up",
    StsRecord: "the look-up of the MTA-STS record",
    StsFetch: "the MTA-STS policy",
    TlsRptRecord: "the look-up of the TLS-RPT record",
    ReportDestination: "the test of the destinations of reports",
    SpfAnswers: "the look-up of the SPF record",
    DmarcWalk: "the look-up of the DMARC record",
    DkimKey: "the look-up of the DKIM key",
    IssuancePolicy: "the CAA look-up",
    BlocklistAnswer: "the answer of a blocklist",
    EnvelopeAnswers: "the answer to the envelope",
    MailServices: "the SRV look-ups",
    RunContext: "the context of the run",
    Validator: "who validates DNSSEC",
    Attempt: "the conversation",
    **_EXAMINED,
}
"""What each fact is called in a sentence."""

_ADVICE: dict[Cause, str] = {
    Cause.REFUSED: "see that the service runs and listens on that address and port",
    Cause.UNREACHABLE: "see the route to that network, or test from another place",
    Cause.NO_ROUTE: "test from a machine that has this address family",
    Cause.TIMED_OUT: "test again later or from another place, with a longer --time-limit",
    Cause.CLOSED: "test again later; see the server's log for the reason that it hung up",
    Cause.RESET: "test again from another place; a firewall on the path may break the stream off",
    Cause.BLOCKED_HERE: "allow outgoing connections to this port on this machine, or test from another",
    Cause.NOT_ALLOWED: "allow the network with --allow if you mean to test it",
    Cause.BUDGET_SPENT: "raise --time-limit or --max-connections",
    Cause.DNS: "mend the look-up first, or give another --resolver",
    Cause.DECLINED: "test from an address that the server accepts, or later",
    Cause.CRASHED: "report this as a bug of waxseal",
}


def is_local(subject: Subject) -> bool:
    """Whether it is about a UNIX socket of this machine, where nothing crosses a network."""
    return (subject.address or "").startswith(UNIX)


def accepts_no_mail(facts: FactSet, subject: Subject) -> bool:
    """Whether the domain says with a null MX, and nothing else, that it takes no mail (RFC 7505 §3)."""
    mx = facts.nearest(MxRecords, subject)
    return mx is not None and len(mx.exchanges) == 1 and mx.exchanges[0].exchange == ""


def offers_no_tls(facts: FactSet, subject: Subject) -> bool:
    """Whether the server was heard whole, in clear, and neither listed nor accepted STARTTLS."""
    endpoint = facts.nearest(Endpoint, subject)
    ehlo = facts.nearest(EhloClear, subject)
    if endpoint is None or endpoint.mode is not TlsMode.STARTTLS:
        return False
    if ehlo is None:
        return lists_no_starttls(facts, subject)
    return (
        ehlo.reply.code == 250
        and came_whole(ehlo)
        and not any(masked_keyword(keyword) for keyword in ehlo.keywords)
        and ehlo.keyword("STARTTLS") is None
        and facts.nearest(StarttlsAnswer, subject) is None
        and facts.nearest(Handshake, subject) is None
    )


def lists_no_starttls(facts: FactSet, subject: Subject) -> bool:
    """The same of IMAP, POP3 and ManageSieve: the capabilities came whole, and name no way into TLS."""
    endpoint = facts.nearest(Endpoint, subject)
    listed = facts.nearest(CapabilitiesClear, subject)
    if endpoint is None or endpoint.mode is not TlsMode.STARTTLS or listed is None:
        return False
    return (
        (lists_whole(listed) or unknown_capa(endpoint.protocol, listed.response))
        and not any(listed.keyword(name) for name in ("STARTTLS", "STLS"))
        and facts.nearest(AccessStarttls, subject) is None
        and facts.nearest(Handshake, subject) is None
    )


def lists_whole(listed: Capabilities) -> bool:
    """Whether a list of capabilities came whole and good, so that none can be missing from it."""
    broken = {deviation.rule for deviation in listed.response.deviations}
    return listed.response.good and not broken & (LISTS_CUT | {"not-a-response"})


def unknown_capa(protocol: MailProtocol, response: Response) -> bool:
    """Whether a POP3 server refuses CAPA as unknown (RFC 2449 §5), and not for an error inside."""
    refused = protocol is MailProtocol.POP3 and response.status == "-ERR"
    return refused and not response.code.upper().startswith("SYS/")


def came_whole(ehlo: EhloAnswer) -> bool:
    """Whether an EHLO answer came complete and in one piece, so that no keyword can be missing from it.

    A 421 behind it may come at any time (RFC 5321 §3.8) and takes nothing away.
    """
    broken = any(deviation.rule in _INCOMPLETE for deviation in ehlo.reply.deviations)
    return not broken and (not ehlo.extra or ehlo.extra.startswith(b"421"))


def absence(facts: FactSet, subject: Subject, missing: type[Fact], probe: str = "") -> Judgement:
    """Judge the absence of a fact for a subject.

    Args:
        facts: All that was seen.
        subject: What the check is about.
        missing: The type of fact that is not there.
        probe: Name of the probe meant, where an `Attempt` is missing.
    """
    return Absences(facts, subject).of(missing, probe)


class Absences:
    """What missing facts mean for one subject; what several answers rest on is looked up once."""

    def __init__(self, facts: FactSet, subject: Subject) -> None:
        self._facts = facts
        self._subject = subject
        self._told: dict[tuple[type[Fact], str], Judgement] = {}

    def of(self, missing: type[Fact], probe: str = "") -> Judgement:
        """As `absence`."""
        told = self._told.get((missing, probe))
        if told is None:
            told = self._told[missing, probe] = self._judge(missing, probe)
        return told

    def _judge(self, missing: type[Fact], probe: str) -> Judgement:
        facts, subject, context, endpoint = self._facts, self._subject, self._context, self._endpoint
        if self._accepts_no_mail and missing is not MxRecords:
            return not_applicable("the domain takes no mail (null MX)")
        if subject.domain is not None and subject.host is None and subject.address is not None:
            return not_applicable("mail is sent from this address; it was not tested as a mail host")
        if missing in _ONLY_OF_DOMAINS and subject.domain is None:
            return not_applicable("no domain was asked for, only a host or an address")
        if context is not None and _LEFT_OUT.get(missing) in context.left_out:
            return not_applicable(f"it was not asked for (--no-{_LEFT_OUT[missing]})")
        if missing in _BY_ADDRESS and is_local(subject):
            return not_applicable("a socket of this machine has no place in DNS")
        spoken = endpoint.protocol if endpoint is not None else None
        if spoken is not None and spoken not in _SPOKEN_IN.get(missing, (spoken,)):
            return not_applicable(f"{spoken.label} is spoken here")
        if missing in _ONLY_AFTER_STARTTLS and endpoint is not None and endpoint.mode is TlsMode.IMPLICIT:
            return not_applicable("TLS begins with the first octet here, there is no STARTTLS")
        if missing in _NEEDS_TLS and self._offers_no_tls:
            return not_applicable("the server offers no TLS here")
        what = _name(missing, probe)
        if missing in _EXAMINED and (judgement := _left_out(facts, subject, what)) is not None:
            return judgement
        return self._unseen(missing, what)

    def _unseen(self, missing: type[Fact], what: str) -> Judgement:
        """The question arises, or it is not known whether it does: say what kept the answer away."""
        attempt = self._explaining_attempt(_PUBLISHED.get(missing))
        asked = self._context is not None and _REQUESTED.get(missing) in self._context.requested
        if attempt is None and asked:
            attempt = self._explaining_attempt(None)
        if attempt is None and not asked and missing in _ON_REQUEST:
            return not_applicable(_ON_REQUEST[missing])
        shook_hands = self._facts.nearest(Handshake, self._subject) is not None
        if attempt is None and missing in _NOT_AT_GRADE and shook_hands:
            return unreached(f"{what} was not asked", advice="ask for it with --depth standard")
        if attempt is not None:
            spoken = self._endpoint.protocol if self._endpoint is not None else None
            advice = _ADVICE.get(attempt.ended.cause, "test again; see --transcript for what was heard")
            return unreached(f"{what} was not seen: {describe(attempt.ended, spoken)}", advice=advice)
        return _never_tried(self._facts, self._subject, what)

    def _explaining_attempt(self, own: str | None) -> Attempt | None:
        """The attempt nearest to the subject that did not simply complete: of the probe `own` where given.

        Where it is not, of any probe but those that look at what is published.
        """
        if own:
            return next((a for a in self._cut_short if a.probe == own), None)
        return next((a for a in self._cut_short if a.probe not in _ASIDE), None)

    @cached_property
    def _cut_short(self) -> tuple[Attempt, ...]:
        """Attempts that did not complete, nearest first."""
        around = self._subject.outwards()
        attempts = (attempt for place in around for attempt in self._facts.at(Attempt, place))
        return tuple(attempt for attempt in attempts if attempt.ended.cause is not Cause.COMPLETED)

    @cached_property
    def _accepts_no_mail(self) -> bool:
        return self._subject.scope >= Scope.DOMAIN and accepts_no_mail(self._facts, self._subject)

    @cached_property
    def _offers_no_tls(self) -> bool:
        return offers_no_tls(self._facts, self._subject)

    @cached_property
    def _context(self) -> RunContext | None:
        return self._facts.nearest(RunContext, Subject())

    @cached_property
    def _endpoint(self) -> Endpoint | None:
        return self._facts.nearest(Endpoint, self._subject)


def _left_out(facts: FactSet, subject: Subject, what: str) -> Judgement | None:
    """TLS was examined to the end, and this was not among what its depth asks for, or got no answer."""
    spending = facts.nearest(TlsSpending, subject)
    attempts = facts.at(Attempt, subject.up_to(min(subject.scope, Scope.PORT)))
    cut = any(a.probe.startswith("tls") and a.ended.cause is not Cause.COMPLETED for a in attempts)
    if spending is None or cut:
        return None
    advice = "test again" if spending.depth == "full" else "ask for everything with --depth full"
    return unreached(f"{what} was not asked at depth {spending.depth}, or got no answer", advice=advice)


def _name(missing: type[Fact], probe: str) -> str:
    return f"the attempt {probe}" if probe else _WORDS.get(missing, f"the fact {missing.TAG}")


def _never_tried(facts: FactSet, subject: Subject, what: str) -> Judgement:
    """No attempt was made below this subject: say which step before it was missing."""
    mx = facts.nearest(MxRecords, subject)
    if mx is not None and mx.answer.status not in (DnsStatus.ANSWERED, DnsStatus.NO_DATA):
        return unreached(
            f"{what} was not seen: the MX look-up ended {mx.answer.status.value}",
            advice="mend the look-up first, or give another --resolver",
        )
    addresses = facts.nearest(HostAddresses, subject)
    if addresses is not None and not addresses.addresses:
        return unreached(
            f"{what} was not seen: the host has no address to connect to",
            advice="give the host an address, or name one to test",
        )
    return unreached(f"{what} was not recorded", advice="test again with this version of waxseal")
