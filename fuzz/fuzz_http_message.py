"""Fuzz target: HTTP responses and URLs of any octets. Nothing may raise.

Run it with ``python fuzz/fuzz_http_message.py [corpus folder] [libFuzzer options]``. The first octet says
what the rest is: a URL, or a response to one of the methods.
"""

import sys

from waxseal.wire.http_message import HttpExchange, HttpUrl, parse_url, redirected

URL = HttpUrl("https", "mta-sts.example.test", 443, "/.well-known/mta-sts.txt")
METHODS = ("GET", "HEAD", "POST")
LIMIT = 1000


def fuzz_one(data: bytes) -> None:
    """Read the octets as a URL or as a response."""
    kind, octets = (data[:1] or b"\x00")[0] % 4, data[1:]
    if kind == 3:
        look_at_url(octets.decode("latin-1"))
        return
    whole, parts = (HttpExchange(URL, LIMIT, method=METHODS[kind]) for _ in range(2))
    whole.feed(octets)
    for octet in octets:
        parts.feed(bytes((octet,)))
    whole.end()
    parts.end()
    for exchange in (whole, parts):
        if not exchange.done or (exchange.failure is None) != (exchange.detail == ""):
            raise AssertionError("neither a response nor a failure")
        if len(exchange.body) > min(LIMIT + 1, len(octets)) or len(exchange.detail) > 120:
            raise AssertionError("more than there may be")
    if (whole.status, whole.fields, whole.body) != (parts.status, parts.fields, parts.body):
        raise AssertionError("another response where the octets are cut")


def look_at_url(text: str) -> None:
    """A URL that is taken adds no line to the request."""
    url = parse_url(text)
    if url is not None:
        if len(HttpExchange(url, 0).request.splitlines()) != 6:
            raise AssertionError("a URL that adds a line to the request")
        if parse_url(str(url)) != url:
            raise AssertionError("another URL where it is written")
        redirected(url, text)


def main() -> None:
    """Run under atheris, which is needed only here."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
