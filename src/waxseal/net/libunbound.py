"""A validating resolver in this process: libunbound, where the system has it, called through ctypes.

From libunbound(3). The library resolves in one thread of its own and hands results over through a pipe that
the event loop watches. It is believed on what DNSSEC says (``secure``, ``bogus`` and ``why_bogus``); the
answer itself is read from its packet by our own reader (``net.dns_message``). Trust anchors are in
``net.root_anchors``; whether what the library says can be taken is probed in ``net.validation``.
"""

import asyncio
import contextlib
import ctypes
import ctypes.util
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from waxseal.facts import DnsAnswer, Dnssec, DnsStatus
from waxseal.net.dns_message import Question, Reply, read_reply
from waxseal.net.dns_records import CLASS_IN, type_number
from waxseal.net.resolv_conf import Server
from waxseal.wire.dns_rdata import encode_name, name_text

DEFAULT_TOTAL_S = 10.0
DEFAULT_IN_FLIGHT = 64
DEFAULT_CACHE_ENTRIES = 100_000
MAX_ANSWER_OCTETS: Final = 65_535
MAX_WHY_OCTETS: Final = 500

LIBRARY_NAMES: Final = ("libunbound.so.8", "libunbound.so.2", "libunbound.8.dylib", "libunbound.2.dylib")

# Set before the first look-up; a library that does not know one of them goes without it.
_OPTIONS: Final = (
    ("do-not-query-localhost:", "no"),  # a resolver on loopback is the usual one to forward to
    ("unblock-lan-zones:", "yes"),  # private reverse zones are the system's resolvers' to answer
    ("insecure-lan-zones:", "yes"),
    ("edns-buffer-size:", "1232"),
    ("msg-cache-size:", "4m"),
    ("rrset-cache-size:", "8m"),
    ("cache-max-ttl:", "3600"),
    ("trust-anchor-signaling:", "no"),
)


class _Result(ctypes.Structure):
    """``struct ub_result`` as far as ``why_bogus``; what follows differs between versions."""

    _fields_ = (
        ("qname", ctypes.c_void_p),
        ("qtype", ctypes.c_int),
        ("qclass", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("len", ctypes.c_void_p),
        ("canonname", ctypes.c_void_p),
        ("rcode", ctypes.c_int),
        ("answer_packet", ctypes.c_void_p),
        ("answer_len", ctypes.c_int),
        ("havedata", ctypes.c_int),
        ("nxdomain", ctypes.c_int),
        ("secure", ctypes.c_int),
        ("bogus", ctypes.c_int),
        ("why_bogus", ctypes.c_char_p),
    )


_ResultPointer = ctypes.POINTER(_Result)
_Callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, _ResultPointer)
_TEXT, _CONTEXT = ctypes.c_char_p, ctypes.c_void_p
_FUNCTIONS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "ub_version": (_TEXT, ()),
    "ub_strerror": (_TEXT, (ctypes.c_int,)),
    "ub_ctx_create": (_CONTEXT, ()),
    "ub_ctx_delete": (None, (_CONTEXT,)),
    "ub_ctx_set_option": (ctypes.c_int, (_CONTEXT, _TEXT, _TEXT)),
    "ub_ctx_debugout": (ctypes.c_int, (_CONTEXT, ctypes.c_void_p)),
    "ub_ctx_set_fwd": (ctypes.c_int, (_CONTEXT, _TEXT)),
    "ub_ctx_add_ta": (ctypes.c_int, (_CONTEXT, _TEXT)),
    "ub_ctx_async": (ctypes.c_int, (_CONTEXT, ctypes.c_int)),
    "ub_ctx_zone_remove": (ctypes.c_int, (_CONTEXT, _TEXT)),
    "ub_fd": (ctypes.c_int, (_CONTEXT,)),
    "ub_process": (ctypes.c_int, (_CONTEXT,)),
    "ub_cancel": (ctypes.c_int, (_CONTEXT, ctypes.c_int)),
    "ub_resolve_free": (None, (_ResultPointer,)),
    "ub_resolve_async": (
        ctypes.c_int,
        (
            _CONTEXT,
            _TEXT,
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_void_p,
            _Callback,
            ctypes.POINTER(ctypes.c_int),
        ),
    ),
}


