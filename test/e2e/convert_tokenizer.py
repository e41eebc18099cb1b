"""A tokenizer.json as entries of GGUF, as the converters in use write them. Needs the PyPI package `gguf`."""

import base64
import json
import re

import gguf

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = range(1, 7)
MARK = "\u2581"


def add_tokenizer(writer, folder, pre="default"):
    """`pre`: what GGUF calls the pre-tokenizer. False if GGUF has no word for this kind of model."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    model = tokenizer["model"]
    normalizer = tokenizer["normalizer"] or {}
    normalizers = normalizer.get("normalizers", [normalizer])
    maps = [part["precompiled_charsmap"] for part in normalizers if part.get("type") == "Precompiled"]
    name = {"BPE": "gpt2", "WordPiece": "bert", "Unigram": maps and "t5"}.get(model["type"])
    if not name or model.get("end_of_word_suffix") or name == "gpt2" and model.get("byte_fallback"):
        return False
    scores = [float(score) for _, score in model["vocab"]] if name == "t5" else []
    ids = {token: id for id, (token, _) in enumerate(model["vocab"])} if scores else dict(model["vocab"])
    added = {token["id"]: token for token in tokenizer["added_tokens"]}
    ids.update({token["content"]: id for id, token in added.items()})
    tokens = {id: token for token, id in ids.items()}
    types = {id: CONTROL if token["special"] else USER for id, token in added.items()}
    unknown = model.get("unk_id") if scores else ids.get(model.get("unk_token"))
    if scores:
        types[unknown] = UNKNOWN
        types |= {id: BYTE for token, id in ids.items() if model["byte_fallback"] and re.fullmatch("<0x..>", token)}
    count = max(tokens) + 1
    types = [types.get(id, NORMAL if id in tokens else UNUSED) for id in range(count)]
    tokens = [tokens.get(id, f"[PAD{id}]") for id in range(count)]
    if name == "bert":
        tokens = [token if kind == CONTROL else token[2:] if token.startswith("##") else MARK + token
                  for token, kind in zip(tokens, types)]
    writer.add_tokenizer_model(name)
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if unknown is not None:
        writer.add_unk_token_id(unknown)
    for key, add in (("[CLS]", writer.add_bos_token_id), ("[SEP]", writer.add_sep_token_id),
                     ("<mask>", writer.add_mask_token_id)):
        if key in ids:
            add(ids[key])
    if name == "gpt2":
        writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]])
    if scores:
        writer.add_token_scores(scores)
        writer.add_precompiled_charsmap(base64.b64decode(maps[0]))
        writer.add_remove_extra_whitespaces(any(part["type"] == "Strip" for part in normalizers))
        writer.add_add_space_prefix(tokenizer["pre_tokenizer"]["prepend_scheme"] != "never")
    if name == "bert":
        for key in ("lowercase", "strip_accents"):
            if normalizer[key] is not None:
                writer.add_bool(f"tokenizer.ggml.normalizer.{key}", normalizer[key])
    return True


def convert_tokenizer(folder, output, pre):
    """Writes a file that holds nothing else; as above."""
    writer = gguf.GGUFWriter(str(output), "llama")
    if not add_tokenizer(writer, folder, pre):
        return False
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return True
