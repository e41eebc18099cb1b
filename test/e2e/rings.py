#!/usr/bin/env python3
"""Windowed attention far behind its window: caches that are rings against caches that keep everything.

  rings.py HEDDLE SCRATCH

Small random models, said to be trained for long texts, read a text that goes several times around the rings, in
pieces, and go on with it token by token. -O2 must give what the plain road gives, which has no rings.
"""

import json
import random
import re
import shutil

import goldens
from support import SHARED, SOURCE, Failure, Results, ids_tensor, load, run, save, start

FOLDERS = [SOURCE / "data/cohere2"] + [SHARED / "goldens" / name for name in
                                       ("gemma2", "gemma3_text", "gpt_oss", "llama4_text", "mistral")]
CONTEXT = 4096
TOKENS, MORE = 1300, 40
TOLERANCE = 1e-4  # of what differs in the order of sums alone


def lengthened(folder, scratch):
    """The model with a config that says CONTEXT, and how many tokens there are."""
    copy = scratch / folder.name
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    shutil.copyfile(folder / "model.safetensors", copy / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"max_position_embeddings": CONTEXT}))
    return copy, config["vocab_size"]


def evaluate(heddle, model, scratch, options):
    run(heddle, "eval", model, *options, "--input", scratch / "in.safetensors", "--output",
        scratch / "out.safetensors", "--greedy", MORE)
    out = load(scratch / "out.safetensors")
    return out["logits"][1], list(out["greedy_ids"][1])


def check(heddle, folder, scratch, options):
    """One model with these options against the plain road."""
    model, vocabulary = lengthened(folder, scratch)
    rings = re.findall(r"^cache .* ring (\d+)", run(heddle, "compile", model, *options, "--emit=schedule").stdout,
                       re.MULTILINE)
    if not rings or 2 * max(map(int, rings)) > TOKENS:
        raise Failure(f"the rings have {rings} positions: the case shows nothing")
    ids = random.Random(folder.name).choices(range(vocabulary), k=TOKENS)
    save(scratch / "in.safetensors", {"input_ids": ids_tensor(ids)})
    logits, tokens = evaluate(heddle, model, scratch, options)
    plain, expected = evaluate(heddle, model, scratch, ["-O0"])
    d = goldens.distance(logits, plain)
    if d > TOLERANCE:
        raise Failure(f"logits are off by {d:.2g}")
    if tokens != expected:
        raise Failure(f"chose {tokens[-MORE:]}, expected {expected[-MORE:]}")
    return f"({len(rings)} rings, off by {d:.2g})"


def main():
    heddle, scratch = start()
    results = Results()
    for folder in FOLDERS:
        results.case_of(folder, folder.name, check, heddle, folder, scratch, ["-O2"])
    results.finish()


if __name__ == "__main__":
    main()
