#!/usr/bin/env python3
"""Writes the tables of IANA's TLS registries, from their CSV form in ``tools/iana``.

    python tools/iana_tables.py            write tls_registry_tables.py and tls_suite_table.py in waxseal.wire
    python tools/iana_tables.py --check    change nothing; exit code 1 where a table is not what it should be
    python tools/iana_tables.py --fetch    first take the CSV files anew from IANA (needs the internet)

The CSV files hold the assigned rows only (value, description, reference), as ``--fetch`` reduces them: what
IANA calls unassigned, reserved or for private use is left out. ``unregistered-*.csv`` are ours: numbers that
servers have used without a registration, or that were taken back; ``--fetch`` leaves them alone.

The files were first made without IANA's server at hand. Cipher suites, groups and signature schemes are as
in copies of its CSV files (of 2022, and of 2025); the suites were compared with OpenSSL 3.0, nmap 7.93,
testssl.sh 3.0, scapy 2.8, tlslite-ng 0.8 and cryptodatahub 1.6, which differ in spellings only. What was
registered later (AEGIS-256's new name, SLH-DSA, curveSM2MLKEM768, tls_flags) and the small registries are
from the drafts, RFCs and programs that name them.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
DATA: Final = ROOT / "tools" / "iana"
WIRE: Final = ROOT / "src" / "waxseal" / "wire"
PARAMETERS: Final = "https://www.iana.org/assignments/tls-parameters/"
EXTENSIONS: Final = "https://www.iana.org/assignments/tls-extensiontype-values/"
COLUMNS: Final = ("Value", "Description", "Reference")
_NOT_ASSIGNED: Final = re.compile(r"unassigned|reserved", re.IGNORECASE)
_REMARK: Final = re.compile(r"_RESERVED$| \((?:OBSOLETE|renamed from.*)\)$")


@dataclass(frozen=True)
class Table:
    """One registry and the Python table made of it.

    Attributes:
        name: Of the constant.
        file: CSV file in ``tools/iana``.
        about: Docstring of the constant.
        base: Where IANA has the file; empty for our own files.
        digits: Hexadecimal digits of a key; 0 for decimal.
        value_column: Number of the column with the value in IANA's file.
        name_column: Number of the column with the name in IANA's file.
    """

    name: str
    file: str
    about: str
    base: str = PARAMETERS
    digits: int = 0
    value_column: int = 0
    name_column: int = 1


SUITES: Final = (
    Table("SUITE_NAMES", "tls-parameters-4.csv", 'Registry "TLS Cipher Suites".', digits=4),
    Table(
        "UNREGISTERED_SUITES",
        "unregistered-suites.csv",
        "Suites that old servers have and IANA does not; where two share a name, one ends in ``_OLD``.",
        "",
        4,
    ),
)
REGISTRIES: Final = (
    Table("CONTENT_TYPES", "tls-parameters-5.csv", 'Registry "TLS ContentType".'),
    Table("HANDSHAKE_TYPES", "tls-parameters-7.csv", 'Registry "TLS HandshakeType".'),
    Table("ALERT_NAMES", "tls-parameters-6.csv", 'Registry "TLS Alerts".'),
    Table(
        "EXTENSION_NAMES",
        "tls-extensiontype-values-1.csv",
        'Registry "TLS ExtensionType Values".',
        EXTENSIONS,
    ),
    Table(
        "UNREGISTERED_EXTENSIONS",
        "unregistered-extensions.csv",
        "Extensions of drafts, deployed and never registered.",
        "",
    ),
    Table("GROUP_NAMES", "tls-parameters-8.csv", 'Registry "TLS Supported Groups".'),
    Table("POINT_FORMATS", "tls-parameters-9.csv", 'Registry "TLS EC Point Formats".'),
    Table("SCHEME_NAMES", "tls-signaturescheme.csv", 'Registry "TLS SignatureScheme".', digits=4),
    Table("HASH_NAMES", "tls-parameters-18.csv", 'Registry "TLS HashAlgorithm" (TLS 1.2).'),
    Table("SIGNATURE_NAMES", "tls-parameters-16.csv", 'Registry "TLS SignatureAlgorithm" (TLS 1.2).'),
    Table("PSK_MODES", "tls-pskkeyexchangemode.csv", 'Registry "TLS PskKeyExchangeMode".'),
    Table(
        "CLIENT_CERTIFICATE_TYPES",
        "tls-parameters-2.csv",
        'Registry "ClientCertificateType".',
    ),
    Table(
        "COMPRESSION_NAMES",
        "certificate-compression-algorithm-ids.csv",
        'Registry "TLS Certificate Compression Algorithm IDs" (RFC 8879 §7.3).',
        EXTENSIONS,
    ),
    Table(
        "ALPN_IDS",
        "alpn-protocol-ids.csv",
        "Protocol IDs of ALPN: those of mail, and the commonest of others. SMTP has none.",
        EXTENSIONS,
        value_column=1,
        name_column=0,
    ),
)
MODULES: Final = {
    "tls_suite_table.py": ("Numbers and names of cipher suites", SUITES),
    "tls_registry_tables.py": ("Numbers and names of TLS, cipher suites apart", REGISTRIES),
}


def reduce(text: str, table: Table) -> list[tuple[str, str, str]]:
    """The assigned rows of a CSV file in IANA's form: value, name, reference."""
    header, *rows = csv.reader(io.StringIO(text))
    reference = header.index("Reference")
    kept = []
    for row in rows:
        value, name = row[table.value_column].strip(), " ".join(row[table.name_column].split())
        single = value.startswith("0x") or value.isdigit()
        is_range = "*" in value or ("-" in value and '"' not in value)
        if single and not is_range and name and not _NOT_ASSIGNED.match(name):
            kept.append((value, name, " ".join(row[reference].split())))
    return kept


