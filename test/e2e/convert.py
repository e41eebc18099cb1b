"""Small models of Hugging Face as GGUF files, with the names, entries and rearranged weights of the converters in use.

Needs the PyPI packages `gguf` (the names of tensors and entries come from it) and `numpy`.
"""

import json
import math
import re

import gguf
import numpy

from convert_tokenizer import add_tokenizer
from support import load

ARCHITECTURES = {
    "bert": "bert", "roberta": "bert", "cohere": "command-r", "cohere2": "cohere2", "deepseek_v3": "deepseek2",
    "falcon": "falcon", "gemma2": "gemma2", "gemma3_text": "gemma3", "gpt2": "gpt2", "gpt_oss": "gpt-oss",
    "granite": "granite", "llama": "llama", "llama4_text": "llama4", "mistral": "llama", "mixtral": "llama",
    "modernbert": "modern-bert",
    "olmo2": "olmo2", "phi3": "phi3", "qwen2": "qwen2", "qwen3": "qwen3", "t5": "t5",
}
PERMUTED = ("llama", "mistral", "mixtral", "granite")  # rotary pairs side by side


class Converter:
    """Writes one model; `blocks`, a type of GGUF, is what its matrices are rounded to, and stored in if `packed`."""

    def __init__(self, folder, config, output, blocks=None, packed=True):
        self.blocks, self.packed = blocks, packed
        self.config, self.kind = config, config["model_type"]
        self.tensors = {name: numpy.array(values, numpy.float32).reshape(shape)
                        for name, (shape, values) in load(folder / "model.safetensors").items()}
        get = config.get
        self.layers = get("num_hidden_layers") or get("n_layer") or get("num_layers")
        self.d = get("hidden_size") or get("n_embd") or get("d_model")
        self.heads = get("num_attention_heads") or get("n_head") or get("num_heads")
        self.kv = get("num_key_value_heads") or (1 if get("multi_query") else self.heads)
        self.hd = get("head_dim") or get("d_kv") or self.d // self.heads
        architecture = ARCHITECTURES[self.kind]
        number = {name: arch for arch, name in gguf.MODEL_ARCH_NAMES.items()}[architecture]
        self.names = gguf.get_tensor_name_map(number, max(self.layers, get("num_decoder_layers") or 0))
        self.writer = gguf.GGUFWriter(str(output), architecture)

    def write(self):
        self.entries()
        experts = {}
        for name, tensor in self.tensors.items():
            numbered = re.search(r"experts\.(\d+)\.", name)
            if numbered:  # one tensor for all of them
                experts.setdefault(name.replace(numbered[0], "experts."), {})[int(numbered[1])] = tensor
                continue
            for part, values in self.rearrange(name, tensor):
                self.add(part, values)
        for name, parts in experts.items():
            self.add(name, numpy.stack([parts[i] for i in range(len(parts))]))
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()

    def add(self, name, tensor):
        """A tensor by its name in GGUF, or the one it has with Hugging Face."""
        base, suffix = name.rsplit(".", 1)
        known = self.names.get_name(base)
        name = f"{known}.{suffix}" if known else name
        tensor = numpy.ascontiguousarray(tensor, numpy.float32)
        if self.blocks is None or tensor.ndim < 2 or tensor.shape[-1] % 32 or "ffn_gate_inp" in name:
            self.writer.add_tensor(name, tensor)
            return
        packed = gguf.quants.quantize(tensor, self.blocks)
        if self.packed:
            self.writer.add_tensor(name, packed, raw_dtype=self.blocks)
        else:
            self.writer.add_tensor(name, gguf.quants.dequantize(packed, self.blocks).reshape(tensor.shape))

    def entries(self):
        get, w, kind = self.config.get, self.writer, self.kind
        w.add_block_count(self.layers)
        w.add_context_length(get("max_position_embeddings") or 512)
        w.add_embedding_length(self.d)
        w.add_feed_forward_length(get("intermediate_size_mlp") or get("intermediate_size") or
                                  get("ffn_hidden_size") or get("d_ff") or 4 * self.d)
        w.add_head_count(self.heads)
        if kind not in ("bert", "gpt2", "modernbert", "roberta", "t5"):
            w.add_head_count_kv(self.kv)
        if get("head_dim") or get("d_kv"):
            w.add_key_length(self.hd)
            w.add_value_length(self.hd)
        if get("rms_norm_eps") or kind == "t5":
            w.add_layer_norm_rms_eps(get("rms_norm_eps") or get("layer_norm_epsilon"))
        else:
            w.add_layer_norm_eps(get("layer_norm_eps") or get("layer_norm_epsilon") or get("norm_eps"))
        if kind == "modernbert":
            w.add_sliding_window(get("local_attention"))
            w.add_rope_freq_base(get("global_rope_theta"))
            w.add_float32("modern-bert.rope.freq_base_swa", get("local_rope_theta"))
        if get("sliding_window"):
            w.add_sliding_window(get("sliding_window"))
        for entry, add in (("logit_scale", w.add_logit_scale), ("logits_scaling", w.add_logit_scale),
                           ("attention_multiplier", w.add_attention_scale), ("vocab_size", w.add_vocab_size),
                           ("embedding_multiplier", w.add_embedding_scale),
                           ("residual_multiplier", w.add_residual_scale),
                           ("final_logit_softcapping", w.add_final_logit_softcapping),
                           ("rope_theta", w.add_rope_freq_base)):
            if get(entry) and (entry != "vocab_size" or kind in PERMUTED + ("cohere", "phi3", "t5")):
                add(get(entry))
        if kind in PERMUTED + ("phi3", "cohere2"):
            w.add_rope_dimension_count(self.hd)
        if kind == "gemma2":
            w.add_attn_logit_softcapping(get("attn_logit_softcapping"))
        if kind in ("bert", "modernbert", "roberta"):
            w.add_causal_attention(False)
        if kind == "t5":
            w.add_decoder_block_count(get("num_decoder_layers"))
            w.add_decoder_start_token_id(get("decoder_start_token_id"))
            w.add_relative_attn_buckets_count(get("relative_attention_num_buckets"))
        self.expert_entries()
        self.rotary_entries(get("rope_scaling") or {})

    def expert_entries(self):
        get, w, kind = self.config.get, self.writer, self.kind
        experts = get("num_local_experts") or get("num_experts") or get("n_routed_experts")
        if not experts:
            return
        w.add_expert_count(experts)
        w.add_expert_used_count(get("num_experts_per_tok"))
        if kind != "mixtral":
            w.add_expert_feed_forward_length(get("moe_intermediate_size") or get("intermediate_size"))
        if kind == "llama4_text":
            w.add_interleave_moe_layer_step(get("interleave_moe_layer_step"))
            w.add_uint32("llama4.attention.chunk_size", get("attention_chunk_size"))
        if kind == "deepseek_v3":
            w.add_q_lora_rank(get("q_lora_rank"))
            w.add_kv_lora_rank(get("kv_lora_rank"))
            w.add_key_length_mla(get("qk_nope_head_dim") + get("qk_rope_head_dim"))
            w.add_value_length_mla(get("v_head_dim"))
            w.add_rope_dimension_count(get("qk_rope_head_dim"))
            w.add_leading_dense_block_count(get("first_k_dense_replace"))
            w.add_expert_shared_count(get("n_shared_experts"))
            w.add_expert_weights_scale(get("routed_scaling_factor"))
            w.add_expert_weights_norm(get("norm_topk_prob"))
            w.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)
            w.add_expert_group_count(get("n_group"))
            w.add_expert_group_used_count(get("topk_group"))

    def rotary_entries(self, rule):
        w, kind = self.writer, rule.get("rope_type") or rule.get("type")
        if kind == "linear":
            w.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
            w.add_rope_scaling_factor(rule["factor"])
        if kind == "yarn":
            w.add_rope_scaling_type(gguf.RopeScalingType.YARN)
            w.add_rope_scaling_factor(rule["factor"])
            w.add_rope_scaling_orig_ctx_len(rule["original_max_position_embeddings"])
            if self.kind == "deepseek_v3":
                w.add_rope_scaling_yarn_log_mul(0.1 * rule["mscale_all_dim"])
        if kind == "longrope":
            trained = self.config["original_max_position_embeddings"]
            stretch = self.config["max_position_embeddings"] / trained
            w.add_rope_scaling_orig_ctx_len(trained)
            w.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(stretch) / math.log(trained)))
            self.add("rope_factors_long.weight", rule["long_factor"])
            self.add("rope_factors_short.weight", rule["short_factor"])
        if kind == "llama3":
            turns = (self.config["rope_theta"] ** (-numpy.arange(0, self.hd, 2) / self.hd) *
                     rule["original_max_position_embeddings"] / (2 * math.pi))
            low, high = rule["low_freq_factor"], rule["high_freq_factor"]
            kept = numpy.clip((turns - low) / (high - low), 0, 1)
            self.add("rope_freqs.weight", 1 / ((1 - kept) / rule["factor"] + kept))
        if "rope_local_base_freq" in self.config:
            w.add_float32("gemma3.rope.freq_base_swa", self.config["rope_local_base_freq"])

    def rearrange(self, name, tensor):
        """The tensors that one becomes: names and values."""
        config, kind = self.config, self.kind
        layer = (re.search(r"layers\.(\d+)\.", name) or [0, ""])[1]
        if kind in ("bert", "roberta") and name.startswith(("pooler", "embeddings.position_ids")):
            return []
        if kind == "roberta" and "position_embeddings" in name:
            tensor = tensor[config["pad_token_id"] + 1:]
        if kind == "gpt2":
            name = name if name.startswith(("transformer.", "lm_head")) else "transformer." + name
            tensor = tensor.T if re.search(r"c_(attn|proj|fc)\.weight", name) else tensor
        if kind in PERMUTED and re.search("[qk]_proj", name):
            heads = self.heads if "q_proj" in name else self.kv
            tensor = tensor.reshape(heads, 2, self.hd // 2, -1).swapaxes(1, 2).reshape(tensor.shape)
        if kind.startswith("gemma") and name.endswith("norm.weight"):
            tensor = tensor + 1
        # GGUF has no entry for the scale of the scores: it goes into what is multiplied.
        if re.search({"gemma2": "q_proj", "gemma3_text": "q_norm"}.get(kind, "^$"), name):
            tensor = tensor * math.sqrt(self.hd / config["query_pre_attn_scalar"])
        if kind == "falcon" and "query_key_value" in name:
            group = self.heads // self.kv
            parts = numpy.split(tensor.reshape(self.kv, group + 2, self.hd, -1), [group, group + 1], axis=1)
            tensor = numpy.concatenate([part.reshape(-1, self.d) for part in parts])
        if kind == "deepseek_v3" and "kv_b_proj" in name:
            parts = tensor.reshape(self.heads, -1, config["kv_lora_rank"])
            nope = config["qk_nope_head_dim"]
            return [(f"blk.{layer}.attn_k_b.weight", parts[:, :nope].swapaxes(1, 2)),
                    (f"blk.{layer}.attn_v_b.weight", parts[:, nope:])]
        if kind == "gpt_oss" and "experts" in name:
            where = f"model.layers.{layer}.mlp.experts."
            suffix = ".bias" if name.endswith("_bias") else ".weight"
            tensor = tensor if suffix == ".bias" else tensor.swapaxes(1, 2)
            if "down_proj" in name:
                return [(where + "down_proj" + suffix, tensor)]
            return [(where + "gate_proj" + suffix, tensor[:, 0::2]), (where + "up_proj" + suffix, tensor[:, 1::2])]
        if kind == "llama4_text" and "experts" in name and "shared" not in name:
            where, tensor = f"model.layers.{layer}.feed_forward.experts.", tensor.swapaxes(1, 2)
            if "down_proj" in name:
                return [(where + "down_proj.weight", tensor)]
            half = tensor.shape[1] // 2
            return [(where + "gate_proj.weight", tensor[:, :half]), (where + "up_proj.weight", tensor[:, half:])]
        if name.endswith("self_attn.sinks"):
            name = f"blk.{layer}.attn_sinks.weight"
        return [(name.replace("e_score_correction_bias", "e_score_correction.bias"), tensor)]


def convert(folder, output, blocks=None, packed=True):
    """Writes the model in a Hugging Face folder as GGUF; see Converter."""
    kind = gguf.GGMLQuantizationType[blocks] if blocks else None
    converter = Converter(folder, json.loads((folder / "config.json").read_text()), output, kind, packed)
    if (folder / "tokenizer.json").exists():
        add_tokenizer(converter.writer, folder)
    if (folder / "1_Pooling").exists():
        converter.writer.add_pooling_type(gguf.PoolingType.MEAN)
    converter.write()
