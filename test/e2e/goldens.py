#!/usr/bin/env python3
"""Small random models against references computed in float64.

  goldens.py HEDDLE SCRATCH

Each model is run with `heddle eval`: -O0 and -O2, for this processor and for any with AVX2. Heads and variants of
families, and other families if their references are beside the repository, for this processor only. Logits, scores and hidden states must be
within ten times the distance that float32 and float64 have in the reference implementation; tokens chosen
greedily must be the same. A config.json as newer libraries write it must give the same model.
"""

import array
import base64
import itertools
import json
import shutil

from support import SHARED, SOURCE, Failure, Results, elements, has_avx2, ids_tensor, load, run, save, start

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "decoder_input_ids")
RECOMPUTED = {"greedy_ids_nocache": "greedy_ids"}  # what the reference gives without its cache
FLAWED = ("greedy_ids_hf_cached",)  # what it gives with it: not causal where rotary frequencies change
OURS = ("llama", "qwen2")
VARIANTS = ("bert-masked", "bert-sentence", "cohere2", "qwen3-moe", "roberta-labels")  # see data/README.md
BESIDE = ("mistral", "llama-tied-bias", "llama-reward")
FAMILIES = ("bart", "bert", "cohere", "deepseek_v3", "falcon", "gemma2", "gemma3_text", "gpt2", "gpt_oss",
            "granite", "llama4_text", "marian", "mixtral", "modernbert", "olmo2", "phi3", "phi3-switch", "qwen3",
            "roberta", "t5-v1_1")
STORY = "there was a little girl named Lily. She loved to play outside in the park."


def distance(found, expected):
    """The greatest difference of two arrays; infinite where one is not a number."""
    worst = 0.0
    for a, b in zip(found, expected):
        d = 0.0 if a == b else abs(a - b)
        if not d <= worst:
            worst = d if d == d else float("inf")
    return worst


def scored(name, shape, values, mask):
    """The values at positions that the mask keeps; where `name` is a pooled state, of sequences."""
    if mask is None or name not in ("last_hidden_state", "logits", "pooler_output"):
        return values
    (_, length), kept = mask
    if name == "pooler_output":  # the reference pools the first position, which padding may stand at
        kept, width = kept[::length], shape[1]
    else:
        width = shape[2]
    return [value for position, keep in enumerate(kept) if keep
            for value in values[position * width : (position + 1) * width]]


def compare(out, golden, prefix, tolerance):
    """Raises Failure for all that differs; returns the worst difference as a part of the tolerance."""
    worst, wrong = 0.0, []
    decodes = prefix + "decoder_input_ids" in golden  # its outputs have the decoder's tokens, which are never padded
    mask = None if decodes else golden.get(prefix + "attention_mask")
    for name, (shape, expected) in golden.items():
        ours = RECOMPUTED.get(name, name[len(prefix):])
        if name in FLAWED or not name.startswith(prefix) or (not prefix and name.startswith("padded_")) or ours in INPUTS:
            continue
        if ours not in out:
            wrong.append(f"no '{ours}' in the output")
        elif out[ours][0] != shape:
            wrong.append(f"'{ours}' has shape {out[ours][0]}, expected {shape}")
        elif expected.typecode == "q":
            if out[ours][1] != expected:
                wrong.append(f"'{ours}' differs")
        else:
            d = distance(scored(ours, shape, out[ours][1], mask), scored(ours, shape, expected, mask))
            worst = max(worst, d / tolerance)
            if d > tolerance:
                wrong.append(f"'{ours}' is off by {d:.2g}, tolerance {tolerance:.2g}")
    if wrong:
        raise Failure("; ".join(wrong[:4]))
    return worst


def check(heddle, folder, scratch, options):
    """One model with one set of options: its plain case, and its padded one if it has one."""
    golden = load(folder / "golden.safetensors")
    meta = json.loads((folder / "meta.json").read_text())
    worst = 0.0
    for prefix in ("", "padded_"):
        inputs = {name: golden[prefix + name] for name in INPUTS if prefix + name in golden}
        if not inputs:
            continue
        save(scratch / "in.safetensors", inputs)
        tolerance = meta["tolerance_fp32_vs_fp64"]
        extra = []
        if prefix:
            tolerance = meta.get("padded_tolerance") or tolerance
        else:
            extra = ["--hidden"]
            if "greedy_ids" in golden:
                extra += ["--greedy", meta["new_tokens"]]
        run(heddle, "eval", folder, *options, "--input", scratch / "in.safetensors",
            "--output", scratch / "out.safetensors", *extra)
        worst = max(worst, compare(load(scratch / "out.safetensors"), golden, prefix, 10 * tolerance))
    return f"(worst {worst:.2f} of the tolerance)"


def check_newer_config(heddle, folder, scratch):
    copy = scratch / folder.name
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in ("model.safetensors", "golden.safetensors", "meta.json"):
        shutil.copyfile(folder / name, copy / name)
    shutil.copyfile(folder / "config_v5.json", copy / "config.json")
    return check(heddle, copy, scratch, ["-O2"])


