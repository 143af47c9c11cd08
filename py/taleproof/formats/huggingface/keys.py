# SPDX-License-Identifier: Apache-2.0
"""The keys of config.json that make a network, by model type, each with the value that it has where it is absent.

They are those of transformers' configuration classes, and of what older versions of these wrote. An absent key is not
null: transformers has a default for it. tests/fixtures/transformers_configs.json is what the pinned transformers says
of itself, and a test compares these tables with it, so that no key and no default is forgotten.

A key that stands neither here nor among those that say nothing of the network is refused by its name, because the
network would be another one than the one that is run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


Defaults = Mapping[str, object]


@dataclass(frozen=True)
class Family:
    """What is known of a model type.

    Attributes
    ----------
    architecture : GGUF's name of it.
    defaults : keys that are read, each with its value where it is absent.
    fixed : keys of which only these values are run; the first one is that of an absent key.
    """

    architecture: str
    defaults: Defaults
    fixed: Mapping[str, tuple[object, ...]] = field(default_factory=dict)


_SHAPE: Defaults = {
    "head_dim": None,
    "num_key_value_heads": None,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
    "layer_types": None,
    "rope_parameters": None,
    "rope_scaling": None,
    "rope_theta": 10_000.0,
    "partial_rotary_factor": None,
}
"""What decoders share."""

_GEMMA: Defaults = {
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "tie_word_embeddings": True,
    "attention_bias": False,
    "query_pre_attn_scalar": 256,
    "sliding_window": 4096,
}
_GEMMA_FIXED = {
    "hidden_activation": ("gelu_pytorch_tanh",),
    "hidden_act": ("gelu_pytorch_tanh", "gelu"),  # of Gemma 1's time, and not looked at since
}

_QWEN: Defaults = {
    "vocab_size": 151_936,
    "hidden_size": 4096,
    "intermediate_size": 22_016,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "max_position_embeddings": 32_768,
    "use_sliding_window": False,
    "sliding_window": 4096,
    "max_window_layers": 28,
}

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "bert": Family(
            "bert",
            {
                "vocab_size": 30_522,
                "hidden_size": 768,
                "intermediate_size": 3072,
                "num_hidden_layers": 12,
                "num_attention_heads": 12,
                "max_position_embeddings": 512,
                "type_vocab_size": 2,
                "layer_norm_eps": 1e-12,
                "tie_word_embeddings": True,  # of a head that an encoder of texts does not have
            },
            {
                "hidden_act": ("gelu",),
                "position_embedding_type": ("absolute",),
                "is_decoder": (False,),
                "add_cross_attention": (False,),
            },
        ),
        "gemma2": Family(
            "gemma2",
            {
                **_SHAPE,
                **_GEMMA,
                "vocab_size": 256_000,
                "max_position_embeddings": 8192,
                "attn_logit_softcapping": 50.0,
                "final_logit_softcapping": 30.0,
            },
            {**_GEMMA_FIXED, "use_bidirectional_attention": (None, False)},
        ),
        "gemma3_text": Family(
            "gemma3",
            {
                **_SHAPE,
                **_GEMMA,
                "vocab_size": 262_208,
                "max_position_embeddings": 131_072,
                "final_logit_softcapping": None,
                "rope_theta": 1_000_000.0,
                "rope_local_base_freq": 10_000.0,
                "sliding_window_pattern": 6,
                "_sliding_window_pattern": None,
            },
            {**_GEMMA_FIXED, "attn_logit_softcapping": (None,), "use_bidirectional_attention": (False,)},
        ),
        "llama": Family(
            "llama",
            {
                **_SHAPE,
                "vocab_size": 32_000,
                "hidden_size": 4096,
                "intermediate_size": 11_008,
                "num_hidden_layers": 32,
                "num_attention_heads": 32,
                "max_position_embeddings": 2048,
                "attention_bias": False,
                "mlp_bias": False,
            },
            {"hidden_act": ("silu",), "rope_interleaved": (False,)},
        ),
        "mistral": Family(
            "llama",
            {
                **_SHAPE,
                "vocab_size": 32_000,
                "hidden_size": 4096,
                "intermediate_size": 14_336,
                "num_hidden_layers": 32,
                "num_attention_heads": 32,
                "num_key_value_heads": 8,
                "max_position_embeddings": 131_072,
                "sliding_window": 4096,
            },
            {"hidden_act": ("silu",)},
        ),
        "phi": Family(
            "phi2",
            {
                **{key: value for key, value in _SHAPE.items() if key != "rms_norm_eps"},
                "vocab_size": 51_200,
                "hidden_size": 2048,
                "intermediate_size": 8192,
                "num_hidden_layers": 24,
                "num_attention_heads": 32,
                "max_position_embeddings": 2048,
                "layer_norm_eps": 1e-5,
                "partial_rotary_factor": 0.5,
            },
            {"hidden_act": ("gelu_new",), "qk_layernorm": (False,)},
        ),
        "phi3": Family(
            "phi3",
            {
                **_SHAPE,
                "vocab_size": 32_064,
                "hidden_size": 3072,
                "intermediate_size": 8192,
                "num_hidden_layers": 32,
                "num_attention_heads": 32,
                "max_position_embeddings": 4096,
                "original_max_position_embeddings": 4096,
                "rms_norm_eps": 1e-5,
                "sliding_window": None,
                "partial_rotary_factor": 1.0,
            },
            {
                "hidden_act": ("silu",),
                "attention_bias": (False,),
                "mlp_bias": (False,),
                "lm_head_bias": (False,),
                "full_attn_mod": (1,),
                "interpolate_factor": (1,),
            },
        ),
        "qwen2": Family("qwen2", {**_SHAPE, **_QWEN}, {"hidden_act": ("silu",), "use_mrope": (False,)}),
        "qwen3": Family(
            "qwen3", {**_SHAPE, **_QWEN, "head_dim": 128, "attention_bias": False}, {"hidden_act": ("silu",)}
        ),
        "smollm3": Family(
            "smollm3",
            {
                **_SHAPE,
                "vocab_size": 128_256,
                "hidden_size": 2048,
                "intermediate_size": 11_008,
                "num_hidden_layers": 36,
                "num_attention_heads": 16,
                "num_key_value_heads": 4,
                "max_position_embeddings": 32_768,
                "tie_word_embeddings": True,
                "attention_bias": False,
                "mlp_bias": False,
                "rope_theta": 2_000_000.0,
                "use_sliding_window": False,
                "sliding_window": None,
                "max_window_layers": 28,
                "no_rope_layers": None,
                "no_rope_layer_interval": 4,
            },
            {"hidden_act": ("silu",)},
        ),
        "t5": Family(
            "t5",
            {
                "vocab_size": 32_128,
                "d_model": 512,
                "d_kv": 64,
                "d_ff": 2048,
                "num_layers": 6,
                "num_decoder_layers": None,
                "num_heads": 8,
                "relative_attention_num_buckets": 32,
                "relative_attention_max_distance": 128,
                "layer_norm_epsilon": 1e-6,
                "n_positions": 512,
                "decoder_start_token_id": 0,
                "tie_word_embeddings": True,
                "dense_act_fn": None,
                "is_gated_act": None,
            },
            {
                "feed_forward_proj": ("relu", "gated-gelu"),
                "is_decoder": (False,),
                "is_encoder_decoder": (True,),
            },
        ),
    }
)
"""By model_type."""

ROPE: Defaults = MappingProxyType(
    {
        "rope_type": None,
        "type": "default",  # its name before rope_type
        "rope_theta": None,
        "partial_rotary_factor": None,
        "factor": None,
        "original_max_position_embeddings": None,
        "attention_factor": None,
        "beta_fast": None,
        "beta_slow": None,
        "mscale": None,
        "mscale_all_dim": None,
        "truncate": True,
        "short_factor": None,
        "long_factor": None,
        "low_freq_factor": None,
        "high_freq_factor": None,
    }
)
"""What rope_parameters, or rope_scaling, may have. Each kind looks at its own keys only, here as in transformers."""

_HARMLESS = """
    model_type architectures auto_map dtype torch_dtype transformers_version tokenizer_class name_or_path _name_or_path
    _commit_hash model_max_length max_sequence_length transformers.js_config is_llama_config unsloth_fixed
    unsloth_version finetuning_task neftune_noise_alpha

    attention_dropout attention_probs_dropout_prob hidden_dropout_prob classifier_dropout dropout_rate embd_pdrop
    resid_pdrop initializer_range initializer_factor gradient_checkpointing pretraining_tp chunk_size_feed_forward

    id2label label2id num_labels problem_type task_specific_params prefix

    use_cache output_attentions output_hidden_states output_past return_dict torchscript tf_legacy_loss use_bfloat16
    attn_implementation _attn_implementation _attn_implementation_autoset _flash_attn_2_enabled
    cache_implementation

    bos_token_id eos_token_id pad_token_id unk_token_id sep_token_id cls_token_id mask_token_id decoder_start_token_id
    forced_bos_token_id forced_eos_token_id

    assistant_confidence_threshold assistant_lookbehind bad_words_ids begin_suppress_tokens diversity_penalty do_sample
    early_stopping encoder_no_repeat_ngram_size encoder_repetition_penalty epsilon_cutoff eta_cutoff
    exponential_decay_length_penalty length_penalty max_length max_new_tokens min_length no_repeat_ngram_size
    num_assistant_tokens num_assistant_tokens_schedule num_beam_groups num_beams num_return_sequences output_scores
    remove_invalid_values repetition_penalty return_dict_in_generate suppress_tokens target_lookbehind temperature top_k
    top_p typical_p

    finetuned
"""

HARMLESS = frozenset(_HARMLESS.split())
"""Keys that say nothing of the network: where a model comes from, how it was trained, how its files are run, which
tokens are special, how texts are drawn by default, and, of frequencies, whether they were trained so.
"""

EVERYWHERE: Mapping[str, tuple[object, ...]] = MappingProxyType({"pruned_heads": ({},), "is_encoder_decoder": (False,)})
"""Keys of any model type of which only these values are run, where the type does not say otherwise."""
