"""Postfix as a submission service with Dovecot's SASL, and as MX hosts that relay or not, or insist on TLS.

Every listener sees the tests as a foreign client: `mynetworks` holds no address that they come from, except
where it says that it relays for all.
"""

from __future__ import annotations

import re
from pathlib import Path

from .dovecot_access import PASSWORD, USER
from .recipe import Job, Mode, Recipe, inside

_SET_UPS: dict[str, Mode] = {
    "closed": "starttls",
    "closed-for-good": "starttls",
    "bare-newline-normalized": "starttls",
    "bare-newline-refused": "starttls",
    "open-relay": "starttls",
    "mandatory-tls": "starttls",
    "submission": "starttls",
    "submissions": "implicit",
    "auth-in-clear": "starttls",
    "haproxy": "starttls",
}
_SASL = ["smtpd_sasl_auth_enable=yes", "smtpd_sasl_type=dovecot", "smtpd_sasl_path=/run/dovecot/postfix"]
# as Debian's master.cf has them in comments, where they are so
_OPTIONS: dict[str, list[str]] = {
    "closed": [],  # Debian's `defer_unauth_destination` says 454
    "closed-for-good": ["smtpd_relay_restrictions=reject_unauth_destination"],
    "bare-newline-normalized": ["smtpd_forbid_bare_newline=normalize"],
    "bare-newline-refused": ["smtpd_forbid_bare_newline=reject"],
    "open-relay": ["mynetworks=0.0.0.0/0"],
    "mandatory-tls": ["smtpd_tls_security_level=encrypt"],
    "submission": ["smtpd_tls_security_level=encrypt", "smtpd_tls_auth_only=yes", *_SASL],
    "submissions": ["smtpd_tls_wrappermode=yes", *_SASL],
    "auth-in-clear": ["smtpd_tls_auth_only=no", *_SASL],
    "haproxy": ["smtpd_upstream_proxy_protocol=haproxy"],
}

_START = """set -eu
mkdir -p /var/lib/postfix /var/lib/dovecot /etc/ssl/certs /etc/ssl/private
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postdrop /usr/sbin/postqueue
chmod 2755 /usr/sbin/postdrop /usr/sbin/postqueue
cp {certificate} /etc/ssl/certs/ssl-cert-snakeoil.pem
cp {key} /etc/ssl/private/ssl-cert-snakeoil.key
dovecot
exec postfix start-fg
"""
_DOVECOT = """protocols =
log_path = /dev/stderr
ssl = no
auth_mechanisms = plain login
auth_username_format = %n
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service auth {
  unix_listener postfix {
    mode = 0666
  }
}
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
        f"local_recipient_maps = inline:{{ {{ postmaster = x }} {{ {USER} = x }} }}",
        "mynetworks = 127.0.0.2/32",
        "inet_protocols = ipv4",
        "maillog_file = /dev/stdout",
        "disable_dns_lookups = yes",
        "default_transport = discard:nothing leaves this machine",
        "relay_transport = $default_transport",
        "local_transport = $default_transport",
    ]
    master = (stock / "master.cf.dist").read_text().splitlines()
    services = [line for line in master if not re.match(r"smtp\s+inet\s", line)]  # our listeners follow
    for set_up, listener in job.listeners.items():
        services.append(f"{listener.host}:{listener.port} inet n - n - - smtpd")
        services.append(f"    -o syslog_name=postfix/{set_up}")
        services.extend(f"    -o {option}" for option in _OPTIONS[set_up])
    return {
        "etc/postfix/main.cf": "\n".join(main) + "\n",
        "etc/postfix/master.cf": "\n".join(services) + "\n",
        "etc/postfix/dynamicmaps.cf": "",
        "etc/dovecot/dovecot.conf": _DOVECOT,
        "etc/dovecot/users": f"{USER}:{{PLAIN}}{PASSWORD}\n",
        "start": _START.format(certificate=inside(sound.chain_pem), key=inside(sound.key_pem)),
    }


RECIPE = Recipe(
    software="postfix-services",
    packages=("postfix", "dovecot-core"),
    accounts=("postfix", "postdrop", "dovecot", "dovenull"),
    set_ups=_SET_UPS,
    configure=_configure,
    schemes={"submission": "submission", "auth-in-clear": "submission"},
)
