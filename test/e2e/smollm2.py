#!/usr/bin/env python3
"""The default model, SmolLM2-135M-Instruct in Q4_1, against two implementations that agree on every token.

  smollm2.py HEDDLE SCRATCH

Tokens of eight prompts, what follows them greedily, the twenty greatest logits, the answer to a question,
perplexity of two windows of WikiText-2 (if that text is beside the repository; with int8 activations, too), and
the same bits on any number of threads. Skipped if the model is not in the cache: scripts/fetch-model.py fetches it.
"""

import json
import math
import pathlib
import re
import sys

from support import SHARED, SOURCE, Failure, Results, has_avx2, ids_tensor, load, model_in_cache, run, save

REFERENCE = SOURCE / "data" / "smollm2"
# -O0 computes in float32; -O2 rounds activations to blocks of int16. The reference is printed to four digits.
LOGIT_TOLERANCE = {"-O0": 5e-4, "-O2": 5e-3}
PLAIN_PROMPTS = (0, 4, 7)  # for -O0, which is slow: a text, a chat, digits and letters outside ASCII


def check_tokens(program, prompt):
    printed = run(program, "tokenize", prompt["text"]).stdout
    ids = [int(line.split("\t")[0]) for line in printed.splitlines()]
    if ids != prompt["ids"]:
        raise Failure(f"found {ids}, expected {prompt['ids']}")


def check_greedy(program, prompt, scratch, tolerance):
    """Greedy tokens, and the twenty greatest logits after the prompt."""
    save(scratch / "in.safetensors", {"input_ids": ids_tensor(prompt["ids"])})
    run(program, "eval", "--input", scratch / "in.safetensors", "--output", scratch / "out.safetensors",
        "--greedy", len(prompt["greedy"]))
    out = load(scratch / "out.safetensors")
    (_, length, vocabulary), logits = out["logits"]
    found = list(out["greedy_ids"][1])[len(prompt["ids"]):]
    if found != prompt["greedy"]:
        raise Failure(f"greedy tokens {found}, expected {prompt['greedy']}")
    last = logits[(length - 1) * vocabulary:]
    worst = max(abs(last[token] - logit) for token, logit, _ in prompt["top20"])
    if not worst <= tolerance:
        raise Failure(f"a logit is off by {worst:.2g}, tolerance {tolerance:.2g}")
    return f"(logits within {worst:.2g})"


def check_answer(program):
    text = run(program, "--greedy", "What is the capital of France?").stdout.strip()
    if text != "The capital of France is Paris.":
        raise Failure(f"the answer is '{text}'")


def check_perplexity(program, text, tolerance):
    losses = json.loads((REFERENCE / "wikitext.json").read_text())["nll_per_window"][:2]
    expected = math.exp(sum(losses) / len(losses))
    printed = run(program, "perplexity", text, "--context", 512, "--windows", len(losses)).stdout
    number = re.search(r"\d+\.\d+", printed)
    if not number:
        raise Failure(f"no number in '{printed.strip()}'")
    found = float(number.group())
    if abs(found / expected - 1) > tolerance:
        raise Failure(f"perplexity {found}, expected {expected:.4f}")
    return f"({found}, reference {expected:.4f})"


def check_threads(program, prompt, scratch):
    save(scratch / "in.safetensors", {"input_ids": ids_tensor(prompt["ids"])})
    outputs = []
    for threads in (1, 2, 3):
        output = scratch / f"threads{threads}.safetensors"
        run(program, "eval", "--input", scratch / "in.safetensors", "--output", output, "--greedy", 8,
            "--threads", threads)
        outputs.append(output.read_bytes())
    if outputs.count(outputs[0]) != len(outputs):
        raise Failure("the results depend on the number of threads")


def main():
    heddle, scratch = sys.argv[1], pathlib.Path(sys.argv[2])
    scratch.mkdir(parents=True, exist_ok=True)
    results = Results()
    model = model_in_cache()
    if not model:
        results.skip("smollm2", "the model is not in the cache; scripts/fetch-model.py fetches it")
        results.finish()

    prompts = json.loads((REFERENCE / "prompts.json").read_text())
    programs = {level: (scratch / f"smollm2{level}").resolve() for level in ("-O2", "-O0")}
    for level, program in programs.items():
        results.case(f"compile {level}", lambda: run(heddle, "compile", model, level, "-o", program) and None)
    fast, plain = programs["-O2"], programs["-O0"]

    for number, prompt in enumerate(prompts):
        results.case(f"tokens of prompt {number}", check_tokens, fast, prompt)
    for number, prompt in enumerate(prompts):
        results.case(f"-O2 prompt {number}", check_greedy, fast, prompt, scratch, LOGIT_TOLERANCE["-O2"])
    for number in PLAIN_PROMPTS:
        prompt = prompts[number]
        results.case(f"-O0 prompt {number}", check_greedy, plain, prompt, scratch, LOGIT_TOLERANCE["-O0"])
    if has_avx2():
        avx2 = programs["-O2 for x86-64-v3"] = (scratch / "smollm2-avx2").resolve()
        results.case("compile for x86-64-v3", lambda: run(heddle, "compile", model, "--cpu", "x86-64-v3", "-o", avx2) and None)
        for number in PLAIN_PROMPTS:
            results.case(f"-O2 for x86-64-v3 prompt {number}", check_greedy, avx2, prompts[number], scratch,
                         LOGIT_TOLERANCE["-O2"])
    else:
        results.skip("-O2 for x86-64-v3", "this machine has no AVX2")
    results.case("answer", check_answer, fast)
    results.case("1, 2 and 3 threads", check_threads, fast, prompts[6], scratch)
    text = SHARED / "data/wikitext2/wiki.test.raw"
    if text.exists():
        results.case("perplexity", check_perplexity, fast, text, 5e-4)
        rough = programs["int8"] = (scratch / "smollm2-int8").resolve()
        results.case("compile with int8 activations",
                     lambda: run(heddle, "compile", model, "--activations", "int8", "-o", rough) and None)
        # A NumPy model of such activations has 0.3% over many windows; two windows vary more.
        results.case("perplexity with int8 activations", check_perplexity, rough, text, 0.02)
    else:
        results.skip("perplexity", f"no {text}")
    for program in programs.values():
        program.unlink(missing_ok=True)
    results.finish()


if __name__ == "__main__":
    main()
