#!/usr/bin/env python3
"""Every part that a tokenizer.json can have, alone and in the company it is met in, against PyPI's tokenizers.

  tokenizer_parts.py TOKENIZE_TEXTS SCRATCH [COUNT]

A tokenizer.json is made up for each line of the tables; for COUNT random strings (default 300) and some that are meant
to be hard, ids with the tokens around them and both ways of decoding must be equal. Parts that are refused are in the
table REFUSED. Skipped without PyPI's tokenizers.
"""

import json
import pathlib
import random
import subprocess
import sys

from support import SKIPPED, Failure, Results

try:
    import tokenizers
    from tokenizers import models, trainers
except ImportError:
    print("no module 'tokenizers'")
    sys.exit(SKIPPED)

from tokenizers_equal import MARK, random_text

TEXTS = ["", " ", "   ", "\n", "Hello, world!", "  Hello  world  ", "hello hello", "a-b--c---d", "x1y22z333", "1234567",
         "(a) [b] {c}", "don't you're I'm", "end.", "caf\u00e9 cafe\u0301 CAF\u00c9", "\u0130\u0131\u00df\ufb01", "\u4f60\u597d\u4e16\u754c", "a\u200bb\u00a0c\u3000d",
         "<s>hello</s>", "<s> hello </s> ", "hello<mask> world", "hello <mask> world", "xmaskx mask mask.", "TOK tok Tok",
         "\u0001\u0007\ufeffx", "``quoted''", "... !!! ???", "a\tb\r\nc", "\U0001f600\U0001f468\u200d\U0001f469", "hello" * 40, "\u2581a \u2581 b", "the the the",
         "do not he 's they 've n't , . ! ?", "lower</w>", "##ing"]

CORPUS = ["hello world, this is the text that the tokens are made from.", "the cat and the hat; don't you're I'm",
          "Numbers: 1 22 333 4444, 1234567", "caf\u00e9 na\u00efve \u00fcber stra\u00dfe", "a-b--c---d (e) [f] {g}", "  spaces   in  it \n and\tmore\n\n",
          "\u4f60\u597d\u4e16\u754c \u65e5\u672c\u8a9e", "lower lowest newer newest wider", "unaffable uncle under"] * 3


# --- models

def trained(model, trainer):
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return json.loads(tokenizer.to_str())["model"]


def byte_letters():
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(byte) for byte in plain] + [chr(0x100 + i) for i in range(256 - len(plain))]


def make_models():
    special = ["<unk>", "<s>", "</s>", "<mask>"]
    pairs = trainers.BpeTrainer(vocab_size=500, special_tokens=special, show_progress=False)
    bpe = trained(models.BPE(), pairs)
    letters = trainers.BpeTrainer(vocab_size=500, special_tokens=special, initial_alphabet=byte_letters(), show_progress=False)
    words = {token: id for id, token in enumerate([*special, *"abcdefghijklmnopqrstuvwxyz.,!?'0123456789", "hello", "world", "the", "cafe", "Hello", "a", MARK + "hello", MARK])}
    bytes_too = dict(bpe, vocab=dict(bpe["vocab"], **{f"<0x{byte:02X}>": len(bpe["vocab"]) + byte for byte in range(256)}), byte_fallback=True)
    pieces = trained(models.WordPiece(unk_token="<unk>"), trainers.WordPieceTrainer(vocab_size=400, special_tokens=special, show_progress=False))
    unigram = trained(models.Unigram(), trainers.UnigramTrainer(vocab_size=300, unk_token="<unk>", special_tokens=special, show_progress=False))
    suffixed = trained(models.BPE(end_of_word_suffix="</w>", unk_token="<unk>"), trainers.BpeTrainer(
        vocab_size=500, special_tokens=special, end_of_word_suffix="</w>", show_progress=False))
    prefixed = trained(models.BPE(continuing_subword_prefix="##", unk_token="<unk>"), trainers.BpeTrainer(
        vocab_size=500, special_tokens=special, continuing_subword_prefix="##", show_progress=False))
    return {
        "pairs": bpe,
        "pairs of letters": trained(models.BPE(), letters),
        "pairs, unknown": dict(bpe, unk_token="<unk>"),
        "pairs, unknown fused": dict(bpe, unk_token="<unk>", fuse_unk=True),
        "pairs, bytes": bytes_too,
        "pairs, whole words": dict(bpe, ignore_merges=True, vocab=dict(bpe["vocab"], **{"hello world": len(bpe["vocab"])})),
        "pairs, suffix": suffixed,
        "pairs, prefix": prefixed,
        "word": {"type": "WordLevel", "vocab": words, "unk_token": "<unk>"},
        "pieces": pieces,
        "pieces, short words": dict(pieces, max_input_chars_per_word=5),
        "pieces, prefix": dict(pieces, continuing_subword_prefix="@@", vocab={token.replace("##", "@@"): id for token, id in pieces["vocab"].items()}),
        "unigram": unigram,
    }


