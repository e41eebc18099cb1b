#!/usr/bin/env python3
"""Writes seeds for the tokenizer and template fuzzers: TextSeeds.py FOLDER GOLDENS."""
import json
import pathlib
import sys

folder, goldens = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])


def write(name, seeds):
    (folder / name).mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / name / str(number)).write_text(seed, encoding="utf-8")


LETTERS = [chr(c) for c in list(range(0x21, 0x7F)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x144))]


def tokenizer(model=None, **parts):
    vocab = {letter: i for i, letter in enumerate(LETTERS)}
    for token in ("he", "ll", "llo", "hello", "<0xC3>", "<0xA9>", "\u2581", "<unk>"):
        vocab[token] = len(vocab)
    merges = [["h", "e"], ["l", "l"], ["ll", "o"], ["he", "llo"]]
    return json.dumps({"added_tokens": [{"id": len(vocab), "content": "<|end|>", "special": True, "lstrip": True}],
                       "model": {"type": "BPE", "vocab": vocab, "merges": merges, **(model or {})}, **parts},
                      ensure_ascii=False)


SPLIT = {"type": "Split", "pattern": {"Regex": "'s|\\p{L}+|\\p{N}{1,3}|[^\\s\\p{L}&&[^x]]+|\\s+(?!\\S)"}, "behavior": "Isolated"}
LEVEL = {"type": "ByteLevel", "add_prefix_space": True, "use_regex": True}
write("tokenizer", [
    tokenizer(pre_tokenizer=LEVEL, decoder={"type": "ByteLevel"}),
    tokenizer(pre_tokenizer={"type": "Sequence", "pretokenizers": [SPLIT, {"type": "Digits"}, {**LEVEL, "use_regex": False}]},
              normalizer={"type": "Sequence", "normalizers": [{"type": t} for t in ("NFD", "StripAccents", "Lowercase", "NFKC", "Strip")]},
              post_processor={"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|end|>"}}, {"Sequence": {"id": "A"}}],
                              "special_tokens": {"<|end|>": {"ids": [3]}}}),
    tokenizer({"byte_fallback": True, "unk_token": "<unk>", "fuse_unk": True},
              normalizer={"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
              decoder={"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}),
    tokenizer({"ignore_merges": True}, pre_tokenizer={"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"},
              decoder={"type": "Metaspace", "replacement": "\u2581"}),
])
write("template", json.loads(goldens.read_text(encoding="utf-8"))["templates"])