class LibunboundError(Exception):
    """The library cannot be used; the message says why."""


@lru_cache(maxsize=8)
def load_library(names: tuple[str, ...] = LIBRARY_NAMES) -> ctypes.CDLL:
    """The library, its functions declared.

    Args:
        names: What to try, in order; where these are the default ones, what the system's linker finds too.

    Raises:
        LibunboundError: It is not there, or is no libunbound.
    """
    library, name = _load(names)
    try:
        for function, (result, arguments) in _FUNCTIONS.items():
            declared = getattr(library, function)
            declared.restype, declared.argtypes = result, arguments
    except AttributeError as error:
        raise LibunboundError(f"{name} is no libunbound: {error}") from error
    return library


def _load(names: tuple[str, ...]) -> tuple[ctypes.CDLL, str]:
    for name in names:
        with contextlib.suppress(OSError):
            return ctypes.CDLL(name), name
    found = ctypes.util.find_library("unbound") if names == LIBRARY_NAMES else None  # slow: it runs ldconfig
    if found is not None:
        with contextlib.suppress(OSError):
            return ctypes.CDLL(found), found
    raise LibunboundError("the library libunbound is not installed (Debian: libunbound8)")


def library_version(library: ctypes.CDLL) -> str:
    """Such as ``libunbound 1.17.1``."""
    return f"libunbound {_decoded(library.ub_version())}"


@dataclass(frozen=True, slots=True)
class Validated:
    """What the library says to one question.

    Attributes:
        status: As `DnsAnswer.status`; SERVFAIL where the answer is bogus.
        dnssec: What DNSSEC says.
        unchecked: How the answer ends where its signatures are left out of account; None where none came.
        reply: The answer as the packet has it, unchecked; None where none came.
        why_bogus: The library's words; "" where it is not bogus.
    """

    status: DnsStatus
    dnssec: Dnssec
    unchecked: DnsStatus | None = None
    reply: Reply | None = None
    why_bogus: str = ""


