#!/usr/bin/env python3
"""Blocks of every type of GGUF against the PyPI package `gguf`, bit for bit.

  blocks_equal.py DECODE_BLOCKS SCRATCH

65536 random blocks of each type, in which each of its float16 scales takes every value, NaN and infinities too.
Skipped without `gguf` and `numpy`.
"""

import subprocess
import sys

from support import SKIPPED, Failure, Results

try:
    import numpy
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(SKIPPED)

# Where the float16 scales lie in a block; a byte's scale takes its values at random.
SCALES = {
    "F16": [0], "BF16": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82],
    "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ1_S": [0], "IQ1_M": [], "IQ2_XXS": [0],
    "IQ2_XS": [0], "IQ2_S": [0], "IQ3_XXS": [0], "IQ3_S": [0], "IQ4_NL": [0], "IQ4_XS": [0], "TQ1_0": [52],
    "TQ2_0": [64], "MXFP4": [],
}
COUNT = 1 << 16


def blocks_of(name, random):
    _, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    blocks = random.integers(0, 256, (COUNT, size), dtype=numpy.uint8)
    for at in SCALES[name]:
        blocks[:, at : at + 2] = random.permutation(COUNT).astype("<u2").view(numpy.uint8).reshape(COUNT, 2)
    if name == "IQ1_M":  # a nibble of the scale in each of four words
        bits = random.permutation(COUNT)
        for i in range(4):
            high = blocks[:, 49 + 2 * i]
            blocks[:, 49 + 2 * i] = (high & 15) | (bits >> 4 * i & 15).astype(numpy.uint8) << 4
    return blocks


def check(decoder, name, random):
    blocks = blocks_of(name, random)
    done = subprocess.run([decoder, name], input=blocks.tobytes(), capture_output=True, timeout=300)
    if done.returncode:
        raise Failure(f"status {done.returncode}: {done.stderr.decode()[-200:]}")
    mine = numpy.frombuffer(done.stdout, "<f4")
    with numpy.errstate(all="ignore"):
        meant = quants.dequantize(blocks, GGMLQuantizationType[name]).reshape(-1)
    if mine.shape != meant.shape:
        raise Failure(f"{mine.size} numbers, expected {meant.size}")
    differ = (mine.view("<u4") != meant.view("<u4")) & ~(numpy.isnan(mine) & numpy.isnan(meant))
    if differ.any():
        at = int(differ.argmax())
        raise Failure(f"{differ.sum()} of {mine.size} differ, the first at {at}: {mine[at]}, expected {meant[at]}")
    return f"({mine.size} numbers)"


def main():
    results = Results()
    for name in SCALES:
        results.case(name, check, sys.argv[1], name, numpy.random.default_rng(11))
    results.finish()


if __name__ == "__main__":
    main()
