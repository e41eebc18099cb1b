#!/usr/bin/env python3
"""The same references as goldens.py and smollm2.py, computed by a Vulkan device under the validation layers.

  vulkan.py HEDDLE SCRATCH LOADER

LOADER is test/unit's, which says of the device what a case wants it to.
The device is the one that the loader offers (VK_ICD_FILENAMES chooses another driver), the layers those of Khronos, with
synchronisation validation: a message of theirs fails the case. Skipped without a device.
"""

import contextlib
import json
import math
import os
import pathlib
import re
import sys

import goldens
import published
import rings
import smollm2
from support import SHARED, SOURCE, Failure, Results, ids_tensor, load, model_in_cache, run, save

LAYERS = "/usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json"
PLAIN = ("llama", "qwen2")  # at -O0, too
WINDOWS = 4  # of WikiText-2's text
# The device computes in float32, in another order than the reference does.
PERPLEXITY_TOLERANCE = 1e-3
MOST_PIPELINES, MOST_SHADERS = 40, 400_000  # of the default model


class Validation:
    """Has the validation layers write what they find to a file."""

    def __init__(self, scratch):
        self.log = (scratch / "validation.log").resolve()
        self.there = os.path.exists(LAYERS)
        if not self.there:
            return
        settings = scratch / "vk_layer_settings.txt"
        settings.write_text(
            "khronos_validation.enables = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT\n"
            "khronos_validation.report_flags = error,warn,perf\n"
            "khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG\n"
            f"khronos_validation.log_filename = {self.log}\n")
        os.environ["VK_LAYER_SETTINGS_PATH"] = str(settings.resolve())

    def over(self, check, *arguments):
        """check(*arguments) under the layers; Failure with their first message."""
        if self.there:
            self.log.unlink(missing_ok=True)
            os.environ["VK_INSTANCE_LAYERS"] = "VK_LAYER_KHRONOS_validation"
        try:
            result = check(*arguments)
        finally:
            os.environ.pop("VK_INSTANCE_LAYERS", None)
        found = self.log.read_text().strip() if self.log.exists() else ""
        if found:
            raise Failure(f"the validation layer says: {found[:400]}")
        return result


def device_of(heddle, scratch):
    """The device's name as `info` has it, or None where there is none."""
    program = scratch / "devices"
    run(heddle, "compile", SOURCE / "data/llama", "--target", "vulkan", "-o", program)
    try:
        return run(program, "info", "--devices").stdout.strip().splitlines()[0]
    except Failure as failure:
        print(failure)
        return None


@contextlib.contextmanager
def device_with(loader, facts):
    """The device is said to have these facts, as FakeLoader.cpp names them."""
    os.environ.update(HEDDLE_VULKAN_LOADER=loader, FAKE_VULKAN=facts)
    try:
        yield
    finally:
        del os.environ["HEDDLE_VULKAN_LOADER"], os.environ["FAKE_VULKAN"]


def check_prompt_by_teams(program, scratch, loader):
    with device_with(loader, "type=2"):
        prompt = json.loads((smollm2.REFERENCE / "prompts.json").read_text())[0]
        return smollm2.check_greedy(program, prompt, scratch, smollm2.LOGIT_TOLERANCE["-O0"])


def check_foreign_memory(heddle, folder, scratch, loader):
    """Nothing depends on what new memory holds, nor on whether the processor sees it."""
    with device_with(loader, "hidden=1,dirty=1"):
        return goldens.check(heddle, folder, scratch, ["--target", "vulkan"])


def check_long_context(program, text, loader):
    """Behind more keys than one split of them holds, the device goes on as the processor does."""
    beginning = text.read_text(encoding="utf-8")[:6500]  # some 1,500 tokens
    with device_with(loader, "dirty=1"):  # nothing counts in caches that was not written
        told = [run(program, "--device", device, "--raw", "--greedy", "-n", 24, beginning, timeout=1800).stdout
                for device in ("0", "cpu")]
    if told[0] != told[1]:
        raise Failure(f"the device says '{told[0].strip()}', the processor '{told[1].strip()}'")