class LibunboundResolver:
    """A `Resolver` that validates by itself. One resolver belongs to one event loop.

    Every answer is kept for the life of the resolver, as in ``net.dns``.
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        *,
        forwarders: Sequence[Server] = (),
        anchors: Sequence[str] = (),
        total_s: float = DEFAULT_TOTAL_S,
        in_flight: int = DEFAULT_IN_FLIGHT,
        cache_entries: int = DEFAULT_CACHE_ENTRIES,
    ) -> None:
        """Set up a context of the library.

        Args:
            library: As `load_library` gives it.
            forwarders: Resolvers to forward to; none for recursion from the root servers.
            anchors: DS or DNSKEY records in presentation form.
            total_s: Limit of one look-up, waiting for a slot left out.
            in_flight: How many look-ups are under way at once.
            cache_entries: How many answers are kept; the oldest goes first.

        Raises:
            LibunboundError: The library refuses something of it.
        """
        self._library = library
        self.total_s = total_s
        self._forwarders = tuple(forwarders)
        context = library.ub_ctx_create()
        if not context:
            raise LibunboundError("libunbound cannot be set up: no memory")
        self._context = ctypes.c_void_p(context)
        self._waiting: dict[int, asyncio.Future[Validated]] = {}
        self._questions: dict[int, Question] = {}
        self._number = 0
        self._callback = _callback(library, self._waiting, self._questions)
        self._finalizer = weakref.finalize(self, _delete, library, context, self._callback)
        self._slots = asyncio.Semaphore(in_flight)
        self._cache: dict[tuple[bytes, int], asyncio.Task[DnsAnswer]] = {}
        self._cache_entries = cache_entries
        try:
            self._set_up(anchors)
        except LibunboundError:
            self.close()
            raise

    def _set_up(self, anchors: Sequence[str]) -> None:
        library, context = self._library, self._context
        library.ub_ctx_debugout(context, None)  # or it writes to standard error
        for option, value in _OPTIONS:
            library.ub_ctx_set_option(context, option.encode(), value.encode())
        self._check("a thread", library.ub_ctx_async(context, 1))
        for server in self._forwarders:
            zone = f"%{server.zone}" if server.zone else ""
            place = f"{server.address}{zone}@{server.port}"
            self._check(f"forwarding to {server}", library.ub_ctx_set_fwd(context, place.encode()))
        for anchor in anchors:
            self._check(
                f"the trust anchor {anchor!r}", library.ub_ctx_add_ta(context, anchor.encode("ascii"))
            )
        if self._forwarders:
            # It answers for test. itself (RFC 6761 §6.2); whom we forward to may know a private one.
            # It is the first call that reads what was set, trust anchors included.
            self._check("its trust anchors", library.ub_ctx_zone_remove(context, b"test."))

    def _check(self, what: str, code: int) -> None:
        if code:
            said = _decoded(self._library.ub_strerror(code))
            raise LibunboundError(f"libunbound refuses {what}: {said}")

    @property
    def servers(self) -> tuple[str, ...]:
        """The resolvers that are forwarded to, ``address:port`` each; empty where it recurses itself."""
        return tuple(map(str, self._forwarders))

    def __str__(self) -> str:
        """Name and version of the library, and whom it asks."""
        asks = f"forwarding to {', '.join(self.servers)}" if self._forwarders else "recursing by itself"
        return f"{library_version(self._library)}, {asks}"

    def close(self) -> None:
        """Give the library's context back; what is under way is called off. May be called twice."""
        waiting = tuple(self._waiting.values())
        self._waiting.clear()
        self._questions.clear()
        for future in waiting:
            if not future.done():
                future.set_result(Validated(DnsStatus.UNREACHABLE, Dnssec.INDETERMINATE))
        if self._finalizer.alive:
            self._watch(False)
            self._finalizer()

    async def query(self, name: str, rdtype: str) -> DnsAnswer:
        """See `Resolver.query`; nothing that the network does is raised.

        Raises:
            ValueError: `rdtype` is no type of records.
        """
        rdtype = rdtype.upper()
        number = type_number(rdtype)
        wire = encode_name(name)
        if wire is None:
            text = name.lower().removesuffix(".")
            return DnsAnswer(text, rdtype, DnsStatus.NAME_INVALID, dnssec=Dnssec.INDETERMINATE)
        key = (wire, number)
        task = self._cache.get(key)
        if task is None or task.cancelled():
            while len(self._cache) >= max(self._cache_entries, 1):
                del self._cache[next(iter(self._cache))]
            task = self._cache[key] = asyncio.create_task(self._look_up(Question(wire, number), rdtype))
        return await asyncio.shield(task)

    async def _look_up(self, question: Question, rdtype: str) -> DnsAnswer:
        loop = asyncio.get_running_loop()
        async with self._slots:
            started = loop.time()
            found = await self.ask(question)
        reply = found.reply
        answered = reply is not None and found.status is DnsStatus.ANSWERED
        signed_until = reply.signed_until if reply is not None else None
        return DnsAnswer(
            name_text(question.name),
            rdtype,
            found.status,
            rdata=reply.rdata if reply is not None and answered else (),
            ttl_s=reply.ttl_s if reply is not None and answered else None,
            aliases=tuple(map(name_text, reply.aliases)) if reply is not None else (),
            authenticated=found.dnssec is Dnssec.SECURE,
            server=str(self._forwarders[0]) if self._forwarders else "",
            elapsed_s=loop.time() - started,
            dnssec=found.dnssec,
            why_bogus=found.why_bogus,
            signed_until=datetime.fromtimestamp(signed_until, UTC) if signed_until is not None else None,
            rrset_ttl_s=reply.rrset_ttl_s if reply is not None and answered else None,
        )

    async def ask(self, question: Question, limit_s: float | None = None) -> Validated:
        """One question, aliases followed by the library; nothing is kept.

        Args:
            question: What to ask.
            limit_s: How long to wait; None for `total_s`.
        """
        if not self._finalizer.alive:
            return Validated(DnsStatus.UNREACHABLE, Dnssec.INDETERMINATE)
        self._number += 1
        number = self._number
        future: asyncio.Future[Validated] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._questions[number] = question
        handle = ctypes.c_int(0)
        begun = False
        try:
            self._watch(True)
            name = name_text(question.name).encode("ascii")
            begun = not self._library.ub_resolve_async(
                self._context, name, question.rdtype, CLASS_IN, number, self._callback, ctypes.byref(handle)
            )
            if not begun:
                return Validated(DnsStatus.UNREACHABLE, Dnssec.INDETERMINATE)
            async with asyncio.timeout(self.total_s if limit_s is None else limit_s):
                return await future
        except TimeoutError:
            return Validated(DnsStatus.TIMED_OUT, Dnssec.INDETERMINATE)
        finally:
            self._waiting.pop(number, None)
            self._questions.pop(number, None)
            if self._finalizer.alive:
                if begun and future.cancelled():  # nobody was told: the library still works on it
                    self._library.ub_cancel(self._context, handle)
                self._watch(bool(self._waiting))

    def _watch(self, wanted: bool) -> None:
        """Have the loop watch the library's pipe while something is waited for, and only then.

        An idle resolver is so known to nobody but its user, and goes with him.
        """
        loop = asyncio.get_running_loop() if wanted else _loop_or_none()
        if loop is None or loop.is_closed():
            return
        descriptor = self._library.ub_fd(self._context)
        if wanted:
            loop.add_reader(descriptor, self._library.ub_process, self._context)
        else:
            loop.remove_reader(descriptor)


