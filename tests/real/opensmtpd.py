"""OpenSMTPD. Debian 12 has 6.8.0p2, which cannot finish a handshake with OpenSSL 3: a real broken server."""

from __future__ import annotations

from .recipe import Job, Mode, Recipe, inside

_SET_UPS: dict[str, Mode] = {"default": "starttls", "no-starttls": "starttls", "implicit": "implicit"}

_START = """set -eu
mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd
chmod 0711 /var/spool/smtpd
exec smtpd -d
"""


def _configure(job: Job) -> dict[str, str]:
    at = job.listeners
    name = job.host_name
    sound = job.certificates.sound
    lines = [
        f'pki {name} cert "{inside(sound.chain_pem)}"',
        f'pki {name} key "{inside(sound.key_pem)}"',
        f"listen on {at['default'].host} port {at['default'].port} tls pki {name} hostname {name}",
        f"listen on {at['no-starttls'].host} port {at['no-starttls'].port} hostname {name}",
        f"listen on {at['implicit'].host} port {at['implicit'].port} smtps pki {name} hostname {name}",
        'action "local" maildir',
        'match for local action "local"',
    ]
    return {"etc/smtpd.conf": "\n".join(lines) + "\n", "start": _START}


RECIPE = Recipe(
    software="opensmtpd",
    packages=("opensmtpd",),
    accounts=("opensmtpd", "opensmtpq"),
    set_ups=_SET_UPS,
    configure=_configure,
)
