#!/usr/bin/env python3
"""A small model whose matrices are random blocks of a type of GGUF, for every type.

  types_gguf.py HEDDLE SCRATCH

At -O0 it gives what the numbers that the PyPI package `gguf` decodes give as float32; at -O2, for this processor, for
any with AVX2 and on the Vulkan device that the loader offers, nearly so, and the same tokens; with activations in int8,
on both, about so. Skipped without `gguf` and `numpy`.
"""

import array
import sys

from goldens import compare
from support import SKIPPED, Failure, Results, has_avx2, ids_tensor, load, run, save, start

try:
    import gguf
    import numpy
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(SKIPPED)

# Where the float16 scales lie in a block. MXFP4's is a power of two, IQ1_M's in four parts.
SCALES = {
    "F16": [], "BF16": [], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82],
    "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ1_S": [0], "IQ1_M": [], "IQ2_XXS": [0],
    "IQ2_XS": [0], "IQ2_S": [0], "IQ3_XXS": [0], "IQ3_S": [0], "IQ4_NL": [0], "IQ4_XS": [0], "TQ1_0": [52],
    "TQ2_0": [64], "MXFP4": [],
}
# One of each way in which codes lie in words, with int8, which asks for other columns in a word.
SHAPES = ("Q4_1", "Q5_0", "Q8_0", "Q2_K", "Q3_K", "Q6_K", "IQ4_NL")
D, FFN, HEADS, KV, VOCABULARY, LAYERS = 256, 512, 4, 2, 80, 1
# int16 activations; the device computes in float32, as -O0 does, in another order. int8 rounds 256 times as much.
TOLERANCE = {"-O0": 1e-5, "-O2": 0.002, "vulkan": 1e-4, "int8": 0.05}


