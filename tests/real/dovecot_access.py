"""Dovecot 2.3 in every protocol that it speaks, once as Debian has it and once unsound on purpose.

The unsound one takes passwords in clear and has every mechanism that its version knows, anonymous logins
included. Both hold one account with mail in it, `USER` and `PASSWORD`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .packages import UnavailableError
from .recipe import SOCKETS, Job, Mode, Recipe, inside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .pki import Identity

USER, PASSWORD = "probe", "opening-night-7"
MESSAGES = 2
"""How many messages the account's INBOX holds at first."""
LAX_MECHANISMS = ("plain", "login", "cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256", "anonymous")
"""Of the unsound one; EXTERNAL comes on top where the client showed a certificate."""

_PACKAGES = tuple(
    f"dovecot-{part}" for part in ("core", "imapd", "pop3d", "lmtpd", "managesieved", "submissiond")
)
_SERVICES = {
    "imap": "imap-login",
    "imaps": "imap-login",
    "pop3": "pop3-login",
    "pop3s": "pop3-login",
    "sieve": "managesieve-login",
    "submission": "submission-login",
    "submissions": "submission-login",
    "lmtp": "lmtp",
}
_IMPLICIT = ("imaps", "pop3s", "submissions")
_PLAIN = tuple(_SERVICES)
_LAX = tuple(scheme for scheme in _SERVICES if scheme != "lmtp")
_VARIANTS: dict[str, str] = {
    "lmtp-unix": "lmtp",
    "imap-haproxy": "imap",
    "submission-haproxy": "submission",
    "imap-no-starttls": "imap",
    "pop3-no-starttls": "pop3",
    "sieve-no-starttls": "sieve",
    "imap-expired": "imap",
    "pop3-self-signed": "pop3",
    "sieve-missing-intermediate": "sieve",
}

_START = """set -eu
mkdir -p /etc/dovecot/private /var/lib/dovecot
cp -R /usr/share/dovecot/*.conf /usr/share/dovecot/*.ext /usr/share/dovecot/conf.d /etc/dovecot/
echo 'protocols = imap pop3 lmtp sieve submission' >/usr/share/dovecot/protocols.d/zz.protocol
sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
cp {certificate} /etc/dovecot/private/dovecot.pem
cp {key} /etc/dovecot/private/dovecot.key
for name in cur new tmp; do
    mkdir -p /var/vmail/{user}/Maildir/$name
done
for number in $(seq {messages}); do
    printf 'From: a@real.test\\nTo: {user}@real.test\\nSubject: %s\\n\\nText.\\n' $number \\
        >/var/vmail/{user}/Maildir/new/170000000$number.M1P1.mx
done
chown -R vmail:vmail /var/vmail
exec dovecot -F
"""
_COMMON = """hostname = {host_name}
log_path = /dev/stderr
submission_relay_host = 127.0.0.1
mail_location = maildir:~/Maildir
postmaster_address = postmaster@real.test
auth_username_format = %n
haproxy_trusted_networks = 127.0.0.0/8
passdb {{
  driver = passwd-file
  args = /etc/dovecot/users
}}
userdb {{
  driver = static
  args = uid=vmail gid=vmail home=/var/vmail/%n
}}
"""
_LAX_SETTINGS = f"""disable_plaintext_auth = no
auth_mechanisms = {" ".join(LAX_MECHANISMS)} external
auth_anonymous_username = guest
auth_ssl_username_from_cert = yes
"""


def _configure(job: Job, more: str = "") -> dict[str, str]:
    version = job.tree.upstream_version("dovecot-core")
    if not version.startswith("2.3."):
        raise UnavailableError(f"Dovecot {version} has another configuration language than 2.3")
    sound = job.certificates.sound
    blocks = [_listener(set_up, job) for set_up in job.listeners]
    blocks += [_by_address(job, set_up) for set_up in job.listeners]
    users = "".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in (USER, "postmaster"))
    return {
        "etc/dovecot/local.conf": _COMMON.format(host_name=job.host_name)
        + more
        + "".join(blocks)
        + _off(job),
        "etc/dovecot/users": users,
        "start": _START.format(
            certificate=inside(sound.chain_pem), key=inside(sound.key_pem), user=USER, messages=MESSAGES
        ),
    }


def _listener(set_up: str, job: Job) -> str:
    scheme = _scheme(set_up)
    if set_up in _SOCKETS:
        lines = [f"unix_listener {SOCKETS}/{set_up} {{", "mode = 0666", "}"]
    else:
        at = job.listeners[set_up]
        ssl = "" if scheme == "lmtp" else f"ssl = {'yes' if scheme in _IMPLICIT else 'no'}"
        haproxy = f"haproxy = {'yes' if set_up.endswith('-haproxy') else 'no'}"
        lines = [f"inet_listener {set_up} {{", f"address = {at.host}", f"port = {at.port}", ssl, haproxy, "}"]
    return "\n".join([f"service {_SERVICES[scheme]} {{", *lines, "}", ""])


def _off(job: Job) -> str:
    """The listeners that Debian's configuration has and this one does not ask for."""
    return "".join(
        f"service {_SERVICES[scheme]} {{\ninet_listener {scheme} {{\nport = 0\n}}\n}}\n"
        for scheme in _SERVICES
        if scheme not in job.listeners
    )


def _by_address(job: Job, set_up: str) -> str:
    held = job.certificates
    settings = {
        "no-starttls": ["ssl = no"],
        "expired": _holds(held.expired),
        "self-signed": _holds(held.self_signed),
        "missing-intermediate": [
            f"ssl_cert = <{inside(held.leaf_only.leaf_pem)}",
            f"ssl_key = <{inside(held.leaf_only.key_pem)}",
        ],
    }.get(set_up.partition("-")[2], [])
    return "\n".join([f"local {job.listeners[set_up].host} {{", *settings, "}", ""]) if settings else ""


def _holds(identity: Identity) -> list[str]:
    return [f"ssl_cert = <{inside(identity.chain_pem)}", f"ssl_key = <{inside(identity.key_pem)}"]


def _scheme(set_up: str) -> str:
    return _VARIANTS.get(set_up, set_up)


def _modes(set_ups: tuple[str, ...]) -> Mapping[str, Mode]:
    return {s: "implicit" if _scheme(s) in _IMPLICIT else "starttls" for s in set_ups}


def _schemes(set_ups: tuple[str, ...]) -> Mapping[str, str]:
    return {s: _scheme(s) for s in set_ups}


_SOCKETS = ("lmtp-unix",)
_ACCOUNTS = ("dovecot", "dovenull", "vmail")
_SOUND = (*_PLAIN, *_VARIANTS)
RECIPE = Recipe(
    software="dovecot-access",
    packages=_PACKAGES,
    accounts=_ACCOUNTS,
    set_ups=_modes(_SOUND),
    configure=_configure,
    schemes=_schemes(_SOUND),
    sockets=_SOCKETS,
)
LAX = Recipe(
    software="dovecot-lax",
    packages=_PACKAGES,
    accounts=_ACCOUNTS,
    set_ups=_modes(_LAX),
    configure=lambda job: _configure(job, _LAX_SETTINGS),
    schemes=_schemes(_LAX),
)