def check_within(heddle, folder, scratch, old, new):
    """The same model as the text part of one that takes images: config in `text_config`, weights under a prefix."""
    outer = scratch / f"{folder.name}-within"
    shutil.rmtree(outer, ignore_errors=True)
    outer.mkdir()
    for name in ("golden.safetensors", "meta.json"):
        shutil.copyfile(folder / name, outer / name)
    tensors = {new + name.removeprefix(old): tensor for name, tensor in load(folder / "model.safetensors").items()}
    tower = "vision_model" if "llama4" in folder.name else "vision_tower"
    for name in (f"{tower}.layers.0.weight", "multi_modal_projector.linear_1.weight"):
        tensors[name] = ([2, 3], array.array("f", [1.0] * 6))
    save(outer / "model.safetensors", tensors)
    text = json.loads((folder / "config.json").read_text())
    config = {"architectures": ["WithImages"], "model_type": "with_images", "text_config": text,
              "vision_config": {"hidden_size": 3, "model_type": "images"}, "boi_token_index": 300,
              "image_token_index": 301, "dtype": text.pop("dtype", "float32")}
    (outer / "config.json").write_text(json.dumps(config))
    return check(heddle, outer, scratch, ["-O2"])


def check_threads(heddle, folder, scratch):
    """The same bits on one, two and three threads, whichever pieces each of them takes."""
    golden = load(folder / "golden.safetensors")
    save(scratch / "in.safetensors", {name: golden[name] for name in INPUTS if name in golden})
    greedy = ["--greedy", 8] if "greedy_ids" in golden else []
    outputs = []
    for threads in (1, 2, 2, 2, 3, 3, 3):
        output = scratch / f"threads{threads}.safetensors"
        run(heddle, "eval", folder, "--input", scratch / "in.safetensors", "--output", output, "--hidden",
            "--threads", threads, *greedy)
        outputs.append(output.read_bytes())
    if outputs.count(outputs[0]) != len(outputs):
        raise Failure("the results depend on the number of threads")


def check_heads(heddle, scratch, options):
    """Products with a matrix for each head, for more tokens than are computed together: as on the plain road."""
    save(scratch / "in.safetensors", {"input_ids": ids_tensor([7 * i % 50 for i in range(500)])})
    found = []
    for road in (["-O0"], options):
        run(heddle, "eval", SOURCE.parent / "program/Inputs/heads.heddle", "--random-weights", 7, "--set", "d=32", "--set",
            "heads=5", "--set", "hd=48", "--set", "r=32", "--set", "vocab=50", *road, "--input", scratch / "in.safetensors",
            "--output", scratch / "out.safetensors")
        found.append(load(scratch / "out.safetensors")["y"][1])
    d = distance(*found)
    if d > 1e-5:
        raise Failure(f"products are off by {d:.2g}")


def check_story(heddle, level):
    """A small trained model tells the story that other implementations tell."""
    model = SHARED / "data/stories260k/stories260K.gguf"
    text = run(heddle, "run", model, "Once upon a time", level, "--raw", "--greedy", "-n", 60).stdout
    if STORY not in text:
        raise Failure(f"expected '{STORY}', found '{text.strip()[:200]}'")


def check_transliteration(heddle, scratch, level):
    """A small trained encoder-decoder of 2017's kind writes Arabic in Latin letters, as its own library does."""
    source = SHARED / "data/aren-transliteration"
    folder = scratch / "aren"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(source / "aren-transliteration.safetensors", folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(
        {"model_type": "opennmt", "hidden_size": 32, "ffn_size": 128, "num_heads": 8, "encoder_layers": 6,
         "decoder_layers": 6, "decoder_start_token_id": 1}))
    letters, latin = ((source / name).read_text(encoding="utf-8").split("\n")
                      for name in ("source_vocabulary.txt", "target_vocabulary.txt"))
    ids = [letters.index(letter) for letter in "آتزمون"]
    save(scratch / "in.safetensors", {"input_ids": ([1, len(ids)], array.array("q", ids))})
    run(heddle, "eval", folder, level, "--input", scratch / "in.safetensors", "--output", scratch / "out.safetensors",
        "--greedy", 7)
    found = " ".join(latin[i] for i in load(scratch / "out.safetensors")["greedy_ids"][1])
    if found != "<s> a t z m o n </s>":
        raise Failure(f"expected 'a t z m o n', found '{found}'")


