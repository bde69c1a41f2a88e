"""Mail servers as senders."""

from __future__ import annotations

from tools.clients.recipe import GNUTLS, MESSAGE, OPENSSL, Recipe, command

_POSTFIX_START = (
    """set -eu
cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf
cat /usr/share/postfix/main.cf.tls /run/waxseal/added.cf >> /etc/postfix/main.cf
cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
sed -i 's/^smtp  *inet .*$//' /etc/postfix/master.cf
: > /etc/postfix/dynamicmaps.cf
sed -i -E 's/^((smtp|relay) +unix +- +- +)y/\\1n/' /etc/postfix/master.cf
touch -d 2020-01-01 /etc/postfix/main.cf /etc/postfix/master.cf
mkdir -p /var/lib/postfix
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postdrop /usr/sbin/postqueue
chmod 2755 /usr/sbin/postdrop /usr/sbin/postqueue
( sleep 2; """
    + MESSAGE
    + """ | sendmail -f a@client.recorded.test b@@HOST@ ) &
exec postfix start-fg
"""
)
_POSTFIX_ADDED = """
myhostname = client.recorded.test
alias_maps =
alias_database =
mydestination = localhost
inet_protocols = ipv4
maillog_file = /dev/stdout
disable_dns_lookups = yes
smtp_host_lookup = native
relayhost = [@HOST@]:@PORT@
smtpd_tls_cert_file =
smtpd_tls_key_file =
"""


def _postfix(id_: str, policy: str, settings: str = "", *, mainstream: bool = False) -> Recipe:
    return Recipe(
        id=id_,
        name="Postfix",
        packages=("postfix",),
        named=("postfix", OPENSSL),
        library="OpenSSL",
        library_package=OPENSSL,
        role="sender",
        policy=policy,
        accounts=("postfix", "postdrop"),
        files={"added.cf": _POSTFIX_ADDED + settings},
        start=_POSTFIX_START,
        mainstream=mainstream,
    )


_POSTFIX = (
    _postfix(
        "postfix-3.7",
        "smtp_tls_security_level = may, as Debian sets it; else defaults",
        mainstream=True,
    ),
    _postfix(
        "postfix-3.7-encrypt",
        "smtp_tls_security_level = encrypt; else defaults",
        "smtp_tls_security_level = encrypt\n",
    ),
    _postfix(
        "postfix-3.7-secure",
        "smtp_tls_security_level = secure, smtp_tls_servername = hostname; else defaults",
        "smtp_tls_security_level = secure\nsmtp_tls_servername = hostname\n",
    ),
)

_EXIM_CONFIGURATION = """primary_hostname = client.recorded.test
qualify_domain = client.recorded.test
log_file_path = /run/waxseal/log/%s
keep_environment =
begin acl
begin routers
out:
  driver = manualroute
  route_list = * @HOST@ byname
  transport = out
  self = send
begin transports
out:
  driver = smtp
  port = @PORT@
begin retry
* * F,1h,1m
"""


def _exim(daemon: str, id_: str) -> Recipe:
    return Recipe(
        id=id_,
        name="Exim",
        packages=(daemon, "exim4-config"),
        named=(daemon, GNUTLS),
        library="GnuTLS",
        library_package=GNUTLS,
        role="sender",
        policy="a smtp transport with no TLS option set",
        accounts=("Debian-exim",),
        files={"exim.conf": _EXIM_CONFIGURATION},
        start="""set -eu
mkdir -p /var/spool/exim4
chown -R Debian-exim:Debian-exim /var/spool/exim4
rm -f /etc/exim4/exim4.conf*
cp /run/waxseal/exim.conf /etc/exim4/exim4.conf
chown root:root /etc/exim4/exim4.conf
chmod 0644 /etc/exim4/exim4.conf
"""
        + MESSAGE
        + """ | exim4 -odf -f a@client.recorded.test b@@HOST@
sleep 5
""",
        mainstream=True,
    )


