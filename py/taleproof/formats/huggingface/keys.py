# SPDX-License-Identifier: Apache-2.0
"""The keys of a config.json that say nothing of the network, whatever the model type.

They are those of transformers' configuration classes, and of what older versions of these wrote. The keys that make a
network are each architecture's own (models/). A key that is among neither is refused by its name, because the network
would be another one than the one that is run.
"""

from collections.abc import Mapping
from types import MappingProxyType


Defaults = Mapping[str, object]
"""Keys that are read, each with its value where it is absent."""

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