def check_block(out, published):
    """All that the first layer computes for the first row, as published."""
    def ours(name, *order):
        """A value with its axes in another order, flat."""
        shape, values = out[name]
        strides = [elements(shape[i + 1 :]) for i in range(len(shape))]
        indices = itertools.product(*(range(shape[i]) for i in order))
        return [values[sum(i * strides[axis] for i, axis in zip(index, order))] for index in indices]

    def difference(a, b):
        return [x - y for x, y in zip(out[a][1], out[b][1])]

    scores = [float("-inf") if hidden == float("-inf") else score  # the page masks them in the softmax's line
              for score, hidden in zip(ours("block.0.s", 2, 0, 1), published["att"][1])]
    heads_first = (1, 0, 2)
    for theirs, found in (
        ("ln1", ours("block.0.h", 0, 1)), ("q", ours("block.0.q", *heads_first)), ("k", ours("block.0.k", *heads_first)),
        ("v", ours("block.0.v", *heads_first)), ("att", scores), ("attSm", ours("block.0.p", 2, 0, 1)), ("y", ours("block.0.y", 0, 1, 2)),
        ("yProj", difference("block.0.x", "hidden_0")), ("attnResid", ours("block.0.x", 0, 1)),
        ("ln2", ours("block.0.h.2", 0, 1)), ("fc", ours("block.0.u", 0, 1)), ("gelu", ours("block.0.z", 0, 1)),
        ("mlp", difference("hidden_1", "block.0.x")), ("mlpResid", ours("hidden_1", 0, 1)),
    ):
        d = distance(found, published[theirs][1])
        if d > 1e-5:
            raise Failure(f"'{theirs}' is off by {d:.2g}")


def check_sorting(heddle, scratch, level):
    """A small trained model sorts, with the hidden states that its authors publish."""
    source = SHARED / "data/gpt-nano-sort"
    model, partials = (json.loads((source / f"gpt-nano-sort-{name}.json").read_text())
                       for name in ("model", "t0-partials"))

    def tensors(items):
        return {name: (item["shape"], array.array("f", base64.b64decode(item["data"])))
                for name, item in items.items() if name != "config"}

    folder = scratch / "sort"
    folder.mkdir(exist_ok=True)
    save(folder / "model.safetensors", tensors(model))
    (folder / "config.json").write_text(json.dumps(model["config"]))
    published = tensors(partials)
    rows, length = published["idx"][0]

    def evaluate(ids, *options):
        save(scratch / "in.safetensors", {"input_ids": ids})
        run(heddle, "eval", folder, level, "--input", scratch / "in.safetensors", "--output",
            scratch / "out.safetensors", *options)
        return load(scratch / "out.safetensors")

    out = evaluate(([rows, length], array.array("q", map(int, published["idx"][1]))), "--hidden")
    for ours, theirs in (("hidden_0", "x"), ("hidden_1", "block0"), ("hidden_2", "block1"), ("hidden_3", "ln_f"),
                         ("logits", "lm_head")):
        d = distance(out[ours][1], published[theirs][1])  # hidden states are those of the first row
        if d > 1e-5:
            raise Failure(f"'{theirs}' is off by {d:.2g}")
    if level == "-O0":
        check_block(evaluate(([1, length], array.array("q", map(int, published["idx"][1][:length]))), "--hidden",
                             "--taps", "all"), published)
    digits = [[2, 0, 1, 2, 1, 0], [0, 0, 2, 1, 0, 1], [2, 2, 2, 1, 0, 2]]
    ids = evaluate(([3, 6], array.array("q", sum(digits, []))), "--greedy", 6)["greedy_ids"][1]
    for row, given in enumerate(digits):
        found = list(ids[12 * row + 6 : 12 * row + 12])
        if found != sorted(given):
            raise Failure(f"{given} was sorted as {found}")


def main():
    heddle, scratch = start()
    results = Results()

    folders = [SOURCE / "data" / name for name in OURS]
    for name in BESIDE:
        if (SHARED / "goldens" / name).is_dir():
            folders.append(SHARED / "goldens" / name)
        else:
            results.skip(name, f"no {SHARED / 'goldens' / name}")
    for folder in folders:
        for cpu in ("native", "x86-64-v3"):
            for level in ("-O0", "-O2"):
                name = f"{folder.name} {level} {cpu}"
                if cpu != "native" and not has_avx2():
                    results.skip(name, "this machine has no AVX2")
                else:
                    results.case(name, check, heddle, folder, scratch, [level, "--cpu", cpu])
        results.case(f"{folder.name} with config_v5.json", check_newer_config, heddle, folder, scratch)
        results.case(f"{folder.name} on 1, 2 and 3 threads", check_threads, heddle, folder, scratch)

    for name in VARIANTS:
        for level in ("-O0", "-O2"):
            results.case(f"{name} {level}", check, heddle, SOURCE / "data" / name, scratch, [level])

    for name, old, new in (("gemma3_text", "model.", "language_model.model."),
                           ("gemma3_text", "model.", "model.language_model."), ("llama4_text", "", "language_model.")):
        folder = SHARED / "goldens" / name
        results.case_of(folder, f"{name} as {new}", check_within, heddle, folder, scratch, old, new)
    for name in FAMILIES:
        folder = SHARED / "goldens" / name
        for level in ("-O0", "-O2"):
            results.case_of(folder, f"{name} {level}", check, heddle, folder, scratch, [level])
        if folder.is_dir():
            results.case(f"{name} with config_v5.json", check_newer_config, heddle, folder, scratch)

    for level in ("-O0", "-O2"):
        results.case_of(SHARED / "data/stories260k", f"stories260k {level}", check_story, heddle, level)
        for name, check_it in (("aren-transliteration", check_transliteration), ("gpt-nano-sort", check_sorting)):
            results.case_of(SHARED / "data" / name, f"{name} {level}", check_it, heddle, scratch, level)
    results.finish()


if __name__ == "__main__":
    main()
