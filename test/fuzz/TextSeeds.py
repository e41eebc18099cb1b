#!/usr/bin/env python3
"""Writes seeds for the tokenizer and template fuzzers: TextSeeds.py FOLDER GOLDENS."""
import json
import pathlib
import struct
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


def field(number, value):
    return bytes([number << 3 | 2, len(value)]) + value


def piece(text, score, kind):
    return field(1, field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + bytes([0x18, kind]))


def sentence_piece(model_type):
    pieces = [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("\u2581", -3, 1), ("\u2581a", -1, 1), ("lo", -2, 1),
              ("<0xC3>", 0, 6), ("o", -4, 1), ("l", -4, 1)]
    units = [0] * 0x202  # a map of "H" to "hh"
    units[0], units[0x148], units[0x200] = 0x100 << 10, 0x48 | 1 << 8 | (0x148 ^ 0x200) << 10, 1 << 31
    charsmap = struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + b"hh\0"
    size = bytes([len(charsmap) & 127 | 128, len(charsmap) >> 7])
    normalizer = b"\x12" + size + charsmap + b"\x18\x01\x20\x01"
    size = bytes([len(normalizer) & 127 | 128, len(normalizer) >> 7])
    return (b"".join(piece(*each) for each in pieces) + field(2, bytes([0x18, model_type])) + b"\x1a" + size + normalizer)


for model_type in (1, 2):
    (folder / "tokenizer" / f"sentencepiece{model_type}").write_bytes(sentence_piece(model_type))
WORDS = {"[UNK]": 0, "hello": 1, "##llo": 2, "he": 3, ",": 4, "##2": 5, "1": 6}
UNIGRAM = [["<unk>", 0], ["\u2581", -2.5], ["\u2581H", -3], ["l", -4.25], ["<0xC3>", -9], ["<0xA9>", -9]]
for name, model, parts in (
        ("wordpiece", {"type": "WordPiece", "vocab": WORDS, "unk_token": "[UNK]"},
         {"normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"}, "decoder": {"type": "WordPiece"}}),
        ("unigram", {"type": "Unigram", "vocab": UNIGRAM, "unk_id": 0, "byte_fallback": True},
         {"pre_tokenizer": {"type": "Metaspace"}, "decoder": {"type": "Metaspace"},
          "normalizer": {"type": "Precompiled", "precompiled_charsmap": ""}})):
    (folder / "tokenizer" / name).write_text(json.dumps({"model": model, **parts}), encoding="utf-8")
write("template", json.loads(goldens.read_text(encoding="utf-8"))["templates"])
