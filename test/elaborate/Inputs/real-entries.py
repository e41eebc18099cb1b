"""real-entries.py GOLDENS: small checkpoints, with the entries that configs of published models have besides.

Each must become a module: an entry that says nothing about the mathematics is no reason to refuse a model.
"""
import json, os, subprocess, sys, tempfile

GENERATION = {"max_length": 512, "min_length": 56, "num_beams": 4, "early_stopping": True, "length_penalty": 2.0,
              "no_repeat_ngram_size": 3, "prefix": " ", "bad_words_ids": [[58100]], "forced_bos_token_id": 0}
OLD = {"_num_labels": 3, "add_bias_logits": False, "add_final_layer_norm": False, "classif_dropout": 0.1,
       "gradient_checkpointing": False, "normalize_before": False, "output_past": True}
ENTRIES = {
    "bart": {**OLD, **GENERATION, "normalize_embedding": True, "static_position_embeddings": False},
    "bert": {"gradient_checkpointing": False, "_name_or_path": "x", "finetuning_task": "mrpc", "pooler_type": "first_token_transform"},
    "cohere": {"model_max_length": 131072, "pretraining_tp": 1},
    "gemma2": {"cache_implementation": "hybrid", "hidden_act": "gelu_pytorch_tanh"},
    "gpt_oss": {"quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": ["x"]},
                "initial_context_length": 4096, "experts_per_token": 2},
    "llama-tied-bias": {"is_llama_config": True, "rope_interleaved": False, "pretraining_tp": 1,
                        "transformers.js_config": {"dtype": "q4"}},
    "marian": {**OLD, **GENERATION, "normalize_embedding": False, "static_position_embeddings": True},
    "modernbert": {"layer_norm_eps": 1e-5, "position_embedding_type": "absolute", "gradient_checkpointing": False},
    "qwen2": {"use_mrope": False},
    "roberta": {"model_type": "xlm-roberta", "output_past": True},
    "t5-v1_1": {"output_past": True, "n_positions": 512},
}

made = 0
for name, entries in ENTRIES.items():
    folder = os.path.join(os.path.abspath(sys.argv[1]), name)
    with open(os.path.join(folder, "config.json")) as file:
        config = {**json.load(file), **entries}
    with tempfile.TemporaryDirectory() as place:
        os.symlink(os.path.join(folder, "model.safetensors"), os.path.join(place, "model.safetensors"))
        with open(os.path.join(place, "config.json"), "w") as file:
            json.dump(config, file)
        run = subprocess.run(["heddle-elaborate", "--quiet", "-", place], capture_output=True, text=True)
    if run.returncode == 0:
        made += 1
    else:
        print(name, run.stderr)
print("refused:", len(ENTRIES) - made)
