"""What the headline can say: a fixed set of whole sentences, each with an id that stays, in English.

No sentence is put together from pieces: what differs by one address, both, all or some of them, and by what
travels, is a sentence of its own, so that a translator never meets another language's grammar. Placeholders
stand in braces; ``{title:inside}`` is a whole clause, and begins small where it goes on a sentence.

An id tells by its words what it is for: the state; what travels (to a ``domain``, to a ``host`` by name or
address, from a ``mailbox``, mail ``filters``); at how many addresses. ``also.`` is a further sentence behind
the headline; ``reason.`` is a clause inside it. Titles of checks are in their files; what is said when, is in
``grading.headline`` and ``grading.headline_reasons``.
"""

from waxseal.grading.message import Message, Plural, Value, fill, plural_number


def say(message: str, /, **values: Value) -> Message:
    """A message of the set, with its English.

    Raises:
        KeyError: There is no such id, or a placeholder has no value.
    """
    wording = ENGLISH[message]
    if isinstance(wording, Plural):
        wording = wording.one if wording.one and plural_number(values) == 1 else wording.other
    return Message(message, values, fill(wording, values, _english, "."))


def _english(message: Message) -> str:
    return message.text


PLACEHOLDERS = {
    "name": "the domain, host or address that was asked for",
    "total": "how many addresses there are; the plural goes by it where there is no count",
    "some": "how many of them it is said of",
    "count": "a number; the plural goes by it",
    "title": "the title of a check, a whole sentence without a full stop",
    "reason": "a message whose id begins with reason., or the title of a check",
    "answer": "what the server said, in its own words",
    "command": "a command, such as EHLO",
    "seconds": "a number of seconds",
    "alert": "number of a TLS alert (RFC 8446 §6)",
    "protocol": "a protocol, such as SMTP",
    "section": "a section of a standard",
    "port": "a TCP port",
    "way": "a proxy, or a command that makes connections",
    "code": "a response code of DNS, such as SERVFAIL",
}
"""What stands in the place of each placeholder."""

