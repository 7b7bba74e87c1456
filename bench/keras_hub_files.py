"""Models of KerasHub's layers, as Keras writes and counts them, for tests that need neither.

    KERAS_BACKEND=numpy python bench/keras_hub_files.py tests/readers/keras_json/keras_hub.json

Needs keras-hub, without what its tokenizers need of TensorFlow. Each model is written with the names, classes, output
shapes and weights of its layers, as they are in Keras.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from keras_hub_backbones import BACKBONES as BACKBONES_OF_ALL
from keras_hub_backbones import built, written

os.environ.setdefault("KERAS_BACKEND", "numpy")
warnings.simplefilter("ignore")

_SIZES = {"intermediate_dim": 30, "num_query_heads": 6, "num_key_value_heads": 2}
_GEMMA = {**_SIZES, "hidden_dim": 24, "head_dim": 10}
_BLOCK = {"intermediate_dim": 30, "num_heads": 4}
_ENCODER = {**_BLOCK, "vocabulary_size": 50, "embedding_dim": 24, "hidden_dim": 24, "num_layers": 2}
_LAYERS = "layers"

#: Those whose second input is given by its place.
_TWO = (
    "TransformerDecoder",
    "WhisperDecoder",
    "CachedMultiHeadAttention",
    "MaskedLMHead",
    "DisentangledAttentionEncoder",
)

#: A layer: where it is, its fields, and the shapes of what it is called on by name.
LAYERS: list[tuple[str, str, dict[str, Any], dict[str, tuple[Any, ...]]]] = [
    (_LAYERS, "TransformerEncoder", {**_BLOCK, "dropout": 0.1}, {"inputs": (16, 25)}),
    (
        _LAYERS,
        "TransformerEncoder",
        {**_BLOCK, "activation": "gelu", "normalize_first": True},
        {"inputs": (16, 24), "padding_mask": (16,), "attention_mask": (16, 16)},
    ),
    (_LAYERS, "TransformerDecoder", _BLOCK, {"decoder_sequence": (16, 24)}),
    (
        _LAYERS,
        "TransformerDecoder",
        {**_BLOCK, "normalize_first": True},
        {"decoder_sequence": (16, 24), "encoder_sequence": (9, 20), "encoder_padding_mask": (9,)},
    ),
    (_LAYERS, "PositionEmbedding", {"sequence_length": 20}, {"inputs": (16, 24)}),
    (
        _LAYERS,
        "TokenAndPositionEmbedding",
        {"vocabulary_size": 50, "sequence_length": 20, "embedding_dim": 24},
        {"inputs": (16,)},
    ),
    (
        _LAYERS,
        "TokenAndPositionEmbedding",
        {"vocabulary_size": 50, "sequence_length": 20, "embedding_dim": 24, "tie_weights": False, "mask_zero": True},
        {"inputs": (16,)},
    ),
    (_LAYERS, "SinePositionEncoding", {}, {"inputs": (16, 24)}),
    (_LAYERS, "RotaryEmbedding", {}, {"inputs": (16, 4, 6)}),
    (_LAYERS, "RotaryEmbedding", {"sequence_axis": 2, "feature_axis": -1}, {"inputs": (4, 16, 6)}),
    (_LAYERS, "AlibiBias", {}, {"attention_scores": (6, 16, 16)}),
    (_LAYERS, "ReversibleEmbedding", {"input_dim": 50, "output_dim": 24}, {"inputs": (16,)}),
    (_LAYERS, "ReversibleEmbedding", {"input_dim": 50, "output_dim": 24, "tie_weights": False}, {"inputs": (16,)}),
    (
        _LAYERS,
        "CachedMultiHeadAttention",
        {"num_heads": 4, "key_dim": 5, "value_dim": 7, "use_bias": False},
        {"query": (16, 24), "value": (9, 20)},
    ),
    (_LAYERS, "FNetEncoder", {"intermediate_dim": 30, "dropout": 0.1}, {"inputs": (16, 25)}),
    (_LAYERS, "MaskedLMHead", {"vocabulary_size": 50}, {"inputs": (16, 24), "mask_positions": (5,)}),
    (
        _LAYERS,
        "MaskedLMHead",
        {"vocabulary_size": 50, "intermediate_activation": "gelu", "activation": "softmax"},
        {"inputs": (16, 24), "mask_positions": (5,)},
    ),
    ("whisper.whisper_encoder", "WhisperEncoder", _BLOCK, {"inputs": (16, 24)}),
    (
        "whisper.whisper_decoder",
        "WhisperDecoder",
        {**_BLOCK, "normalize_first": True},
        {"decoder_sequence": (7, 24), "encoder_sequence": (9, 24)},
    ),
    ("mistral.mistral_transformer_decoder", "MistralTransformerDecoder", _SIZES, {"decoder_sequence": (16, 24)}),
    (
        "mistral.mistral_transformer_decoder",
        "MistralTransformerDecoder",
        {**_SIZES, "head_dim": 10},
        {"decoder_sequence": (16, 24), "decoder_padding_mask": (16,)},
    ),
    ("qwen.qwen_decoder", "QwenTransformerDecoder", _SIZES, {"decoder_sequence": (16, 24)}),
    ("phi3.phi3_decoder", "Phi3Decoder", {**_SIZES, "hidden_dim": 24}, {"decoder_sequence": (16, 24)}),
    ("gemma.gemma_decoder_block", "GemmaDecoderBlock", _GEMMA, {"x": (16, 24)}),
    (
        "gemma.gemma_decoder_block",
        "GemmaDecoderBlock",
        {**_GEMMA, "use_post_ffw_norm": True, "use_post_attention_norm": True, "logit_soft_cap": 30},
        {"x": (16, 24), "padding_mask": (16,)},
    ),
    ("gemma3.gemma3_decoder_block", "Gemma3DecoderBlock", _GEMMA, {"x": (16, 24)}),
    (
        "gemma3.gemma3_decoder_block",
        "Gemma3DecoderBlock",
        {**_GEMMA, "use_query_key_norm": True, "gate_dim_reduction": 1, "use_post_ffw_norm": True},
        {"x": (16, 24)},
    ),
    (
        "falcon.falcon_transformer_decoder",
        "FalconTransformerDecoder",
        {"num_attention_heads": 6, "intermediate_dim": 30},
        {"inputs": (16, 24)},
    ),
    ("bloom.bloom_decoder", "BloomDecoder", _BLOCK, {"decoder_sequence": (16, 24)}),
    ("gpt_neo_x.gpt_neo_x_decoder", "GPTNeoXDecoder", _BLOCK, {"decoder_sequence": (16, 24)}),
    (
        "vit.vit_layers",
        "ViTPatchingAndEmbedding",
        {"image_size": (32, 48), "patch_size": (8, 16), "hidden_dim": 24},
        {"inputs": (32, 48, 3)},
    ),
    (
        "vit.vit_layers",
        "ViTPatchingAndEmbedding",
        {"image_size": (32, 32), "patch_size": (8, 8), "hidden_dim": 24, "use_class_token": False},
        {"inputs": (32, 32, 3)},
    ),
    (
        "vit.vit_layers",
        "ViTEncoder",
        {"num_layers": 2, "num_heads": 6, "hidden_dim": 24, "mlp_dim": 30, "use_mlp_bias": False},
        {"inputs": (17, 24)},
    ),
    (
        "clip.clip_layers",
        "CLIPVisionEmbedding",
        {"hidden_dim": 24, "patch_size": 8, "image_size": 32},
        {"inputs": (32, 32, 3)},
    ),
    (
        "clip.clip_layers",
        "CLIPEncoderLayer",
        {"hidden_dim": 24, "num_heads": 6, "intermediate_dim": 30},
        {"x": (16, 24)},
    ),
    ("clip.clip_text_encoder", "CLIPTextEncoder", _ENCODER, {"token_ids": (None,)}),
    (
        "mistral.mistral_layer_norm",
        "MistralLayerNormalization",
        {},
        {"x": (16, 24)},
    ),
    (
        "sam.sam_prompt_encoder",
        "SAMPromptEncoder",
        {"hidden_size": 16, "image_embedding_size": (8, 8), "input_image_size": (128, 128)},
        {"points": (None, 2), "labels": (None,)},
    ),
    (
        "dinov2.dinov2_layers",
        "DINOV2Encoder",
        {"num_layers": 2, "hidden_dim": 24, "num_heads": 4, "intermediate_dim": 31, "use_swiglu_ffn": True},
        {"inputs": (16, 24)},
    ),
    (
        "dinov2.dinov2_layers",
        "DINOV2Embedding",
        {
            "hidden_dim": 24,
            "patch_size": 8,
            "image_shape": (32, 32),
            "num_register_tokens": 3,
            "use_mask_token": False,
            "position_embedding_shape": (40, 40),
        },
        {"inputs": (32, 32, 3)},
    ),
    ("llama.llama_decoder", "LlamaTransformerDecoder", _SIZES, {"decoder_sequence": (16, 24)}),
    (
        "mixtral.mixtral_decoder",
        "MixtralTransformerDecoder",
        {**_SIZES, "num_experts": 5},
        {"decoder_sequence": (16, 24), "decoder_padding_mask": (16,)},
    ),
    (
        "pali_gemma.pali_gemma_decoder_block",
        "PaliGemmaDecoderBlock",
        {**_GEMMA, "use_post_ffw_norm": True},
        {"x": (16, 24), "padding_mask": (16,)},
    ),
    (
        "pali_gemma.pali_gemma_vit",
        "PaliGemmaVit",
        {
            "image_size": 32,
            "patch_size": 8,
            "num_heads": 2,
            "hidden_dim": 8,
            "num_layers": 2,
            "intermediate_dim": 12,
            "num_classes": 5,
            "pooling": "gap",
            "classifier_activation": "softmax",
        },
        {"images": (32, 32, 3)},
    ),
    (
        "deberta_v3.disentangled_attention_encoder",
        "DisentangledAttentionEncoder",
        {**_BLOCK, "bucket_size": 6, "activation": "gelu"},
        {"inputs": (16, 24), "rel_embeddings": (12, 24)},
    ),
    (
        "efficientnet.fusedmbconv",
        "FusedMBConvBlock",
        {
            "input_filters": 8,
            "output_filters": 8,
            "se_ratio": 0.25,
            "projection_activation": "relu",
            "projection_kernel_size": 3,
            "dropout": 0.1,
        },
        {"inputs": (17, 19, 8)},
    ),
    (
        "efficientnet.mbconv",
        "MBConvBlock",
        {"input_filters": 8, "output_filters": 12, "expand_ratio": 1, "kernel_size": 5, "strides": 2},
        {"inputs": (17, 19, 8)},
    ),
    (
        "efficientnet.mbconv",
        "MBConvBlock",
        {"input_filters": 8, "output_filters": 8, "expand_ratio": 6, "se_ratio": 0.25, "nores": True},
        {"inputs": (17, 19, 8)},
    ),
    (
        "mobilenet.mobilenet_backbone",
        "DepthwiseConvBlock",
        {"infilters": 8, "filters": 12, "name": "block"},
        {"inputs": (17, 19, 8)},
    ),
    (
        "deeplab_v3.deeplab_v3_layers",
        "SpatialPyramidPooling",
        {"dilation_rates": [2, 3], "num_channels": 6, "dropout": 0.1},
        {"inputs": (17, 19, 8)},
    ),
    (
        "mit.mit_layers",
        "OverlappingPatchingAndEmbedding",
        {"project_dim": 6, "patch_size": 7, "stride": 4},
        {"x": (33, 35, 3)},
    ),
    (
        "vit_det.vit_layers",
        "WindowedTransformerEncoder",
        {
            "project_dim": 24,
            "intermediate_dim": 30,
            "num_heads": 4,
            "use_bias": False,
            "use_rel_pos": True,
            "input_size": (6, 6),
        },
        {"x": (6, 6, 24)},
    ),
]
#: Those of `keras_hub_backbones.BACKBONES` whose layers are KerasHub's own, each once.
BACKBONES = (
    "AlbertBackbone",
    "BertBackbone",
    "RobertaBackbone",
    "DistilBertBackbone",
    "ElectraBackbone",
    "GPT2Backbone",
    "OPTBackbone",
    "BartBackbone",
    "FNetBackbone",
    "WhisperBackbone",
    "T5Backbone",
    "T5Backbone without gates",
    "DebertaV3Backbone",
    "LlamaBackbone",
    "Llama3Backbone",
    "MistralBackbone",
    "MixtralBackbone",
    "Phi3Backbone",
    "QwenBackbone",
    "QwenBackbone with two tables",
    "QwenMoeBackbone",
    "Qwen3MoeBackbone",
    "GptOssBackbone",
    "ESMBackbone",
    "ESMBackbone normalised before",
    "RoformerV2Backbone",
    "GemmaBackbone",
    "Gemma3Backbone",
    "PaliGemmaBackbone",
    "FalconBackbone",
    "BloomBackbone",
    "GPTNeoXBackbone",
    "ViTBackbone",
    "ViTDetBackbone",
    "SAMBackbone",
    "SigLIPBackbone",
    "DINOV2Backbone",
    "CLIPBackbone",
    "EfficientNetBackbone",
    "MobileNetBackbone",
)


#: Those of `keras_hub_backbones.BACKBONES` that have a rule as one layer of another model.
NESTED = (
    "BertBackbone",
    "DistilBertBackbone",
    "RobertaBackbone",
    "XLMRobertaBackbone",
    "GPT2Backbone",
    "OPTBackbone",
    "LlamaBackbone",
    "MistralBackbone",
    "QwenBackbone",
    "QwenBackbone with two tables",
    "GemmaBackbone",
    "ViTBackbone",
)


def _class(module: str, name: str) -> Any:
    if module == _LAYERS:
        return getattr(importlib.import_module("keras_hub").layers, name)
    return getattr(importlib.import_module(f"keras_hub.src.models.{module}"), name)


def main(path: str) -> None:
    """Write all of them."""
    import keras

    found = []
    for module, name, fields, inputs in LAYERS:
        keras.utils.clear_session()
        layer = _class(module, name)(**fields)
        if name == "LlamaTransformerDecoder":
            layer.rope_scaling_factor = 1.0  # which keras-hub 0.32.0 asks for when it writes one, and never sets
        tensors = {key: keras.Input(shape, name=key) for key, shape in inputs.items()}
        first, *rest = tensors.items()
        placed = [first[1]]
        named = dict(rest)
        if name == "SAMPromptEncoder":
            placed, named = [], tensors
        if name in _TWO and rest:
            placed.append(named.pop(rest[0][0]))
        found.append(written(keras.Model(list(tensors.values()), layer(*placed, **named))))
    for name in BACKBONES:
        keras.utils.clear_session()
        found.append({"backbone": name, **written(built(name))})
    for name in NESTED:
        keras.utils.clear_session()
        backbone = BACKBONES_OF_ALL[name].built()
        given = (
            {key: keras.Input(one.shape[1:], dtype=one.dtype, name=key) for key, one in backbone.input.items()}
            if isinstance(backbone.input, dict)
            else keras.Input(backbone.input.shape[1:], name="images")
        )
        outputs = [keras.layers.Dense(3)(one) for one in keras.tree.flatten(backbone(given))]
        found.append({"nested": name, **written(keras.Model(given, outputs))})
    Path(path).write_text(
        "[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in found) + "\n]\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1])