def random_blocks(name, shape, random):
    """Blocks whose numbers have about the size that keeps a row's sum of products near that of its inputs."""
    kind = gguf.GGMLQuantizationType[name]
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    numbers = random.standard_normal(shape).astype(numpy.float32) / numpy.float32(shape[-1] ** 0.5)
    if name in ("F16", "BF16"):
        return gguf.quants.quantize(numbers, kind).view(numpy.uint8)
    blocks = random.integers(0, 256, (numbers.size // elements, size), dtype=numpy.uint8)
    wanted = float(shape[-1] ** -0.5) * random.uniform(0.5, 1.5, len(blocks))

    def set_halves(at, values):
        blocks[:, at : at + 2] = values.astype("<f2").view(numpy.uint8).reshape(-1, 2)

    def set_scale(values):
        for i, at in enumerate(SCALES[name]):
            set_halves(at, values * (1 if i == 0 or "_K" in name else -4))
        if name == "IQ1_M":
            bits = values.astype("<f2").view("<u2")
            for i in range(4):
                blocks[:, 49 + 2 * i] = (blocks[:, 49 + 2 * i] & 15) | (bits >> 4 * i & 15).astype(numpy.uint8) << 4
        if name == "MXFP4":
            blocks[:, 0] = numpy.log2(values).round() + 128

    set_scale(numpy.ones(len(blocks)))
    decoded = gguf.quants.dequantize(blocks, kind).reshape(len(blocks), -1)
    set_scale(wanted / numpy.sqrt((decoded**2).mean(axis=1)))
    return blocks.reshape(*shape[:-1], -1)


def write(path, name, random, packed, split=0):
    """The model; its matrices as blocks, or the same numbers as float32; with at most `split` tensors to a file."""
    writer = gguf.GGUFWriter(str(path), "llama", split_max_tensors=split)
    writer.add_block_count(LAYERS)
    writer.add_context_length(64)
    writer.add_embedding_length(D)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(D // HEADS)
    kind = gguf.GGMLQuantizationType[name]

    def matrix(tensor, *shape):
        blocks = random_blocks(name, shape, random)
        if packed:
            writer.add_tensor(tensor, blocks, raw_dtype=kind)
        else:
            writer.add_tensor(tensor, gguf.quants.dequantize(blocks, kind).reshape(shape).astype(numpy.float32))

    matrix("token_embd.weight", VOCABULARY, D)
    matrix("output.weight", VOCABULARY, D)
    writer.add_tensor("output_norm.weight", numpy.ones(D, numpy.float32))
    for i in range(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{i}.{norm}.weight", numpy.ones(D, numpy.float32))
        for tensor, rows, columns in (("attn_q", D, D), ("attn_k", D * KV // HEADS, D), ("attn_v", D * KV // HEADS, D),
                                      ("attn_output", D, D), ("ffn_gate", FFN, D), ("ffn_up", FFN, D),
                                      ("ffn_down", D, FFN)):
            matrix(f"blk.{i}.{tensor}.weight", rows, columns)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def logits(heddle, scratch, source, *options):
    ids = ids_tensor([(7 * i * i + 3) % VOCABULARY for i in range(21)])
    save(scratch / "in.safetensors", {"input_ids": ids})
    output = scratch / "out.safetensors"
    run(heddle, "eval", source, *options, "--input", scratch / "in.safetensors", "--output", output, "--greedy", 4)
    return load(output)


def check_parts(heddle, scratch):
    """A model in several files is the same, whichever of them is given."""
    write(scratch / "whole.gguf", "Q4_K", numpy.random.default_rng(5), packed=True)
    write(scratch / "parts.gguf", "Q4_K", numpy.random.default_rng(5), packed=True, split=5)
    parts = sorted(scratch.glob("parts-*-of-*.gguf"))
    expected = logits(heddle, scratch, scratch / "whole.gguf")
    for part in parts:
        compare(logits(heddle, scratch, part), expected, "", 1e-9)
    return f"({len(parts)} of them)"


def check(heddle, scratch, name, roads):
    plain, model = scratch / "plain.gguf", scratch / f"{name}.gguf"
    write(plain, name, numpy.random.default_rng(5), packed=False)
    write(model, name, numpy.random.default_rng(5), packed=True)
    expected, found = logits(heddle, scratch, plain, "-O0"), []
    size = max(abs(value) for value in expected["logits"][1])
    if not 0.5 < size < 50:
        raise Failure(f"logits of up to {size} tell nothing")
    rough = {output: values for output, values in expected.items() if output != "greedy_ids"}  # int8 may change a choice
    for title, kind, options in roads:
        try:
            worst = compare(logits(heddle, scratch, model, *options), rough if kind == "int8" else expected, "",
                            TOLERANCE[kind] * size)
        except Failure as failure:
            raise Failure(f"{title}: {failure}")
        found.append(f"{title} {worst * TOLERANCE[kind]:.1g}")
    return f"(a part of the greatest logit: {', '.join(found)})"


def main():
    heddle, scratch = start()
    roads = [("-O0", "-O0", ["-O0"]), ("-O2", "-O2", ["-O2"])]
    if has_avx2():
        roads.append(("AVX2", "-O2", ["--cpu", "x86-64-v3"]))
    write(scratch / "device.gguf", "Q8_0", numpy.random.default_rng(5), packed=True)
    program = scratch / "device"
    run(heddle, "compile", scratch / "device.gguf", "--target", "vulkan", "-o", program)
    try:
        run(program, "info", "--devices")
        roads.append(("Vulkan", "vulkan", ["--target", "vulkan"]))
    except Failure as failure:
        print(f"no Vulkan device: {failure}")
    results = Results()
    rough = [(f"{title}, int8", "int8", [*options, "--activations", "int8"])
             for title, kind, options in roads if kind in ("-O2", "vulkan") and title != "AVX2"]
    for name in SCALES:
        results.case(name, check, heddle, scratch, name, roads + rough if name in SHAPES else roads)
    results.case("parts", check_parts, heddle, scratch)
    results.finish()


if __name__ == "__main__":
    main()
