# SPDX-License-Identifier: Apache-2.0
"""Keys ``ARCHITECTURE.*`` of a GGUF file that change nothing, and the refusal of all others that nobody reads.

A key that a configuration does not ask for may say that the network is another one, so it is refused by its name, as
keys of config.json are. Passed over are those that llama.cpp does not look at in these families either, and those that
say "none": llama.cpp's model saver writes the keys of all its architectures, with what they are where there is nothing.

Sources: llama.cpp's converters and gguf-py, of the years 2023 to 2026, its llama-model-saver.cpp with the defaults of
llama-hparams.h, and ggml's docs/gguf.md.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np

from taleproof.errors import UnknownSettingError
from taleproof.formats import ModelFile, Value


Accepted = tuple[bool | int | float | str, ...] | None
"""The values of a key that change nothing; None if none does."""

_NO_TOKEN = (-1, (1 << 32) - 1)
"""How llama.cpp writes that there is no such token, as a signed and as an unsigned number."""

_UNREAD = """
    vocab_size use_parallel_residual classifier.output_labels rope.scaling.finetuned
    attention.layer_norm_epsilon attention.layer_norm_rms_epsilon attention.group_norm_epsilon
"""
"""What no network of these families depends on. The vocabulary's size is the embedding's; early converters wrote for
every model that its residuals are parallel, and later ones each epsilon that a config.json has.
"""

_NONE = """
    expert_count expert_used_count expert_shared_count expert_group_count expert_group_used_count experts_per_group
    expert_feed_forward_length expert_shared_feed_forward_length expert_chunk_feed_forward_length expert_latent_length
    expert_weights_scale expert_weights_norm expert_gating_func moe_every_n_layers moe_latent_size
    interleave_moe_layer_step leading_dense_block_count nextn_predict_layers n_deepstack_layers
    embedding_length_out embedding_scale swin_norm rescale_every_n_layers time_mix_extra_dim time_decay_extra_dim
    token_shift_count decoder_block_count swiglu_clamp_exp swiglu_clamp_shexp

    attention.max_alibi_bias attention.clamp_kqv attention.scale attention.output_scale attention.value_scale
    attention.sliding_window attention.relative_buckets_count attention.temperature_length attention.temperature_scale
    attention.group_norm_groups attention.shared_kv_layers attention.recurrent_layers
    attention.q_lora_rank attention.kv_lora_rank attention.decay_lora_rank attention.iclr_lora_rank
    attention.value_residual_mix_lora_rank attention.gate_lora_rank attention.key_length_mla attention.value_length_mla
    attention.indexer.head_count attention.indexer.key_length attention.indexer.top_k

    rope.dimension_sections rope.scaling.alpha rope.scaling.yarn_log_multiplier

    ssm.conv_kernel ssm.inner_size ssm.state_size ssm.time_step_rank ssm.group_count ssm.dt_b_c_rms kda.head_dim
    wkv.head_size shortconv.l_cache posnet.embedding_length posnet.block_count convnext.embedding_length
    convnext.block_count dense_2_feat_in dense_2_feat_out dense_3_feat_in dense_3_feat_out
"""
"""Keys of other architectures, which say that there is nothing of theirs: 0, or false."""

HARMLESS: Mapping[str, Accepted] = MappingProxyType(
    {
        **dict.fromkeys(_UNREAD.split(), None),
        **dict.fromkeys(_NONE.split(), (0, False)),
        "attention.causal": (True,),
        "attn_logit_softcapping": (0, 50),  # 50 and 30 are what llama.cpp has where no score is capped
        "router_logit_softcapping": (0, 30),
        "final_logit_softcapping": (0, 30),
        "decoder_start_token_id": _NO_TOKEN,
        "logit_scale": (0, 1),
        "residual_scale": (0, 1),
        "pooling_type": (0, *_NO_TOKEN),
        "rope.scale": (1,),  # its name in the format's first description
        "rope.scaling.yarn_attn_factor": (1,),
        "rope.scaling.yarn_ext_factor": (1, -1),
        "tensor_data_layout": ("reference", "Meta AI original pth"),
        "token_shift_count": (0, 2),
    }
)
"""By name, without the architecture's before it."""

_SAME = {
    "attention.key_length_swa": "attention.key_length",
    "attention.value_length_swa": "attention.value_length",
    "rope.dimension_count_swa": "rope.dimension_count",
    "rope.freq_base_swa": "rope.freq_base",
}
"""Keys of local layers, which may say what is said of all."""

UNROTATED: Mapping[str, Accepted] = MappingProxyType(
    dict.fromkeys(
        f"rope.{name}"
        for name in (
            *("dimension_count", "dimension_count_swa", "freq_base", "freq_base_swa", "scale_linear", "scaling.type"),
            *("scaling.factor", "scaling.attn_factor", "scaling.original_context_length"),
            *("scaling.yarn_beta_fast", "scaling.yarn_beta_slow"),
        )
    )
)
"""What says nothing in a network that has no rotary positions."""


class TrackedKeys(Mapping[str, Value]):
    """Metadata that notes which keys are asked for."""

    def __init__(self, metadata: Mapping[str, Value]) -> None:
        self._metadata = metadata
        self.used: set[str] = set()

    def __getitem__(self, key: str) -> Value:
        """Return a key's value."""
        self.used.add(key)
        return self._metadata[key]

    def __iter__(self) -> Iterator[str]:
        """Go through the keys' names."""
        return iter(self._metadata)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._metadata)


def refuse_unknown(file: ModelFile, used: set[str], harmless: Mapping[str, Accepted]) -> None:
    """Refuse a key of the file's architecture that was not asked for, and is not known to change nothing.

    Parameters
    ----------
    harmless : the architecture's own, before HARMLESS.

    Raises
    ------
    UnknownSettingError
    """
    prefix = f"{file.architecture}."
    known = {**HARMLESS, **harmless}
    for key, value in file.metadata.items():
        name = key.removeprefix(prefix)
        if not key.startswith(prefix) or key in used:
            continue
        same = _SAME.get(name)
        if same is not None and _is(value, file.metadata.get(prefix + same)):
            continue
        if name not in known:
            raise UnknownSettingError(file.name, key[:80], value, "this key is not known for models of this type")
        accepted = known[name]
        if accepted is not None and not _all_are(value, accepted):
            said = " or ".join(str(choice) for choice in accepted)
            raise UnknownSettingError(file.name, key, value, f"{said} is run in models of this type")


def _all_are(value: Value, choices: tuple[bool | int | float | str, ...]) -> bool:
    """Return whether a value, or each number of an array, is one of the choices."""
    if isinstance(value, np.ndarray):
        return bool(np.logical_or.reduce([value == choice for choice in choices]).all())
    return value == [] or any(_is(value, choice) for choice in choices)


def _is(value: object, choice: object) -> bool:
    """Return whether two values are the same: truth values are no numbers."""
    if isinstance(value, np.ndarray | list):
        return False
    return isinstance(value, bool) == isinstance(choice, bool) and value == choice