def _callback(
    library: ctypes.CDLL, waiting: dict[int, asyncio.Future[Validated]], questions: dict[int, Question]
) -> Any:
    """What the library calls within ``ub_process``, in the thread of the loop. It knows no resolver."""

    def told(number: int | None, error: int, result: Any) -> None:
        try:
            future, question = waiting.get(number or 0), questions.get(number or 0)
            if future is not None and question is not None and not future.done():
                future.set_result(_validated(error, result, question))
        finally:
            if result:
                library.ub_resolve_free(result)

    return _Callback(told)


def _validated(error: int, pointer: Any, question: Question) -> Validated:
    """Read one result; octets and text are copied, as the library takes theirs back."""
    if error or not pointer:
        return Validated(DnsStatus.SERVFAIL, Dnssec.INDETERMINATE)
    result = pointer.contents
    size = result.answer_len
    if not result.answer_packet or not 0 < size <= MAX_ANSWER_OCTETS:
        return Validated(DnsStatus.SERVFAIL, Dnssec.INDETERMINATE)
    reply = read_reply(ctypes.string_at(result.answer_packet, size), question)
    if result.bogus:
        why = _decoded(result.why_bogus)
        return Validated(DnsStatus.SERVFAIL, Dnssec.BOGUS, reply.status, reply, why)
    if reply.status not in (
        DnsStatus.ANSWERED,
        DnsStatus.NO_DATA,
        DnsStatus.NXDOMAIN,
        DnsStatus.CNAME_LOOP,
    ):
        return Validated(reply.status, Dnssec.INDETERMINATE, reply.status, reply)
    dnssec = Dnssec.SECURE if result.secure else Dnssec.INSECURE
    return Validated(reply.status, dnssec, reply.status, reply)


def _delete(library: ctypes.CDLL, context: int, _callback: Any) -> None:
    """Give a context back; the callback, which its thread's results go to, lives until then."""
    library.ub_ctx_delete(ctypes.c_void_p(context))


def _loop_or_none() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _decoded(text: bytes | None) -> str:
    """Printable ASCII, other octets escaped, at most 500 octets: names in it come from the zone's owner."""
    cut = (text or b"")[:MAX_WHY_OCTETS]
    return "".join(chr(octet) if 32 <= octet < 127 else f"\\x{octet:02x}" for octet in cut)
