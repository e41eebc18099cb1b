#!/usr/bin/env python3
"""The small random models of the references once more, as GGUF files.

  families_gguf.py HEDDLE SCRATCH

Each is written with the PyPI package `gguf` and run at -O0 and -O2; results must be as near to the reference as
those of the Hugging Face folder. Where GGUF cannot say what a folder's config says, the config is changed, and the
folder itself, so changed, is the reference.
"""

import json
import shutil
import sys

from goldens import INPUTS, check_threads, compare
from support import SHARED, SKIPPED, SOURCE, Results, load, run, save, start

FOLDERS = ("bert", "cohere", "falcon", "gemma2", "gemma3_text", "gpt2", "granite", "llama", "mixtral", "modernbert", "olmo2", "phi3",
           "phi3-switch", "qwen2", "qwen3", "roberta")
BLOCKS = ("bert", "gpt2", "gpt_oss", "mixtral", "phi3", "qwen2")  # matrices in rows of 32, fused, rearranged, of experts
EXPERTS = ("gpt_oss", "mixtral")  # whose matrices one may find as MXFP4
YARN = {"beta_fast": 32, "beta_slow": 1}
CHANGED = {
    "deepseek_v3": {"rms_norm_eps": 1e-6, "rope_scaling": {**YARN, "mscale": 0.7}},
    "gpt_oss": {"rope_scaling": {**YARN, "truncate": True}},
    "llama4_text": {"attn_scale": 0.1, "floor_scale": 8192},
    "mistral": {"sliding_window": None},
    "t5-v1_1": {"relative_attention_max_distance": 128},
}


def check(heddle, folder, scratch, level):
    from convert import convert
    golden = load(folder / "golden.safetensors")
    golden.pop("pooler_output", None)  # GGUF leaves the pooler out
    meta = json.loads((folder / "meta.json").read_text())
    model = scratch / f"{folder.name}.gguf"
    convert(folder, model)
    save(scratch / "in.safetensors", {name: golden[name] for name in INPUTS if name in golden})
    greedy = ["--greedy", meta["new_tokens"]] if "greedy_ids" in golden else []
    run(heddle, "eval", model, level, "--input", scratch / "in.safetensors", "--output", scratch / "out.safetensors",
        "--hidden", *greedy)
    worst = compare(load(scratch / "out.safetensors"), golden, "", 10 * meta["tolerance_fp32_vs_fp64"])
    return f"(worst {worst:.2f} of the tolerance)"


def check_changed(heddle, folder, scratch, level):
    """Two readers, one model."""
    from convert import convert
    copy = scratch / f"{folder.name}-changed"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in ("model.safetensors", "golden.safetensors"):
        shutil.copyfile(folder / name, copy / name)
    config = json.loads((folder / "config.json").read_text())
    for name, value in CHANGED[folder.name].items():
        config[name] = {**config[name], **value} if isinstance(value, dict) else value
    (copy / "config.json").write_text(json.dumps(config))
    model = scratch / f"{folder.name}.gguf"
    convert(copy, model)
    golden = load(folder / "golden.safetensors")
    save(scratch / "in.safetensors", {name: golden[name] for name in INPUTS if name in golden})
    outputs = []
    for source in (copy, model):
        output = scratch / "out.safetensors"
        run(heddle, "eval", source, level, "--input", scratch / "in.safetensors", "--output", output, "--hidden",
            "--greedy", 8)
        outputs.append(load(output))
    worst = compare(outputs[1], outputs[0], "", 1e-4)
    return f"(folder and file differ by {worst * 1e-4:.1g})"


def check_blocks(heddle, folder, scratch, blocks):
    """Weights in blocks give at -O0 what the same numbers give as float32, and at -O2 nearly so."""
    from convert import convert
    golden = load(folder / "golden.safetensors")
    save(scratch / "in.safetensors", {name: golden[name] for name in INPUTS if name in golden})
    outputs = []
    for packed, level in ((False, "-O0"), (True, "-O0"), (True, "-O2")):
        model = scratch / f"{folder.name}.gguf"
        convert(folder, model, blocks, packed)
        run(heddle, "eval", model, level, "--input", scratch / "in.safetensors", "--output",
            scratch / "out.safetensors")
        outputs.append(load(scratch / "out.safetensors"))
    compare(outputs[1], outputs[0], "", 1e-6)
    worst = compare(outputs[2], outputs[0], "", 0.005)
    return f"(-O2 off by {worst * 0.005:.1g})"


def main():
    heddle, scratch = start()
    try:
        import gguf, numpy  # noqa: F401
    except ImportError as error:
        print(f"skipped: {error}")
        sys.exit(SKIPPED)
    results = Results()
    for folder in [SHARED / "goldens" / name for name in FOLDERS] + [SOURCE / "data" / "cohere2"]:
        for level in ("-O0", "-O2"):
            results.case_of(folder, f"{folder.name} {level}", check, heddle, folder, scratch, level)
    for name in BLOCKS:
        folder = SHARED / "goldens" / name
        for blocks in ("Q8_0", "Q4_0") + (("MXFP4",) if name in EXPERTS else ()):
            results.case_of(folder, f"{name} {blocks}", check_blocks, heddle, folder, scratch, blocks)
    for name in CHANGED:
        folder = SHARED / "goldens" / name
        for level in ("-O0", "-O2"):
            results.case_of(folder, f"{name}, changed, {level}", check_changed, heddle, folder, scratch, level)
        results.case_of(folder, f"{name}, changed, on 1, 2 and 3 threads", check_threads, heddle,
                        scratch / f"{name}-changed", scratch)
    results.finish()


if __name__ == "__main__":
    main()
