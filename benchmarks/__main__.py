"""The benchmarks: ``./run bench`` for those of the foundation, ``./run bench NAME`` for one of `PARTS`."""

import sys
from importlib import import_module
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # not this folder, whose dns.py would hide dnspython

PARTS = {
    "tls": "benchmarks.tls.__main__",  # the TLS engine beside other tools
    "dns": "benchmarks.dns",  # the DNS client beside dnspython
    "dane": "benchmarks.dane",  # TLSA records matched and parsed
    "policy": "benchmarks.policy",  # the round trips of a check's DNS and policy part
    "judge": "benchmarks.judge",  # recorded facts of 1,000 domains, judged
    "report": "benchmarks.report",  # the HTML report: size and time
}


def main(arguments: list[str]) -> int:
    """Run the part that is named, or the foundation's."""
    part = PARTS.get("".join(arguments[:1]))
    module = import_module(part or "benchmarks.foundation")
    code: int = module.main(arguments[1:] if part else arguments)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
