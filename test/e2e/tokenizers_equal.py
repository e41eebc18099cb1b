#!/usr/bin/env python3
"""Ids against PyPI's tokenizers: on WikiText-2 and on random strings.

  tokenizers_equal.py TOKENIZE_TEXTS SCRATCH [COUNT [NAME...]]

COUNT random strings (default 1000) mix scripts, emoji, combining marks, control characters, spaces and special
tokens. The tokenizers: those of ../shared, of MiniLM and SmolLM2 if they are in the cache, and small ones trained here
on the documentation. With PyPI's sentencepiece there are also a tokenizer.model of each kind, and with its gguf each
that GGUF can hold once more from such a file, and GPT-2's tokens with the pre-tokenizers that GGUF only names. NAMEs
choose among them. Skipped without PyPI's tokenizers.
"""

import pathlib
import random
import subprocess
import sys

from support import SHARED, SOURCE, SKIPPED, Failure, Results, model_in_cache

try:
    import tokenizers
    from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers
except ImportError:
    print("no module 'tokenizers'")
    sys.exit(SKIPPED)
try:
    import sentencepiece
except ImportError:
    sentencepiece = None
try:
    import gguf
    from convert_tokenizer import convert_tokenizer
except ImportError:
    gguf = None

GGUF_PRE = {"gpt2": "gpt-2", "llama3": "llama-bpe", "qwen3": "qwen2"}  # GGUF's names of pre-tokenizers
MARK = "\u2581"
SPECIAL = ["<s>", "</s>", "<unk>", "[CLS]", "[MASK]", "<|endoftext|>", "<|im_start|>", "<extra>", " <extra> "]
# First and last of blocks that are fully assigned, or nearly so.
SCRIPTS = [(0x21, 0x7E), (0xA1, 0x24F), (0x370, 0x3E1), (0x400, 0x52F), (0x5D0, 0x5EA), (0x620, 0x64A),
           (0x904, 0x939), (0xE01, 0xE3A), (0x10A0, 0x10C5), (0x1100, 0x11FF), (0x1E00, 0x1EFF), (0x3041, 0x3096),
           (0x30A1, 0x30FA), (0x4E00, 0x4FFF), (0x20000, 0x200FF), (0xAC00, 0xAFFF), (0xFF01, 0xFF5E),
           (0x1D400, 0x1D454)]
OTHERS = [(0x1F300, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F1E6, 0x1F1FF), (0x2000, 0x2064), (0x20A0, 0x20BF),
          (0x2100, 0x218B), (0x2460, 0x24FF), (0x3000, 0x303F), (0xFB00, 0xFB06), (0xFE00, 0xFE0F), (0x300, 0x36F),
          (0x93A, 0x94F), (0x1AB0, 0x1ABE), (0x1F3FB, 0x1F3FF), (0x0, 0x20), (0x7F, 0xA0), (0xE000, 0xE010),
          (0xFFF9, 0xFFFD), (0xE0020, 0xE007F)]
WORDS = ["the", "Hello", "don't", "we'll", "I'M", "2024", "3.14159", "caf\u00e9", "nai\u0308ve", "stra\u00dfe", "\ufb01n",
         "\u0130stanbul", "\u4f60\u597d", "\u0e01\u0e33", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "a\u0300\u0301", "https://x.org/a_b?c=d", "\u2026", "``''",
         "0x1F", "\u00bd", "\u2167", "\u0661\u0662", MARK, "##able", "unaffable", "aaaaaaaaaaaaaaaa"]
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n ", "\u00a0", "\u3000", "\u2028", "\u200b", "\ufeff", ""]


def character(random, blocks):
    return chr(random.randint(*random.choice(blocks)))


def random_text(random):
    parts = []
    for _ in range(random.randint(1, 12)):
        kind = random.random()
        if kind < 0.35:
            parts.append(random.choice(WORDS))
        elif kind < 0.65:
            script = [random.choice(SCRIPTS)]
            parts.append("".join(character(random, script) for _ in range(random.randint(1, 6))))
        elif kind < 0.9:
            parts.append("".join(character(random, SCRIPTS + OTHERS) for _ in range(random.randint(1, 4))))
        elif kind < 0.95:
            parts.append(random.choice(SPECIAL))
        parts.append(random.choice(SPACES) if random.random() < 0.7 else "")
    return "".join(parts)


def batches(count):
    """The texts, some at a time: a million of them would not fit."""
    generator = random.Random(6)
    for begin in range(0, count, 20000):
        yield [random_text(generator) for _ in range(min(20000, count - begin))]
    wiki = SHARED / "data/wikitext2/wiki.test.raw"
    if wiki.exists():
        yield [wiki.read_text()]