def fetch(table: Table) -> None:
    """Take one registry anew from IANA."""
    with urllib.request.urlopen(table.base + table.file, timeout=60) as reply:
        rows = reduce(reply.read().decode(), table)
    with (DATA / table.file).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


def read(table: Table) -> dict[int | bytes, str]:
    """Value and name of each row; an ALPN identification sequence as octets.

    Raises:
        ValueError: A value stands twice, or is none.
    """
    rows: dict[int | bytes, str] = {}
    with (DATA / table.file).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            value = number(row["Value"])
            if value in rows:
                raise ValueError(f"{table.file}: {row['Value']} stands twice")
            rows[value] = _REMARK.sub("", row["Description"])
    return rows


def number(value: str) -> int | bytes:
    """A value in one of IANA's spellings: ``7``, ``0x0804``, ``0xC0,0x2F``, ``0x68 0x32 ("h2")``."""
    if '"' in value:
        return bytes(int(octet, 16) for octet in value.partition("(")[0].split())
    if "," in value:
        high, low = value.split(",")
        return int(high, 16) << 8 | int(low, 16)
    return int(value, 0)


def module(title: str, tables: Iterable[Table]) -> str:
    """Text of a module, in the form that ``ruff format`` gives it."""
    lines = [
        f'"""{title}, as registered with IANA (https://www.iana.org/assignments/tls-parameters/).',
        "",
        "Generated by ``tools/iana_tables.py`` from the CSV files in ``tools/iana``; do not edit.",
        '"""',
        "",
        "from typing import Final",
    ]
    for table in tables:
        rows = read(table)
        key = "bytes" if any(isinstance(value, bytes) for value in rows) else "int"
        lines += ["", f"{table.name}: Final[dict[{key}, str]] = {{"]
        lines += [f"    {_key(value, table.digits)}: {_string(name)}," for value, name in rows.items()]
        lines += ["}", f'"""{table.about}"""']
    return "\n".join(lines) + "\n"


def _key(value: int | bytes, digits: int) -> str:
    if isinstance(value, bytes):
        return f'b"{value.decode()}"'
    return f"0x{value:0{digits}X}" if digits else str(value)


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main(arguments: list[str] | None = None) -> int:
    """Write or check the modules; 0 where all is as it should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, tell what differs")
    parser.add_argument("--fetch", action="store_true", help="take the CSV files anew from IANA first")
    options = parser.parse_args(arguments)
    stale = 0
    for file, (title, tables) in MODULES.items():
        for table in tables:
            if options.fetch and table.base:
                fetch(table)
        text = module(title, tables)
        target = WIRE / file
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        if options.check:
            sys.stderr.write(f"{target} is not what tools/iana has: run python tools/iana_tables.py\n")
            stale = 1
        else:
            target.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
