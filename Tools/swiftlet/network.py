"""The network: its configuration, and the folder it is written to."""

import json
import os

import torch


def make_config(vocab, ids):
    from transformers import Qwen3NextConfig

    return Qwen3NextConfig(
        vocab_size=vocab,
        hidden_size=160,
        intermediate_size=320,
        num_hidden_layers=8,
        num_attention_heads=5,
        num_key_value_heads=1,
        head_dim=32,
        linear_conv_kernel_dim=4,
        linear_key_head_dim=32,
        linear_value_head_dim=32,
        linear_num_key_heads=4,
        linear_num_value_heads=8,
        moe_intermediate_size=64,
        shared_expert_intermediate_size=128,
        num_experts=16,
        num_experts_per_tok=4,
        norm_topk_prob=True,
        decoder_sparse_step=1,
        mlp_only_layers=[],
        router_aux_loss_coef=0.001,
        output_router_logits=False,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.25},
        max_position_embeddings=4096,
        rms_norm_eps=1e-6,
        tie_word_embeddings=True,
        initializer_range=0.02,
        bos_token_id=None,
        eos_token_id=ids["<|im_end|>"],
        pad_token_id=ids["<|endoftext|>"],
    )


def export(model, folder, tokenizer):
    """Writes the folder as Hugging Face does: config, generation config, BF16 weights by their published names."""
    import copy
    import shutil

    from transformers import GenerationConfig

    m = copy.deepcopy(model).to(torch.bfloat16)
    m.config.dtype = torch.bfloat16
    m.generation_config = GenerationConfig()  # tidy writes the shipped one
    m.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if not os.path.exists(os.path.join(folder, name)):
            shutil.copy(os.path.join(tokenizer, name), folder)
    tidy(folder)


def tidy(folder):
    """Adds the keys that readers of the published Qwen3-Next config look for, and drops what says nothing."""
    path = os.path.join(folder, "config.json")
    with open(path) as f:
        config = json.load(f)
    rope = config["rope_parameters"]
    config.update(
        rope_theta=rope["rope_theta"],
        partial_rotary_factor=rope["partial_rotary_factor"],
        rope_scaling=None,
        full_attention_interval=4,
        torch_dtype="bfloat16",
    )
    import safetensors

    with safetensors.safe_open(os.path.join(folder, "model.safetensors"), "pt") as f:
        if "mtp.fc.weight" in f.keys():
            config["num_nextn_predict_layers"] = 1
    with open(path, "w") as f:
        json.dump(config, f, indent=2)
        f.write("\n")
    with open(os.path.join(folder, "generation_config.json"), "w") as f:
        json.dump(
            {
                "do_sample": True,
                "temperature": 0.2,
                "top_p": 0.9,
                "top_k": 20,
                "eos_token_id": config["eos_token_id"],
                "pad_token_id": config["pad_token_id"],
            },
            f,
            indent=2,
        )
        f.write("\n")