def compare_targets(heddle, model, sizes, ids, scratch):
    """Random weights: the device's logits for these tokens are the processor's."""
    save(scratch / "in.safetensors", {"input_ids": ids_tensor(ids)})
    logits = {}
    for target in ("vulkan", "cpu"):
        run(heddle, "eval", model, "--random-weights", 7, *sizes, "--target", target, "--input",
            scratch / "in.safetensors", "--output", scratch / "out.safetensors")
        logits[target] = load(scratch / "out.safetensors")["logits"][1]
    d = goldens.distance(logits["vulkan"], logits["cpu"])
    if d > 1e-5:
        raise Failure(f"logits are off by {d:.2g}")


def check_large_table(heddle, scratch):
    """A table larger than what every device binds (128 MiB) is read in windows, by lookups and by products."""
    sizes = [word for size in ("layers=1", "d=32", "ffn=64", "vocab=1100000") for word in ("--set", size)]
    compare_targets(heddle, SOURCE.parent / "program/Inputs/tiny.heddle", sizes,
                    [0, 1099999, 523456, 549999, 550000, 1048575, 1048576], scratch)


def check_large_experts(heddle, scratch):
    """A layer's experts likewise (two matrices of 70 MiB in one step): chosen for one token, grouped for several."""
    folder = scratch / "experts"
    folder.mkdir(exist_ok=True)
    config = json.loads((SHARED / "goldens/mixtral/config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"intermediate_size": 48000, "num_hidden_layers": 1}))
    for ids in ([5], [1, 60, 33, 8, 2, 17, 44, 21, 9, 50, 3, 63, 200, 310]):
        compare_targets(heddle, folder, [], ids, scratch)


def check_large_caches(program, loader):
    """Where a device binds less than the caches of a layer, their heads are computed a few at a time."""
    words = ("--device", 0, "--greedy", "--context", 24576, "-n", 12, "Name three colours.")
    told = run(program, *words).stdout
    with device_with(loader, f"range={32 << 20}"):  # a layer's take 36 MiB
        parts = run(program, *words).stdout
    if told != parts or not told.strip():
        raise Failure(f"in parts it says '{parts.strip()}', else '{told.strip()}'")


def check_picks(heddle, scratch):
    """The greatest of a long axis, equal ones in its order: the device, the processor and the plain road agree."""
    save(scratch / "in.safetensors", {"input_ids": ids_tensor([1, 5, 70, 9])})
    for vocab in (3000, 1031):
        found = []
        for options in (["-O0"], ["-O2"], ["--target", "vulkan"]):
            run(heddle, "eval", SOURCE.parent / "program/Inputs/picks.heddle", "--random-weights", 7, "--set", "d=8", "--set",
                "few=64", "--set", f"vocab={vocab}", *options, "--input", scratch / "in.safetensors", "--output",
                scratch / "out.safetensors")
            out = load(scratch / "out.safetensors")
            found.append(list(zip(out["best"][1], out["chosen"][1])))
        if any(found[0] != other for other in found[1:]):
            raise Failure(f"of {vocab}, {found[0]}, {found[1]} and {found[2]}")
        if len(set(out["best"][1])) == 64:
            raise Failure("no two are equal: the case shows nothing")


def check_without_driver(heddle, folder, scratch):
    """A program with shaders alone says that there is no device; one for the processor, too, computes there."""
    driver = os.environ.get("VK_ICD_FILENAMES")
    os.environ["VK_ICD_FILENAMES"] = str(scratch / "no-such-driver.json")
    try:
        message = run(heddle, "eval", folder, "--target", "vulkan", "--input", scratch / "in.safetensors", "--output",
                      scratch / "out.safetensors", status=1).stderr
        if "no Vulkan driver" not in message:
            raise Failure(f"the message is '{message.strip()[-300:]}'")
        return goldens.check(heddle, folder, scratch, ["--target", "vulkan,cpu"])
    finally:
        os.environ.pop("VK_ICD_FILENAMES")
        if driver:
            os.environ["VK_ICD_FILENAMES"] = driver


def check_shaders(program):
    """A pipeline for each kernel, shaders of all variants: no more than was agreed."""
    told = run(program, "info").stdout
    size = int(re.search(r"^shaders: .* \((\d+) bytes\)", told, re.M).group(1))
    chosen = told[told.index("\nshaders: "):].count("    * ")
    if chosen > MOST_PIPELINES or size > MOST_SHADERS:
        raise Failure(f"{chosen} pipelines, {size} bytes of shaders")
    if not re.search(r"^shaders: .*: \d+ baseline; \d+ subgroup arithmetic$", told, re.M):
        raise Failure("there are no variants")
    return f"({chosen} pipelines, {size} bytes)"


def check_wide(heddle, folder, scratch, loader, facts, wide):
    """On a device of such facts, where workgroups are wider than a piece: `info` has `wide`."""
    with device_with(loader, facts):
        program = scratch / "wide"
        run(heddle, "compile", folder, "--target", "vulkan", "-o", program)
        if not re.search(wide, run(program, "info").stdout):
            raise Failure("no workgroup is wide")
        return goldens.check(heddle, folder, scratch, ["--target", "vulkan"])


def check_integers(program, scratch, loader):
    """With int8 activations bytes are multiplied by one instruction, or by several where it is not there: the same."""
    save(scratch / "in.safetensors", {"input_ids": ids_tensor([504, 3575, 282, 4649, 314, 260, 19, 7])})
    found = []
    for facts, variant in (("", "integer dot product"), ("dots=0", "baseline")):
        with device_with(loader, facts):
            if not re.search(rf"  forward\.decode\.linear\n(?: .*\n)?    \* {variant}:", run(program, "info").stdout):
                raise Failure(f"'{variant}' is not what is run")
            run(program, "eval", "--input", scratch / "in.safetensors", "--output", scratch / "out.safetensors")
        found.append(load(scratch / "out.safetensors")["logits"][1])
    if found[0] != found[1]:
        raise Failure(f"logits are off by {goldens.distance(*found):.2g}")


def check_perplexity(program, text, windows, tolerance):
    losses = json.loads((smollm2.REFERENCE / "wikitext.json").read_text())["nll_per_window"][:windows]
    expected = math.exp(sum(losses) / len(losses))
    printed = run(program, "perplexity", text, "--context", 512, "--windows", windows, timeout=1200).stdout
    found = float(re.search(r"\d+\.\d+", printed).group())
    if abs(found / expected - 1) > tolerance:
        raise Failure(f"perplexity {found}, expected {expected:.4f}")
    return f"({found}, reference {expected:.4f})"


def main():
    heddle, scratch = sys.argv[1], pathlib.Path(sys.argv[2])
    scratch.mkdir(parents=True, exist_ok=True)
    results = Results()
    model = model_in_cache()
    os.environ["XDG_CACHE_HOME"] = str(scratch.resolve() / "cache")
    device = device_of(heddle, scratch)
    if not device:
        results.skip("vulkan", "there is no device")
        results.finish()
    validation = Validation(scratch)
    print(f"device: {device}; validation layers: {'on' if validation.there else 'not installed'}")

    folders = [SOURCE / "data" / name for name in goldens.OURS + goldens.VARIANTS]
    folders += [SHARED / "goldens" / name for name in goldens.BESIDE + goldens.FAMILIES]
    for folder in folders:
        for level in ("-O0", "-O2") if folder.name in PLAIN else ("-O2",):
            results.case_of(folder, f"{folder.name} {level}", validation.over, goldens.check, heddle, folder, scratch,
                            [level, "--target", "vulkan"])

    for folder in rings.FOLDERS:
        results.case_of(folder, f"{folder.name} behind its window", validation.over, rings.check, heddle, folder, scratch,
                        ["-O2", "--target", "vulkan"])

    both = SOURCE / "data/llama"
    results.case("vulkan,cpu: the device", validation.over, goldens.check, heddle, both, scratch, ["--target", "vulkan,cpu"])
    results.case("vulkan,cpu: the processor", goldens.check, heddle, both, scratch,
                 ["--target", "vulkan,cpu", "--device", "cpu"])
    results.case("without a driver", check_without_driver, heddle, both, scratch)

    loader = str(pathlib.Path(sys.argv[3]).resolve())
    for name, subgroup in (("llama", 32), ("llama", 128), ("qwen2", 64), ("bert-masked", 64)):
        results.case(f"{name}, subgroups of {subgroup}", validation.over, check_wide, heddle, SOURCE / "data" / name, scratch,
                     loader, f"subgroup={subgroup}", rf"\* baseline: {subgroup} invocations")

    for folder in (SOURCE / "data/llama", SHARED / "goldens/mixtral"):
        results.case_of(folder, f"{folder.name}, teams", validation.over, check_wide, heddle, folder, scratch, loader, "type=2",
                        r"decode\.[^\n]*linear[^\n]*\n    \* baseline: (?!16 )\d+ invocations")
    for folder in (SOURCE / "data/llama", SHARED / "goldens/bart"):
        results.case_of(folder, f"{folder.name}, memory without numbers", validation.over, check_foreign_memory, heddle, folder,
                        scratch, loader)

    results.case("a table of 134 MiB", validation.over, check_large_table, heddle, scratch)
    results.case("experts of 140 MiB", validation.over, check_large_experts, heddle, scratch)

    results.case("the greatest of many", validation.over, check_picks, heddle, scratch)
    results.case("numbers rounded", validation.over, published.check_rounding, heddle, scratch, ["--target", "vulkan"])
    results.case("a matrix for each head", validation.over, goldens.check_heads, heddle, scratch, ["--target", "vulkan"])

    if not model:
        results.skip("smollm2", "the model is not in the cache; scripts/fetch-model.py fetches it")
        results.finish()
    program = (scratch / "smollm2").resolve()
    results.case("compile smollm2", lambda: run(heddle, "compile", model, "--target", "vulkan,cpu", "-o", program) and None)
    results.case("shaders", check_shaders, program)
    for number, prompt in enumerate(json.loads((smollm2.REFERENCE / "prompts.json").read_text())):
        results.case(f"prompt {number}", smollm2.check_greedy, program, prompt, scratch, smollm2.LOGIT_TOLERANCE["-O0"])
    results.case("answer", validation.over, smollm2.check_answer, program)
    results.case("a prompt, teams", validation.over, check_prompt_by_teams, program, scratch, loader)
    results.case("large caches", validation.over, check_large_caches, program, loader)
    text = SHARED / "data/wikitext2/wiki.test.raw"
    if text.exists():
        results.case("perplexity", check_perplexity, program, text, WINDOWS, PERPLEXITY_TOLERANCE)
        results.case("long context", check_long_context, program, text, loader)
    else:
        results.skip("perplexity", f"no {text}")
    rough = (scratch / "smollm2-int8").resolve()
    results.case("compile smollm2 with int8 activations",
                 lambda: run(heddle, "compile", model, "--target", "vulkan", "--activations", "int8", "-o", rough) and None)
    results.case("integer dot products", validation.over, check_integers, rough, scratch, loader)
    if text.exists():  # as on processors: see smollm2.py
        results.case("perplexity with int8 activations", check_perplexity, rough, text, 2, 0.02)
    for made in (program, rough):
        made.unlink(missing_ok=True)
    results.finish()


if __name__ == "__main__":
    main()