ENGLISH: dict[str, str | Plural] = {
    "headline.sealed.domain.one": "Mail to {name} travels sealed: its one address takes TLS and the "
    "certificates prove the server.",
    "headline.sealed.domain.both": "Mail to {name} travels sealed: both addresses take TLS and the "
    "certificates prove the server.",
    "headline.sealed.domain.all": Plural(
        "Mail to {name} travels sealed: all {total} addresses take TLS and the certificates prove the server."
    ),
    "headline.sealed.host.one": "Mail handed to {name} travels sealed: its one address takes TLS and the "
    "certificates prove the server.",
    "headline.sealed.host.both": "Mail handed to {name} travels sealed: both addresses take TLS and the "
    "certificates prove the server.",
    "headline.sealed.host.all": Plural(
        "Mail handed to {name} travels sealed: all {total} addresses take TLS and the certificates prove "
        "the server."
    ),
    "headline.sealed.mailbox.one": "Mail fetched from {name} travels sealed: its one address takes TLS "
    "and the certificates prove the server.",
    "headline.sealed.mailbox.both": "Mail fetched from {name} travels sealed: both addresses take TLS "
    "and the certificates prove the server.",
    "headline.sealed.mailbox.all": Plural(
        "Mail fetched from {name} travels sealed: all {total} addresses take TLS and the certificates "
        "prove the server."
    ),
    "headline.sealed.filters.one": "What goes to and from {name} travels sealed: its one address takes "
    "TLS and the certificates prove the server.",
    "headline.sealed.filters.both": "What goes to and from {name} travels sealed: both addresses take "
    "TLS and the certificates prove the server.",
    "headline.sealed.filters.all": Plural(
        "What goes to and from {name} travels sealed: all {total} addresses take TLS and the "
        "certificates prove the server."
    ),
    "headline.sealed.not-insisted.one": "Mail to {name} travels sealed: its one address takes TLS and "
    "the certificates prove the server, though nothing published makes senders insist on it.",
    "headline.sealed.not-insisted.both": "Mail to {name} travels sealed: both addresses take TLS and the "
    "certificates prove the server, though nothing published makes senders insist on it.",
    "headline.sealed.not-insisted.all": Plural(
        "Mail to {name} travels sealed: all {total} addresses take TLS and the certificates prove the "
        "server, though nothing published makes senders insist on it."
    ),
    "headline.mend.domain.one": "Mail to {name} is encrypted at its one address, but {title:inside}.",
    "headline.mend.domain.both": "Mail to {name} is encrypted at both addresses, but {title:inside}.",
    "headline.mend.domain.all": Plural(
        "Mail to {name} is encrypted at all {total} addresses, but {title:inside}."
    ),
    "headline.mend.domain.some": Plural(
        "Mail to {name} is encrypted at {some} of {total} addresses, but {title:inside}."
    ),
    "headline.mend.host.one": "Mail handed to {name} is encrypted at its one address, but {title:inside}.",
    "headline.mend.host.both": "Mail handed to {name} is encrypted at both addresses, but {title:inside}.",
    "headline.mend.host.all": Plural(
        "Mail handed to {name} is encrypted at all {total} addresses, but {title:inside}."
    ),
    "headline.mend.host.some": Plural(
        "Mail handed to {name} is encrypted at {some} of {total} addresses, but {title:inside}."
    ),
    "headline.mend.mailbox.one": "Mail fetched from {name} is encrypted at its one address, but "
    "{title:inside}.",
    "headline.mend.mailbox.both": "Mail fetched from {name} is encrypted at both addresses, but "
    "{title:inside}.",
    "headline.mend.mailbox.all": Plural(
        "Mail fetched from {name} is encrypted at all {total} addresses, but {title:inside}."
    ),
    "headline.mend.mailbox.some": Plural(
        "Mail fetched from {name} is encrypted at {some} of {total} addresses, but {title:inside}."
    ),
    "headline.mend.filters.one": "What goes to and from {name} is encrypted at its one address, but "
    "{title:inside}.",
    "headline.mend.filters.both": "What goes to and from {name} is encrypted at both addresses, but "
    "{title:inside}.",
    "headline.mend.filters.all": Plural(
        "What goes to and from {name} is encrypted at all {total} addresses, but {title:inside}."
    ),
    "headline.mend.filters.some": Plural(
        "What goes to and from {name} is encrypted at {some} of {total} addresses, but {title:inside}."
    ),
    "headline.exposed.domain.one": "Mail to {name} can travel in clear: no TLS at its one address.",
    "headline.exposed.domain.both": "Mail to {name} can travel in clear: no TLS at either address.",
    "headline.exposed.domain.all": Plural(
        "Mail to {name} can travel in clear: no TLS at any of its {total} addresses."
    ),
    "headline.exposed.domain.some": Plural(
        "Mail to {name} can travel in clear: no TLS at {some} of {total} addresses."
    ),
    "headline.exposed.host.one": "Mail handed to {name} can travel in clear: no TLS at its one address.",
    "headline.exposed.host.both": "Mail handed to {name} can travel in clear: no TLS at either address.",
    "headline.exposed.host.all": Plural(
        "Mail handed to {name} can travel in clear: no TLS at any of its {total} addresses."
    ),
    "headline.exposed.host.some": Plural(
        "Mail handed to {name} can travel in clear: no TLS at {some} of {total} addresses."
    ),
    "headline.exposed.mailbox.one": "Mail fetched from {name} can travel in clear: no TLS at its one "
    "address.",
    "headline.exposed.mailbox.both": "Mail fetched from {name} can travel in clear: no TLS at either "
    "address.",
    "headline.exposed.mailbox.all": Plural(
        "Mail fetched from {name} can travel in clear: no TLS at any of its {total} addresses."
    ),
    "headline.exposed.mailbox.some": Plural(
        "Mail fetched from {name} can travel in clear: no TLS at {some} of {total} addresses."
    ),
    "headline.exposed.filters.one": "What goes to and from {name} can travel in clear: no TLS at its one "
    "address.",
    "headline.exposed.filters.both": "What goes to and from {name} can travel in clear: no TLS at either "
    "address.",
    "headline.exposed.filters.all": Plural(
        "What goes to and from {name} can travel in clear: no TLS at any of its {total} addresses."
    ),
    "headline.exposed.filters.some": Plural(
        "What goes to and from {name} can travel in clear: no TLS at {some} of {total} addresses."
    ),
    "headline.partly-unknown.domain.sealed": "Mail to {name} travels sealed where it was seen.",
    "headline.partly-unknown.domain.encrypted": "Mail to {name} is encrypted where it was seen.",
    "headline.partly-unknown.host.sealed": "Mail handed to {name} travels sealed where it was seen.",
    "headline.partly-unknown.host.encrypted": "Mail handed to {name} is encrypted where it was seen.",
    "headline.partly-unknown.mailbox.sealed": "Mail fetched from {name} travels sealed where it was seen.",
    "headline.partly-unknown.mailbox.encrypted": "Mail fetched from {name} is encrypted where it was seen.",
    "headline.partly-unknown.filters.sealed": "What goes to and from {name} travels sealed where it was "
    "seen.",
    "headline.partly-unknown.filters.encrypted": "What goes to and from {name} is encrypted where it was "
    "seen.",
    "headline.unknown.domain": "Whether mail to {name} is sealed could not be seen: {reason:inside}.",
    "headline.unknown.host": "Whether mail handed to {name} is sealed could not be seen: {reason:inside}.",
    "headline.unknown.mailbox": "Whether mail fetched from {name} is sealed could not be seen: "
    "{reason:inside}.",
    "headline.unknown.filters": "Whether what goes to and from {name} is sealed could not be seen: "
    "{reason:inside}.",
    "headline.undeliverable.domain": "Mail to {name} cannot be delivered: {title:inside}.",
    "headline.undeliverable.host": "Mail handed to {name} cannot be delivered: {title:inside}.",
    "headline.undeliverable.mailbox": "Mail cannot be fetched from {name}: {title:inside}.",
    "headline.undeliverable.filters": "Mail filters cannot be managed at {name}: {title:inside}.",
    "headline.no-mail": "{name} takes no mail, and says so with a null MX.",
    "headline.local.domain": "Mail to {name} stays on this machine; no TLS is offered there, and none is "
    "needed.",
    "headline.local.host": "Mail handed to {name} stays on this machine; no TLS is offered there, and "
    "none is needed.",
    "headline.local.mailbox": "Mail fetched from {name} stays on this machine; no TLS is offered there, "
    "and none is needed.",
    "headline.local.filters": "What goes to and from {name} stays on this machine; no TLS is offered "
    "there, and none is needed.",
    "also.untested": Plural("{some} of {total} addresses could not be tested."),
    "also.certificates.one": "The certificates of its one address could not be tested.",
    "also.certificates.both": "The certificates of both addresses could not be tested.",
    "also.certificates.all": Plural("The certificates of all {total} addresses could not be tested."),
    "also.certificates.some": Plural("The certificates of {some} of {total} addresses could not be tested."),
    "also.more-addresses": Plural(
        "{count} more addresses could not be tested.", "{count} more address could not be tested."
    ),
    "also.hosts": Plural("{count} mail hosts could not be tested.", "{count} mail host could not be tested."),
    "also.families": "DNS gave no answer for further addresses, so they could not be tested.",
    "also.more-to-mend": Plural(
        "There are {count} more faults to mend.", "There is {count} more fault to mend."
    ),
    "also.exempt": "The profile exempts this.",
    "also.other-reasons": Plural("There are {count} other reasons.", "There is {count} other reason."),
    "reason.ended.refused": "the connection is refused",
    "reason.ended.unreachable": "the address cannot be reached",
    "reason.ended.no-route": "this machine has no route to addresses of that family",
    "reason.ended.timed-out": "nothing comes from the server in time",
    "reason.ended.timed-out.connect": "the connection is not answered within {seconds} s",
    "reason.ended.timed-out.greeting": "no greeting comes within {seconds} s",
    "reason.ended.timed-out.command": "the server leaves {command} unanswered for {seconds} s",
    "reason.ended.timed-out.handshake": "the TLS handshake hangs for {seconds} s",
    "reason.ended.timed-out.dialogue": "the server falls silent for {seconds} s in the middle of the "
    "dialogue",
    "reason.ended.closed.greeting": "the server closes the connection before any greeting",
    "reason.ended.closed.command": "the server closes the connection instead of answering {command}",
    "reason.ended.closed.handshake": "the server closes the connection during the TLS handshake",
    "reason.ended.closed.dialogue": "the server closes the connection in the middle of the dialogue",
    "reason.ended.reset.greeting": "the connection is broken off before any greeting",
    "reason.ended.reset.command": "the connection is broken off where the answer to {command} is due",
    "reason.ended.reset.handshake": "the connection is broken off during the TLS handshake",
    "reason.ended.reset.dialogue": "the connection is broken off in the middle of the dialogue",
    "reason.ended.declined.greeting": "the server turns this client away at the greeting",
    "reason.ended.declined.greeting.answer": "the server turns this client away at the greeting with "
    "“{answer}”",
    "reason.ended.declined.command": "the server turns this client away at {command}",
    "reason.ended.declined.command.answer": "the server turns this client away at {command} with “{answer}”",
    "reason.ended.declined.dialogue": "the server turns this client away in the middle of the dialogue",
    "reason.ended.declined.dialogue.answer": "the server turns this client away in the middle of the "
    "dialogue with “{answer}”",
    "reason.ended.alert": "the server ends the TLS handshake with an alert",
    "reason.ended.alert.number": "the server ends the TLS handshake with alert {alert}",
    "reason.ended.not-tls": "what the server sends is not TLS",
    "reason.ended.tls-failed": "the TLS handshake fails on our side, and whether the server is at fault "
    "is not known",
    "reason.ended.tls-failed.rule": "the TLS handshake is given up on our side over a rule of {section}, and "
    "whether the server is at fault is not known",
    "reason.ended.not-the-protocol": "what the server says is not {protocol}",
    "reason.ended.limit": "the server's answer is longer than waxseal reads",
    "reason.ended.dns": "a look-up that is needed for the test fails",
    "reason.ended.blocked-here": "this machine does not allow the connection",
    "reason.ended.not-allowed": "the address is a special one that was not allowed to be tested",
    "reason.ended.budget-spent": "the time or the connections planned for it were used up before",
    "reason.ended.crashed": "a fault of waxseal itself ended the test",
    "reason.ended.other": "the test ended before that",
    "reason.port-blocked": "this machine does not allow connections to port {port}",
    "reason.port-silent": "no connection to port {port} is answered, so that it may be blocked from here",
    "reason.way-closed": "the way that connections take ({way}) gives none to port {port}",
    "reason.mx.error": "the MX look-up is answered with an error, and the resolver may be the reason, "
    "not the zone",
    "reason.mx.error.code": "the MX look-up is answered with {code}, and the resolver may be the reason, "
    "not the zone",
    "reason.mx.malformed": "the MX look-up gets an answer that cannot be read, and the resolver may be "
    "the reason",
    "reason.mx.timed-out": "the MX look-up gets no answer in time, and the resolver or the network may "
    "be the reason",
    "reason.mx.unreachable": "no resolver can be reached for the MX look-up",
    "reason.addresses.error": "the look-up of a mail host's addresses is answered with an error, and the "
    "resolver may be the reason, not the zone",
    "reason.addresses.error.code": "the look-up of a mail host's addresses is answered with {code}, and "
    "the resolver may be the reason, not the zone",
    "reason.addresses.malformed": "the look-up of a mail host's addresses gets an answer that cannot be "
    "read, and the resolver may be the reason",
    "reason.addresses.timed-out": "the look-up of a mail host's addresses gets no answer in time, and "
    "the resolver or the network may be the reason",
    "reason.addresses.unreachable": "no resolver can be reached for the look-up of a mail host's addresses",
    "reason.open": "the answers leave open whether this is so: “{title}”",
    "reason.answers": "the server's answers leave it open",
    "reason.no-address": "there was no address to test",
    "reason.to-mend": "something wants mending",
    "number.decimal-mark": ".",
}
"""Every message by id."""
