"""What ``openssl verify`` says of a chain: every error code with its depth, in its order."""

import re
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tests.trust.pki import pem

_ERROR = re.compile(r"^error (\d+) at (\d+) depth lookup", re.MULTILINE)


def openssl_says(
    chain: Sequence[bytes], anchors: Sequence[bytes], at: datetime, folder: Path, purpose: str = "sslserver"
) -> tuple[bool, list[tuple[int, int]]]:
    """Whether it trusts the chain, and its errors as (code, depth)."""
    paths = {role: folder / f"{role}.pem" for role in ("leaf", "sent", "roots")}
    for role, ders in (("leaf", chain[:1]), ("sent", chain[1:]), ("roots", anchors)):
        paths[role].write_text("".join(pem(octets) for octets in ders))
    command = ["openssl", "verify", "-purpose", purpose, "-partial_chain", "-no-CApath", "-no-CAstore"]
    command += ["-attime", str(int(at.timestamp())), "-auth_level", "0"]
    command += ["-CAfile", str(paths["roots"])] if anchors else ["-no-CAfile"]
    command += ["-untrusted", str(paths["sent"])] if chain[1:] else []
    done = subprocess.run([*command, str(paths["leaf"])], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    return done.returncode == 0, [(int(code), int(depth)) for code, depth in _ERROR.findall(said)]
