"""One handshake as people read it in a terminal: the verdict first, then each thing seen, in order.

The values are those of ``handshake_model``. Meaning never rests on colour alone; peers' text reaches the
screen escaped.
"""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from waxseal.report.handshake_model import (
    CertificateShown,
    ChainVerdict,
    HandshakeShown,
    Resumed,
    Staple,
    TlsReport,
)
from waxseal.report.plain import plain

Row = tuple[str, str | Text]
_LABEL_COLUMNS = 13
_MOST_NAMES = 12
_MOST_AUTHORITIES = 8
_VERSIONS = {"TLSv1": "TLS 1.0", "SSLv3": "SSL 3.0"}


def handshake_parts(report: TlsReport, *, verbose: int = 0) -> Group:
    """The whole of it, for ``terminal.write``.

    Args:
        report: What was seen.
        verbose: 1 adds the extensions' octets and every ticket.
    """
    return Group(*_parts(report, verbose))


def _parts(report: TlsReport, verbose: int) -> Iterator[RenderableType]:
    yield _head(report)
    if report.sentence:
        yield Padding(_text(f"{_capital(report.sentence)}."), (0, 0, 0, 1))
    for reason in _reasons(report):
        yield Padding(_text(f"{_capital(reason)}."), (0, 0, 0, 1))
    if report.hint:
        yield _rows([("Try", report.hint)])
    yield from _section("Connection", _connection(report))
    if report.dialogue:
        yield from _section("In clear", ())
        yield _dialogue(report)
    if report.handshake is not None:
        yield from _section("Handshake", _handshake(report.handshake))
        yield from _section("Further", _further(report, report.handshake, verbose))
    for number, certificate in enumerate(report.certificates):
        yield from _section(_title(number, certificate), _certificate(certificate))
    if report.chain is not None:
        yield from _section("Verification", _verification(report, report.chain))
    if report.resumption is not None:
        yield from _section("Second connection", _resumption(report.resumption))
    yield Text("")


def _text(text: str, style: str = "") -> Text:
    return Text(plain(text), style=style)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _version(name: str) -> str:
    return _VERSIONS.get(name, name.replace("TLSv", "TLS "))


def _head(report: TlsReport) -> Text:
    """One line that says whether it came off, and whether what was shown holds."""
    shown = report.handshake
    if shown is None or not shown.completed:
        word, look, rest = "NO HANDSHAKE", "bold red", _place(report)
    else:
        rest = f"{_version(shown.version)} with {_place(report)}"
        if report.verified:
            word, look = "VERIFIED", "bold green"
        elif report.chain is None:
            word, look = "COMPLETED", "bold"
        else:
            word, look = "NOT VERIFIED", "bold yellow"
    return Text.assemble((f" {word} ", f"{look} reverse"), " ", (plain(rest), "bold"))


def _reasons(report: TlsReport) -> Iterator[str]:
    """Why what was shown does not hold; nothing where it does, or where nothing was shown."""
    chain, shown = report.chain, report.handshake
    if chain is None or shown is None or not shown.completed:
        return
    if not chain.trusted:
        yield f"the chain is not trusted by {chain.store}: {'; '.join(chain.problems)}"
    if chain.name_matches is False:
        yield f"the name {chain.name} is not among those of the certificate"
    if shown.proof.proved is not True and not shown.resumed:
        yield shown.proof.detail
    if report.revoked:
        yield "the stapled OCSP response says that the certificate is revoked"


def _place(report: TlsReport) -> str:
    to = report.connection
    host = f"[{to.host}]" if ":" in to.host else to.host
    return f"{host}:{to.port}"


def _section(title: str, rows: Iterable[Row]) -> Iterator[RenderableType]:
    found = [row for row in rows if str(row[1])]
    if not found and title not in {"In clear"}:
        return
    yield Text("")
    yield _text(title, style="bold")
    if found:
        yield _rows(found)