# --- parts

def split(pattern, behavior="Isolated", invert=False, regex=True):
    return {"type": "Split", "pattern": {"Regex" if regex else "String": pattern}, "behavior": behavior, "invert": invert}


def part(kind, **fields):
    return {"type": kind, **fields}


def sequence(name, *parts):
    return {"type": "Sequence", name: list(parts)}


def template(*pieces):
    """Special tokens by name, "A" for the text."""
    ids = {"<unk>": 0, "<s>": 1, "</s>": 2, "<mask>": 3}
    single = [{"Sequence": {"id": "A", "type_id": 0}} if piece == "A" else {"SpecialToken": {"id": piece, "type_id": 0}} for piece in pieces]
    pair = single + [{"Sequence": {"id": "B", "type_id": 1}}]
    tokens = {piece: {"id": piece, "ids": [ids[piece]], "tokens": [piece]} for piece in pieces if piece != "A"}
    return part("TemplateProcessing", single=single, pair=pair, special_tokens=tokens)


BEHAVIORS = ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")
BERT = dict(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
BYTES = part("ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)
SPACE = dict(replacement=MARK, split=True)
REPLACE_MARK = part("Replace", pattern={"String": " "}, content=MARK)

NORMALIZERS = [
    *[part(kind) for kind in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel")],
    *[part("Strip", strip_left=left, strip_right=right) for left in (False, True) for right in (False, True)],
    *[part("BertNormalizer", **{**BERT, **change}) for change in (
        {}, {"clean_text": False}, {"handle_chinese_chars": False}, {"strip_accents": True}, {"strip_accents": False},
        {"lowercase": False}, {"lowercase": False, "strip_accents": True})],
    part("Prepend", prepend=MARK), part("Prepend", prepend="hello "),
    part("Replace", pattern={"String": "l"}, content="LL"), part("Replace", pattern={"String": "ll"}, content=""),
    part("Replace", pattern={"Regex": "\\s+"}, content=" "), part("Replace", pattern={"Regex": "(?i)HELLO|[0-9]"}, content="#"),
    part("Replace", pattern={"Regex": "^"}, content=">"), part("Replace", pattern={"Regex": "x*"}, content="-"),
    part("Replace", pattern={"String": "."}, content="\\0$1"),
    sequence("normalizers", part("NFKD"), part("StripAccents"), part("Lowercase")),
    sequence("normalizers", part("Prepend", prepend=MARK), REPLACE_MARK),
    sequence("normalizers", part("Replace", pattern={"Regex": " {2,}"}, content=" "), part("NFC"), part("Strip", strip_left=True, strip_right=False)),
    sequence("normalizers", sequence("normalizers", part("Lowercase")), sequence("normalizers")),
]
PRE_TOKENIZERS = [
    part("BertPreTokenizer"), part("Whitespace"), part("WhitespaceSplit"), part("CharDelimiterSplit", delimiter="-"),
    part("CharDelimiterSplit", delimiter="\u4e16"), part("FixedLength", length=5), part("FixedLength", length=1),
    *[part("ByteLevel", add_prefix_space=space, trim_offsets=True, use_regex=regex) for space in (False, True) for regex in (False, True)],
    *[part("Digits", individual_digits=each) for each in (False, True)],
    *[part("Punctuation", behavior=behavior) for behavior in BEHAVIORS],
    *[part("Metaspace", prepend_scheme=scheme, replacement=mark, split=cut)
      for scheme in ("always", "first", "never") for mark in (MARK, "_") for cut in (False, True)],
    *[split(pattern, behavior, invert, regex) for behavior in BEHAVIORS for invert in (False, True)
      for pattern, regex in (("\\d+|\\s", True), ("l", False), ("ll", False))],
    split("(?=o)", "Isolated"), split("\\b", "Removed"), split("", "Isolated", False, False), split("x*", "MergedWithNext"),
    split("'s|'t|\\p{L}+|\\p{N}{1,3}|\\s+(?!\\S)|\\s+"), split("[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+", "Removed", True),
    sequence("pretokenizers", part("WhitespaceSplit"), part("Metaspace", prepend_scheme="always", **SPACE)),
    sequence("pretokenizers", part("WhitespaceSplit"), part("Metaspace", prepend_scheme="first", **SPACE)),
    sequence("pretokenizers", part("Metaspace", prepend_scheme="first", **SPACE), part("Digits", individual_digits=True)),
    sequence("pretokenizers", part("Punctuation", behavior="Contiguous"), BYTES, part("Digits", individual_digits=False)),
    sequence("pretokenizers", split("\\n", "Isolated"), part("Digits", individual_digits=True), dict(BYTES, use_regex=False)),
    sequence("pretokenizers", part("Whitespace"), part("Punctuation", behavior="Isolated"), part("FixedLength", length=3)),
]
POST_PROCESSORS = [
    part("BertProcessing", sep=["</s>", 2], cls=["<s>", 1]), part("ByteLevel", add_prefix_space=True, trim_offsets=False, use_regex=True),
    *[part("RobertaProcessing", sep=["</s>", 2], cls=["<s>", 1], trim_offsets=trim, add_prefix_space=space) for trim in (False, True) for space in (False, True)],
    template("<s>", "A"), template("A", "</s>"), template("<s>", "<mask>", "A", "</s>", "</s>"), template("A"),
    sequence("processors", part("ByteLevel", add_prefix_space=True, trim_offsets=False, use_regex=True), template("<s>", "A")),
]
DECODERS = [
    part("ByteFallback"), part("Fuse"), BYTES, part("BPEDecoder", suffix="</w>"),
    *[part("WordPiece", prefix=prefix, cleanup=clean) for prefix in ("##", "@@") for clean in (False, True)],
    *[part("Metaspace", prepend_scheme=scheme, replacement=mark, split=True) for scheme in ("always", "first", "never") for mark in (MARK, "h")],
    part("Replace", pattern={"String": "l"}, content="L"), part("Replace", pattern={"Regex": "[aeiou]+"}, content="*"),
    part("Strip", content="h", start=1, stop=0), part("Strip", content="l", start=2, stop=0), part("Strip", content="o", start=0, stop=1),
    sequence("decoders", part("Replace", pattern={"String": MARK}, content=" "), part("ByteFallback"), part("Fuse"), part("Strip", content=" ", start=1, stop=0)),
    sequence("decoders", part("Metaspace", prepend_scheme="always", **SPACE), part("ByteFallback")),
    sequence("decoders", part("Replace", pattern={"String": "e"}, content=" "), part("Fuse")),
]
ADDED = [dict(content="<s>", special=True), dict(content="</s>", special=True), dict(content="<mask>", special=True)]
FLAGS = ("single_word", "lstrip", "rstrip", "normalized")


def added(vocab=(), **more):
    """The added tokens <s>, </s>, <mask>, and one more with these flags, which may be one of the vocabulary."""
    tokens = [dict({flag: False for flag in FLAGS}, id=1 + i, **token) for i, token in enumerate(ADDED)]
    if more:
        tokens.append(dict(more, special=False, id=vocab.get(more["content"], len(vocab))))
    return tokens


def cases():
    """Names, and tokenizers as JSON."""
    made = make_models()
    for name, model in made.items():
        for pre in (None, part("Whitespace"), part("Metaspace", prepend_scheme="always", **SPACE), BYTES):
            yield f"model: {name}, {pre and pre['type']}", dict(model=model, pre_tokenizer=pre)
    yield "model: empty names", dict(model=dict(made["pairs of letters"], unk_token="", continuing_subword_prefix="", end_of_word_suffix=""), pre_tokenizer=BYTES)
    for normalizer in NORMALIZERS:
        yield f"normalizer: {json.dumps(normalizer)}", dict(model=made["pairs, bytes"], normalizer=normalizer)
    for pre in PRE_TOKENIZERS:
        model = made["pairs of letters" if "ByteLevel" in json.dumps(pre) else "pairs, bytes"]
        yield f"pre_tokenizer: {json.dumps(pre)}", dict(model=model, pre_tokenizer=pre)
    for processor in POST_PROCESSORS:
        yield f"post_processor: {json.dumps(processor)[:150]}", dict(model=made["pairs, unknown"], post_processor=processor)
    for decoder in [None, *DECODERS]:
        for name in ("pairs, bytes", "pairs of letters", "pairs, suffix", "pieces"):
            pre = BYTES if "letters" in name else part("Whitespace") if "bytes" not in name else part("Metaspace", prepend_scheme="always", **SPACE)
            yield f"decoder: {json.dumps(decoder)}, {name}", dict(model=made[name], decoder=decoder, pre_tokenizer=pre)
    for content in ("mask", " mask", "Tok", "\u00e9", "e\u0301", "l", "ma", "h "):
        for flag in ((), *[(flag,) for flag in FLAGS], ("lstrip", "rstrip"), ("single_word", "normalized"), ("normalized", "lstrip"), FLAGS):
            flags = {name: name in flag for name in FLAGS}
            for normalizer in (None, sequence("normalizers", part("Lowercase"), part("NFC"))):
                yield (f"added token: {content!a} {'+'.join(flag)}{', lowercase' if normalizer else ''}",
                       dict(model=made["pairs, bytes"], normalizer=normalizer, added_tokens=added(made["pairs, bytes"]["vocab"], content=content, **flags)))
    for flag in FLAGS:
        tokens = added()
        for token in tokens:
            token[flag] = True
        yield f"special tokens: {flag}", dict(model=made["pairs, bytes"], added_tokens=tokens, normalizer=part("Prepend", prepend="_"))
    sections = dict(truncation=dict(direction="Right", max_length=4, strategy="LongestFirst", stride=0),
                    padding=dict(strategy={"Fixed": 8}, direction="Right", pad_to_multiple_of=None, pad_id=0, pad_type_id=0, pad_token="<unk>"))
    yield "truncation, padding", dict(model=made["pairs"], **sections)


REFUSED = {
    "pre_tokenizer": [part("UnicodeScripts")],
    "post_processor": [sequence("processors", template("<s>", "A"), template("<mask>", "A", "</s>"))],
    "decoder": [part("CTC", pad_token="<pad>", word_delimiter_token="|", cleanup=True),
                sequence("decoders", part("Fuse"), part("Replace", pattern={"String": "ll"}, content="LL")),
                sequence("decoders", part("Fuse"), part("Strip", content="h", start=1, stop=1))],
}


# --- checks

def write(scratch, fields):
    defaults = dict(version="1.0", truncation=None, padding=None, added_tokens=added(), normalizer=None, pre_tokenizer=None,
                    post_processor=None, decoder=None)
    text = json.dumps(dict(defaults, **fields))
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "tokenizer.json").write_text(text)
    return text


def check(program, scratch, fields, texts):
    reference = tokenizers.Tokenizer.from_str(write(scratch, fields))
    reference.no_padding()
    reference.no_truncation()
    blocks = [text.encode() for text in texts]
    done = subprocess.run([program, scratch, "--both"], input=b"".join(b"%d\n%b" % (len(block), block) for block in blocks),
                          capture_output=True, timeout=300)
    if done.returncode:
        raise Failure(done.stderr.decode()[-300:])
    wrong = []
    for text, line, encoding in zip(texts, done.stdout.decode().split("\n"), reference.encode_batch(texts)):
        ids, *decoded = line.split("\t")
        found = [[int(id) for id in ids.split()], *(bytes.fromhex(text).decode() for text in decoded)]
        expected = [encoding.ids, *(reference.decode(encoding.ids, skip_special_tokens=skip) for skip in (False, True))]
        wrong += [(text, a, b) for a, b in zip(found, expected) if a != b][:1]
    if wrong:
        text, found, expected = min(wrong, key=lambda item: len(item[0]))
        raise Failure(f"{len(wrong)} of {len(texts)}, the shortest {text[:60]!a}: found {str(found)[:150]!a}, expected {str(expected)[:150]!a}")


def check_refused(program, scratch, fields):
    write(scratch, fields)
    done = subprocess.run([program, scratch], input=b"", capture_output=True, timeout=60)
    message = done.stderr.decode()
    if done.returncode != 1 or "cannot be compiled yet" not in message:
        raise Failure(f"status {done.returncode}: {message}")


def main():
    program, scratch = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    generator = random.Random(7)
    texts = TEXTS + [random_text(generator) for _ in range(count)]
    results = Results()
    for name, fields in cases():
        results.case(name, check, program, scratch, fields, texts)
    model = make_models()["pairs"]
    for kind, parts in REFUSED.items():
        for one in parts:
            results.case(f"refused: {kind} {one['type']}", check_refused, program, scratch, {"model": model, kind: one})
    results.finish()


if __name__ == "__main__":
    main()
