"""Exim: one daemon on Debian's configuration template; its TLS options are expanded per listener's port."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .recipe import LOGS, PEMS, Job, Mode, Recipe, inside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .recipe import Listener

_SET_UPS: dict[str, Mode] = {
    "default": "starttls",
    "tls12-only": "starttls",
    "dual": "starttls",
    "no-starttls": "starttls",
    "expired": "starttls",
    "self-signed": "starttls",
    "missing-intermediate": "starttls",
    "implicit": "implicit",
    "submission": "starttls",
    "self-made": "starttls",
}

# The daemon reads keys as its own user.
START = f"""set -eu
mkdir -p /var/lib/exim4 /var/spool/exim4
chown -R Debian-exim:Debian-exim /var/spool/exim4 {PEMS}
update-exim4.conf
exec exim4 -bdf
"""

DEBCONF = """dc_eximconfig_configtype='internet'
dc_other_hostnames='real.test'
dc_local_interfaces=''
dc_readhost=''
dc_relay_domains=''
dc_minimaldns='true'
dc_relay_nets=''
dc_smarthost=''
CFILEMODE='644'
dc_use_split_config='false'
dc_hide_mailname=''
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
"""

# after "plain_server" among the examples in Debian's template, for one port
_AUTHENTICATOR = r"""
plain_server:
  driver = plaintext
  public_name = PLAIN
  server_condition = false
  server_set_id = $auth2
  server_prompts = :
  server_advertise_condition = \
    ${{if and{{{{eq{{$received_port}}{{{port}}}}}{{!eq{{$tls_in_cipher}}{{}}}}}}{{*}}}}
"""


def _configure(job: Job) -> dict[str, str]:
    template = Path(job.tree.root, "etc/exim4/exim4.conf.template").read_text()
    return {
        "etc/exim4/update-exim4.conf.conf": DEBCONF,
        "etc/exim4/exim4.conf.localmacros": "\n".join(_macros(job)) + "\n",
        "etc/exim4/exim4.conf.template": template
        + _AUTHENTICATOR.format(port=job.listeners["submission"].port),
        "start": START,
    }


def _macros(job: Job) -> list[str]:
    held = job.certificates
    listeners = job.listeners
    certificates = {
        "dual": f"{inside(held.sound.chain_pem)} : {inside(held.ecdsa.chain_pem)}",
        "expired": inside(held.expired.chain_pem),
        "self-signed": inside(held.self_signed.chain_pem),
        "missing-intermediate": inside(held.leaf_only.leaf_pem),
        "self-made": "",  # none configured: Exim makes one up for each connection
    }
    keys = {
        "dual": f"{inside(held.sound.key_pem)} : {inside(held.ecdsa.key_pem)}",
        "expired": inside(held.expired.key_pem),
        "self-signed": inside(held.self_signed.key_pem),
        "missing-intermediate": inside(held.leaf_only.key_pem),
        "self-made": "",
    }
    ciphers = {"tls12-only": "NORMAL:-VERS-ALL:+VERS-TLS1.2"}
    addresses = " ; ".join(f"{at.host}.{at.port}" for at in listeners.values())
    return [
        f"MAIN_LOCAL_INTERFACES = <; {addresses}",
        "MAIN_TLS_ENABLE = yes",
        f"MAIN_TLS_ADVERTISE_HOSTS = {by_port(listeners, {'no-starttls': ':'}, '*')}",
        f"MAIN_TLS_CERTIFICATE = {by_port(listeners, certificates, inside(held.sound.chain_pem))}",
        f"MAIN_TLS_PRIVATEKEY = {by_port(listeners, keys, inside(held.sound.key_pem))}",
        f"tls_require_ciphers = {by_port(listeners, ciphers, '')}",
        "queue_only = true",
        f"log_file_path = {LOGS}/exim-%slog",
        f"tls_on_connect_ports = {listeners['implicit'].port}",
    ]


def by_port(listeners: Mapping[str, Listener], values: Mapping[str, str], otherwise: str) -> str:
    """An Exim expansion that gives the value of the set-up whose port the client came in by.

    A bare number would select by position, hence the letter.
    """
    pairs = " ".join(f'p{listeners[set_up].port}="{value}"' for set_up, value in values.items())
    return f"${{extract{{p$received_port}}{{{pairs}}}{{$value}}{{{otherwise}}}}}"


RECIPE = Recipe(
    software="exim",
    packages=("exim4-daemon-light",),
    accounts=("Debian-exim",),
    set_ups=_SET_UPS,
    configure=_configure,
)
