"""Cyrus IMAP: IMAP, POP3, ManageSieve and LMTP of one master on Debian's configuration, set per service.

Debian's configuration takes passwords in clear (``allowplaintext: yes``); only the set-up named so does that
here. Over TCP, lmtpd wants its clients to log in, and offers STARTTLS; started with ``-a`` it takes every
client for authenticated, as it does on a UNIX socket, and then offers no STARTTLS.
"""

from __future__ import annotations

from pathlib import Path

from .dovecot_access import PASSWORD, USER
from .recipe import PEMS, SOCKETS, Job, Mode, Recipe, inside

_SET_UPS: dict[str, Mode] = {
    "imap": "starttls",
    "imaps": "implicit",
    "imap-plaintext": "starttls",
    "pop3": "starttls",
    "pop3s": "implicit",
    "sieve": "starttls",
    "lmtp": "starttls",
    "lmtp-preauthenticated": "starttls",
    "lmtp-unix": "starttls",
}
_COMMANDS = {
    "imap": "imapd",
    "imaps": "imapd -s",
    "pop3": "pop3d",
    "pop3s": "pop3d -s",
    "sieve": "timsieved",
    "lmtp": "lmtpd",
}

# What the packages' maintainer scripts would do.
_START = f"""set -eu
usermod -g mail cyrus
mkdir -p /run/cyrus/proc /run/cyrus/lock /run/cyrus/socket
CYRUS_USER=cyrus /usr/lib/cyrus/bin/makedirs
echo {PASSWORD} | saslpasswd2 -p -c -u {{host_name}} {USER}
chown -R cyrus:mail /run/cyrus /var/lib/cyrus /var/spool/cyrus /var/spool/sieve /etc/sasldb2 {PEMS}
exec cyrmaster -D
"""


def _configure(job: Job) -> dict[str, str]:
    stock = Path(job.tree.root, "etc/imapd.conf").read_text()
    held = job.certificates.sound
    settings = [
        f"servername: {job.host_name}",
        "allowplaintext: no",
        f"tls_server_cert: {inside(held.chain_pem)}",
        f"tls_server_key: {inside(held.key_pem)}",
        f"{_service('imap-plaintext')}_allowplaintext: yes",
        f"sasl_default_realm: {job.host_name}",
        f"defaultdomain: {job.host_name}",
    ]
    kept = [line for line in stock.splitlines() if not line.startswith("allowplaintext:")]
    services = [
        f'  {_service(set_up)} cmd="{_command(set_up)}" listen="{_listen(job, set_up)}" prefork=0'
        for set_up in job.listeners
    ]
    return {
        "etc/imapd.conf": "\n".join([*kept, *settings]) + "\n",
        "etc/cyrus.conf": "\n".join(
            [
                "START {",
                '  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"',
                "}",
                "SERVICES {",
                *services,
                "}",
                "",
            ]
        ),
        "start": _START.format(host_name=job.host_name),
    }


def _service(set_up: str) -> str:
    """The name in Cyrus's own files, where a hyphen would be none."""
    return set_up.replace("-", "")


def _command(set_up: str) -> str:
    return _COMMANDS[_SCHEMES[set_up]] + (" -a" if set_up == "lmtp-preauthenticated" else "")


def _listen(job: Job, set_up: str) -> str:
    at = job.listeners[set_up]
    return f"{SOCKETS}/{set_up}" if set_up in _SOCKETS else f"{at.host}:{at.port}"


_SOCKETS = ("lmtp-unix",)
_SCHEMES = {set_up: set_up.partition("-")[0] for set_up in _SET_UPS}
RECIPE = Recipe(
    software="cyrus",
    packages=("cyrus-imapd", "cyrus-pop3d", "sasl2-bin"),
    accounts=("cyrus",),
    set_ups=_SET_UPS,
    configure=_configure,
    schemes=_SCHEMES,
    sockets=_SOCKETS,
)
