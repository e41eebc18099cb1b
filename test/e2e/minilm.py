#!/usr/bin/env python3
"""A real encoder, all-MiniLM-L6-v2, from text to sentence vectors.

  minilm.py HEDDLE SCRATCH

Tokens, cosine similarities as `embed` prints them, and vectors against the same mathematics written out in numpy; with
PyPI's gguf once more from a GGUF file. Skipped if the model is not in the cache: scripts/fetch-model.py minilm fetches it.
"""

import json
import math
import pathlib
import sys

from support import Failure, Results, elements, load, model_in_cache, run

try:
    import numpy
except ImportError:
    numpy = None
try:
    import gguf
except ImportError:
    gguf = None

# As bare words, this model puts "apple" nearer to "phone" (0.53) than to "orange" (0.37): the company, not the fruit.
WORDS = ["apple", "orange", "phone"]
TEXTS = ["I ate an apple.", "I ate an orange.", "I bought a phone."]
TOKENS = {  # as tokenizers 0.22.2 has them
    "apple": [101, 6207, 102],
    "The caf\u00e9's unaffable owner\u2026": [101, 1996, 7668, 1005, 1055, 14477, 20961, 3468, 3954, 1529, 102],
    "\u4f60\u597d na\u00efve\u200b\tworld": [101, 100, 100, 15743, 2088, 102],
}
TOLERANCE = 1e-5


def tokens(program, text):
    return [int(line.split("\t")[0]) for line in run(program, "tokenize", text).stdout.splitlines()]


def check_tokens(program, text, expected):
    found = tokens(program, text)
    if found != expected:
        raise Failure(f"found {found}, expected {expected}")


def check_table(program):
    """A table with a heading: in sentences, apple is nearer to orange than to phone."""
    heading, *rows = [line.split("\t") for line in run(program, "embed", *TEXTS).stdout.splitlines()]
    if heading[1:] != TEXTS or [row[0] for row in rows] != TEXTS:
        raise Failure(f"the table names {heading[1:]} and {[row[0] for row in rows]}")
    cosine = [[float(cell) for cell in row[1:]] for row in rows]
    if any(abs(cosine[i][i] - 1) > 1e-4 for i in range(3)) or cosine[0][1] != cosine[1][0]:
        raise Failure(f"not a table of cosines: {cosine}")
    if not cosine[0][1] > cosine[0][2]:
        raise Failure(f"apple-orange {cosine[0][1]}, apple-phone {cosine[0][2]}")
    return f"(apple-orange {cosine[0][1]}, apple-phone {cosine[0][2]})"


def reference(model, ids):
    """BERT, the mean of its tokens, length 1: float64, straight from the checkpoint."""
    config = json.loads((model / "config.json").read_text())
    weights = {name: numpy.asarray(values, dtype=numpy.float64).reshape(shape)
               for name, (shape, values) in load(model / "model.safetensors").items() if elements(shape) > 0}

    def dense(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def normalize(x, name):
        x = x - x.mean(-1, keepdims=True)
        x /= numpy.sqrt((x * x).mean(-1, keepdims=True) + config["layer_norm_eps"])
        return x * weights[name + ".weight"] + weights[name + ".bias"]

    tables = "embeddings.{}_embeddings.weight"
    x = weights[tables.format("word")][ids] + weights[tables.format("position")][: len(ids)]
    x = normalize(x + weights[tables.format("token_type")][0], "embeddings.LayerNorm")
    heads = config["num_attention_heads"]
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{number}."
        q, k, v = (dense(x, f"{layer}attention.self.{name}").reshape(len(ids), heads, -1).transpose(1, 0, 2)
                   for name in ("query", "key", "value"))
        scores = numpy.exp(q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1]))
        mixed = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(ids), -1)
        x = normalize(x + dense(mixed, layer + "attention.output.dense"), layer + "attention.output.LayerNorm")
        inner = dense(x, layer + "intermediate.dense")
        inner *= (1 + numpy.vectorize(math.erf)(inner / math.sqrt(2))) / 2
        x = normalize(x + dense(inner, layer + "output.dense"), layer + "output.LayerNorm")
    mean = x.mean(0)
    return mean / numpy.linalg.norm(mean)


def check_vectors(program, model, texts):
    lines = run(program, "embed", "--vectors", *texts).stdout.splitlines()
    worst = 0
    for text, line in zip(texts, lines, strict=True):
        found = numpy.array([float(word) for word in line.split()])
        worst = max(worst, abs(found - reference(model, tokens(program, text))).max())
    if not worst <= TOLERANCE:
        raise Failure(f"an element is off by {worst:.2g}, tolerance {TOLERANCE:.2g}")
    return f"(within {worst:.2g})"


def main():
    heddle, scratch = sys.argv[1], pathlib.Path(sys.argv[2])
    scratch.mkdir(parents=True, exist_ok=True)
    results = Results()
    model = model_in_cache("all-MiniLM-L6-v2")
    if not model:
        results.skip("minilm", "the model is not in the cache; scripts/fetch-model.py minilm fetches it")
        results.finish()
    sources = {"": model}
    if gguf:
        from convert import convert
        sources[" of GGUF"] = scratch / "minilm.gguf"
        convert(model, scratch / "minilm.gguf")
    else:
        results.skip("GGUF", "no module 'gguf'")
    for name, source in sources.items():
        program = scratch.resolve() / f"program{len(name)}"
        results.case("compile" + name, lambda: run(heddle, "compile", source, "-o", program) and None)
        for number, (text, expected) in enumerate(TOKENS.items()):
            results.case(f"tokens{name} of text {number}", check_tokens, program, text, expected)
        results.case("cosines" + name, check_table, program)
        if numpy:
            results.case("vectors" + name, check_vectors, program, model, [*WORDS, *TEXTS, "Two sentences. " * 20])
        else:
            results.skip("vectors" + name, "no numpy")
        program.unlink(missing_ok=True)
    (scratch / "minilm.gguf").unlink(missing_ok=True)
    results.finish()


if __name__ == "__main__":
    main()
