"""What the network did to us, as one exception with one cause (DESIGN §8)."""

import errno

from waxseal.facts import Cause, Ended, Stage


class NetError(Exception):
    """A stage of a conversation could not be finished.

    Attributes:
        phase: The stage; None until the conversation that knows it fills it in.
        cause: Exactly one cause.
        elapsed_s: Seconds that the stage had taken.
        detail: The operating system's or the library's words.
        alert: TLS alert number, with `Cause.ALERT`.
    """

    def __init__(
        self,
        cause: Cause,
        detail: str = "",
        *,
        phase: Stage | None = None,
        elapsed_s: float = 0.0,
        alert: int | None = None,
    ) -> None:
        super().__init__(f"{cause.value}: {detail}" if detail else cause.value)
        self.cause = cause
        self.detail = detail
        self.phase = phase
        self.elapsed_s = elapsed_s
        self.alert = alert

    def ended(self) -> Ended:
        """The same as a fact."""
        return Ended(
            cause=self.cause,
            stage=self.phase,
            alert=self.alert,
            detail=self.detail,
            stage_s=round(self.elapsed_s, 3),
        )


_CAUSES: dict[int, Cause] = {
    errno.ECONNREFUSED: Cause.REFUSED,
    errno.ECONNRESET: Cause.RESET,
    errno.EPIPE: Cause.RESET,
    errno.ECONNABORTED: Cause.RESET,
    errno.ETIMEDOUT: Cause.TIMED_OUT,
    errno.EHOSTUNREACH: Cause.UNREACHABLE,
    errno.EHOSTDOWN: Cause.UNREACHABLE,
    errno.ENETUNREACH: Cause.NO_ROUTE,
    errno.EADDRNOTAVAIL: Cause.NO_ROUTE,
    errno.EAFNOSUPPORT: Cause.NO_ROUTE,
    errno.EPERM: Cause.BLOCKED_HERE,
    errno.EACCES: Cause.BLOCKED_HERE,
    # This machine has no socket, port or memory left: nothing that the other side did.
    errno.EMFILE: Cause.BLOCKED_HERE,
    errno.ENFILE: Cause.BLOCKED_HERE,
    errno.ENOBUFS: Cause.BLOCKED_HERE,
    errno.ENOMEM: Cause.BLOCKED_HERE,
}


def from_os_error(error: OSError, phase: Stage | None = None) -> NetError:
    """Translate what the socket layer said; an unknown errno is this machine's own trouble."""
    number = error.errno or 0
    cause = _CAUSES.get(number, Cause.BLOCKED_HERE)
    name = errno.errorcode.get(number, type(error).__name__)
    return NetError(cause, name, phase=phase)
