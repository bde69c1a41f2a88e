"""A Postfix that sends: a message to a domain, by smtp(8) at each TLS security level, and what its log says.

It runs in a sandbox of its own whose resolver is the validating Unbound, as ``posttls-finger`` does in
``second_opinion``, and is configured as the levels are documented. What leaves it goes to the real server of
the situation and no further.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from .packages import fetch
from .postfix import RECIPE
from .sandbox import LOGS
from .second_opinion import run_sandboxed
from .signed_world import DOMAIN

if TYPE_CHECKING:
    from .signed_world import World

LEVELS = {
    "opportunistic": "may",
    "postfix-dane": "dane",
    "postfix-dane-only": "dane-only",
    "postfix-secure": "secure",
    "postfix-verify": "verify",
}
"""The sender models (``grading/sender_models.toml``) that are Postfix, and their levels."""

_MAIN = """compatibility_level = 3.6
myhostname = probe.test
mydestination =
inet_protocols = ipv4
alias_maps =
maillog_file = {logs}/postfix
maillog_file_prefixes = {logs}, /var, /dev/stdout
smtp_dns_support_level = dnssec
smtp_host_lookup = dns
smtp_tls_CAfile = /etc/root.pem
smtp_tls_loglevel = 1
smtp_connect_timeout = 5s
transport_maps = inline:{{ {routes} }}
"""

_TRANSPORT = """{sender} unix - - n - - smtp
    -o syslog_name=postfix/{sender}
    -o smtp_tls_security_level={level}
"""

_START = """set -eu
mkdir -p /var/lib/postfix
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postdrop /usr/sbin/postqueue
chmod 2755 /usr/sbin/postdrop /usr/sbin/postqueue
postfix start
printf 'Subject: a trial\\n\\nNothing.\\n' | sendmail -f probe@probe.test {recipients}
for turn in $(seq 800); do
    [ "$(grep -c 'relay=.*status=' {logs}/postfix)" -lt {count} ] || break
    sleep 0.05
done
"""

_ENVELOPE_ANSWERED = re.compile(r"in reply to (MAIL FROM|RCPT TO|DATA|end of DATA) command")


class Sent(Enum):
    """What became of the message at one level."""

    VERIFIED = "went to a server that Postfix calls verified"
    ENCRYPTED = "went under TLS"
    CLEAR = "went in clear"
    DEFERRED = "waits"


@dataclass(frozen=True)
class Delivery:
    """One recipient's fate.

    Attributes:
        sent: What became of the message.
        said: What smtp(8) logged at that level.
    """

    sent: Sent
    said: str


def deliver(world: World, domain: str = DOMAIN) -> dict[str, Delivery]:
    """Send a message for each of `LEVELS` to a domain, by sender model.

    Raises:
        UnavailableError: Postfix or the sandbox cannot be had here.
    """
    stock = Path(fetch(RECIPE.packages).root, "usr/share/postfix/master.cf.dist").read_text()
    services = [line for line in stock.splitlines() if not re.match(r"smtp\s+inet\s", line)]
    services += [_TRANSPORT.format(sender=sender, level=level) for sender, level in LEVELS.items()]
    recipients = {sender: f"root+{sender}@{domain}" for sender in LEVELS}
    routes = " ".join(f"{{ {recipient} = {sender}: }}" for sender, recipient in recipients.items())
    files = {
        "etc/postfix/main.cf": _MAIN.format(logs=LOGS, routes=routes),
        "etc/postfix/master.cf": "\n".join(services) + "\n",
        "etc/postfix/dynamicmaps.cf": "",
        "start": _START.format(recipients=" ".join(recipients.values()), logs=LOGS, count=len(LEVELS)),
    }
    log = run_sandboxed(world, files)
    return {sender: _fate(sender, log) for sender in LEVELS}


def _fate(sender: str, log: str) -> Delivery:
    """Read one level's lines; where the server answers to the envelope, Postfix has accepted the session."""
    said = "\n".join(line for line in log.splitlines() if f"postfix/{sender}/smtp[" in line)
    status = re.search(r"status=(\S+) \((.*)\)", said)
    assert status is not None, f"{sender}: no status in {log}"
    if status[1] != "sent" and not _ENVELOPE_ANSWERED.search(status[2]):
        assert status[1] == "deferred", said
        return Delivery(Sent.DEFERRED, said)
    if "Verified TLS connection established" in said:
        return Delivery(Sent.VERIFIED, said)
    return Delivery(Sent.ENCRYPTED if "TLS connection established" in said else Sent.CLEAR, said)
