"""Courier's IMAP and POP3 servers, each listener a couriertcpd of its own on Debian's settings.

One of them has a cache file that it may not write: it answers STARTTLS with OK, then every ClientHello with
``NO STARTTLS failed`` in clear.
"""

from __future__ import annotations

from .dovecot_access import PASSWORD, USER
from .recipe import Job, Mode, Recipe, inside

_SET_UPS: dict[str, Mode] = {
    "imap": "starttls",
    "imaps": "implicit",
    "imap-broken": "starttls",
    "pop3": "starttls",
    "pop3s": "implicit",
}

# What the packages' maintainer scripts and /usr/lib/courier/imapd would do; the settings are shell variables.
_START = """set -eu
mkdir -p /run/courier/authdaemon /var/lib/courier /var/vmail
cat {key} {chain} >/etc/courier/imapd.pem
cp /etc/courier/imapd.pem /etc/courier/pop3d.pem
sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' /etc/courier/authdaemonrc
touch /etc/courier/userdb
chmod 600 /etc/courier/userdb
userdb {user} set uid=$(id -u vmail) gid=$(id -g vmail) home=/var/vmail mail=/var/vmail/Maildir
echo {password} | userdbpw | userdb {user} set systempw
makeuserdb
touch /var/lib/courier/couriersslimapcache /var/lib/courier/couriersslpop3cache
maildirmake.courier /var/vmail/Maildir
chown -R vmail:vmail /var/vmail
chown -R courier:courier /run/courier /var/lib/courier /etc/courier/*.pem
/usr/sbin/authdaemond start
set -a +u
{daemons}
wait
"""
_DAEMON = """(
. /etc/courier/{daemon}
. /etc/courier/{daemon}-ssl
{more}
exec couriertcpd -address={host} -nodnslookup -noidentlookup -maxprocs=40 -maxperip=40 \\
    {port} {tls}/usr/lib/courier/courier/{login} {then} Maildir
) &
"""
_LOGIN = {
    "imap": ("imapd", "imaplogin", "/usr/bin/imapd"),
    "pop3": ("pop3d", "courierpop3login", "/usr/lib/courier/courier/courierpop3d"),
}


def _configure(job: Job) -> dict[str, str]:
    sound = job.certificates.sound
    daemons = []
    for set_up, at in job.listeners.items():
        implicit = _SET_UPS[set_up] == "implicit"
        daemon, login, then = _LOGIN[_SCHEMES[set_up].removesuffix("s")]
        more = "IMAP_TLS=1 POP3_TLS=1 POP3_STARTTLS=NO" if implicit else "IMAP_STARTTLS=$IMAPDSTARTTLS"
        if set_up == "imap-broken":
            more += " TLS_CACHEFILE=/root/nowhere/cache"
        tls = "/usr/bin/couriertls -server -tcpd -user=courier " if implicit else ""
        daemons.append(
            _DAEMON.format(
                daemon=daemon, more=more, host=at.host, port=at.port, tls=tls, login=login, then=then
            )
        )
    return {
        "start": _START.format(
            key=inside(sound.key_pem),
            chain=inside(sound.chain_pem),
            user=USER,
            password=PASSWORD,
            daemons="".join(daemons),
        )
    }


_SCHEMES = {set_up: set_up.partition("-")[0] for set_up in _SET_UPS}
RECIPE = Recipe(
    software="courier",
    packages=("courier-imap", "courier-pop"),
    accounts=("courier", "vmail"),
    set_ups=_SET_UPS,
    configure=_configure,
    schemes=_SCHEMES,
)
