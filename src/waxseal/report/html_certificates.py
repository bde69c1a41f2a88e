"""The certificate chains, drawn from the leaf to its root, each with the addresses that show it."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from waxseal.facts import Certificate, CertificateChain, Subject, TrustAnchors
from waxseal.report.grouping import places
from waxseal.report.html_page import Page, code, counted, definitions
from waxseal.report.markup import Child, Markup, joined, tag
from waxseal.report.plain import KEY_TYPES
from waxseal.trust import chain as trust_chain
from waxseal.trust.certificate import parse
from waxseal.trust.proof import ChainProof

_MOST_CHAINS = 12
_MOST_NAMES = 12
_MOST_TEXT = 160


class Shown(Struct, frozen=True):
    """A chain, and all who show it.

    Attributes:
        chain: As it was sent.
        anchors: Roots that could end it; None where none were recorded.
        at: The certificate subjects that show it.
    """

    chain: CertificateChain
    anchors: TrustAnchors | None
    at: tuple[Subject, ...]


class Link(Struct, frozen=True):
    """One certificate of the drawing.

    Attributes:
        role: What it is.
        certificate: The certificate; None where it is not at hand.
        name: What it is called, or what is missing.
        faults: What is wrong with it.
    """

    role: str
    certificate: Certificate | None
    name: str
    faults: tuple[str, ...] = ()


def certificates(page: Page) -> Markup | None:
    """The section; None where no certificate was seen."""
    found = _distinct(page)
    if not found:
        return None
    parts = [_chain(page, shown) for shown in found[:_MOST_CHAINS]]
    if len(found) > _MOST_CHAINS:
        parts.append(tag("p", f"and {counted(len(found) - _MOST_CHAINS, 'more chain', 'more chains')}."))
    return page.section("certificates", "The certificates", parts)


def _distinct(page: Page) -> list[Shown]:
    groups: dict[tuple[str, ...], Shown] = {}
    tested = {row.subject for row in page.report.endpoints}
    for where, chain in page.facts.within(CertificateChain, page.report.root):
        if Subject(where.domain, where.host, where.address, where.port) not in tested:
            continue
        key = tuple(certificate.sha256 for certificate in chain.certificates)
        known = groups.get(key)
        anchors = page.facts.nearest(TrustAnchors, where)
        groups[key] = Shown(chain, anchors, (*known.at, where) if known else (where,))
    return list(groups.values())


def _chain(page: Page, shown: Shown) -> Markup:
    chain, anchors = shown.chain, shown.anchors
    leaf = chain.leaf
    judged = anchors is not None and anchors.store_size > 0 and chain.sent_count <= len(chain.certificates)
    proof = trust_chain.verify(
        chain.certificates, anchors.candidates if anchors is not None else (), chain.shown_at
    )
    links = list(_links(chain, anchors, proof, judged=judged))
    title = f"{_key(leaf)}: {_name(leaf)}"
    drawn = tag("ol", [_link(link, chain.shown_at) for link in links], class_="chain")
    names = sorted({where.server_name for where in shown.at if where.server_name})
    asked = f"to clients that ask for {', '.join(names[:_MOST_NAMES]) or 'no name'}"
    at = places([Subject(s.domain, s.host, s.address, s.port) for s in shown.at])
    verdict = _verdict(proof, anchors, judged=judged)
    return tag(
        "div",
        page.heading(title, 2),
        tag("p", f"Shown by {at}, {asked}.", class_="lead"),
        tag(
            "p", verdict, class_=f"proof {'fine' if judged and proof.trusted else 'fault' if judged else ''}"
        ),
        drawn,
        _beside(chain, proof) if judged else None,
        class_="certificate",
    )


def _verdict(proof: ChainProof, anchors: TrustAnchors | None, *, judged: bool) -> str:
    if not judged or anchors is None:
        return "Whether it leads to a root could not be judged."
    if proof.trusted:
        return f"It leads to a root of the store {anchors.store}."
    return f"It does not hold by the roots of the store {anchors.store}."


def _links(
    chain: CertificateChain, anchors: TrustAnchors | None, proof: ChainProof, *, judged: bool
) -> Iterator[Link]:
    """The path that was found, and what is missing at its end; without a store, what was sent."""
    if not judged:
        for number, certificate in enumerate(chain.certificates):
            yield Link(
                "Leaf" if not number else f"Sent as number {number + 1}", certificate, _name(certificate)
            )
        return
    roots = {c.sha256: c for c in map(parse, anchors.candidates if anchors is not None else ())}
    last: Certificate | None = None
    for depth, step in enumerate(proof.path):
        sent = chain.certificates[step.index] if step.index is not None else None
        last = sent or roots.get(step.sha256)
        role = "Leaf" if not depth else "Intermediate"
        if step.anchor:
            role = "Root, sent too" if sent is not None else "Root, from the store"
        faults = tuple(_fault(p.code.value, p.detail) for p in proof.problems if p.depth == depth)
        yield Link(role, last, _name(last) if last is not None else step.subject, faults)
    if last is not None and not proof.path[-1].anchor and last.subject != last.issuer:
        yield Link("Not at hand", None, last.issuer or "an issuer without a name")


def _fault(code: str, detail: str) -> str:
    return f"{code.replace('-', ' ')}: {detail}" if detail else code.replace("-", " ")


def _link(link: Link, shown_at: datetime) -> Markup:
    certificate = link.certificate
    kind = "missing" if certificate is None else "faulty" if link.faults else ""
    rows = list(_rows(certificate, shown_at, leaf=link.role == "Leaf")) if certificate is not None else []
    return tag(
        "li",
        tag("p", tag("span", link.role, class_="role"), tag("b", link.name[:_MOST_TEXT])),
        definitions(rows),
        [tag("p", fault, class_="fault") for fault in link.faults],
        class_=kind or None,
    )


def _rows(certificate: Certificate, shown_at: datetime, *, leaf: bool) -> Iterator[tuple[str, Child]]:
    if leaf:
        names = [*certificate.dns_names, *certificate.ip_names]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        yield "For", ", ".join(names[:_MOST_NAMES])[:600] + more if names else "no subjectAltName"
    yield "Key", _key(certificate)
    yield "Signed with", certificate.signature_algorithm or "not to be read"
    before, after = certificate.not_before, certificate.not_after
    if before is None or after is None:
        yield "Valid", "dates that cannot be read"
        return
    if shown_at > after:
        state = f"expired {counted((shown_at - after).days, 'day', 'days')} before"
    elif shown_at < before:
        state = f"begins {counted((before - shown_at).days, 'day', 'days')} after"
    else:
        state = f"{counted((after - shown_at).days, 'day', 'days')} left"
    dates = [tag("span", f"{at:%Y-%m-%d}", class_="date") for at in (before, after)]
    yield "Valid", joined(dates[0], " to ", dates[1], f", {state}")
    if leaf:
        yield "SHA-256", code(certificate.sha256)


def _beside(chain: CertificateChain, proof: ChainProof) -> Markup | None:
    """What was sent and is no part of the path."""
    if not proof.superfluous:
        return None
    names = (_name(chain.certificates[index])[:_MOST_TEXT] for index in proof.superfluous)
    return tag("p", f"Sent beside the path: {'; '.join(names)}.")


def _name(certificate: Certificate) -> str:
    """The common name, else the whole subject, else the first name that it is for."""
    names = (*certificate.common_names, certificate.subject, *certificate.dns_names)
    return next(filter(None, names), "no name")[:_MOST_TEXT]


def _key(certificate: Certificate) -> str:
    kind = KEY_TYPES.get(certificate.key_type, certificate.key_type) or "unknown key"
    size = certificate.curve or (f"{certificate.key_bits} bits" if certificate.key_bits else "")
    return f"{kind}, {size}" if size else kind
