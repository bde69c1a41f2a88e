import errno
import socket
import ssl

import pytest

from waxseal.facts import Cause, Ended, Stage
from waxseal.net.errors import NetError, from_os_error


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ECONNREFUSED, Cause.REFUSED),
        (errno.ECONNRESET, Cause.RESET),
        (errno.EPIPE, Cause.RESET),
        (errno.ECONNABORTED, Cause.RESET),
        (errno.ETIMEDOUT, Cause.TIMED_OUT),
        (errno.EHOSTUNREACH, Cause.UNREACHABLE),
        (errno.EHOSTDOWN, Cause.UNREACHABLE),
        (errno.ENETUNREACH, Cause.NO_ROUTE),
        (errno.EADDRNOTAVAIL, Cause.NO_ROUTE),
        (errno.EAFNOSUPPORT, Cause.NO_ROUTE),
        (errno.EPERM, Cause.BLOCKED_HERE),
        (errno.EACCES, Cause.BLOCKED_HERE),
        (errno.EMFILE, Cause.BLOCKED_HERE),
        (errno.ENFILE, Cause.BLOCKED_HERE),
        (errno.ENOBUFS, Cause.BLOCKED_HERE),
        (errno.ENOMEM, Cause.BLOCKED_HERE),
    ],
)
def test_each_errno_has_one_cause_and_keeps_its_name(number: int, cause: Cause) -> None:
    error = from_os_error(OSError(number, "words of the system"), Stage.CONNECT)
    assert (error.cause, error.detail, error.phase) == (cause, errno.errorcode[number], Stage.CONNECT)


@pytest.mark.parametrize("error", [OSError("no number"), socket.timeout("slow"), OSError(99999, "odd")])  # noqa: UP041
def test_an_unknown_one_keeps_the_name_of_its_type(error: OSError) -> None:
    found = from_os_error(error)
    assert found.cause is Cause.BLOCKED_HERE, "nothing is said of the peer"
    assert found.detail == type(error).__name__
    assert found.phase is None


def test_no_word_of_the_system_gets_into_it() -> None:
    secret = OSError(errno.ECONNRESET, "password=hunter2")
    error = from_os_error(secret)
    assert "hunter2" not in str(error) + error.detail


def test_as_a_fact() -> None:
    error = NetError(Cause.ALERT, "handshake_failure", phase=Stage.HANDSHAKE, elapsed_s=0.5, alert=40)
    ended = Ended(Cause.ALERT, Stage.HANDSHAKE, alert=40, detail="handshake_failure", stage_s=0.5)
    assert error.ended() == ended


@pytest.mark.parametrize(
    ("error", "text"),
    [(NetError(Cause.RESET), "reset"), (NetError(Cause.TIMED_OUT, "after 1.0 s"), "timed-out: after 1.0 s")],
)
def test_says_its_cause(error: NetError, text: str) -> None:
    assert str(error) == text


def test_is_no_os_error_and_no_tls_error() -> None:
    """So that nothing that catches those takes a cause away."""
    assert not issubclass(NetError, OSError)
    assert not issubclass(NetError, ssl.SSLError)
