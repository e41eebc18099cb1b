#!/usr/bin/env python3
"""Fern, an architecture that nobody has: its definition in NumPy, a random checkpoint, and what that computes.

  fern.py FOLDER    writes config.json, model.safetensors and golden.safetensors

Attention and MLP stand side by side on one norm; scores fade with the distance, each head at a rate of its own;
the MLP squares what is positive; a learned gate weighs each head's result.
"""

import json
import pathlib
import struct
import sys

import numpy as np

CONFIG = {"model_type": "fern", "n_layers": 3, "width": 48, "n_heads": 4, "mlp_width": 112, "vocab_size": 96,
          "norm_eps": 1e-5, "fade": 0.25}


def norm(x, weight):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + CONFIG["norm_eps"]) * weight


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def layer(x, w):
    heads, tokens = CONFIG["n_heads"], len(x)
    h = norm(x, w["norm"])
    q, k, v = ((h @ part.T).reshape(tokens, heads, -1).swapaxes(0, 1) for part in np.split(w["qkv"], 3))
    distance = np.arange(tokens)[:, None] - np.arange(tokens)
    rate = CONFIG["fade"] / np.arange(1, heads + 1)
    s = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]) - rate[:, None, None] * distance
    o = softmax(np.where(distance >= 0, s, -np.inf)) @ v
    gate = 1 / (1 + np.exp(-(h @ w["gate"].T)))  # a number for each token and head
    o = (o * gate.T[:, :, None]).swapaxes(0, 1).reshape(tokens, -1)
    return x + o @ w["out"].T + np.maximum(h @ w["up"].T, 0) ** 2 @ w["down"].T


def forward(ids, weights):
    """Logits, and the hidden states: what goes into each layer, and what comes out of the last norm."""
    x, states = weights["embed"][ids], []
    for i in range(CONFIG["n_layers"]):
        states.append(x)
        x = layer(x, {name: weights[f"layers.{i}.{name}"] for name in ("norm", "qkv", "gate", "out", "up", "down")})
    states.append(norm(x, weights["norm"]))
    return states[-1] @ weights["embed"].T, states


def random_weights():
    d, ffn, heads = CONFIG["width"], CONFIG["mlp_width"], CONFIG["n_heads"]
    rng = np.random.default_rng(7)
    shapes = {"embed": (CONFIG["vocab_size"], d), "norm": (d,)}
    for i in range(CONFIG["n_layers"]):
        shapes |= {f"layers.{i}.{name}": shape for name, shape in
                   {"norm": (d,), "qkv": (3 * d, d), "gate": (heads, d), "out": (d, d), "up": (ffn, d),
                    "down": (d, ffn)}.items()}
    return {name: (rng.normal(size=shape) * (0.3 if len(shape) > 1 else 0.1) + (len(shape) == 1)).astype(np.float32)
            for name, shape in shapes.items()}


def save(path, tensors):
    header, blocks, offset = {}, [], 0
    for name, tensor in tensors.items():
        block = np.ascontiguousarray(tensor).tobytes()
        header[name] = {"dtype": {"f": "F32", "i": "I64"}[tensor.dtype.kind], "shape": tensor.shape,
                        "data_offsets": [offset, offset + len(block)]}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    weights = random_weights()
    ids = np.random.default_rng(8).integers(0, CONFIG["vocab_size"], size=20)
    logits, states = forward(ids, {name: value.astype(np.float64) for name, value in weights.items()})
    golden = {"input_ids": ids[None].astype(np.int64), "logits": logits[None].astype(np.float32)}
    golden |= {f"hidden_{i}": state.astype(np.float32) for i, state in enumerate(states)}
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2))
    save(folder / "model.safetensors", weights)
    save(folder / "golden.safetensors", golden)


if __name__ == "__main__":
    main()
