#!/usr/bin/env python3
"""What does not work ends with the right status and one message: 1 for bad input, 2 for a wrong command line.

  errors.py HEDDLE SCRATCH
"""

import os
import pathlib
import shutil
import struct
import sys

from support import SOURCE, Failure, Results, ids_tensor, load, model_in_cache, run, save

LLAMA = SOURCE / "data" / "llama"


def expect(status, words, *command):
    """The command fails with this status; its message has these words, and nothing is on standard output."""
    done = run(*command, status=status, timeout=60)
    if done.stdout:
        raise Failure(f"on standard output: '{done.stdout[:100]}'")
    lines = [line for line in done.stderr.splitlines() if line and "note:" not in line]
    if not lines or len(lines) > 4:
        raise Failure(f"expected one message, found {len(lines)} lines: '{done.stderr[:300]}'")
    for word in words:
        if word not in done.stderr:
            raise Failure(f"no '{word}' in '{done.stderr.strip()[:300]}'")


def broken_folder(scratch, name, change):
    """A copy of a good model whose file `name` is changed by change(bytes)."""
    folder = scratch / f"broken-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in ("config.json", "model.safetensors"):
        shutil.copyfile(LLAMA / file, folder / file)
    (folder / name).write_bytes(change((LLAMA / name).read_bytes()))
    return folder


def main():
    heddle, scratch = sys.argv[1], pathlib.Path(sys.argv[2])
    scratch.mkdir(parents=True, exist_ok=True)
    model = model_in_cache()
    os.environ["XDG_CACHE_HOME"] = str(scratch.resolve() / "cache")
    results = Results()
    case = lambda name, *arguments: results.case(name, expect, *arguments)
    program, output = scratch / "program", scratch / "out.safetensors"

    case("no such model", 1, ["nowhere.gguf"], heddle, "compile", scratch / "nowhere.gguf", "-o", program)
    case("no such option", 2, ["--nonsense"], heddle, "compile", "--nonsense", LLAMA)
    case("no such verb", 2, ["nonsense"], heddle, "nonsense")
    case("no such processor", 2, ["pdp11"], heddle, "compile", LLAMA, "--cpu", "pdp11", "-o", program)
    case("all values of fused code", 2, ["-O0"], heddle, "compile", LLAMA, "--taps", "all", "-o", program)
    case("no such input", 1, ["nowhere"], heddle, "eval", LLAMA,
         "--input", scratch / "nowhere", "--output", output)

    (scratch / "text.gguf").write_text("not a model")
    case("not a GGUF file", 1, ["text.gguf"], heddle, "compile", scratch / "text.gguf", "-o", program)
    cut = broken_folder(scratch, "model.safetensors", lambda data: data[: len(data) // 2])
    case("weights cut short", 1, ["model.safetensors"], heddle, "compile", cut, "-o", program)
    huge = broken_folder(scratch, "model.safetensors", lambda data: struct.pack("<Q", 1 << 62) + data[8:])
    case("header's length out of range", 1, ["model.safetensors"], heddle, "compile", huge, "-o", program)
    config = broken_folder(scratch, "config.json", lambda data: data[: len(data) // 2])
    case("config cut short", 1, ["config.json"], heddle, "compile", config, "-o", program)

    vocabulary = load(LLAMA / "golden.safetensors")["logits"][0][-1]
    save(scratch / "in.safetensors", {"input_ids": ids_tensor([1, vocabulary])})
    case("a token that is none", 1, [str(vocabulary)], heddle, "eval", LLAMA,
         "--input", scratch / "in.safetensors", "--output", output)
    save(scratch / "in.safetensors", {"other": ids_tensor([1, 2])})
    case("no input_ids", 1, ["input_ids"], heddle, "eval", LLAMA,
         "--input", scratch / "in.safetensors", "--output", output)
    case("a number that is none", 2, ["many"], heddle, "bench", LLAMA, "--repeat", "many")

    if model:
        with open(model, "rb") as file:
            (scratch / "cut.gguf").write_bytes(file.read(2_000_000))
        case("GGUF cut short", 1, ["cut.gguf"], heddle, "compile", scratch / "cut.gguf", "-o", program)
    else:
        results.skip("GGUF cut short", "the model is not in the cache; scripts/fetch-model.py fetches it")
    if program.exists():
        print("a program was written all the same: FAILED")
        results.failed += 1
    results.finish()


if __name__ == "__main__":
    main()
