#!/usr/bin/env python3
"""What published checkpoints have, and the small ones of the references do not.

  published.py HEDDLE SCRATCH

Configs of models in use (data/published.json) become a module. gpt-oss with its experts in MXFP4, as it is published,
gives what the same numbers give as float32; so do matrices in float8 and in packed integers. A decoder that scores a text,
or gives a vector for it, as the modules.json beside it says, takes the last token's hidden state. Where a page rounds, it
is as the format would.
"""

import array
import bisect
import json
import math
import shutil
import struct

from goldens import INPUTS, compare, distance
from support import SHARED, SOURCE, Failure, Results, elements, ids_tensor, load, run, save, start

FP4 = (0, 0.5, 1, 1.5, 2, 3, 4, 6)
BLOCK = 32


def check_config(heddle, scratch, config):
    """The page's table reads every entry; no weights are needed for that."""
    folder = scratch / "config"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    run(heddle, "compile", folder, "--random-weights", 1, "--emit=heddle")


# --- MXFP4

def rounded(row):
    """A scale, the numbers of four bits and what they are, for each block of a row."""
    for at in range(0, len(row), BLOCK):
        block = row[at : at + BLOCK]
        exponent = math.floor(math.log2(max(map(abs, block)) or 1)) - 2
        nibbles = [min(range(8), key=lambda i, x=abs(x) / 2.0**exponent: abs(FP4[i] - x)) | (x < 0) << 3 for x in block]
        yield exponent + 127, nibbles, [math.copysign(FP4[n & 7] * 2.0**exponent, 7.5 - n) for n in nibbles]


def resize(shape, values, axis, more):
    """The tensor with `more` zeroes behind the others along an axis."""
    rows, inner = elements(shape[:axis]), elements(shape[axis:])
    out = array.array("f")
    for i in range(rows):
        out.extend(values[i * inner : (i + 1) * inner])
        out.extend([0.0] * (more * elements(shape[axis + 1 :])))
    return [*shape[:axis], shape[axis] + more, *shape[axis + 1 :]], out