_SENDMAIL = Recipe(
    id="sendmail-8.17",
    name="Sendmail",
    packages=("sendmail-bin", "sendmail-base", "sendmail-cf", "m4", "procmail"),
    named=("sendmail-bin", OPENSSL),
    library="OpenSSL",
    library_package=OPENSSL,
    role="sender",
    policy="sendmail.cf from cf/debian with SMART_HOST; no TLS option set",
    accounts=("smmta", "smmsp"),
    files={
        "sendmail.mc": """divert(0)dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
FEATURE(`nocanonify')dnl
define(`confDOMAIN_NAME', `client.recorded.test')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confBIND_OPTS', `-DNSRCH')dnl
define(`SMART_HOST', `esmtp:[@HOST@]')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h @PORT@')dnl
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
""",
        "etc/mail/service.switch": "hosts files\naliases files\n",
        "etc/mail/local-host-names": "localhost\n",
    },
    start="""set -eu
mkdir -p /var/spool/mqueue /var/run/sendmail/mta /etc/mail /var/lib/sendmail/host_status
m4 /run/waxseal/sendmail.mc > /etc/mail/sendmail.cf
: > /etc/mail/access; : > /etc/mail/mailertable
chmod 0755 /etc/mail
"""
    + MESSAGE
    + """ | /usr/libexec/sendmail/sendmail -v -Am -odi \\
    -f a@client.recorded.test b@elsewhere.test
sleep 3
""",
    mainstream=True,
)

_OPENSMTPD = Recipe(
    id="opensmtpd-6.8",
    name="OpenSMTPD",
    packages=("opensmtpd",),
    named=("opensmtpd", OPENSSL),
    library="OpenSSL",
    library_package=OPENSSL,
    role="sender",
    policy="relay host smtp://, STARTTLS where offered; else defaults",
    accounts=("opensmtpd", "opensmtpq"),
    files={
        "etc/smtpd.conf": """listen on socket
action "out" relay host smtp://@HOST@:@PORT@
match from any for any action "out"
"""
    },
    start="""set -eu
mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd
chmod 0711 /var/spool/smtpd
chown root:root /var/lib/opensmtpd/empty
chgrp opensmtpq /usr/sbin/smtpctl
chmod 2755 /usr/sbin/smtpctl
ln -sf smtpctl /usr/sbin/sendmail
( sleep 2; """
    + MESSAGE
    + """ | /usr/sbin/sendmail -f a@client.recorded.test b@@HOST@ ) &
exec smtpd -d
""",
)


_DMA = command(
    "dma-0.13",
    "DragonFly Mail Agent",
    ("dma",),
    "mkdir -p /var/spool/dma; chown root:mail /var/spool/dma; chmod 2775 /var/spool/dma; "
    "cp /run/waxseal/dma.conf /etc/dma/dma.conf; : > /etc/dma/auth.conf; "
    + MESSAGE
    + " | dma -D -f a@client.recorded.test b@@HOST@",
    policy="SMARTHOST, SECURETRANSFER, STARTTLS",
    files={
        "dma.conf": "SMARTHOST @HOST@\nPORT @PORT@\nSECURETRANSFER\nSTARTTLS\nSPOOLDIR /var/spool/dma\n"
        "MAILNAME client.recorded.test\n"
    },
)

_DOVECOT = Recipe(
    id="dovecot-submission-2.3",
    name="Dovecot submission relay",
    packages=("dovecot-core", "dovecot-submissiond", "python3"),
    named=("dovecot-submissiond", OPENSSL),
    library="OpenSSL",
    library_package=OPENSSL,
    role="submitter",
    policy="submission_relay_ssl = starttls, submission_relay_ssl_verify = no",
    accounts=("dovecot", "dovenull", "vmail"),
    files={
        "dovecot.conf": """protocols = submission
listen = 127.0.0.1
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
mail_location = maildir:/tmp/mail
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 1
hostname = client.recorded.test
submission_relay_host = @HOST@
submission_relay_port = @PORT@
submission_relay_ssl = starttls
submission_relay_ssl_verify = no
service submission-login {
  inet_listener submission {
    port = 0
  }
  unix_listener login/try {
    mode = 0666
  }
}
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = home=/tmp/mail uid=vmail gid=vmail
}
""",
        "client.py": """import smtplib, socket, time
for _ in range(50):
    try:
        s = socket.socket(socket.AF_UNIX)
        s.connect("/run/dovecot/login/try")
        break
    except OSError:
        time.sleep(0.2)
f = s.makefile("rwb")
def say(line):
    f.write(line + b"\\r\\n"); f.flush()
    while True:
        got = f.readline()
        print(got)
        if got[3:4] != b"-":
            return
print(f.readline())
say(b"EHLO c.test")
say(b"AUTH PLAIN AHUAcA==")
say(b"MAIL FROM:<a@b.test>")
""",
    },
    start="mkdir -p /run/dovecot /tmp/mail; chown vmail /tmp/mail;"
    " ( /usr/bin/python3 /run/waxseal/client.py ) & exec dovecot -F -c /run/waxseal/dovecot.conf\n",
)

SERVERS = (
    *_POSTFIX,
    _exim("exim4-daemon-light", "exim-4.96"),
    _SENDMAIL,
    _OPENSMTPD,
    _DMA,
    _DOVECOT,
)