def check(program, encode_batch, folder, count, choose=lambda text: True):
    """`encode_batch` gives the ids that are right, of some texts without the tokens around them."""
    wrong, total = [], 0
    for batch in batches(count):
        texts = [text for text in batch if choose(text)]
        total += len(texts)
        blocks = [text.encode() for text in texts]
        done = subprocess.run([program, folder], input=b"".join(b"%d\n%b" % (len(block), block) for block in blocks),
                              capture_output=True, timeout=3600)
        if done.returncode:
            raise Failure(done.stderr.decode()[-300:])
        lines = done.stdout.decode().split("\n")[:-1]
        if len(lines) != len(texts):
            raise Failure(f"{len(lines)} lines for {len(texts)} texts")
        for text, line, expected in zip(texts, lines, encode_batch(texts)):
            if [int(id) for id in line.split()] != expected:
                wrong.append((text, line, expected))
    if wrong:
        text, line, expected = min(wrong, key=lambda item: len(item[0]))
        raise Failure(f"{len(wrong)} of {total}, the shortest {text[:80]!a}: found {line[:200]}, expected {expected[:40]}")
    return f"({total} texts)"


def save(folder, tokenizer):
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def trained(scratch, corpus):
    """Folders of small tokenizers made by PyPI's tokenizers."""
    unigram = tokenizers.Tokenizer(models.Unigram())
    unigram.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    unigram.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    unigram.decoder = decoders.Metaspace()
    unigram.train_from_iterator(corpus, trainers.UnigramTrainer(
        vocab_size=1200, unk_token="<unk>", special_tokens=["<unk>", "<s>", "</s>"], show_progress=False))
    yield save(scratch / "unigram", unigram)

    pieces = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    pieces.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=None)
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces.decoder = decoders.WordPiece()
    pieces.train_from_iterator(corpus, trainers.WordPieceTrainer(
        vocab_size=1500, special_tokens=["[UNK]", "[CLS]", "[MASK]"], show_progress=False))
    yield save(scratch / "cased-wordpiece", pieces)

    words = tokenizers.Tokenizer(models.WordLevel(unk_token="<unk>"))
    words.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.Lowercase()])
    words.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(True)])
    words.train_from_iterator(corpus, trainers.WordLevelTrainer(
        vocab_size=1500, special_tokens=["<unk>", "<s>"], show_progress=False))
    yield save(scratch / "words", words)


def sentence_pieces(scratch, corpus):
    """Pairs: a folder with a tokenizer.model of unigrams, and the tokenizer.json that says the same."""
    text = scratch / "corpus.txt"
    text.write_text("\n".join(corpus))
    for name, options in {"plain": {}, "bytes": {"byte_fallback": True, "add_dummy_prefix": False}}.items():
        folder = scratch / f"sentencepiece-{name}"
        folder.mkdir(exist_ok=True)
        sentencepiece.SentencePieceTrainer.train(
            input=str(text), model_prefix=str(folder / "tokenizer"), vocab_size=2000, hard_vocab_limit=False,
            user_defined_symbols=["<extra>"], minloglevel=2, **options)
        model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        pieces = [(model.id_to_piece(i), model.get_score(i)) for i in range(len(model))]
        tokenizer = tokenizers.Tokenizer(models.Unigram(pieces, 0, byte_fallback="bytes" in name))
        tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
        tokenizer.add_tokens([tokenizers.AddedToken("<extra>", normalized=False)])
        tokenizer.normalizer = normalizers.Sequence([
            normalizers.Precompiled(character_map(folder / "tokenizer.model")),
            normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), MARK)])
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never" if options else "always")
        yield folder, save(scratch / f"sentencepiece-{name}-json", tokenizer)


def pair_encoding(scratch):
    """The folder of a tokenizer.model of byte pairs, trained on what sentence_pieces() wrote, and the model."""
    folder = scratch / "sentencepiece-bpe"
    folder.mkdir(exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        input=str(scratch / "corpus.txt"), model_prefix=str(folder / "tokenizer"), vocab_size=2000, model_type="bpe",
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        hard_vocab_limit=False, minloglevel=2)
    return folder, sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def character_map(path):
    """normalizer_spec.precompiled_charsmap: field 2 of field 3 of a tokenizer.model."""
    data = path.read_bytes()
    for wanted in (3, 2):
        at = 0
        while True:
            key, at = varint(data, at)
            if key & 7 == 5:
                at += 4
                continue
            value, at = varint(data, at)
            if key & 7 == 2:
                if key >> 3 == wanted:
                    data = data[at : at + value]
                    break
                at += value
    return data


