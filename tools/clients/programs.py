"""Mail programs, submitters and tools that are commands."""

from __future__ import annotations

from tools.clients.recipe import MESSAGE, command

PROGRAMS = (
    command(
        "msmtp-1.8",
        "msmtp",
        ("msmtp", "ca-certificates"),
        MESSAGE
        + " | msmtp --host=@HOST@ --port=@PORT@ --tls=on --tls-certcheck=off --from=a@b.test b@@HOST@",
        library="GnuTLS",
        policy="tls on, tls_certcheck off",
    ),
    command(
        "nullmailer-2.2",
        "nullmailer",
        ("nullmailer",),
        MESSAGE.replace("printf '", "printf 'a@client.recorded.test\\nb@@HOST@\\n\\n")
        + " > /tmp/m; printf 'port=@PORT@\\nstarttls\\ninsecure\\nhost=@HOST@\\n\\n' > /tmp/c;"
        " HELOHOST=client.recorded.test /usr/lib/nullmailer/smtp 3</tmp/m </tmp/c",
        library="GnuTLS",
        policy="starttls, insecure",
    ),
    command(
        "ssmtp-2.64",
        "sSMTP",
        ("ssmtp",),
        MESSAGE + " | ssmtp -C/run/waxseal/ssmtp.conf b@@HOST@",
        library="GnuTLS",
        policy="UseTLS=YES, UseSTARTTLS=YES",
        files={"ssmtp.conf": "root=a@b.test\nmailhub=@HOST@:@PORT@\nUseTLS=YES\nUseSTARTTLS=YES\n"},
    ),
    command(
        "esmtp-1.2",
        "ESMTP",
        ("esmtp",),
        "cp /run/waxseal/esmtprc /tmp/rc; chmod 600 /tmp/rc; "
        + MESSAGE
        + " | esmtp -C /tmp/rc -f a@b.test b@@HOST@",
        policy="starttls = enabled",
        files={"esmtprc": "hostname = @HOST@:@PORT@\nstarttls = enabled\n"},
    ),
    command(
        "s-nail-14.9",
        "S-nail",
        ("s-nail",),
        "echo hello | s-nail -:/ -S v15-compat -S smtp-use-starttls -S smtp-auth=none -S tls-verify=ignore"
        " -S from=a@b.test -S mta=smtp://@HOST@:@PORT@ -s hello b@@HOST@",
        role="mail program",
        policy="smtp-use-starttls, tls-verify=ignore",
    ),
    command(
        "mutt-2.2",
        "Mutt",
        ("mutt",),
        "echo hello | mutt -n -F /run/waxseal/muttrc -s hello b@@HOST@",
        library="GnuTLS",
        role="mail program",
        policy="smtp_url, ssl_starttls at its default",
        files={"muttrc": 'set smtp_url="smtp://@HOST@:@PORT@"\nset from=a@b.test\nset copy=no\n'},
    ),
    command(
        "neomutt-2022",
        "NeoMutt",
        ("neomutt",),
        "echo hello | neomutt -n -F /run/waxseal/muttrc -s hello b@@HOST@",
        library="GnuTLS",
        role="mail program",
        policy="smtp_url, ssl_starttls = yes",
        files={
            "muttrc": 'set smtp_url="smtp://@HOST@:@PORT@"\nset from=a@b.test\nset copy=no\n'
            "set ssl_starttls=yes\n"
        },
    ),
    command(
        "mpop-1.4",
        "mpop",
        ("mpop", "ca-certificates"),
        "mpop --host=@HOST@ --port=@PORT@ --tls=on --tls-starttls=off --tls-certcheck=off --user=u"
        " --auth=user --passwordeval='echo p' --delivery=mbox,/tmp/box",
        library="GnuTLS",
        role="mail program",
        policy="POP3 in TLS, tls_certcheck off",
        starttls=False,
    ),
    command(
        "isync-1.4",
        "isync (mbsync)",
        ("isync",),
        "mkdir -p /tmp/mail; HOME=/tmp mbsync -c /run/waxseal/mbsyncrc c",
        role="mail program",
        policy="SSLType IMAPS, else defaults",
        starttls=False,
        files={
            "mbsyncrc": """IMAPAccount a
Host @HOST@
Port @PORT@
User u
Pass p
SSLType IMAPS

IMAPStore r
Account a

MaildirStore l
Path /tmp/mail/
Inbox /tmp/mail/inbox

Channel c
Far :r:
Near :l:
Patterns *
"""
        },
    ),
    command(
        "fetchmail-6.4",
        "fetchmail",
        ("fetchmail",),
        "cp /run/waxseal/rc /tmp/rc; chmod 600 /tmp/rc; mkdir -p /tmp/h; HOME=/tmp/h fetchmail -f /tmp/rc",
        role="mail program",
        policy="IMAP with ssl, else defaults",
        starttls=False,
        files={"rc": "poll @HOST@ service @PORT@ protocol imap user u password p ssl mda cat\n"},
    ),
    command(
        "swaks-20201014",
        "swaks",
        ("swaks", "libnet-ssleay-perl"),
        "swaks --server @HOST@ --port @PORT@ --tls --from a@b.test --to b@@HOST@ --helo c.test",
        role="tool",
        policy="--tls",
    ),
    command(
        "curl-7.88",
        "curl",
        ("curl",),
        "echo hello | curl --silent --show-error --insecure --ssl-reqd smtp://@HOST@:@PORT@"
        " --mail-from a@b.test --mail-rcpt b@@HOST@ -T -",
        role="tool",
        policy="--ssl-reqd --insecure",
    ),
    command(
        "openssl-s_client-3.0",
        "openssl s_client",
        ("openssl",),
        "openssl s_client -starttls smtp -connect @HOST@:@PORT@ </dev/null",
        role="tool",
        policy="-starttls smtp",
    ),
    command(
        "gnutls-cli-3.7",
        "gnutls-cli",
        ("gnutls-bin",),
        "gnutls-cli --insecure --starttls-proto=smtp --port=@PORT@ @HOST@ </dev/null",
        library="GnuTLS",
        role="tool",
        policy="--starttls-proto=smtp",
    ),
    command(
        "python-3.11-smtplib",
        "Python smtplib",
        ("python3", "python3.11"),
        '/usr/bin/python3 -c \'import smtplib,ssl; s=smtplib.SMTP("@HOST@", @PORT@);'
        " s.starttls(context=ssl.create_default_context())'",
        policy="starttls() with ssl.create_default_context()",
    ),
    command(
        "ruby-3.1-net-smtp",
        "Ruby Net::SMTP",
        ("ruby3.1",),
        'ruby3.1 -rnet/smtp -e \'s = Net::SMTP.new("@HOST@", @PORT@); s.enable_starttls; s.start("c.test")\'',
        policy="enable_starttls",
    ),
    command(
        "php-8.2-openssl",
        "PHP openssl stream",
        ("php8.2-cli",),
        'php8.2 -r \'$s = stream_socket_client("tcp://@HOST@:@PORT@"); fgets($s);'
        ' fwrite($s, "EHLO c.test\\r\\n");'
        ' while (($l = fgets($s)) && $l[3] == "-"); fwrite($s, "STARTTLS\\r\\n"); fgets($s);'
        " stream_socket_enable_crypto($s, true, STREAM_CRYPTO_METHOD_TLS_CLIENT);'",
        policy="stream_socket_enable_crypto with STREAM_CRYPTO_METHOD_TLS_CLIENT, as PHPMailer does",
    ),
    command(
        "emacs-28-smtpmail",
        "Emacs smtpmail",
        ("emacs-nox", "ca-certificates"),
        'emacs-nox -Q --batch --eval \'(progn (open-network-stream "s" nil "@HOST@" @PORT@'
        " :type (quote starttls)"
        ' :end-of-command "^[0-9]+ .*\\r\\n" :capability-command "EHLO c.test\\r\\n" :success "^2"'
        ' :starttls-function (lambda (c) (and (string-match "-STARTTLS" c) "STARTTLS\\r\\n"))))\'',
        library="GnuTLS",
        role="mail program",
        policy="open-network-stream with :type starttls, as smtpmail calls it",
    ),
)
