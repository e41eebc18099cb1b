#!/usr/bin/env python3
"""Damaged files of strangers: a clear error or a result, never a crash, a hang or memory without end.

  mutants.py HEDDLE_ELABORATE TOKENIZE_TEXTS SCRATCH [COUNT] [SEED]

COUNT mutants (default 100) of config.json, of an index of shards, of tokenizer.json and tokenizer_config.json: values of
another kind or size, keys gone, doubled or renamed, bytes changed, files cut short. Each is read by a program of its
own, with 4 GiB and 20 s; it must end with 0, or with 1 and a message.
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
    ]


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


def make_folder(scratch, seed, links):
    folder = scratch / f"mutant{seed}"
    folder.mkdir()
    for name, target in links.items():
        os.symlink(target, folder / name)
    return folder


def try_one(programs, scratch, models, shards, seed):
    rng = random.Random(seed)
    kind = rng.choice(("config", "config", "index", "tokenizer", "tokenizer", "tokenizer_config"))
    elaborate, tokenize = programs
    if kind in ("config", "index"):
        model = shards if kind == "index" else rng.choice(models)
        name = "model.safetensors.index.json" if kind == "index" else "config.json"
        links = {path.name: path for path in model.glob("*.safetensors")} | {"config.json": model / "config.json"}
        links.pop(name, None)
        text = (model / name).read_text()
        if kind == "config" and rng.random() < 0.5 and (model / "config_v5.json").exists():
            text = (model / "config_v5.json").read_text()
        command, feed = [elaborate, "--quiet", "-"], b""
        files = {name: json.loads(text)}
    else:
        links, files = {}, {"tokenizer.json": rng.choice(tokenizers()), "tokenizer_config.json": TOKENIZER_CONFIG}
        name = kind + ".json"
        command = [tokenize]
        feed = b"".join(b"%d\n%s" % (len(text.encode()), text.encode()) for text in TEXTS)
    folder = make_folder(scratch, seed, links)
    for file, root in files.items():
        (folder / file).write_bytes(mutate(rng, root) if file == name else json.dumps(root).encode())
    found = complaint([*command, str(folder)], feed)
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
    models = [path.parent for base in (SOURCE / "data", SHARED / "goldens")
              for path in sorted(base.glob("*/model.safetensors"))]
    shards = make_shards(scratch)
    results = Results()
    with concurrent.futures.ThreadPoolExecutor(max(1, (os.cpu_count() or 1))) as pool:
        found = pool.map(lambda i: try_one(programs, scratch, models, shards, seed * 1000000 + i), range(count))
        bad = [text for text in found if text]
    for text in bad:
        print(text)
    results.passed, results.failed = count - len(bad), len(bad)
    results.finish()


if __name__ == "__main__":
    main()
