#!/usr/bin/env python3
"""Writes small valid files for the fuzz targets to start from: CheckpointSeeds.py FOLDER"""
import json
import math
import pathlib
import struct
import sys


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def pair(key, kind, payload):
    return text(key) + struct.pack("<I", kind) + payload


def array(key, kind, count, payload):
    return pair(key, 9, struct.pack("<IQ", kind, count) + payload)


def gguf(version, quantised):
    pairs = [
        pair("general.architecture", 8, text("llama")),
        pair("general.alignment", 4, struct.pack("<I", 32)),
        pair("llama.block_count", 4, struct.pack("<I", 2)),
        pair("llama.rope.freq_base", 6, struct.pack("<f", 1e4)),
        pair("llama.big", 10, struct.pack("<Q", 2**63)),
        pair("llama.flag", 7, b"\1"),
        array("llama.ff", 5, 2, struct.pack("<ii", 8, 9)),
        array("tokenizer.ggml.tokens", 8, 2, text("<s>") + text("a")),
    ]
    # type, bytes of a block of 32
    kinds = [(2, 18), (3, 20), (6, 22), (7, 24), (8, 34)] if quantised else [(0, 128), (1, 64), (30, 64), (24, 32)]
    infos, data = b"", b""
    for kind, size in kinds:
        infos += text(f"t{kind}") + struct.pack("<IQIQ", 1, 32, kind, len(data))
        data += bytes(range(size)) + bytes(-size % 32)
    head = b"GGUF" + struct.pack("<IQQ", version, len(kinds), len(pairs)) + b"".join(pairs) + infos
    return head + bytes(-len(head) % 32) + data


def safetensors(types):
    return tensors((dtype, dtype, [2, 1], size) for dtype, size in types)


def tensors(parts):
    """A file of tensors: name, type, shape, bytes of a number."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, dtype, shape, size in parts:
        begin = len(data)
        data += bytes(i % 256 for i in range(math.prod(shape) * size))
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, len(data)]}
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


CONFIG = {
    "model_type": "llama",
    "eos_token_id": [1, 2],
    "rms_norm_eps": 1e-05,
    "rope_scaling": {"factor": 8.0, "rope_type": "llama3"},
    "sliding_window": None,
    "use_cache": True,
    "text": 'a\u00e9\n"\\',
}
INDEX = {"metadata": {"total_size": 8}, "weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
SEEDS = {
    "gguf": [gguf(2, False), gguf(3, True)],
    "safetensors": [
        safetensors([("F32", 4), ("BOOL", 1)]),
        safetensors([("BF16", 2), ("I64", 8)]),
        tensors([("w", "F8_E4M3", [3, 2], 1), ("w_scale_inv", "F32", [2, 1], 4)]),
        tensors([("w.qweight", "I32", [4, 8], 4), ("w.qzeros", "I32", [1, 1], 4), ("w.scales", "F16", [1, 8], 2)]),
        tensors([("w.qweight", "I32", [32, 1], 4), ("w.qzeros", "I32", [1, 1], 4), ("w.scales", "F16", [1, 8], 2)]),
        tensors([("w.weight_packed", "I32", [8, 4], 4), ("w.weight_zero_point", "I32", [1, 1], 4),
                 ("w.weight_scale", "F16", [8, 1], 2)]),
        tensors([("w.weight", "I8", [2, 32], 1), ("w.weight_scale", "F32", [2, 1], 4)]),
    ],
    "config": [json.dumps(CONFIG).encode(), json.dumps(INDEX, indent=2).encode()],
}

for target, files in SEEDS.items():
    folder = pathlib.Path(sys.argv[1]) / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(files):
        (folder / str(number)).write_bytes(content)
