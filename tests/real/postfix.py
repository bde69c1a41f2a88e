"""Postfix: one master with a listener per set-up, on the stock main.cf of Debian."""

from __future__ import annotations

import re
from pathlib import Path

from .recipe import Job, Mode, Recipe, inside

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
}

# The stock main.cf names the "snakeoil" certificate: the sound one takes its place.
_START = """set -eu
mkdir -p /var/lib/postfix /etc/ssl/certs /etc/ssl/private
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postdrop /usr/sbin/postqueue
chmod 2755 /usr/sbin/postdrop /usr/sbin/postqueue
cp {certificate} /etc/ssl/certs/ssl-cert-snakeoil.pem
cp {key} /etc/ssl/private/ssl-cert-snakeoil.key
exec postfix start-fg
"""


_SASL = """pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN
"""


def _configure(job: Job) -> dict[str, str]:
    stock = Path(job.tree.root, "usr/share/postfix")
    sound = job.certificates.sound
    main = [
        (stock / "main.cf.debian").read_text(),
        (stock / "main.cf.tls").read_text(),
        "",
        f"myhostname = {job.host_name}",
        "alias_maps =",
        "alias_database =",
        f"mydestination = $myhostname, {job.host_name.partition('.')[2]}, localhost",
        "mynetworks = 127.0.0.0/8",
        "inet_protocols = ipv4",
        "maillog_file = /dev/stdout",
        "disable_dns_lookups = yes",
        "default_transport = error:nothing leaves this machine",
        "relay_transport = $default_transport",
    ]
    master = (stock / "master.cf.dist").read_text().splitlines()
    services = [line for line in master if not re.match(r"smtp\s+inet\s", line)]  # our listeners follow
    for set_up, options in _overrides(job).items():
        listener = job.listeners[set_up]
        services.append(f"{listener.host}:{listener.port} inet n - n - - smtpd")
        services.append(f"    -o syslog_name=postfix/{set_up}")
        services.extend(f"    -o {option}" for option in options)
    return {
        "etc/postfix/main.cf": "\n".join(main) + "\n",
        "etc/postfix/master.cf": "\n".join(services) + "\n",
        "etc/postfix/dynamicmaps.cf": "",
        "etc/postfix/sasl/smtpd.conf": _SASL,
        "start": _START.format(certificate=inside(sound.chain_pem), key=inside(sound.key_pem)),
    }


def _overrides(job: Job) -> dict[str, list[str]]:
    """The smtpd parameters, by set-up, that differ from main.cf."""
    certificates = job.certificates

    def holds(chain: Path, key: Path) -> list[str]:
        return [f"smtpd_tls_cert_file={inside(chain)}", f"smtpd_tls_key_file={inside(key)}"]

    return {
        "default": [],
        "tls12-only": ["smtpd_tls_protocols=TLSv1.2", "smtpd_tls_mandatory_protocols=TLSv1.2"],
        "dual": [
            f"smtpd_tls_eccert_file={inside(certificates.ecdsa.chain_pem)}",
            f"smtpd_tls_eckey_file={inside(certificates.ecdsa.key_pem)}",
        ],
        "no-starttls": ["smtpd_tls_security_level=none"],
        "expired": holds(certificates.expired.chain_pem, certificates.expired.key_pem),
        "self-signed": holds(certificates.self_signed.chain_pem, certificates.self_signed.key_pem),
        "missing-intermediate": holds(certificates.leaf_only.leaf_pem, certificates.leaf_only.key_pem),
        "implicit": ["smtpd_tls_wrappermode=yes"],
        # as the submission service that Debian's master.cf has in comments
        "submission": [
            "smtpd_tls_security_level=encrypt",
            "smtpd_sasl_auth_enable=yes",
            "smtpd_tls_auth_only=yes",
        ],
    }


RECIPE = Recipe(
    software="postfix",
    packages=("postfix", "libsasl2-modules"),
    accounts=("postfix", "postdrop"),
    set_ups=_SET_UPS,
    configure=_configure,
)
