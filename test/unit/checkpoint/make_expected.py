#!/usr/bin/env python3
"""Writes ExpectedBlocks.inc: random quantised blocks and what they mean.

The meaning is taken from the PyPI package `gguf`, which computes it with numpy
independently of this project: pip install gguf numpy; ./make_expected.py
"""
import numpy as np
from gguf import GGMLQuantizationType as Type, quants

BLOCKS = 3
FORMATS = [(Type.Q4_0, 18, 1), (Type.Q4_1, 20, 2), (Type.Q5_0, 22, 1), (Type.Q5_1, 24, 2), (Type.Q8_0, 34, 1)]
SCALES = np.array([0.0123, -1.75, 3e-7, 211.0, -0.03, 6e-5], dtype=np.float16)  # 3e-7 is subnormal


def rows(values, text, per_row):
    lines = [", ".join(text(v) for v in values[i : i + per_row]) for i in range(0, len(values), per_row)]
    return ",\n    ".join(lines)


def main():
    random = np.random.default_rng(7)
    out = ["// Written by make_expected.py: blocks, and the bits of the float32 they mean.", ""]
    for kind, size, scales in FORMATS:
        blocks = random.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
        for b in range(BLOCKS):
            chosen = SCALES[b * scales : (b + 1) * scales]
            blocks[b, : 2 * scales] = chosen.view(np.uint8)
        meaning = quants.dequantize(blocks, kind).astype(np.float32).reshape(-1).view(np.uint32)
        out.append(f"static const uint8_t stored{kind.name}[] = {{\n    {rows(blocks.reshape(-1).tolist(), str, 22)}}};")
        out.append(f"static const uint32_t meant{kind.name}[] = {{\n    {rows(meaning.tolist(), hex, 8)}}};")
        out.append("")
    with open("ExpectedBlocks.inc", "w") as file:
        file.write("\n".join(out))


main()
