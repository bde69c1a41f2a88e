"""Makes the recorded facts and their counts anew::

    python -m tests.corpus.record lab      # runs the lab, about a minute
    python -m tests.corpus.record real     # runs the real servers, some minutes
    python -m tests.corpus.record counts   # judges what is recorded, and writes counts.toml

After a change of judgement, ``counts`` alone: the difference of counts.toml is what the change does, and
belongs into the *Verdicts* section of CHANGELOG.md. New facts are recorded when there are new domains, probes
or facts.
"""

import asyncio
import lzma
import sys
from pathlib import Path

from tests.corpus import COUNTS, ENDING, FOLDER, counted
from tests.real.packages import UnavailableError
from tests.real.servers import SERVICE_SET_UPS, SET_UPS, RealServers
from tests.real.test_every_protocol import checked
from waxseal.api import check
from waxseal.facts import FactSet
from waxseal.facts.stored import dump
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings

SETTINGS = ProbeSettings(ehlo_name="probe.test", time_limit_s=8, policy_time_limit_s=6, parallel=32)
PARTS = ("lab", "real")
HEAD = """\
# What today's checks say of the recorded facts: how often each check gave each verdict, and how often there
# was each pair of letters (passive/active). Written by 'python -m tests.corpus.record counts'.
"""


def main(arguments: list[str]) -> int:
    """Do what is asked, in the order given; 2 for anything else."""
    jobs = {"lab": record_lab, "real": record_real, "counts": write_counts}
    if not arguments or any(argument not in jobs for argument in arguments):
        sys.stderr.write(f"usage: python -m tests.corpus.record {'|'.join(jobs)} ...\n")
        return 2
    for argument in arguments:
        jobs[argument]()
    return 0


def record_lab() -> None:
    """One run over all domains."""
    keep(asyncio.run(_lab()), FOLDER / f"lab{ENDING}")


async def _lab() -> FactSet:
    async with LabWorld() as world:
        targets = [domain.target for domain in world.domains]
        return (await check(*targets, network=world.network(), settings=SETTINGS)).facts


def record_real() -> None:
    """One run for each set-up that can run here; what cannot keeps what was recorded before."""
    (FOLDER / "real").mkdir(exist_ok=True)
    with RealServers() as servers:
        for software, set_up in (*SET_UPS, *SERVICE_SET_UPS):
            try:
                server = servers.server(software, set_up)
            except UnavailableError as error:
                sys.stderr.write(f"{software} {set_up}: {error}\n")
                continue
            keep(checked(server).facts, FOLDER / "real" / f"{software}-{set_up}{ENDING}")


def keep(facts: FactSet, path: Path) -> None:
    """Write facts down, pressed."""
    path.write_bytes(lzma.compress(b"".join(dump(facts)), preset=9 | lzma.PRESET_EXTREME))
    sys.stderr.write(f"{path.name}: {len(facts)} facts, {path.stat().st_size} octets\n")


def write_counts() -> None:
    """Judge what is recorded."""
    lines = [HEAD]
    for part in PARTS:
        for check_id, verdicts in counted(part).items():
            row = ", ".join(f'"{verdict}" = {number}' for verdict, number in sorted(verdicts.items()))
            lines.append(f'{part}."{check_id}" = {{ {row} }}\n')
    COUNTS.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
