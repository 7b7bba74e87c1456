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

os.environ.setdefault("KERAS_BACKEND", "numpy")
warnings.simplefilter("ignore")

_SIZES = {"intermediate_dim": 30, "num_query_heads": 6, "num_key_value_heads": 2}
_GEMMA = {**_SIZES, "hidden_dim": 24, "head_dim": 10}
_BLOCK = {"intermediate_dim": 30, "num_heads": 4}
_LAYERS = "layers"

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
]
_TEXT = {"num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12, "dropout": 0.1}
_DECODING = {"num_layers": 2, "num_query_heads": 4, "hidden_dim": 8, "intermediate_dim": 12, "num_key_value_heads": 2}
#: A backbone: its module, its class and its fields.
BACKBONES: list[tuple[str, str, dict[str, Any]]] = [
    ("bert.bert_backbone", "BertBackbone", {"vocabulary_size": 50, "max_sequence_length": 16, **_TEXT}),
    ("roberta.roberta_backbone", "RobertaBackbone", {"vocabulary_size": 50, "max_sequence_length": 16, **_TEXT}),
    (
        "distil_bert.distil_bert_backbone",
        "DistilBertBackbone",
        {"vocabulary_size": 50, "max_sequence_length": 16, **_TEXT},
    ),
    ("gpt2.gpt2_backbone", "GPT2Backbone", {"vocabulary_size": 50, "max_sequence_length": 16, **_TEXT}),
    ("opt.opt_backbone", "OPTBackbone", {"vocabulary_size": 50, "max_sequence_length": 16, **_TEXT}),
    ("bart.bart_backbone", "BartBackbone", {"vocabulary_size": 50, "max_sequence_length": 16, **_TEXT}),
    (
        "f_net.f_net_backbone",
        "FNetBackbone",
        {"vocabulary_size": 50, "num_layers": 2, "hidden_dim": 8, "intermediate_dim": 12, "max_sequence_length": 16},
    ),
    (
        "whisper.whisper_backbone",
        "WhisperBackbone",
        {
            "vocabulary_size": 50,
            "num_mels": 8,
            "max_encoder_sequence_length": 20,
            "max_decoder_sequence_length": 10,
            **_TEXT,
        },
    ),
    ("mistral.mistral_backbone", "MistralBackbone", {"vocabulary_size": 50, **_DECODING}),
    ("phi3.phi3_backbone", "Phi3Backbone", {"vocabulary_size": 50, **_DECODING}),
    ("qwen.qwen_backbone", "QwenBackbone", {"vocabulary_size": 50, **_DECODING}),
    ("gemma.gemma_backbone", "GemmaBackbone", {"vocabulary_size": 50, "head_dim": 6, **_DECODING}),
    (
        "falcon.falcon_backbone",
        "FalconBackbone",
        {
            "vocabulary_size": 50,
            "num_layers": 2,
            "num_attention_heads": 2,
            "hidden_dim": 8,
            "intermediate_dim": 12,
        },
    ),
    ("bloom.bloom_backbone", "BloomBackbone", {"vocabulary_size": 50, **_TEXT}),
    ("gpt_neo_x.gpt_neo_x_backbone", "GPTNeoXBackbone", {"vocabulary_size": 50, **_TEXT}),
    (
        "vit.vit_backbone",
        "ViTBackbone",
        {
            "image_shape": (32, 32, 3),
            "patch_size": (8, 8),
            "num_layers": 2,
            "num_heads": 2,
            "hidden_dim": 8,
            "mlp_dim": 12,
        },
    ),
]


def _class(module: str, name: str) -> Any:
    if module == _LAYERS:
        return getattr(importlib.import_module("keras_hub").layers, name)
    return getattr(importlib.import_module(f"keras_hub.src.models.{module}"), name)


def _written(model: Any) -> dict[str, Any]:
    """A model as JSON, and what Keras says of its layers; of a model within it, of its layers in turn."""
    rows = [
        [
            layer.name,
            type(layer).__name__,
            [list(one.shape) for one in _flat(layer.output)],
            layer.count_params(),
            sorted(list(one.shape) for one in layer.weights),
        ]
        for layer in model.layers
    ]
    return {"model": json.loads(model.to_json()), "rows": rows, "total": model.count_params()}


def _flat(value: Any) -> list[Any]:
    import keras

    return list(keras.tree.flatten(value))


def main(path: str) -> None:
    """Write all of them."""
    import keras

    found = []
    for module, name, fields, inputs in LAYERS:
        keras.utils.clear_session()
        layer = _class(module, name)(**fields)
        tensors = {key: keras.Input(shape, name=key) for key, shape in inputs.items()}
        first, *rest = tensors.items()
        placed = [first[1]]
        named = dict(rest)
        if name in ("TransformerDecoder", "WhisperDecoder", "CachedMultiHeadAttention", "MaskedLMHead") and rest:
            placed.append(named.pop(rest[0][0]))
        found.append(_written(keras.Model(list(tensors.values()), layer(*placed, **named))))
    for module, name, fields in BACKBONES:
        keras.utils.clear_session()
        backbone = _class(module, name)(**fields)
        found.append({"backbone": name, **_written(keras.Model(backbone.input, backbone.output))})
    Path(path).write_text(
        "[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in found) + "\n]\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1])
