"""The run of ``waxseal tls``: resolve, shake hands, perhaps once more, and put together what was seen."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from waxseal.cli.tls_options import Place
from waxseal.errors import UsageError
from waxseal.facts import Cause, Ended, Stage, TlsMode, describe
from waxseal.net.network import Network
from waxseal.net.peer import Peer
from waxseal.net.proxy import Proxy, ProxyDialer
from waxseal.probes.tls_handshake import HandshakeOrder, Look, say_goodbye, shake_hands
from waxseal.report import handshake_model as model
from waxseal.report.handshake_failure import failure
from waxseal.version import __version__
from waxseal.wire.dns_rdata import address_records
from waxseal.wire.smtp_reply import decode_text
from waxseal.wire.tls_events import Resumption
from waxseal.wire.tls_summary import HandshakeSummary

MAX_ADDRESSES = 4
_NEXT_ADDRESS = frozenset({Cause.REFUSED, Cause.UNREACHABLE, Cause.NO_ROUTE, Cause.TIMED_OUT})
_LOCALHOST = ("127.0.0.1", "::1")
"""What ``localhost`` is without asking anybody (RFC 6761 §6.3)."""


@dataclass
class Plan:
    """What the user asked for.

    Attributes:
        target: The host and port named.
        connect: Where to dial instead; None for the target.
        order: The handshake.
        name: The name that the certificate should bear; "" for none.
        proxy: A proxy to go through.
        time_limit_s: For each connection.
        families: Kinds of addresses to try, 4 and 6.
        resume: Whether a second connection takes the session up.
        early_data: What goes out with its ClientHello.
        talk: What goes on under TLS before the end; None to say good-bye at once.
        key_log: Called with the lines of a key log.
    """

    target: Place
    connect: Place | None
    order: HandshakeOrder
    name: str
    proxy: Proxy | None = None
    time_limit_s: float = 20.0
    families: tuple[int, ...] = (4, 6)
    resume: bool = False
    early_data: bytes = b""
    talk: "Callable[[Look], Awaitable[None]] | None" = None
    key_log: Callable[[tuple[str, ...]], None] = field(default=lambda _: None)


async def run(plan: Plan, network: Network, *, tell: Callable[[model.TlsReport], None]) -> model.TlsReport:
    """Look, and give the report.

    Args:
        plan: What to do.
        network: The outside world.
        tell: Called with what is known when the handshake stands, before a talk begins.
    """
    at = network.clock.now()
    first = await _first(plan, network)
    look = first.look
    second = None
    if look is not None and look.completed:
        peer = _peer(plan, network, look.address)
        if plan.talk is not None:
            tell(_report(plan, network, at, first, None))
            await plan.talk(look)
        else:
            await say_goodbye(peer, look)
        if plan.resume:
            second = await _again(plan, network, look, at)
    return _report(plan, network, at, first, second)


class _Tried(NamedTuple):
    """What came of the address that counts, None where there was none, and of the others that were tried."""

    look: Look | None
    ended: Ended
    others: list[Look]


async def _first(plan: Plan, network: Network) -> _Tried:
    """The first address that can be connected to, else the first of all."""
    network = await _through_proxy(plan, network)
    place = plan.connect or plan.target
    addresses, failed = await _addresses(plan, network, place)
    before: list[Look] = []
    for address in addresses[:MAX_ADDRESSES]:
        look = await shake_hands(_peer(plan, network, address), plan.order)
        _log_keys(plan, look)
        if look.ended.stage is not Stage.CONNECT or look.ended.cause not in _NEXT_ADDRESS:
            return _Tried(look, look.ended, before)
        before.append(look)
    if not before:
        return _Tried(None, failed, [])
    return _Tried(before[0], before[0].ended, before[1:])


async def _again(plan: Plan, network: Network, first: Look, began: datetime) -> model.Resumed:
    """A second connection that takes the session of the first one up."""
    session = first.session()
    if session is None:
        return model.Resumed(tried=False, early_data_kept_octets=len(plan.early_data))
    age_ms = int((network.clock.now() - began).total_seconds() * 1000)
    early = plan.early_data if isinstance(session, Resumption) and session.max_early_data_octets else b""
    if len(early) > (getattr(session, "max_early_data_octets", 0) or 0):
        raise UsageError(
            f"the server takes {getattr(session, 'max_early_data_octets', 0)} octets of early data",
            "give a shorter file",
        )
    order = replace(plan.order, resume=session, age_ms=age_ms, early_data=early)
    network = await _through_proxy(plan, network)
    peer = _peer(plan, network, first.address)
    look = await shake_hands(peer, order)
    _log_keys(plan, look)
    await say_goodbye(peer, look)
    return model.Resumed(
        tried=True,
        taken=look.summary.resumed if look.completed else None,
        early_data_octets=len(early),
        early_data_kept_octets=len(plan.early_data) - len(early),
        early_data_accepted=look.early_data_accepted if early else None,
        version=look.tls.version if look.tls is not None else "",
        handshake_s=look.handshake_s,
        round_trips=look.round_trips,
        ended=look.ended,
        answer=decode_text(look.application[:500]) if early else "",
    )


def _answered(order: HandshakeOrder, summary: HandshakeSummary) -> bool:
    """Whether a certificate was shown when the server asked: one that it takes signatures of."""
    if order.credentials is None or summary.request is None:
        return False
    schemes = summary.request.schemes
    return not schemes or order.credentials.scheme(schemes) is not None


def _log_keys(plan: Plan, look: Look) -> None:
    if look.tls is not None:
        plan.key_log(look.tls.client.key_log())


def _peer(plan: Plan, network: Network, address: str) -> Peer:
    place = plan.connect or plan.target
    return Peer(network, address, place.port, time_limit_s=plan.time_limit_s, connection_limit=1)


async def _through_proxy(plan: Plan, network: Network) -> Network:
    """The same network behind the proxy, whose own name is resolved here.

    Raises:
        UsageError: It has no address.
    """
    if plan.proxy is None:
        return network
    place = Place(plan.proxy.host, plan.proxy.port)
    found, _ = await _resolve(network, place, plan.families)
    if not found:
        raise UsageError(f"the proxy {plan.proxy} has no address", "is its name right?")
    return replace(network, dialer=ProxyDialer(network.dialer, plan.proxy, found[0]))


async def _addresses(plan: Plan, network: Network, place: Place) -> tuple[tuple[str, ...], Ended]:
    """What to dial: a name as it is through a proxy, else its addresses."""
    if plan.proxy is not None:
        return (place.host,), Ended(Cause.COMPLETED)
    return await _resolve(network, place, plan.families)


async def _resolve(
    network: Network, place: Place, families: tuple[int, ...]
) -> tuple[tuple[str, ...], Ended]:
    if place.is_address:
        return (place.host,), Ended(Cause.COMPLETED)
    if place.host == "localhost":
        return tuple(a for a in _LOCALHOST if (6 if ":" in a else 4) in families), Ended(Cause.COMPLETED)
    found: list[str] = []
    said = []
    for family, kind in ((4, "A"), (6, "AAAA")):
        if family in families:
            answer = await network.resolver.query(place.host, kind)
            found += address_records(answer)
            said.append(f"{kind} {answer.status.value}")
    detail = f"the name {place.host} has no address ({', '.join(said)})"
    return tuple(dict.fromkeys(found)), Ended(Cause.DNS, Stage.RESOLVE, detail=detail)


def _report(
    plan: Plan,
    network: Network,
    at: datetime,
    first: _Tried,
    second: model.Resumed | None,
) -> model.TlsReport:
    order, ended = plan.order, first.ended
    place = plan.connect or plan.target
    look = first.look or Look(order, "", place.port)
    summary = look.summary
    sentence, hint = failure(ended)
    now = network.clock.now()
    sent = summary.certificates
    return model.TlsReport(
        waxseal=__version__,
        connection=model.Connection(
            host=plan.target.host,
            address=look.address,
            port=look.port,
            local_address=look.local_address,
            proxy=str(plan.proxy) if plan.proxy is not None else "",
            protocol=order.protocol.value if order.protocol is not None else "",
            mode=order.mode.value,
            server_name=order.offer.server_name,
            at=at,
            connect_s=look.connect_s,
            dialogue_s=look.dialogue_s if order.mode is TlsMode.STARTTLS else None,
            handshake_s=look.handshake_s,
            round_trips=look.round_trips,
            octets_in=look.octets_in,
            octets_out=look.octets_out,
            also_tried=tuple(f"{other.address}: {describe(other.ended)}" for other in first.others),
        ),
        ended=ended,
        sentence=sentence,
        hint=hint,
        dialogue=tuple(model.Line(*line) for line in (look.opener.lines if look.opener is not None else ())),
        handshake=model.handshake_shown(
            summary,
            answered=_answered(order, summary),
            early_data_accepted=look.early_data_accepted,
        ),
        certificates=model.certificates_shown(sent, now),
        chain=model.chain_verdict(sent, network.roots, now, plan.name),
        staple=model.staple_shown(summary.staple, sent, network.roots, now),
        timestamps=model.timestamps_shown(summary),
        alerts=model.alerts_shown(summary),
        deviations=tuple(model.DeviationShown(d.rule, d.source) for d in summary.deviations),
        closed_in_order=summary.closed_in_order,
        resumption=second,
    )
