"""Records as lines of a zone file (RFC 1035 §5.1): what plans and proposals print.

Owners are absolute, so the lines fit into any zone file. Nothing is read here.
"""

from waxseal.facts import MailExchange, TlsaRecord

MAX_STRING_OCTETS = 255
DEFAULT_TTL_S = 3600


def tlsa_owner(host: str, port: int) -> str:
    """Where the TLSA records of a host's port stand, without trailing dot (RFC 7672 §2.2.3)."""
    return f"_{port}._tcp.{host}"


def tlsa_line(owner: str, record: TlsaRecord, ttl_s: int | None = None) -> str:
    """A TLSA record (RFC 6698 §2.2)."""
    return _line(owner, "TLSA", str(record), ttl_s)


def mx_line(domain: str, exchange: MailExchange, ttl_s: int | None = None) -> str:
    """An MX record; the exchange "" is the root."""
    return _line(domain, "MX", f"{exchange.preference} {exchange.exchange}.", ttl_s)


def txt_line(owner: str, text: str, ttl_s: int | None = None) -> str:
    """A TXT record of one text, in strings of at most 255 octets (RFC 1035 §3.3)."""
    pieces = [text[at : at + MAX_STRING_OCTETS] for at in range(0, len(text), MAX_STRING_OCTETS)] or [""]
    quoted = " ".join(f'"{_escaped(piece)}"' for piece in pieces)
    return _line(owner, "TXT", quoted, ttl_s)


def comment(text: str) -> str:
    """A comment; line ends in the text do not end it."""
    return f"; {' '.join(text.split())}" if text else ";"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _line(owner: str, rdtype: str, rdata: str, ttl_s: int | None) -> str:
    return f"{owner}. {DEFAULT_TTL_S if ttl_s is None else ttl_s} IN {rdtype} {rdata}"