def _rows(rows: Iterable[Row]) -> Padding:
    """Labels and values in two columns."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, min_width=_LABEL_COLUMNS)
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(_text(label, style="cyan"), value if isinstance(value, Text) else _text(value))
    return Padding(table, (0, 0, 0, 2), expand=False)


def _connection(report: TlsReport) -> Iterator[Row]:
    to = report.connection
    address = f"[{to.address}]" if ":" in to.address else to.address
    if to.address:
        yield "Address", f"{address}:{to.port}"
    if to.also_tried:
        yield "Also tried", "; ".join(to.also_tried)
    if to.proxy:
        yield "Proxy", to.proxy
    if to.local_address:
        yield "From", to.local_address
    yield "Protocol", _protocol(to.protocol, to.mode)
    yield "Server name", to.server_name or "none sent"
    times = [("connect", to.connect_s), ("dialogue", to.dialogue_s), ("handshake", to.handshake_s)]
    spent = [f"{name} {_milliseconds(seconds)}" for name, seconds in times if seconds is not None]
    yield "Time", ", ".join(spent)


def _protocol(protocol: str, mode: str) -> str:
    names = {"smtp": "SMTP", "lmtp": "LMTP", "imap": "IMAP", "pop3": "POP3", "sieve": "ManageSieve"}
    name = names.get(protocol, "")
    if mode == "implicit":
        return f"{name}, TLS from the first octet" if name else "TLS from the first octet"
    return f"{name} with {'STLS' if protocol == 'pop3' else 'STARTTLS'}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _dialogue(report: TlsReport) -> Padding:
    text = Text()
    for index, line in enumerate(report.dialogue):
        text.append("\n" if index else "")
        text.append(f"{line.sender}: ", style="green" if line.sender == "C" else "cyan")
        text.append(plain(line.text))
    return Padding(text, (0, 0, 0, 2), expand=False)


def _handshake(shown: HandshakeShown) -> Iterator[Row]:
    yield "Version", _version(shown.version)
    if shown.suite is not None:
        known = f"  ({shown.openssl_suite})" if shown.openssl_suite not in (None, shown.suite.name) else ""
        yield "Suite", f"{shown.suite.name}{known}"
    yield "Key exchange", _exchange(shown)
    if shown.scheme is not None:
        yield "Signature", shown.scheme.name
    proof = shown.proof
    if proof.proved is None:
        yield "Key proved", _text(f"not seen: {proof.detail}", style="magenta")
    else:
        yield "Key proved", _answer(proof.proved, proof.detail)
    if shown.resumed:
        yield "Resumed", "yes"
    if shown.protocol is not None:
        yield "ALPN", shown.protocol


def _exchange(shown: HandshakeShown) -> str:
    parts = [shown.group.name] if shown.group is not None else []
    if shown.prime_bits:
        parts.append(f"modulus of {shown.prime_bits} bits")
    if shown.share_octets:
        parts.append(f"public value of {shown.share_octets} octets")
    if shown.retry_group is not None:
        parts.append(f"asked for {shown.retry_group} with a HelloRetryRequest")
    return ", ".join(parts) or "no ephemeral key"


def _answer(good: bool, detail: str = "", bad: str = "red") -> Text:
    text = Text("yes" if good else "no", style="green" if good else bad)
    return text.append(f", {plain(detail)}", style="default") if detail else text


def _further(report: TlsReport, shown: HandshakeShown, verbose: int) -> Iterator[Row]:
    for label, value in (
        ("Ext. secret", shown.extended_main_secret),
        ("Enc-then-MAC", shown.encrypt_then_mac),
        ("Secure reneg.", shown.secure_renegotiation),
    ):
        if value is not None:
            yield label, "yes" if value else "no"
    if shown.compression:
        yield "Compression", _text(f"method {shown.compression}", style="red")
    if shown.downgrade_sentinel is not None:
        yield "Downgrade", f"the random says that more than {_version(shown.downgrade_sentinel)} was possible"
    if shown.server_groups is not None:
        yield "Groups", ", ".join(shown.server_groups)
    yield from _extensions(shown, verbose)
    yield "Tickets", _tickets(shown)
    if shown.request is not None:
        yield "Asks for", _asked(shown)
    to = report.connection
    trips = f"{to.round_trips} round trip{'' if to.round_trips == 1 else 's'}"
    yield "Octets", f"{to.octets_out:,} out, {to.octets_in:,} in, {trips}"
    if report.alerts:
        yield "Alerts", ", ".join(f"{alert.name} ({alert.number})" for alert in report.alerts)
    if report.deviations:
        broken = (f"{deviation.rule} ({deviation.source})" for deviation in report.deviations)
        yield "Deviations", _text("; ".join(broken), style="yellow")
    if report.closed_in_order is False:
        yield "Closing", "the server hung up without close_notify"


def _extensions(shown: HandshakeShown, verbose: int) -> Iterator[Row]:
    """The server's extensions, a line for each message; with `verbose` for each one, with its octets."""
    label = "Extensions"
    for message in dict.fromkeys(extension.message for extension in shown.extensions):
        of_message = [extension for extension in shown.extensions if extension.message == message]
        if not verbose:
            yield label, f"{message}: {', '.join(extension.name for extension in of_message)}"
            label = ""
            continue
        for extension in of_message:
            more = "..." if 2 * extension.octets > len(extension.hex) else ""
            yield label, f"{message}: {extension.name} ({extension.number})  {extension.hex}{more}"
            label = ""


def _tickets(shown: HandshakeShown) -> str:
    if not shown.tickets:
        return "none seen"
    hours = dict.fromkeys(_lifetime(ticket.lifetime_s) for ticket in shown.tickets)
    sizes = dict.fromkeys(str(ticket.octets) for ticket in shown.tickets)
    early = {ticket.max_early_data_octets for ticket in shown.tickets} - {None, 0}
    text = f"{len(shown.tickets)} of {', '.join(sizes)} octets, valid {', '.join(hours)}"
    return f"{text}, early data up to {max(n or 0 for n in early):,} octets" if early else text


