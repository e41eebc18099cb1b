#!/usr/bin/env python3
"""Damaged files of strangers: a clear error or a result, never a crash, a hang or memory without end.

  mutants.py HEDDLE_ELABORATE TOKENIZE_TEXTS SCRATCH [COUNT] [SEED]

COUNT mutants (default 100) of config.json and what lies beside it, of the headers of safetensors and GGUF files, of
tokenizers, made up and real: values of another kind or size, keys gone, doubled or renamed, bytes changed, files cut
short. Each is read by a program of its own, with 4 GiB and 20 s; it must end with 0, or with 1 and a message.
"""

import concurrent.futures
import copy
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys

import mutant_gguf
from support import SHARED, SOURCE, Results, load, save

MEMORY, SECONDS = 4 << 30, 20
ODD = [None, True, False, 0, 1, -1, 2, 3, 7, 0.5, -0.0, 1e-300, 1e300, 2**31, 2**32, 2**62, 2**63, -(2**63), 10**30, "",
       "x", "\0", "\ud7ff", "none", [], [[]], {}, {"type": "default"}, [1, 2, 3], ["a"], "a" * 5000]
TEXTS = ["Hello, world", "", "  \u00e9\u0301 \U0001f600\u0000 1234567 <|end|>\n\n", "\u2581" * 9, "a" * 300]


# --- tokenizers to begin with

def vocabulary(*more):
    letters = [chr(c) for c in [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x144)]]
    return {token: i for i, token in enumerate([*letters, *more])}


