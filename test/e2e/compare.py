#!/usr/bin/env python3
"""`heddle compare` finds where a model leaves its reference.

  compare.py HEDDLE SCRATCH

A page that is right agrees. One with a mistake in it (a wrong epsilon, queries and keys exchanged, no scale ...)
is told by the first hidden state that differs, and by the lines that make it. A reference that lacks something,
or has it in another shape, is refused with a message.
"""

import array
import os
import pathlib
import re
import shutil
import sys

from support import SOURCE, Failure, Results, load, run, save

DATA = SOURCE / "data"
PAGES = SOURCE.parents[1] / "models"
SCALE = ("s = (q @ k over hd) * scale", "s = (q @ k over hd) * (if i == 2 then 1 else scale)")
EPSILON = ("h = rms_norm[d](x, mlp_norm, eps)", "h = rms_norm[d](x, mlp_norm, if i == 1 then eps * 1000 else eps)")
POSITIONS = ("q = rope[hd](wq @ h + bq, position[T] * freq)", "q = rope[hd](wq @ h + bq, (position[T] + 1) * freq)")
EXCHANGED = ("q = wq @ x + bq\n    k = (wk @ x + bk)", "q = wk @ x + bk\n    k = (wq @ x + bq)")
EMBEDDED = ("x = embed[vocab = tokens]", "x = embed[vocab = tokens] * 1.001")
LAST = ("hidden = rms_norm[d](x, norm, eps)", "hidden = rms_norm[d](x, 1 + norm, eps)")
OUTPUT = ("return head @ hidden, none", "return 2 * (head @ hidden), none")
# What is wrong, with which model, the first tensor that differs.
MISTAKES = (("scale of layer 2", "llama", SCALE, "hidden_3"), ("epsilon in layer 1", "llama", EPSILON, "hidden_2"),
            ("positions of queries", "qwen2", POSITIONS, "hidden_1"), ("embedding", "qwen2", EMBEDDED, "hidden_0"),
            ("last norm", "llama", LAST, "hidden_4"), ("logits", "llama", OUTPUT, "logits"),
            ("queries and keys exchanged", "bert-masked", EXCHANGED, "hidden_1"))


def broken(scratch, model, old, new):
    """A page with a mistake, and the line that has it."""
    page = PAGES / ("bert.heddle" if "bert" in model else "llama.heddle")
    text = page.read_text()
    if old not in text:
        raise Failure(f"{page.name} has no '{old}' any more")
    copy = scratch / page.name
    copy.write_text(text.replace(old, new))
    return copy, text[: text.index(old)].count("\n") + 1


def check_agrees(heddle, model, options):
    done = run(heddle, "compare", DATA / model, DATA / model / "golden.safetensors", *options)
    if " agree " not in done.stdout or "differs" in done.stdout:
        raise Failure(done.stdout[-300:])


def check_mistake(heddle, scratch, model, change, first, options):
    page, line = broken(scratch, model, *change)
    done = run(heddle, "compare", DATA / model, DATA / model / "golden.safetensors", "--arch", page, *options, status=1)
    marked = [row.split()[0] for row in done.stdout.splitlines() if row.endswith("differs")]
    if not marked or marked[0] != first or f"'{first}' is the first that differs" not in done.stderr:
        raise Failure(f"expected {first}, found {marked}, '{done.stderr.strip()[-300:]}'")
    lines = re.search(rf"{page.name}:([0-9,-]+)", done.stderr)
    spans = [list(map(int, span.split("-"))) for span in lines[1].split(",")] if lines else []
    if not any(span[0] <= line <= span[-1] for span in spans):
        raise Failure(f"the mistake is in line {line}, found '{done.stderr.strip()[-200:]}'")


def check_local(heddle, scratch):
    """The values that a page names are seen at -O0, and the first wrong one is named."""
    golden, options = DATA / "llama/golden.safetensors", ["-O0", "--taps", "all"]
    save(scratch / "in.safetensors", {"input_ids": load(golden)["input_ids"]})
    run(heddle, "eval", DATA / "llama", "--input", scratch / "in.safetensors", "--output", scratch / "all.safetensors",
        "--hidden", *options)
    found = load(scratch / "all.safetensors")
    (tokens, width), _ = found["hidden_0"]
    for name, shape in (("block.3.q", [tokens, 2, 2, 24]), ("block.0.s", [tokens, tokens, 2, 2]),
                        ("block.1.h.2", [tokens, width]), ("forward.x", [tokens, width])):
        if name not in found or found[name][0] != shape:
            raise Failure(f"expected '{name}' {shape}, found {found.get(name, ['none'])[0]}")
    found["input_ids"] = load(golden)["input_ids"]
    save(scratch / "all.safetensors", found)
    if "differs" in run(heddle, "compare", DATA / "llama", scratch / "all.safetensors", *options).stdout:
        raise Failure("it differs from itself")
    page, line = broken(scratch, "llama", *SCALE)
    done = run(heddle, "compare", DATA / "llama", scratch / "all.safetensors", *options, "--arch", page, status=1)
    if "'block.2.s' is the first that differs" not in done.stderr or f"llama.heddle:{line}\n" not in done.stderr:
        raise Failure(done.stderr.strip()[-300:])


def check_refused(heddle, scratch, change, words):
    golden = load(DATA / "llama/golden.safetensors")
    change(golden)
    save(scratch / "golden.safetensors", golden)
    done = run(heddle, "compare", DATA / "llama", scratch / "golden.safetensors", status=1)
    for word in words:
        if word not in done.stderr:
            raise Failure(f"no '{word}' in '{done.stderr.strip()[:300]}'")


def keep(*names):
    return lambda golden: [golden.pop(name) for name in list(golden) if name not in names]


def widen(golden):
    (rows, width), values = golden["hidden_1"]
    golden["hidden_1"] = ([rows, width + 1], array.array("f", [0] * (rows * (width + 1))))


def damage(golden):
    golden["hidden_2"][1][5] = float("nan")


def main():
    heddle, scratch = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    os.environ["XDG_CACHE_HOME"] = str(scratch / "cache")
    results = Results()
    for model in ("llama", "qwen2", "bert-masked", "cohere2"):
        for level in ("-O0", "-O2"):
            results.case(f"{model} {level} agrees", check_agrees, heddle, model, [level])
    for name, model, change, first in MISTAKES:
        for level in ("-O0", "-O2"):
            results.case(f"{name} {level}", check_mistake, heddle, scratch, model, change, first, [level])
    results.case("values named in a layer", check_local, heddle, scratch)
    for name, change, words in (
        ("no input_ids", lambda golden: golden.pop("input_ids"), ["golden.safetensors", "'input_ids'"]),
        ("nothing to compare", keep("input_ids"), ["nothing to compare", "hidden_0", "logits"]),
        ("another shape", widen, ["'hidden_1'", ", 65]", ", 64]"]),
        ("not a number", damage, ["'hidden_2'", "nan"]),
    ):
        results.case(name, check_refused, heddle, scratch, change, words)
    results.finish()


if __name__ == "__main__":
    main()