def _lifetime(seconds: int) -> str:
    if not seconds:
        return "for an unsaid time"
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def _asked(shown: HandshakeShown) -> str:
    request = shown.request
    if request is None:
        return ""
    names = list(request.authorities[:_MOST_AUTHORITIES])
    more = len(request.authorities) - len(names)
    names += [f"and {more} more"] if more > 0 else []
    done = "one was shown" if request.answered else "none was shown"
    return f"a client certificate ({done}), from {'; '.join(names) or 'any CA'}"


def _title(number: int, certificate: CertificateShown) -> str:
    if number == 0:
        return "Certificate"
    return f"Certificate {number}, of the CA" if certificate.ca else f"Certificate {number}"


def _certificate(certificate: CertificateShown) -> Iterator[Row]:
    yield "Subject", certificate.subject or "(empty)"
    yield "Issuer", certificate.issuer or "(empty)"
    names = ", ".join(certificate.names[:_MOST_NAMES])
    more = len(certificate.names) - _MOST_NAMES
    if names:
        yield "Names", f"{names} and {more} more" if more > 0 else names
    if certificate.not_before is not None and certificate.not_after is not None:
        days = certificate.days_left or 0
        left = _text(f"{certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d %H:%M} UTC, ")
        expired = days < 0
        left.append("expired" if expired else f"{days} days left", style="red" if expired else "default")
        yield "Valid", left
    yield "Key", f"{certificate.key}, signed with {certificate.signature_algorithm}"
    yield "Serial", certificate.serial
    yield "SHA-256", certificate.sha256
    record, _, digest = certificate.tlsa.rpartition(" ")
    if digest:
        yield f"TLSA {record}", digest
    if certificate.must_staple:
        yield "Demands", "a stapled OCSP response (must-staple)"


def _verification(report: TlsReport, chain: ChainVerdict) -> Iterator[Row]:
    if chain.trusted:
        yield "Chain", _answer(True, f"trusted by {chain.store}")
        yield "Path", _text_lines(chain.path)
    else:
        yield "Chain", _answer(False, f"not trusted by {chain.store}")
        yield "Because", "; ".join(chain.problems)
    if chain.name_matches is None:
        yield "Name", "none was expected"
    elif chain.name_matches:
        yield "Name", _answer(True, f"{chain.name} matches {chain.matched_by}")
    else:
        yield "Name", _answer(False, f"{chain.name} is not among the names of the certificate")
    if chain.out_of_order:
        yield "Order", _text("the certificates were sent out of order", style="yellow")
    if chain.superfluous:
        yield "Superfluous", ", ".join(f"certificate {index}" for index in chain.superfluous)
    yield "OCSP staple", _staple(report.staple)
    yield "SCTs", _timestamps(report)


def _text_lines(lines: tuple[str, ...]) -> Text:
    return Text("\n").join(_text(line) for line in lines)


def _staple(staple: Staple | None) -> str | Text:
    if staple is None:
        return "none"
    until = f" until {staple.next_update:%Y-%m-%d}" if staple.next_update is not None else ""
    said = f"{staple.status}{until}, by {staple.responder or 'an unnamed responder'}"
    if staple.holds is None:
        return f"{staple.octets} octets, not judged: {'; '.join(staple.problems)}"
    if not staple.holds:
        return _text(f"{said}, but {'; '.join(staple.problems)}", style="red")
    return _text(said, style="red" if staple.status == "revoked" else "")


def _timestamps(report: TlsReport) -> str:
    parts = []
    for source, where in (("handshake", "in the handshake"), ("certificate", "in the certificate")):
        number = sum(timestamp.source == source for timestamp in report.timestamps)
        parts += [f"{number} {where}"] if number else []
    return ", ".join(parts) or "none"


def _resumption(second: Resumed) -> Iterator[Row]:
    if not second.tried:
        yield "Resumed", _text("not tried: the server gave nothing to resume with", style="magenta")
        return
    if second.taken is None:
        why = second.ended.detail or second.ended.cause.value if second.ended is not None else ""
        yield "Resumed", _text(f"not seen: {why}", style="magenta")
    else:
        yield "Resumed", _answer(second.taken, "" if second.taken else "a full handshake was made", "yellow")
    if second.version and second.handshake_s is not None:
        trips = f"{second.round_trips} round trip{'' if second.round_trips == 1 else 's'}"
        yield "Handshake", f"{_version(second.version)}, {_milliseconds(second.handshake_s)}, {trips}"
    if second.early_data_octets:
        accepted = second.early_data_accepted
        number = f"{second.early_data_octets} octets"
        yield (
            "Early data",
            "not seen" if accepted is None else f"{number} {'taken' if accepted else 'not taken'}",
        )
    elif second.early_data_kept_octets:
        yield "Early data", f"{second.early_data_kept_octets} octets not sent: the server's ticket takes none"
    if second.answer:
        yield "Answer", second.answer
