#!/usr/bin/env python3
"""The largest real configurations, without their weights: the code that they become, and what it costs to make.

  largest.py HEDDLE SCRATCH

`heddle compile --random-weights 1 --emit=asm` must not take more memory than BYTES; the time is printed. Twice the layers
and experts must give the same kernels.
"""

import json
import pathlib
import re
import resource
import subprocess
import sys
import time

from support import SOURCE, Failure, Results

BYTES = 500 << 20
GREW = {"num_hidden_layers": 2, "n_routed_experts": 2}  # (the greatest of 1024 have kernels of their own)


def compile_asm(heddle, folder):
    """The kernels' names in the assembly, seconds and the compiler's peak memory in bytes."""
    start = time.monotonic()
    command = [heddle, "compile", str(folder), "--random-weights", "1", "--emit=asm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        text, errors = process.communicate(timeout=600)
    if process.returncode:
        raise Failure(f"status {process.returncode}: {errors.strip()[-300:]}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024  # of the largest child so far
    return set(re.findall(r"^\s*\.globl\s+(\S+)", text, re.MULTILINE)), time.monotonic() - start, peak


def check(heddle, folder):
    kernels, seconds, peak = compile_asm(heddle, folder)
    if not kernels:
        raise Failure("there is no kernel in the assembly")
    if peak > BYTES:
        raise Failure(f"it took {peak >> 20} MiB, expected at most {BYTES >> 20}")
    return f"({len(kernels)} kernels, {seconds:.1f} s, at most {peak >> 20} MiB)"


def check_growth(heddle, folder, scratch):
    config = json.loads((folder / "config.json").read_text())
    grown = scratch / "grown"
    grown.mkdir(exist_ok=True)
    (grown / "config.json").write_text(json.dumps(config | {name: config[name] * by for name, by in GREW.items()}))
    small, large = (compile_asm(heddle, one)[0] for one in (folder, grown))
    if small != large:
        raise Failure(f"{len(small)} kernels become {len(large)}")


def main():
    heddle, scratch = sys.argv[1], pathlib.Path(sys.argv[2])
    scratch.mkdir(parents=True, exist_ok=True)
    results = Results()
    folders = SOURCE / "data/largest"
    for folder in sorted(folders.iterdir()):
        results.case(folder.name, check, heddle, folder)
    results.case("twice the layers and experts", check_growth, heddle, folders / "deepseek-r1", scratch)
    results.finish()


if __name__ == "__main__":
    main()
