"""Exim with relaying and logins: one daemon, its lists and authenticators expanded per port."""

from __future__ import annotations

from pathlib import Path

from .dovecot_access import PASSWORD, USER
from .exim import DEBCONF, START, by_port
from .recipe import LOGS, Job, Mode, Recipe, inside

_SET_UPS: dict[str, Mode] = {
    "closed": "starttls",
    "open-relay": "starttls",
    "submission": "starttls",
    "submissions": "implicit",
    "auth-in-clear": "starttls",
}

# after "plain_server" among the examples in Debian's template
_AUTHENTICATORS = r"""
plain_server:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
  server_prompts = :
  server_advertise_condition = {offered}
login_server:
  driver = plaintext
  public_name = LOGIN
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
  server_prompts = <| Username: | Password:
  server_advertise_condition = {offered}
"""


def _configure(job: Job) -> dict[str, str]:
    template = Path(job.tree.root, "etc/exim4/exim4.conf.template").read_text()
    listeners = job.listeners
    in_tls = "${if eq{$tls_in_cipher}{}{}{*}}"
    offered = by_port(
        listeners, {"submission": in_tls, "submissions": in_tls, "auth-in-clear": "*"}, otherwise=""
    )
    relay_from = by_port(listeners, {"open-relay": "*"}, otherwise="")
    lists = "hostlist relay_from_hosts = MAIN_RELAY_NETS"
    assert lists in template
    template = template.replace(lists, f"hostlist relay_from_hosts = {relay_from}")
    addresses = " ; ".join(f"{at.host}.{at.port}" for at in listeners.values())
    sound = job.certificates.sound
    macros = [
        f"MAIN_LOCAL_INTERFACES = <; {addresses}",
        "MAIN_TLS_ENABLE = yes",
        "MAIN_TLS_ADVERTISE_HOSTS = *",
        f"MAIN_TLS_CERTIFICATE = {inside(sound.chain_pem)}",
        f"MAIN_TLS_PRIVATEKEY = {inside(sound.key_pem)}",
        "queue_only = true",
        f"log_file_path = {LOGS}/exim-%slog",
        f"tls_on_connect_ports = {listeners['submissions'].port}",
    ]
    return {
        "etc/exim4/update-exim4.conf.conf": DEBCONF,
        "etc/exim4/exim4.conf.localmacros": "\n".join(macros) + "\n",
        "etc/exim4/exim4.conf.template": template
        + _AUTHENTICATORS.format(user=USER, password=PASSWORD, offered=offered),
        "start": START,
    }


RECIPE = Recipe(
    software="exim-services",
    packages=("exim4-daemon-light",),
    accounts=("Debian-exim", USER),
    set_ups=_SET_UPS,
    configure=_configure,
    schemes={"submission": "submission", "auth-in-clear": "submission"},
)
