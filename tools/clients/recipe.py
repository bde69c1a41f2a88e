"""How each client is started so that it says hello: package, policy, configuration.

`@HOST@` and `@PORT@` stand for the listener. A client has its package's own settings except for what is
written here, and `policy` says what that comes to.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Recipe:
    """One client under one policy.

    Attributes:
        id: File name of the shape.
        name: The software.
        packages: Debian packages to unpack.
        named: Packages whose versions the file names; the first one's is the software's.
        library: TLS library.
        library_package: The package whose version is the library's; "" where `library_version` says it.
        role: ``sender`` for what relays to MX hosts, ``submitter`` for what hands mail to a relay,
            ``mail program`` for what people read mail with, ``tool`` for the rest.
        policy: What was configured, in a few words.
        start: Shell script.
        files: Other files, by path inside the sandbox.
        accounts: System users that its packages would create.
        folders: Folders of this repository that it needs, by name inside.
        npm: Packages of the npm registry that it needs, with versions.
        starttls: Else TLS from the first octet.
        mainstream: Whether it stands for a common and current client.
        version: Of what `name` says, where it is not the first package's.
        note: What a reader has to know besides.
    """

    id: str
    name: str
    packages: tuple[str, ...]
    named: tuple[str, ...]
    library: str
    role: str
    policy: str
    start: str
    library_package: str = ""
    library_version: str = ""
    files: dict[str, str] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    folders: dict[str, str] = field(default_factory=dict)
    npm: dict[str, str] = field(default_factory=dict)
    starttls: bool = True
    mainstream: bool = False
    version: str = ""
    note: str = ""


OPENSSL = "libssl3"
GNUTLS = "libgnutls30"
MESSAGE = "printf 'From: a@client.recorded.test\\nTo: b@@HOST@\\nSubject: hello\\n\\nhello\\n'"


def command(
    id_: str,
    name: str,
    packages: tuple[str, ...],
    start: str,
    *,
    library: str = "OpenSSL",
    role: str = "submitter",
    policy: str = "defaults",
    starttls: bool = True,
    files: dict[str, str] | None = None,
    note: str = "",
    mainstream: bool = False,
) -> Recipe:
    """A program that is run once; its first package names it."""
    package = {"OpenSSL": OPENSSL, "GnuTLS": GNUTLS}[library]
    return Recipe(
        id=id_,
        name=name,
        packages=packages,
        named=(packages[0], package),
        library=library,
        library_package=package,
        role=role,
        policy=policy,
        start=f"{start}\nsleep 3\n",
        files=files or {},
        starttls=starttls,
        note=note,
        mainstream=mainstream,
    )