def as_gguf(scratch, pairs):
    """The pairs once more, from GGUF files."""
    for reference in dict.fromkeys(reference for _, reference in pairs):
        file = scratch / f"{reference.name}.gguf"
        if convert_tokenizer(reference, file, GGUF_PRE.get(reference.name, "default")):
            yield file, reference


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def named_pre_tokenizers(scratch):
    """GGUF files with GPT-2's tokens and a pre-tokenizer's name, and what the models of that name have for it."""
    words, letters = (pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex) for regex in (True, False))
    digit, spaces = pre_tokenizers.Digits(True), r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    contraction, word = "(?i:'s|'t|'re|'ve|'m|'ll|'d)", r"|[^\r\n\p{L}\p{N}]?\p{L}+"
    capitals, small = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    cased = r"[^\r\n\p{L}\p{N}]?%s*%s+%s|[^\r\n\p{L}\p{N}]?%s+%s*%s|"
    marks = r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"
    signs = r" ?[^\s\p{L}\p{N}]+[\r\n%s]*"
    signed = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"""
    table = {
        "starcoder": (None, digit, words),
        "command-r": (normalizers.NFC(), digit, words),
        "mpt": (normalizers.NFC(), words),
        "qwen2": (normalizers.NFC(), split(contraction + word + r"|\p{N}|" + signs % "" + spaces), letters),
        "qwen35": (normalizers.NFC(), split(contraction + marks + spaces), letters),
        "dbrx": (None, split(contraction + word + r"|\p{N}{1,3}|" + signs % "" + spaces), letters),
        "deepseek-coder": (None, split(r"[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"),
                           split("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"), digit, letters),
        "deepseek-v3": (None, split(r"\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"),
                        split(signed + spaces), letters),
        "gpt-4o": (None, split(cased % ((capitals, small, contraction + "?") * 2) + r"\p{N}{1,3}|" + signs % "/" + spaces), letters),
    }
    for name, (normalizer, *parts) in table.items():
        tokenizer = tokenizers.Tokenizer.from_file(str(SHARED / "data/tokenizers/gpt2/tokenizer.json"))
        if normalizer:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts)
        reference, file = save(scratch / f"pre-{name}", tokenizer), scratch / f"pre-{name}.gguf"
        convert_tokenizer(reference, file, name)
        yield file, reference


def smollm2(scratch, file):
    """The tokenizer of that file by PyPI's means: digits alone, then GPT-2's words."""
    reader = gguf.GGUFReader(file)
    tokens, merges, types = (reader.get_field(f"tokenizer.ggml.{key}").contents() for key in ("tokens", "merges", "token_type"))
    tokenizer = tokenizers.Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)},
                                                [tuple(merge.split(" ")) for merge in merges]))
    tokenizer.add_special_tokens([token for token, kind in zip(tokens, types) if kind == gguf.TokenType.CONTROL])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(True),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return save(scratch / "smollm2", tokenizer)


def main():
    program, scratch = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    names = sys.argv[4:]
    scratch.mkdir(parents=True, exist_ok=True)
    corpus = [line for page in sorted((SOURCE.parents[1] / "docs").glob("*.md"))
              for line in page.read_text().splitlines() if line] + WORDS
    results = Results()
    pairs = [(folder, folder) for folder in sorted((SHARED / "data/tokenizers").glob("*"))]
    if minilm := model_in_cache("all-MiniLM-L6-v2"):
        pairs.append((minilm, minilm))
    pairs += [(folder, folder) for folder in trained(scratch, corpus)]
    if sentencepiece:
        for folder, same in sentence_pieces(scratch, corpus):
            pairs += [(folder, same), (same, same)]
        folder, model = pair_encoding(scratch)
        if not names or folder.name in names:
            results.case(folder.name, check, program, model.encode, folder, count,  # special tokens are text for it
                         lambda text: not any(token in text for token in ("<s>", "</s>", "<unk>")))
    else:
        results.skip("tokenizer.model", "no module 'sentencepiece'")
    if gguf:
        pairs += list(as_gguf(scratch, pairs))
        if (SHARED / "data/tokenizers/gpt2").is_dir():
            pairs += list(named_pre_tokenizers(scratch))
        if model := model_in_cache():
            pairs.append((model, smollm2(scratch, model)))
    else:
        results.skip("tokenizers of GGUF files", "no module 'gguf'")
    for folder, reference in pairs:
        if names and folder.name not in names:
            continue
        tokenizer = tokenizers.Tokenizer.from_file(str(reference / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()

        def encode_batch(batch):
            return [encoding.ids for encoding in tokenizer.encode_batch(batch, add_special_tokens=False)]

        results.case(folder.name, check, program, encode_batch, folder, count)
    results.finish()


if __name__ == "__main__":
    main()