def mxfp4(shape, values):
    """Experts' matrices [E, in, out]: blocks and scales of [E, out, in], and the matrices that these are."""
    experts, inner, outer = shape
    blocks, scales, plain = array.array("B"), array.array("B"), array.array("f", values)
    for e in range(experts):
        for o in range(outer):
            begin = e * inner * outer + o
            for at, (scale, nibbles, numbers) in enumerate(rounded(values[begin : begin + inner * outer : outer])):
                scales.append(scale)
                blocks.extend(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2]))
                for i, number in enumerate(numbers):
                    plain[begin + (at * BLOCK + i) * outer] = number
    groups = inner // BLOCK
    return ([experts, outer, groups, BLOCK // 2], blocks), ([experts, outer, groups], scales), (shape, plain)


def check_mxfp4(heddle, folder, scratch):
    config = json.loads((folder / "config.json").read_text())
    more = -config["intermediate_size"] % BLOCK  # whole blocks; the experts' added numbers are all 0
    config["intermediate_size"] += more
    config["quantization_config"] = {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]}
    packed, plain = {}, {}
    for name, (shape, values) in load(folder / "model.safetensors").items():
        if "gate_up_proj" in name:
            shape, values = resize(shape, values, len(shape) - 1, 2 * more)
        if name.endswith("down_proj"):
            shape, values = resize(shape, values, 1, more)
        if name.endswith(("gate_up_proj", "down_proj")):
            packed[name + "_blocks"], packed[name + "_scales"], plain[name] = mxfp4(shape, values)
        else:
            packed[name] = plain[name] = (shape, values)
    evaluate, expected = evaluate_packed(heddle, folder, scratch, packed, config, plain, config)
    return off_by(evaluate, expected)


def evaluate_packed(heddle, folder, scratch, packed, packed_config, plain, plain_config):
    """A folder with packed tensors gives at -O0 what one with the numbers that they are gives: (evaluate, that)."""
    for tensors, config, where in ((packed, packed_config, scratch / "packed"), (plain, plain_config, scratch / "plain")):
        where.mkdir(exist_ok=True)
        save(where / "model.safetensors", tensors)
        (where / "config.json").write_text(json.dumps(config))
    golden = load(folder / "golden.safetensors")
    save(scratch / "in.safetensors", {name: golden[name] for name in INPUTS if name in golden})

    def evaluate(where, *options):
        run(heddle, "eval", scratch / where, *options, "--input", scratch / "in.safetensors", "--output",
            scratch / "out.safetensors")
        return load(scratch / "out.safetensors")

    expected = evaluate("plain", "-O0")
    compare(evaluate("packed", "-O0"), expected, "", 1e-6)
    return evaluate, expected


def off_by(evaluate, expected):
    return f"(-O2 off by {compare(evaluate('packed', '-O2'), expected, '', 0.005) * 0.005:.1g})"


# --- float8

# What the 127 codes without a sign are; the last one is not a number.
FP8 = [(8 + code % 8) * 2.0 ** (code // 8 - 10) if code >= 8 else code * 2.0**-9 for code in range(127)]


def float8(shape, values, block, scale_shape, suffix):
    """A matrix as codes and scales, one for each block, and the bfloat16 numbers that these are."""
    rows, columns = shape
    down, across = block[0] or rows, block[1] or columns
    codes, scales, plain = array.array("B", bytes(len(values))), array.array("f"), array.array("f", values)
    for top in range(0, rows, down):
        for left in range(0, columns, across):
            places = [r * columns + c for r in range(top, min(top + down, rows)) for c in range(left, min(left + across, columns))]
            scale = to_float((max(abs(values[i]) for i in places) or 1) / FP8[-1])
            scales.append(scale)
            for i in places:
                x = abs(values[i]) / scale
                code = min(max(bisect.bisect(FP8, x), 1), 126)
                code -= x - FP8[code - 1] < FP8[code] - x
                codes[i] = code | (values[i] < 0) << 7
                plain[i] = math.copysign(to_bfloat(to_float(FP8[code] * scale)), values[i])
    return {"": (shape, codes, "F8_E4M3"), suffix: (scale_shape(rows, columns), scales)}, (shape, plain)


FLOAT8 = {  # who publishes it: the blocks, the scales' shape and name, the config
    "blocks": ((24, 40), lambda rows, columns: [-(-rows // 24), -(-columns // 40)], "_scale_inv",
               {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [24, 40]}),
    "rows": ((1, 0), lambda rows, columns: [rows, 1], "_scale",
             {"quant_method": "compressed-tensors", "format": "float-quantized", "config_groups": {}}),
    "one for all": ((0, 0), lambda rows, columns: [], "_scale_inv",
                    {"quant_method": "fp8", "activation_scheme": "static"}),
}


def check_float8(heddle, folder, scratch, kind):
    block, scale_shape, suffix, quantization = FLOAT8[kind]

    def pack(shape, values):
        parts, plain = float8(shape, values, block, scale_shape, suffix)
        if kind == "one for all":
            parts["input_scale"] = ([], array.array("f", [0.5]))
        return {(part if part == "input_scale" else "weight" + part): tensor for part, tensor in parts.items()}, plain

    return check_packed(heddle, folder, scratch, quantization, pack)


def check_packed(heddle, folder, scratch, quantization, pack):
    """The folder with its matrices packed gives what it gives with the numbers that they then are."""
    config = json.loads((folder / "config.json").read_text())
    packed, plain = {}, {}
    for name, (shape, values) in load(folder / "model.safetensors").items():
        packed[name] = plain[name] = (shape, values)
        if name.endswith("proj.weight") and len(shape) == 2:
            del packed[name]
            parts, plain[name] = pack(shape, values)
            packed.update((name.removesuffix("weight") + part, tensor) for part, tensor in parts.items())
    evaluate, expected = evaluate_packed(heddle, folder, scratch, packed, config | {"quantization_config": quantization},
                                         plain, config)
    compare(evaluate("packed", "--quantize", "q8_0"), evaluate("plain", "--quantize", "q8_0"), "", 1e-6)
    return off_by(evaluate, expected)


# --- GPTQ, AWQ, compressed-tensors

AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)


def words(numbers, bits, order=None):
    """Numbers packed into int32, the first in the lowest bits."""
    per = 32 // bits
    packed = array.array("i")
    for at in range(0, len(numbers), per):
        several = numbers[at : at + per]
        word = sum(several[order[i] if order else i] << bits * i for i in range(per))
        packed.append(word - (word >> 31 << 32))
    return packed


def in_groups(shape, values, bits, group):
    """A matrix as codes [row][column], scales and zeros [row][group], and the numbers of the blocks that it becomes."""
    rows, columns = shape
    size, top = group if group > 0 else columns, 2**bits - 1
    codes, scales, zeros, plain = [], [], [], array.array("f")
    for r in range(rows):
        codes.append([]), scales.append([]), zeros.append([])
        for at in range(r * columns, (r + 1) * columns, size):
            part = values[at : at + size]
            low, high = min(*part, 0.0), max(*part, 0.0)
            scale = to_half((high - low) / top or 1.0) if bits == 4 else to_half(max(map(abs, part)) / 127 or 1.0)
            zero = min(max(round(-low / scale), 1), top) if bits == 4 else 128
            scales[r].append(scale), zeros[r].append(zero)
            for x in part:
                code = min(max(round(x / scale) + zero, 0), top)
                codes[r].append(code)
                plain.append(scale * code + to_half(-scale * zero) if bits == 4 else scale * (code - zero))
    return codes, scales, zeros, (shape, plain)


def along(matrix):
    """The numbers row by row."""
    return [number for row in matrix for number in row]


def down(matrix):
    """The numbers column by column."""
    return along(zip(*matrix))


def packed_groups(shape, values, bits, group, method):
    """The parts that such a folder has for a matrix, and what they mean."""
    rows, columns = shape
    per = 32 // bits
    codes, scales, zeros, plain = in_groups(shape, values, bits, group)
    groups = len(scales[0])
    if method == "int-quantized":
        return {"weight": (shape, array.array("b", [code - 128 for code in along(codes)])),
                "weight_scale": ([rows, groups], array.array("f", along(scales)))}, plain
    if method == "pack-quantized":
        by_group = words(down(zeros), bits)  # [groups, rows / per], stored the other way
        parts = {"weight_packed": ([rows, columns // per], words(along(codes), bits)),
                 "weight_scale": ([rows, groups], array.array("f", along(scales))),
                 "weight_shape": ([2], array.array("q", shape)),
                 "weight_zero_point": ([rows // per, groups], array.array("i", [by_group[g * (rows // per) + r]
                                       for r in range(rows // per) for g in range(groups)]))}
        return parts, plain
    order = AWQ_ORDER if method == "awq" else None
    less = 0 if method == "awq" else 1
    parts = {"qzeros": ([groups, rows // per], words([zero - less for zero in down(zeros)], bits, order)),
             "scales": ([groups, rows], array.array("f", down(scales)))}
    if method == "awq":
        parts["qweight"] = ([columns, rows // per], words(down(codes), bits, order))
    else:
        parts["qweight"] = ([columns // per, rows], words(
            [codes[r][c + i] for c in range(0, columns, per) for r in range(rows) for i in range(per)], bits))
        parts["g_idx"] = ([columns], array.array("i", [c * groups // columns for c in range(columns)]))
    return parts, plain


def check_groups(heddle, folder, scratch, method, bits, group):
    quantization = {"quant_method": method, "bits": bits, "group_size": group, "desc_act": False, "sym": True}
    if method.endswith("-quantized"):
        quantization = {"quant_method": "compressed-tensors", "format": method,
                        "config_groups": {"group_0": {"weights": {"num_bits": bits, "group_size": group}}}}
    return check_packed(heddle, folder, scratch, quantization,
                        lambda shape, values: packed_groups(shape, values, bits, group, method))


# --- heads

def check_head(heddle, folder, scratch, changes, tensors, name, expected):
    """One output of the model with another head, for the first row."""
    where = scratch / "head"
    save(where / "model.safetensors", tensors)
    (where / "config.json").write_text(json.dumps(json.loads((folder / "config.json").read_text()) | changes))
    golden = load(folder / "golden.safetensors")
    tokens = golden["input_ids"][0][1]
    save(scratch / "in.safetensors", {"input_ids": ([1, tokens], golden["input_ids"][1][:tokens])})
    for level in ("-O0", "-O2"):
        run(heddle, "eval", where, level, "--input", scratch / "in.safetensors", "--output", scratch / "out.safetensors")
        worst = distance(load(scratch / "out.safetensors")[name][1], expected)
        if worst > 1e-4:
            raise Failure(f"{level}: '{name}' is off by {worst:.2g}")


def check_heads(heddle, folder, scratch, architecture, embeds):
    golden = load(folder / "golden.safetensors")
    (tokens, d), hidden = golden[f"hidden_{sum(name.startswith('hidden_') for name in golden) - 1}"]
    last = hidden[(tokens - 1) * d :]
    where = scratch / "head"
    shutil.rmtree(where, ignore_errors=True)
    (where / "1_Pooling").mkdir(parents=True)
    body = {name: tensor for name, tensor in load(folder / "model.safetensors").items() if "lm_head" not in name}
    score = array.array("f", [math.sin(i) for i in range(2 * d)])
    check_head(heddle, folder, scratch, {"architectures": [architecture]}, body | {"score.weight": ([2, d], score)},
               "scores", [sum(x * y for x, y in zip(score[i * d : (i + 1) * d], last)) for i in range(2)])
    if embeds:
        (where / "modules.json").write_text(json.dumps(
            [{"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
             for i, (path, kind) in enumerate((("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")))]))
        (where / "1_Pooling/config.json").write_text(json.dumps(
            {"word_embedding_dimension": d, "pooling_mode_lasttoken": True, "pooling_mode_mean_tokens": False}))
        length = math.sqrt(sum(x * x for x in last))
        check_head(heddle, folder, scratch, {}, {name.removeprefix("model."): tensor for name, tensor in body.items()},
                   "sentence_embedding", [x / length for x in last])


# --- rounding

def to_float(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def to_bfloat(x):
    (bits,) = struct.unpack("I", struct.pack("f", x))
    return struct.unpack("f", struct.pack("I", bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000))[0]


def to_half(x):
    try:
        return struct.unpack("e", struct.pack("e", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def check_rounding(heddle, scratch, options):
    tokens = [37 * i % 700 for i in range(600)]
    save(scratch / "in.safetensors", {"input_ids": ids_tensor(tokens)})
    run(heddle, "eval", SOURCE.parent / "program/Inputs/rounds.heddle", "--random-weights", 1, "--set", "d=8", "--set",
        "vocab=700", *options, "--input", scratch / "in.safetensors", "--output", scratch / "out.safetensors")
    out = load(scratch / "out.safetensors")
    x = [to_float((token - 300) * to_float(1.2345)) for token in tokens]
    for name, expected in (("whole", [to_bfloat(float(i)) for i in range(600)]), ("bfloat", map(to_bfloat, x)),
                           ("half", map(to_half, x)), ("small", [to_half(y * 2.0**-26) for y in x]),
                           ("large", [to_half(to_float(y * 200)) for y in x])):
        if list(out[name][1]) != list(expected):
            raise Failure(f"'{name}' is not rounded as in Python")


def main():
    heddle, scratch = start()
    results = Results()
    for name, config in json.loads((SOURCE / "data/published.json").read_text()).items():
        results.case(f"config of {name}", check_config, heddle, scratch, config)
    for options in (["-O0"], ["-O2"], ["--cpu", "x86-64"]):
        results.case(f"numbers rounded, {' '.join(options)}", check_rounding, heddle, scratch, options)
    goldens = SHARED / "goldens"
    results.case_of(goldens / "gpt_oss", "gpt_oss in MXFP4", check_mxfp4, heddle, goldens / "gpt_oss", scratch)
    for name, kind in (("deepseek_v3", "blocks"), ("qwen3", "rows"), ("mistral", "one for all")):
        results.case_of(goldens / name, f"{name} in float8, scales: {kind}", check_float8, heddle, goldens / name,
                        scratch, kind)
    for name, *how in (("llama", "gptq", 4, 32), ("qwen2", "gptq", 4, -1), ("qwen2", "gptq", 8, 32), ("llama", "awq", 4, 32),
                       ("llama", "pack-quantized", 4, 32), ("qwen2", "pack-quantized", 8, 32),
                       ("llama", "int-quantized", 8, 32)):
        results.case_of(goldens / name, f"{name} in {how[1]} bits of {how[0]}, groups of {how[2]}", check_groups, heddle,
                        goldens / name, scratch, *how)
    for name, architecture, embeds in (("gemma2", "Gemma2ForSequenceClassification", False),
                                       ("qwen3", "Qwen3ForSequenceClassification", True)):
        results.case_of(goldens / name, f"{name}: heads", check_heads, heddle, goldens / name, scratch, architecture, embeds)
    results.finish()


if __name__ == "__main__":
    main()
