"""Runs fuzz targets side by side and says of each what came of it: ``./run fuzz [target ...] [--seconds N]``.

A target is a file ``fuzz_<name>.py`` beside this one. Its inputs, its log and what it finds are kept in
``fuzz/corpus``, so that a later run goes on from there.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CORPUS = FOLDER / "corpus"
DEFAULT_SECONDS = "600"
INPUT_LIMIT_S = 10
LAST_LINES = 25


def main(arguments: list[str]) -> int:
    """Run the targets asked for; 1 where one of them found something, 2 for a usage error."""
    known = sorted(path.stem.removeprefix("fuzz_") for path in FOLDER.glob("fuzz_*.py"))
    chosen, seconds, rest = [], DEFAULT_SECONDS, list(arguments)
    while rest:
        word, equals, value = rest.pop(0).partition("=")
        if word == "--seconds":
            seconds = value if equals or not rest else rest.pop(0)
        elif word in known:
            chosen.append(word)
        else:
            return complain(f"There is no fuzz target {word!r}; there are {', '.join(known)}.")
    if not seconds.isdecimal() or int(seconds) < 1:
        return complain("--seconds takes a whole number from 1 up.")
    targets = list(dict.fromkeys(chosen)) or known
    print(f"{', '.join(targets)}: {seconds} s each, side by side", flush=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        sound = list(pool.map(lambda target: run_one(target, int(seconds)), targets))
    return 0 if all(sound) else 1


def run_one(target: str, seconds: int) -> bool:
    """Run one target; False where it found something or could not run."""
    corpus = CORPUS / target
    corpus.mkdir(parents=True, exist_ok=True)
    log = CORPUS / f"{target}.log"
    script = [sys.executable, str(FOLDER / f"fuzz_{target}.py"), str(corpus)]
    limits = [f"-max_total_time={seconds}", f"-timeout={INPUT_LIMIT_S}", f"-artifact_prefix={corpus}-"]
    with log.open("wb") as output:
        code = subprocess.call([*script, *limits], stdout=output, stderr=subprocess.STDOUT)
    lines = log.read_text(errors="replace").splitlines()
    done = next((line for line in reversed(lines) if line.startswith("Done ")), "")
    if code == 0 and done:
        print(f"{target}: nothing found. {done}", flush=True)
        return True
    ending = "\n".join(f"    {line}" for line in lines[-LAST_LINES:])
    print(
        f"{target}: ended with {code}; the whole log is {log.relative_to(FOLDER.parent)}\n{ending}",
        flush=True,
    )
    return False


def complain(sentence: str) -> int:
    """Say what is wrong with the arguments."""
    print(f"fuzz: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
