"""Dovecot 2.3 as a submission server: one master on Debian's configuration, TLS set per address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .packages import UnavailableError
from .recipe import Job, Mode, Recipe, inside

if TYPE_CHECKING:
    from .pki import Identity

_SET_UPS: dict[str, Mode] = {
    "default": "starttls",
    "dual": "starttls",
    "no-starttls": "starttls",
    "expired": "starttls",
    "self-signed": "starttls",
    "missing-intermediate": "starttls",
    "implicit": "implicit",
    "submission": "starttls",
}

# What the packages' maintainer scripts would do; 10-ssl.conf names the certificate in /etc/dovecot/private.
_START = """set -eu
mkdir -p /etc/dovecot/private /var/lib/dovecot
cp -R /usr/share/dovecot/*.conf /usr/share/dovecot/*.ext /usr/share/dovecot/conf.d /etc/dovecot/
echo 'protocols = $protocols submission' >/usr/share/dovecot/protocols.d/submissiond.protocol
cp {certificate} /etc/dovecot/private/dovecot.pem
cp {key} /etc/dovecot/private/dovecot.key
exec dovecot -F
"""


def _configure(job: Job) -> dict[str, str]:
    version = job.tree.upstream_version("dovecot-core")
    if not version.startswith("2.3."):
        raise UnavailableError(f"Dovecot {version} has another configuration language than 2.3")
    sound = job.certificates.sound
    return {
        "etc/dovecot/local.conf": "\n".join(_settings(job)) + "\n",
        "start": _START.format(certificate=inside(sound.chain_pem), key=inside(sound.key_pem)),
    }


def _settings(job: Job) -> list[str]:
    held = job.certificates
    lines = [
        f"hostname = {job.host_name}",
        "log_path = /dev/stderr",
        "submission_relay_host = 127.0.0.1",
        "service submission-login {",
        "  inet_listener submission {",
        "    port = 0",
        "  }",
    ]
    for set_up, listener in job.listeners.items():
        lines += [
            f"  inet_listener {set_up} {{",
            f"    address = {listener.host}",
            f"    port = {listener.port}",
            f"    ssl = {'yes' if _SET_UPS[set_up] == 'implicit' else 'no'}",
            "  }",
        ]
    lines.append("}")
    differences = {
        "dual": [
            f"ssl_alt_cert = <{inside(held.ecdsa.chain_pem)}",
            f"ssl_alt_key = <{inside(held.ecdsa.key_pem)}",
        ],
        "no-starttls": ["ssl = no"],
        "submission": ["ssl = required"],
        "expired": _holds(held.expired),
        "self-signed": _holds(held.self_signed),
        "missing-intermediate": [
            f"ssl_cert = <{inside(held.leaf_only.leaf_pem)}",
            f"ssl_key = <{inside(held.leaf_only.key_pem)}",
        ],
    }
    for set_up, settings in differences.items():
        lines += [f"local {job.listeners[set_up].host} {{", *(f"  {setting}" for setting in settings), "}"]
    return lines


def _holds(identity: Identity) -> list[str]:
    return [f"ssl_cert = <{inside(identity.chain_pem)}", f"ssl_key = <{inside(identity.key_pem)}"]


RECIPE = Recipe(
    software="dovecot",
    packages=("dovecot-core", "dovecot-submissiond"),
    accounts=("dovecot", "dovenull"),
    set_ups=_SET_UPS,
    configure=_configure,
)
