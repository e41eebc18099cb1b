#!/usr/bin/env python3
"""Attention and products of weights are fused for every family, on both backends.

  fused.py HEDDLE SCRATCH

At -O2 no softmax over keys and no product alone is left, and no buffer has an element for each token and key.
"""

import re
import sys

import goldens
from support import SHARED, SOURCE, Failure, Results, run


def check(heddle, folder, target):
    text = run(heddle, "compile", folder, "--target", target, "--emit=fold-norms,plan-memory").stdout
    fused, planned = text.split("// after plan-memory")
    left = re.findall(r'heddle\.contract|heddle\.softmax.* over "[SU]"', fused)
    if left or "heddle.attention" not in fused:
        raise Failure(f"left: {left}")
    pairs = [dims for dims in re.findall(r"heddle\.buffer dims (\[.*?\])", planned)
             if '"T' in dims and re.search('"[SCU]', dims)]
    if pairs:
        raise Failure(f"buffers of {pairs}")


def main():
    heddle, results = sys.argv[1], Results()
    folders = [SOURCE / "data" / name for name in goldens.OURS + goldens.VARIANTS]
    folders += [SHARED / "goldens" / name for name in goldens.BESIDE + goldens.FAMILIES]
    for folder in folders:
        for target in ("cpu", "vulkan"):
            results.case_of(folder, f"{folder.name} {target}", check, heddle, folder, target)
    results.finish()


if __name__ == "__main__":
    main()
