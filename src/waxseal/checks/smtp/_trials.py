"""Sample facts for the checks of relaying, doubtful ends of data, and commands that tell of users."""

from waxseal.checks.samples import reply
from waxseal.facts import Cause, Ended, RelayTrial, RelayTrials, Reply, SmugglingTrial, SmugglingTrials, Stage
from waxseal.wire.data_endings import CONTROL, EXPECTED_REPLIES, VARIANTS
from waxseal.wire.relay_forms import Names, relay_forms

OK = reply(250, "2.1.5 Ok")
DENIED = reply(554, "5.7.1 Relay access denied", enhanced="5.7.1")
NO_USER = reply(550, "5.1.1 User unknown", enhanced="5.1.1")
LATER = reply(451, "4.7.1 Greylisted", enhanced="4.7.1")
NO_LOGIN = reply(530, "5.7.0 Authentication required", enhanced="5.7.0")
NO_MAIL_DOMAIN = reply(556, "5.1.10 Null MX", enhanced="5.1.10")
UNKNOWN_COMMAND = reply(500, "5.5.1 Unknown command", enhanced="5.5.1")
BARE_LF = reply(521, "5.5.2 Bare <LF> received", enhanced="5.5.2")

_NAMES = Names("user", "example.org", "[192.0.2.25]", "postmaster@probe.example.net")


def relay(control: Reply | None = OK, most: int | None = None, **rcpt: Reply) -> RelayTrials:
    """A server that refuses every form; `rcpt` changes single ones (underscores for hyphens)."""
    changed = {name.replace("_", "-"): answer for name, answer in rcpt.items()}
    trials = tuple(
        RelayTrial(
            form.name,
            form.sender,
            form.recipient,
            OK,
            changed.get(form.name, NO_USER if form.name == "unknown-user" else DENIED),
        )
        for form in relay_forms(_NAMES)[:most]
    )
    return RelayTrials(control=control, trials=trials)


def relay_each(answer: Reply) -> RelayTrials:
    """A server that answers every RCPT like this but the control's."""
    trials = tuple(RelayTrial(f.name, f.sender, f.recipient, OK, answer) for f in relay_forms(_NAMES))
    return RelayTrials(control=OK, trials=trials)


def no_mail(refusal: Reply) -> RelayTrials:
    """A server that answers every MAIL like this."""
    trials = tuple(RelayTrial(f.name, f.sender, f.recipient, refusal) for f in relay_forms(_NAMES))
    return RelayTrials(control=None, trials=trials)


def smuggling(most: int | None = None, **changes: tuple[Reply, ...] | Ended) -> SmugglingTrials:
    """A server that takes every doubtful end for text; `changes` gives other replies, or another end."""
    text = (reply(354, "Go ahead"), OK, reply(221, "Bye"))
    done = Ended(Cause.COMPLETED, Stage.QUIT)
    trials = []
    for variant, octets in ((CONTROL, b""), *VARIANTS)[:most]:
        change = changes.get(variant.replace("-", "_"), text)
        replies, ended = ((), change) if isinstance(change, Ended) else (change, done)
        trials.append(SmugglingTrial(variant, octets, EXPECTED_REPLIES, ended, replies))
    return SmugglingTrials(recipient="me@example.org", trials=tuple(trials))


EXECUTED = (reply(354, "Go ahead"), OK, OK, UNKNOWN_COMMAND, reply(221, "Bye"))
"""What a server says to whom the doubtful end was an end: to the message, NOOP, the dot, and QUIT."""
REFUSED = (reply(354, "Go ahead"), BARE_LF)
