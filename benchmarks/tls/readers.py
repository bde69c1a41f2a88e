"""Readers of the peers' reports, each into one `Seen`. What a report does not tell stays unsaid."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.tls.seen import ANY, VERSIONS, Seen, group, scheme, suite

# --- sslscan ---------------------------------------------------------------------------------------------

_SSLSCAN = {"TLSv1.0": "TLSv1"}


def sslscan(folder: Path) -> Seen:
    """``--xml=sslscan.xml``."""
    seen = Seen()
    test = ElementTree.parse(folder / "sslscan.xml").getroot().find("ssltest")
    if test is None:
        return Seen(wrong=("no server in the report",))
    schemes = bool(test.findall("connection-signature-algorithm"))
    for protocol in test.findall("protocol"):
        version = {"ssl": "SSLv", "tls": "TLSv"}[protocol.attrib["type"]] + protocol.attrib["version"]
        version = _SSLSCAN.get(version, version)
        seen.tell(f"version {version}", protocol.attrib["enabled"] == "1")
        if version != "SSLv2":
            seen.add(f"suites {version}")
        if version in ("TLSv1.2", "TLSv1.3") and protocol.attrib["enabled"] == "1":
            seen.add(f"groups {version}")
            if schemes:
                seen.add(f"schemes {version}")
    for cipher in test.findall("cipher"):
        version = _SSLSCAN.get(cipher.attrib["sslversion"], cipher.attrib["sslversion"])
        seen.add(f"suites {version}", [suite(cipher.attrib["id"])])
        if "dhebits" in cipher.attrib:
            seen.add("DH bits", [cipher.attrib["dhebits"]])
    for found in test.findall("group"):
        number = found.attrib["id"]
        seen.add(f"groups {found.attrib['sslversion']}", [group(number)])
        seen.add(f"groups {ANY}", [group(number)])
    for found in test.findall("connection-signature-algorithm"):
        seen.add(f"schemes {found.attrib['sslversion']}", [scheme(found.attrib["id"])])
    for key in test.findall(".//certificate/pk"):
        seen.add("certificates", [key.attrib["type"].lower()])
    _tell(seen, "heartbleed", [f.attrib["vulnerable"] for f in test.findall("heartbleed")])
    _tell(seen, "compression", [f.attrib["supported"] for f in test.findall("compression")])
    _tell(seen, "fallback SCSV", [f.attrib["supported"] for f in test.findall("fallback")])
    for found in test.findall("renegotiation"):
        seen.tell("secure renegotiation", found.attrib["secure"] == "1")
    return seen


def _tell(seen: Seen, question: str, values: list[str]) -> None:
    if values:
        seen.tell(question, "1" in values)


# --- nmap ------------------------------------------------------------------------------------------------

_NMAP = {"TLSv1.0": "TLSv1"}


def nmap(folder: Path) -> Seen:
    """``-oX nmap.xml`` with the script ssl-enum-ciphers."""
    seen = Seen()
    script = ElementTree.parse(folder / "nmap.xml").getroot().find(".//script[@id='ssl-enum-ciphers']")
    if script is None:
        return Seen(wrong=("no answer of the script",))
    compressors: set[str] = set()
    for version in VERSIONS[1:]:
        seen.add(f"suites {version}")
        seen.tell(f"version {version}", False)
    for table in script.findall("table"):
        version = _NMAP.get(table.attrib["key"], table.attrib["key"])
        seen.tell(f"version {version}", True)
        for entry in table.findall("table[@key='ciphers']/table"):
            told = {elem.attrib["key"]: elem.text or "" for elem in entry.findall("elem")}
            seen.add(f"suites {version}", [suite(told["name"])])
            kind, _, bits = told.get("kex_info", "").partition(" ")
            if kind == "dh":
                seen.add("DH bits", [bits])
        compressors |= {elem.text or "" for elem in table.findall("table[@key='compressors']/elem")}
        order = table.find("elem[@key='cipher preference']")
        if order is not None:
            seen.tell(f"order {version}", order.text)
    if compressors:
        seen.tell("compression", compressors != {"NULL"})
    return seen


# --- testssl.sh ------------------------------------------------------------------------------------------

_TESTSSL_VERSIONS = {"ssl2": "SSLv2", "ssl3": "SSLv3", "tls1": "TLSv1", "tls1_1": "TLSv1.1"}
_TESTSSL_VERSIONS |= {"tls1_2": "TLSv1.2", "tls1_3": "TLSv1.3"}
_TESTSSL_WORDS: dict[str, tuple[str, Callable[[str], bool | None]]] = {
    "heartbleed": ("heartbleed", lambda said: not said.startswith("not vulnerable")),
    "CCS": ("CCS injection", lambda said: not said.startswith("not vulnerable")),
    "ROBOT": ("ROBOT", lambda said: not said.startswith("not vulnerable")),
    "CRIME_TLS": ("compression", lambda said: not said.startswith("not vulnerable")),
    "secure_renego": ("secure renegotiation", lambda said: said.startswith("supported")),
    "secure_client_renego": ("client renegotiation", lambda said: not said.startswith("not vulnerable")),
    "fallback_SCSV": ("fallback SCSV", lambda said: {"sup": True, "NOT": False}.get(said[:3])),
    "sessionresumption_ID": ("resumption by id", lambda said: {"sup": True, "not": False}.get(said[:3])),
    "sessionresumption_ticket": (
        "resumption by ticket",
        lambda said: {"sup": True, "not": False}.get(said[:3]),
    ),
}


def testssl(folder: Path) -> Seen:
    """``--jsonfile testssl.json`` with ``-E`` and ``-f``, or more."""
    seen = Seen()
    wrong = []
    entries: list[dict[str, str]] = json.loads((folder / "testssl.json").read_text())
    ids = {entry["id"] for entry in entries}
    for version in VERSIONS:
        if "scanTime" in ids and any(found.startswith("cipher-tls") for found in ids):
            seen.add(f"suites {version}")
    for entry in entries:
        name, said = entry["id"], entry["finding"]
        if match := re.match(r"cipher-(\w+?)_(x[0-9a-f]+)$", name):
            version = _TESTSSL_VERSIONS[match[1]]
            seen.add(f"suites {version}", [suite(match[2])])
            if bits := re.search(r" DH (\d+) ", said):
                seen.add("DH bits", [bits[1]])
        elif name == "PFS_ECDHE_curves":
            seen.add(f"groups {ANY}", [group(found) for found in said.split()])
        elif name.lower() in _TESTSSL_VERSIONS:
            seen.tell(f"version {_TESTSSL_VERSIONS[name.lower()]}", said[:7] == "offered")
        elif name.startswith("SSLv"):
            seen.tell(f"version {name}", said[:7] == "offered")
        elif name.startswith("cert_keySize"):
            seen.add("certificates", [said.split()[0].lower()])
        elif name == "TLS_extensions":
            seen.tell("extended main secret", "extended ma" in said)
        elif name in _TESTSSL_WORDS:
            question, meaning = _TESTSSL_WORDS[name]
            seen.tell(question, meaning(said))
        if "failed because" in said or ("problem" in said and "connect" in said):
            wrong.append(f"{name}: {said}")
    seen.wrong = tuple(wrong)
    return seen


# --- sslyze ----------------------------------------------------------------------------------------------

_SSLYZE = dict(zip(("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3"), VERSIONS, strict=True))
_SSLYZE_WORDS = {
    "tls_compression": [("compression", "supports_compression")],
    "tls_1_3_early_data": [("early data", "supports_early_data")],
    "openssl_ccs_injection": [("CCS injection", "is_vulnerable_to_ccs_injection")],
    "tls_fallback_scsv": [("fallback SCSV", "supports_fallback_scsv")],
    "heartbleed": [("heartbleed", "is_vulnerable_to_heartbleed")],
    "session_renegotiation": [
        ("secure renegotiation", "supports_secure_renegotiation"),
        ("client renegotiation", "is_vulnerable_to_client_renegotiation_dos"),
    ],
    "tls_extended_master_secret": [("extended main secret", "supports_ems_extension")],
    "session_resumption": [
        ("resumption by id", "session_id_resumption_result"),
        ("resumption by ticket", "tls_ticket_resumption_result"),
    ],
    "robot": [("ROBOT", "robot_result")],
}
_SSLYZE_VALUES: dict[Any, bool | None] = {
    "FULLY_SUPPORTED": True,
    "NOT_SUPPORTED": False,
    "NOT_VULNERABLE_NO_ORACLE": False,
    "NOT_VULNERABLE_RSA_NOT_SUPPORTED": False,
    True: True,
    False: False,
    None: None,
}


def sslyze(folder: Path) -> Seen:
    """``--json_out sslyze.json``."""
    report = json.loads((folder / "sslyze.json").read_text())
    if not report["server_scan_results"]:
        return Seen(wrong=("no server in the report",))
    server = report["server_scan_results"][0]
    if server["scan_status"] != "COMPLETED":
        return Seen(wrong=(f"{server['scan_status']}: {server['connectivity_error_trace'] or ''}"[:200],))
    seen = Seen()
    wrong = []
    for name, outcome in server["scan_result"].items():
        result = outcome["result"]
        if outcome["status"] == "ERROR":
            wrong.append(f"{name}: {outcome['error_reason']}")
        if result is None:
            continue
        if name.endswith("_cipher_suites"):
            version = _SSLYZE[name.removesuffix("_cipher_suites")]
            seen.tell(f"version {version}", result["is_tls_version_supported"])
            accepted = result["accepted_cipher_suites"]
            seen.add(f"suites {version}", [suite(one["cipher_suite"]["name"]) for one in accepted])
            keys = [one["ephemeral_key"] for one in accepted if one["ephemeral_key"]]
            seen.add("DH bits", [str(key["size"]) for key in keys if key["type_name"] == "DH"])
        elif name == "elliptic_curves" and result["supported_curves"] is not None:
            seen.add(f"groups {ANY}", [group(curve["name"]) for curve in result["supported_curves"]])
        elif name == "certificate_info":
            for deployment in result["certificate_deployments"]:
                kind = deployment["received_certificate_chain"][0]["public_key"]["algorithm"]
                seen.add("certificates", ["rsa" if kind.startswith("RSA") else "ec"])
        for question, key in _SSLYZE_WORDS.get(name, []):
            seen.tell(question, _SSLYZE_VALUES.get(result[key], result[key]))
    seen.wrong = tuple(wrong)
    return seen


# --- cryptolyzer -----------------------------------------------------------------------------------------

_CRYPTOLYZER = dict(zip(("ssl2", "ssl3", "tls1", "tls1_1", "tls1_2", "tls1_3"), VERSIONS, strict=True))
_CRYPTOLYZER_WORDS = {
    "session_cache_supported": "resumption by id",
    "extended_master_secret_supported": "extended main secret",
}


def cryptolyzer(folder: Path) -> Seen:
    """``--output-format json tls all`` on standard output, the log before it."""
    text = (folder / "cost.out").read_text()
    line = next((line for line in reversed(text.splitlines()) if line.startswith("{")), None)
    if line is None:
        return Seen(wrong=((text.strip().splitlines() or ["no report"])[-1][:100],))
    report: dict[str, Any] = json.loads(line)
    seen = Seen()
    if report.get("versions"):
        for key, version in _CRYPTOLYZER.items():
            seen.tell(f"version {version}", key in report["versions"]["versions"])
            seen.add(f"suites {version}")
        fallback = (report["versions"].get("inappropriate_version_fallback") or {}).get("value")
        if len(report["versions"]["versions"]) > 1 and fallback is not None:
            seen.tell("fallback SCSV", not fallback)
    for found in report.get("ciphers") or []:
        version = _CRYPTOLYZER[found["target"]["proto_version"]]
        seen.add(f"suites {version}", [suite(name) for name in found["cipher_suites"]])
        if found["cipher_suite_preference"] is not None:
            seen.tell(f"order {version}", "server" if found["cipher_suite_preference"] else "client")
    if report.get("curves"):
        seen.add(f"groups {ANY}", [group(name) for name in report["curves"]["curves"]])
    if report.get("sigalgos"):
        version = _CRYPTOLYZER[report["sigalgos"]["target"]["proto_version"]]
        seen.add(f"schemes {version}", [scheme(name) for name in report["sigalgos"]["sig_algos"]])
    if report.get("dhparams"):
        parameter = report["dhparams"].get("dhparam")
        seen.add("DH bits", [str(parameter["key_size"]["value"])] if parameter else [])
    for found in (report.get("pubkeys") or {}).get("pubkeys", []):
        kind = found["certificate_chain"]["items"][0]["algorithm"]
        seen.add("certificates", ["rsa" if kind == "RSA" else "ec" if kind == "ECDSA" else kind])
    extensions = report.get("extensions") or {}
    if extensions.get("compression_methods") is not None:
        seen.tell("compression", extensions["compression_methods"] != ["NULL"])
    for key, question in _CRYPTOLYZER_WORDS.items():
        seen.tell(question, extensions.get(key))
    return seen