def tokenizers():
    vocab = vocabulary("he", "ll", "llo", "hello", "<0xC3>", "<0xA9>", "\u2581", "<unk>", "<s>", "</s>")
    merges = [["h", "e"], ["l", "l"], ["ll", "o"], ["he", "llo"]]
    end = {"id": len(vocab), "content": "<|end|>", "special": True, "lstrip": True, "rstrip": False, "normalized": False,
           "single_word": False}
    template = {"type": "TemplateProcessing", "special_tokens": {"<s>": {"id": "<s>", "ids": [vocab["<s>"]], "tokens": ["<s>"]}},
                "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}]}
    split = {"type": "Split", "pattern": {"Regex": "'s|\\p{L}+|\\p{N}{1,3}|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": False}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    affixed = {"h": 0, "##e": 1, "##y</w>": 2, "he": 3, "hey</w>": 4, "<unk>": 5}
    words = {"[UNK]": 0, "hello": 1, "##llo": 2, "he": 3, ",": 4, "##2": 5, "1": 6, "[CLS]": 7, "[SEP]": 8}
    return [
        {"version": "1.0", "added_tokens": [end], "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}]},
         "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, {"type": "Digits", "individual_digits": True}, level]},
         "post_processor": template, "decoder": {"type": "ByteLevel"},
         "model": {"type": "BPE", "vocab": vocab, "merges": merges, "ignore_merges": True, "dropout": None, "unk_token": None}},
        {"added_tokens": [end], "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, replace]},
         "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
                     {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
         "model": {"type": "BPE", "vocab": vocab, "merges": [" ".join(m) for m in merges], "byte_fallback": True,
                   "unk_token": "<unk>", "fuse_unk": True}},
        {"normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                        "lowercase": True}, "pre_tokenizer": {"type": "BertPreTokenizer"},
         "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 8], "cls": ["[CLS]", 7]},
         "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
         "model": {"type": "WordPiece", "vocab": words, "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                   "max_input_chars_per_word": 100}},
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": ""},
         "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
         "decoder": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"},
         "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": True,
                   "vocab": [["<unk>", 0], ["\u2581", -2.5], ["\u2581H", -3], ["l", -4.25], ["<0xC3>", -9], ["<0xA9>", -9]]}},
        {"added_tokens": [dict(end, id=2, single_word=True, normalized=True)],
         "normalizer": {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "Strip", "strip_left": True, "strip_right": False},
                        {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": "b"}, {"type": "StripAccents"}]},
         "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, {"type": "CharDelimiterSplit", "delimiter": "-"},
                           {"type": "FixedLength", "length": 3}, {"type": "Punctuation", "behavior": "Contiguous"}]},
         "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False},
         "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "Hel": 1}, "unk_token": "<unk>"}},
        {"model": {"type": "BPE", "vocab": affixed, "merges": ["h ##e", "he ##y</w>"], "unk_token": "<unk>",
                   "continuing_subword_prefix": "##", "end_of_word_suffix": "</w>"},
         "decoder": {"type": "Sequence", "decoders": [{"type": "BPEDecoder", "suffix": "</w>"},
                     {"type": "Replace", "pattern": {"Regex": "[he]+"}, "content": "x"}]}},
    ]


def real_tokenizers():
    """Those of ../shared, their tables cut, so that a mutant is not mostly vocabulary."""
    out = []
    for file in sorted((SHARED / "data/tokenizers").glob("*/tokenizer.json")):
        root = json.loads(file.read_text())
        model, root["added_tokens"] = root["model"], root["added_tokens"][:3]
        added = {token["content"] for token in root["added_tokens"]}
        vocab = model["vocab"] = {token: id for token, id in model["vocab"].items() if id < 600 or token in added}
        pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model.get("merges", [])[:400]]
        if pairs:
            model["merges"] = [pair for pair in pairs if all(token in vocab for token in (*pair, "".join(pair)))]
        out.append(root)
    return out


TOKENIZER_CONFIG = {"add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "clean_up_tokenization_spaces": False,
                    "eos_token": {"content": "</s>", "lstrip": False, "special": True}, "model_max_length": 10**30,
                    "added_tokens_decoder": {"7": {"content": "x", "special": True}}, "tokenizer_class": "X",
                    "chat_template": "{% for m in messages %}{{ m['content'] }}{% endfor %}"}


# --- mutation

def places(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(children)[:200]:
        yield from places(child, (*path, key))


def mutate_value(rng, original):
    root = copy.deepcopy(original)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        inside = [place for place in places(root) if place]
        if not inside:
            break
        *path, last = rng.choice(inside)
        parent = root
        for key in path:
            parent = parent[key]
        kind = rng.randrange(7)
        if kind == 0:
            parent.pop(last)
        elif kind == 1 and isinstance(parent, dict):
            parent[rng.choice(("", "type", last + "_", "\u0000", "model_type"))] = parent.pop(last)
        elif kind == 2 and isinstance(parent[last], (int, float)):
            parent[last] = parent[last] * rng.choice((-1, 0.5, 2, 3, 1000, 10**9)) + rng.choice((-1, 0, 1))
        elif kind == 3 and isinstance(parent[last], (list, dict)):
            parent[last] = [parent[last]] * rng.choice((1, 2, 40))
        elif kind == 4:
            for _ in range(rng.choice((2, 70, 150))):  # deep
                parent[last] = [parent[last]]
        elif kind == 5:
            parent[last] = copy.deepcopy(original)
        else:
            parent[last] = copy.deepcopy(rng.choice(ODD))
    return root


def mutate(rng, root):
    """The text of a mutant."""
    kind = rng.randrange(10)
    if kind < 7:
        return json.dumps(mutate_value(rng, root), ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    data = bytearray(json.dumps(root).encode())
    if kind == 7:
        return bytes(data[: rng.randrange(len(data))])
    if kind == 8:
        for _ in range(rng.choice((1, 3, 20))):
            data[rng.randrange(len(data))] = rng.choice((0, 0x22, 0x5C, 0x7B, 0x5D, 0x2D, 0x39, 0xFF, rng.randrange(256)))
        return bytes(data)
    at = rng.randrange(len(data))
    return bytes(data[:at] + rng.choice((b"[" * 100000, b'{"a":' * 100000, b"9" * 400, b'"' + b"\\u0000" * 50, b"," * 9)) + data[at:])


# --- one mutant

def limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def complaint(command, feed=b""):
    """What is wrong with how the command ended, or None."""
    try:
        done = subprocess.run(command, input=feed, capture_output=True, timeout=SECONDS, preexec_fn=limits)
    except subprocess.TimeoutExpired:
        return f"not done after {SECONDS} s"
    if done.returncode not in (0, 1):
        return f"status {done.returncode}: {done.stderr[-200:]!r}"
    if done.returncode == 1 and not done.stderr.strip():
        return "failed without a message"
    if b"bad_alloc" in done.stderr or b"LLVM ERROR" in done.stderr or b"Assertion" in done.stderr:
        return repr(done.stderr[-200:])
    return None


class Seeds:
    """What mutants are made from."""

    def __init__(self, scratch):
        self.models = [path.parent for base in (SOURCE / "data", SHARED / "goldens") for path in sorted(base.glob("*/model.safetensors"))]
        self.nested = [path for path in self.models if path.name in ("gemma3_text", "llama4_text")]
        self.shards = make_shards(scratch)
        self.tokenizers = tokenizers() + real_tokenizers()
        self.ggufs = make_ggufs(scratch, self.models)


def make_ggufs(scratch, models):
    """The story teller of ../shared, and with PyPI's gguf every model that GGUF can hold, with a tokenizer."""
    found = [path for path in [SHARED / "data/stories260k/stories260K.gguf"] if path.exists()]
    try:
        from convert import ARCHITECTURES, convert
        from convert_tokenizer import convert_tokenizer
    except ImportError:
        return [mutant_gguf.read(path) for path in found]
    for model in models:
        if json.loads((model / "config.json").read_text()).get("model_type") in ARCHITECTURES:
            found.append(scratch / f"{model.name}.gguf")
            convert(model, found[-1])
    files = [mutant_gguf.read(path) for path in found]
    tokenizer = scratch / "tokenizer"
    tokenizer.mkdir()
    vocabularies = []
    for root in tokenizers():
        root = {"normalizer": None, "added_tokens": [], **root}
        (tokenizer / "tokenizer.json").write_text(json.dumps(root))
        if convert_tokenizer(tokenizer, scratch / "tokenizer.gguf", "llama-bpe"):
            vocabularies.append(mutant_gguf.read(scratch / "tokenizer.gguf").keys[1:])
    for number, file in enumerate(files[1:]):
        file.keys += vocabularies[number % len(vocabularies)]
    return files


def nest(config):
    """A config as models of several parts have it."""
    return {"model_type": config["model_type"].removesuffix("_text"), "text_config": config, "vision_config": {"hidden_size": 8},
            "dtype": "float32", "eos_token_id": [1, 2]}


def mutate_header(rng, data):
    """A safetensors file with a mutant of its header."""
    length = int.from_bytes(data[:8], "little")
    text = mutate(rng, json.loads(data[8 : 8 + length]))
    said = rng.choice((len(text),) * 8 + (0, len(text) + 7, 2**31, 2**63, 2**64 - 1))
    return said.to_bytes(8, "little") + text + data[8 + length :]


def write_mutant(rng, kind, seeds, folder):
    """Fills `folder`; returns what is to be read, and whether as a tokenizer."""
    if kind in ("gguf", "parts"):
        file = rng.choice(seeds.ggufs)
        if kind == "gguf":
            (folder / "model.gguf").write_bytes(mutant_gguf.mutate(rng, file))
            return folder / "model.gguf", rng.random() < 0.5
        count = rng.choice((2, 3))
        damaged = rng.randrange(count)
        for number, part in enumerate(mutant_gguf.parts(file, count)):
            (folder / f"m-{number + 1:05}-of-{count:05}.gguf").write_bytes(
                mutant_gguf.mutate(rng, part) if number == damaged else mutant_gguf.pack(part))
        return folder / f"m-00001-of-{count:05}.gguf", False
    if kind.startswith("tokenizer"):
        for name, root in (("tokenizer", rng.choice(seeds.tokenizers)), ("tokenizer_config", TOKENIZER_CONFIG)):
            (folder / f"{name}.json").write_bytes(mutate(rng, root) if name == kind else json.dumps(root).encode())
        return folder, True
    model = seeds.shards if kind == "index" else rng.choice(seeds.nested if kind == "text_config" else seeds.models)
    name = {"index": "model.safetensors.index.json", "header": "model.safetensors", "beside": None}.get(kind, "config.json")
    if kind == "beside":
        beside = sorted(path.relative_to(model) for path in model.glob("**/*.json") if path.name not in ("meta.json", "config_v5.json"))
        name = str(rng.choice(beside))
    for path in [*model.glob("*.safetensors"), *model.glob("**/*.json")]:
        if path.relative_to(model) != pathlib.Path(name):
            (folder / path.relative_to(model)).parent.mkdir(exist_ok=True)
            os.symlink(path, folder / path.relative_to(model))
    (folder / name).parent.mkdir(exist_ok=True)
    if kind == "header":
        (folder / name).write_bytes(mutate_header(rng, (model / name).read_bytes()))
        return folder, False
    source = model / name
    if kind == "config" and rng.random() < 0.5 and (model / "config_v5.json").exists():
        source = model / "config_v5.json"
    root = json.loads(source.read_text())
    (folder / name).write_bytes(mutate(rng, nest(root) if kind == "text_config" else root))
    return folder, False


KINDS = ("config", "config", "text_config", "index", "beside", "header", "gguf", "gguf", "gguf", "parts", "tokenizer", "tokenizer",
         "tokenizer", "tokenizer_config")


def try_one(programs, scratch, seeds, seed):
    rng = random.Random(seed)
    kind = rng.choice(KINDS)
    if kind in ("gguf", "parts") and not seeds.ggufs or kind == "text_config" and not seeds.nested:
        kind = "config"
    folder = scratch / f"mutant{seed}"
    folder.mkdir()
    path, is_tokenizer = write_mutant(rng, kind, seeds, folder)
    elaborate, tokenize = programs
    command = [tokenize, "--both"] if is_tokenizer else [elaborate, "--quiet", "-"]
    command.insert(1 if is_tokenizer else len(command), str(path))
    feed = b"".join(b"%d\n%s" % (len(text.encode()), text.encode()) for text in TEXTS)
    found = complaint(command, feed if is_tokenizer else b"")
    if found:
        return f"{folder} ({kind}): {found}"
    shutil.rmtree(folder)
    return None


def make_shards(scratch):
    """A model in two files, with their index."""
    source, folder = SOURCE / "data/llama", scratch / "shards"
    folder.mkdir()
    tensors = load(source / "model.safetensors")
    names, index = sorted(tensors), {}
    for number, part in enumerate((names[::2], names[1::2]), 1):
        file = f"model-0000{number}-of-00002.safetensors"
        save(folder / file, {name: tensors[name] for name in part})
        index |= {name: file for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": index}))
    shutil.copyfile(source / "config.json", folder / "config.json")
    return folder


def main():
    programs, scratch = sys.argv[1:3], pathlib.Path(sys.argv[3]).resolve()
    count, seed = [*map(int, sys.argv[4:6]), *(100, 1)[len(sys.argv[4:6]):]]
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    sys.setrecursionlimit(20000)  # for values nested deeply
    seeds = Seeds(scratch)
    results = Results()
    with concurrent.futures.ThreadPoolExecutor(max(1, (os.cpu_count() or 1))) as pool:
        found = pool.map(lambda i: try_one(programs, scratch, seeds, seed * 1000000 + i), range(count))
        bad = [text for text in found if text]
    for text in bad:
        print(text)
    results.passed, results.failed = count - len(bad), len(bad)
    results.finish()


if __name__ == "__main__":
    main()
