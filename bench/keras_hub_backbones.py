"""Every backbone of KerasHub, small: which of them cnnsum reads exactly, row by row, against what Keras counts.

    KERAS_BACKEND=numpy python bench/keras_hub_backbones.py [NAME ...]

Needs keras-hub, without what its tokenizers need of TensorFlow. Of each class `keras_hub.models.*Backbone` a small one
is built, its Functional model is written as JSON, and each row's shapes, parameters and weights are compared. What
Keras cannot build or write is said with its own message.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("KERAS_BACKEND", "numpy")
warnings.simplefilter("ignore")

_TEXT = {"vocabulary_size": 50, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12}
_SHORT = {**_TEXT, "max_sequence_length": 16}
_DECODING = {
    "vocabulary_size": 50,
    "num_layers": 2,
    "num_query_heads": 4,
    "num_key_value_heads": 2,
    "hidden_dim": 8,
    "intermediate_dim": 12,
}
_VISION = {"patch_size": 8, "hidden_dim": 8, "num_layers": 2, "num_heads": 2, "intermediate_dim": 12}
_SEEN = {**_VISION, "image_shape": (32, 32, 3)}
_READ = {**_SHORT, "embedding_dim": 8}
_BOTH = {
    f"{half}_{key}": value
    for half in ("encoder", "decoder")
    for key, value in {
        "hidden_dim": 8,
        "intermediate_dim": 12,
        "num_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 4,
        "layer_types": ["full_attention"] * 2,
    }.items()
}
_LINEAR = {
    "head_dim": 8,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 4,
    "linear_value_head_dim": 4,
}
_RESNET = {
    "input_conv_filters": [64],
    "input_conv_kernel_sizes": [7],
    "stackwise_num_filters": [64, 8, 12, 16],
    "stackwise_num_blocks": [1, 2, 1, 1],
    "stackwise_num_strides": [1, 2, 2, 2],
    "block_type": "basic_block",
    "image_shape": (64, 64, 3),
}
_MIT = {
    "image_shape": (64, 64, 3),
    "num_layers": 4,
    "hidden_dims": [4, 8, 10, 16],
    "layerwise_depths": [1, 2, 1, 1],
    "layerwise_num_heads": [1, 2, 5, 8],
    "layerwise_sr_ratios": [8, 4, 2, 1],
    "layerwise_patch_sizes": [7, 3, 3, 3],
    "layerwise_strides": [4, 2, 2, 2],
    "max_drop_path_rate": 0.1,
}
_DINO = {"patch_size": 14, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16}
_VITDET = {
    "hidden_size": 8,
    "num_layers": 2,
    "intermediate_dim": 16,
    "num_heads": 2,
    "global_attention_layer_indices": [1],
    "patch_size": 16,
    "num_output_channels": 16,
    "window_size": 3,
    "image_shape": (128, 128, 3),
}
_HGNET = {
    "stem_channels": [3, 8, 8],
    "stackwise_stage_filters": [
        [8, 8, 16, 1, 3, 3],
        [16, 8, 24, 1, 3, 3],
        [24, 16, 32, 2, 3, 5],
        [32, 16, 40, 1, 3, 5],
    ],
    "apply_downsample": [False, True, True, True],
    "use_lightweight_conv_block": [False, False, True, True],
    "depths": [1, 1, 2, 1],
    "hidden_sizes": [16, 24, 32, 40],
    "embedding_size": 8,
    "use_learnable_affine_block": True,
    "hidden_act": "relu",
    "out_features": ["stage3", "stage4"],
    "data_format": "channels_last",
}
_EFFICIENT = {
    "stackwise_width_coefficients": [1.0] * 6,
    "stackwise_depth_coefficients": [1.0] * 6,
    "stackwise_kernel_sizes": [3, 3, 3, 5, 3, 3],
    "stackwise_num_repeats": [1, 2, 1, 2, 1, 1],
    "stackwise_input_filters": [8, 8, 16, 16, 24, 24],
    "stackwise_output_filters": [8, 16, 16, 24, 24, 32],
    "stackwise_expansion_ratios": [1, 4, 1, 4, 6, 6],
    "stackwise_squeeze_and_excite_ratios": [0.0, 0.5, 0, 0.25, 0.25, 0.25],
    "stackwise_strides": [1, 2, 2, 2, 1, 2],
    "stackwise_block_types": ["cba", "fused", "fused", "unfused", "unfused", "unfused"],
    "stackwise_force_input_filters": [0] * 6,
    "stackwise_nores_option": [False] * 6,
    "input_shape": (64, 64, 3),
    "num_features": 40,
}
_MOBILE = {
    "stackwise_expansion": [[8, 12], [16, 24]],
    "stackwise_num_blocks": [2, 2],
    "stackwise_num_filters": [[8, 8], [12, 12]],
    "stackwise_kernel_size": [[3, 3], [5, 5]],
    "stackwise_num_strides": [[2, 1], [2, 1]],
    "stackwise_se_ratio": [[None, None], [0.25, 0.25]],
    "stackwise_activation": [["relu"] * 2, ["hard_swish"] * 2],
    "stackwise_padding": [[1, 1], [2, 2]],
    "output_num_filters": 24,
    "input_num_filters": 8,
    "image_shape": (64, 64, 3),
    "depthwise_filters": 8,
    "depthwise_stride": 1,
    "depthwise_residual": True,
    "squeeze_and_excite": 0.5,
    "last_layer_filter": 16,
}
_BLOCKS_5 = {
    "block_types": [["er"], ["uir", "uir"]],
    "num_filters": [[8], [12, 12]],
    "strides": [[2], [2, 1]],
    "act_layers": [["relu"], ["relu"] * 2],
    "exp_ratios": [[4.0], [6.0] * 2],
    "se_ratios": [[0.0], [0.0] * 2],
    "dw_kernel_sizes": [[0], [5, 5]],
    "exp_kernel_sizes": [[3], [0, 0]],
    "pw_kernel_sizes": [[1], [0, 0]],
    "use_cpe": [[False], [False] * 2],
    **{
        key: [[0], [0, 0]]
        for key in (
            "dw_start_kernel_sizes",
            "dw_end_kernel_sizes",
            "num_heads",
            "key_dims",
            "value_dims",
            "kv_strides",
        )
    },
}
_DETECTING = {
    "decoder_in_channels": [16, 16],
    "encoder_hidden_dim": 16,
    "num_denoising": 0,
    "num_labels": 5,
    "hidden_dim": 16,
    "learn_initial_query": False,
    "num_queries": 10,
    "anchor_image_size": (256, 256),
    "feat_strides": [16, 32],
    "num_feature_levels": 2,
    "encoder_in_channels": [32, 40],
    "encode_proj_layers": [1],
    "num_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "num_encoder_layers": 1,
    "hidden_expansion": 0.34,
    "depth_multiplier": 0.5,
    "eval_idx": -1,
    "num_decoder_layers": 2,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 16,
    "decoder_n_points": [6, 6],
    "lqe_hidden_dim": 8,
    "num_lqe_layers": 2,
    "out_features": ["stage3", "stage4"],
    "image_shape": (256, 256, 3),
}
_GEMMA_3N = {
    "text_vocab_size": 50,
    "text_hidden_size": 8,
    "num_hidden_layers": 2,
    "pad_token_id": 0,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 4,
    "intermediate_size": [12, 12],
    "hidden_activation": "gelu_approximate",
    "layer_types": ["full_attention", "sliding_attention"],
    "sliding_window": 4,
    "rope_theta": 10000.0,
    "max_position_embeddings": 16,
    "vocab_size_per_layer_input": 50,
    "hidden_size_per_layer_input": 2,
    "altup_num_inputs": 2,
    "laurel_rank": 1,
}
_FLUX = {
    "input_channels": 16,
    "hidden_size": 24,
    "mlp_ratio": 2.0,
    "num_heads": 4,
    "depth": 2,
    "depth_single_blocks": 2,
    "axes_dim": [2, 2, 2],
    "theta": 10000,
    "use_bias": True,
    "image_shape": (12, 16),
    "text_shape": (8, 16),
    "image_ids_shape": (12, 3),
    "text_ids_shape": (8, 3),
    "y_shape": (10,),
}
_SAM_3 = {"num_layers": 2, "hidden_dim": 16, "intermediate_dim": 32, "num_heads": 2}


class Made:
    """A part that is built when it is needed: its module within `keras_hub.src.models`, its class, and its fields."""

    def __init__(self, module: str, name: str, /, *args: Any, **fields: Any) -> None:
        self.module = module
        self.name = name
        self.args = args
        self.fields = fields

    def built(self) -> Any:
        """The object."""
        found = getattr(import_module(f"keras_hub.src.models.{self.module}"), self.name)
        args = [one.built() if isinstance(one, Made) else one for one in self.args]
        return found(*args, **{key: one.built() if isinstance(one, Made) else one for key, one in self.fields.items()})


def _backbone(folder: str, name: str, /, **fields: Any) -> Made:
    return Made(f"{folder}.{folder}_backbone", name, **fields)


_RESNET_64 = _backbone("resnet", "ResNetBackbone", **_RESNET)
_VIT = _backbone(
    "vit",
    "ViTBackbone",
    image_shape=(32, 32, 3),
    patch_size=(8, 8),
    num_layers=2,
    num_heads=2,
    hidden_dim=8,
    mlp_dim=12,
)
_VAE = Made(
    "vae.vae_backbone",
    "VAEBackbone",
    [32] * 4,
    [1] * 4,
    [32] * 4,
    [1] * 4,
    image_shape=(64, 64, 3),
)


def _clip_text(**fields: Any) -> Made:
    return Made("clip.clip_text_encoder", "CLIPTextEncoder", **_READ, **fields)


#: By the class (and where there are several, what is different): what builds it.
BACKBONES: dict[str, Made] = {
    "AlbertBackbone": _backbone("albert", "AlbertBackbone", **_SHORT, embedding_dim=6),
    "BASNetBackbone": _backbone(
        "basnet",
        "BASNetBackbone",
        image_encoder=_backbone(
            "resnet", "ResNetBackbone", **{**_RESNET, "stackwise_num_filters": [64] * 4, "image_shape": (None, None, 3)}
        ),
        num_classes=1,
        image_shape=(64, 64, 3),
        projection_filters=64,
    ),
    "BLIP2Backbone": _backbone(
        "blip2",
        "BLIP2Backbone",
        vision_encoder=None,
        qformer=None,
        language_model=_backbone("opt", "OPTBackbone", **_SHORT),
    ),
    "BartBackbone": _backbone("bart", "BartBackbone", **_SHORT),
    "BertBackbone": _backbone("bert", "BertBackbone", **_SHORT),
    "BloomBackbone": _backbone("bloom", "BloomBackbone", **_TEXT, dropout=0.1),
    "CLIPBackbone": _backbone(
        "clip",
        "CLIPBackbone",
        vision_encoder=Made("clip.clip_vision_encoder", "CLIPVisionEncoder", **_SEEN),
        text_encoder=_clip_text(),
        projection_dim=6,
    ),
    "CSPNetBackbone": _backbone(
        "cspnet",
        "CSPNetBackbone",
        stem_filters=8,
        stem_kernel_size=3,
        stem_strides=1,
        stem_padding="same",
        stackwise_depth=[1, 2, 2],
        stackwise_strides=[1, 2, 2],
        stackwise_num_filters=[8, 16, 16],
        block_type="dark_block",
        stage_type="csp",
        expand_ratio=[2.0],
        image_shape=(64, 64, 3),
    ),
    "DFineBackbone": _backbone(
        "d_fine", "DFineBackbone", backbone=_backbone("hgnetv2", "HGNetV2Backbone", **_HGNET), **_DETECTING
    ),
    "DINOV2Backbone": _backbone(
        "dinov2",
        "DINOV2Backbone",
        **_DINO,
        num_layers=2,
        image_shape=(28, 28, 3),
        position_embedding_shape=(42, 42, 3),
    ),
    "DINOV3Backbone": _backbone("dinov3", "DINOV3Backbone", **_DINO, num_layers=2, image_shape=(28, 28, 3)),
    "DebertaV3Backbone": _backbone("deberta_v3", "DebertaV3Backbone", **_SHORT, bucket_size=8),
    "DeepLabV3Backbone": _backbone(
        "deeplab_v3",
        "DeepLabV3Backbone",
        image_encoder=_RESNET_64,
        projection_filters=8,
        low_level_feature_key="P2",
        spatial_pyramid_pooling_key="P5",
        upsampling_size=8,
        dilation_rates=[6, 12, 18],
        image_shape=(64, 64, 3),
    ),
    "DeiTBackbone": _backbone("deit", "DeiTBackbone", **{**_SEEN, "patch_size": (8, 8)}),
    "DenseNetBackbone": _backbone(
        "densenet", "DenseNetBackbone", stackwise_num_repeats=[1, 2], growth_rate=4, image_shape=(64, 64, 3)
    ),
    "DepthAnythingBackbone": _backbone(
        "depth_anything",
        "DepthAnythingBackbone",
        image_encoder=_backbone(
            "dinov2",
            "DINOV2Backbone",
            **_DINO,
            num_layers=4,
            apply_layernorm=True,
            image_shape=(112, 112, 3),
            position_embedding_shape=(112, 112, 3),
        ),
        reassemble_factors=[4, 2, 1, 0.5],
        neck_hidden_dims=[4, 8, 8, 16],
        fusion_hidden_dim=16,
        head_hidden_dim=4,
        head_in_index=-1,
        feature_keys=["stage1", "stage2", "stage3", "stage4"],
    ),
    "DistilBertBackbone": _backbone("distil_bert", "DistilBertBackbone", **_SHORT),
    "ESMBackbone": _backbone("esm", "ESMBackbone", **_SHORT),
    "ESMBackbone normalised before": _backbone(
        "esm", "ESMBackbone", **_SHORT, use_pre_layer_norm=True, position_embedding_type="absolute"
    ),
    "EdRecBackbone": _backbone(
        "edrec",
        "EdRecBackbone",
        vocab_size=50,
        num_layers_enc=2,
        num_layers_dec=2,
        hidden_dim=8,
        intermediate_dim=12,
        num_heads=2,
    ),
    "EfficientNetBackbone": _backbone("efficientnet", "EfficientNetBackbone", **_EFFICIENT),
    "ElectraBackbone": _backbone(
        "electra",
        "ElectraBackbone",
        **{"vocab_size" if key == "vocabulary_size" else key: value for key, value in _SHORT.items()},
        embedding_dim=6,
    ),
    "FNetBackbone": _backbone(
        "f_net", "FNetBackbone", **{key: value for key, value in _SHORT.items() if key != "num_heads"}
    ),
    "FalconBackbone": _backbone(
        "falcon",
        "FalconBackbone",
        vocabulary_size=50,
        num_layers=2,
        num_attention_heads=2,
        hidden_dim=8,
        intermediate_dim=12,
    ),
    "FluxBackbone": Made("flux.flux_model", "FluxBackbone", **_FLUX, guidance_embed=True),
    "GPT2Backbone": _backbone("gpt2", "GPT2Backbone", **_SHORT),
    "GPTNeoXBackbone": _backbone("gpt_neo_x", "GPTNeoXBackbone", **_TEXT, dropout=0.1),
    "Gemma3Backbone": _backbone("gemma3", "Gemma3Backbone", **_DECODING, head_dim=6, image_size=32),
    "Gemma3Backbone with images": _backbone(
        "gemma3",
        "Gemma3Backbone",
        **_DECODING,
        head_dim=6,
        image_size=32,
        vision_encoder=Made(
            "gemma3.gemma3_vision_encoder", "Gemma3VisionEncoder", **_VISION, image_size=32, output_dim=8, pool_size=2
        ),
    ),
    "Gemma3nBackbone": _backbone("gemma3n", "Gemma3nBackbone", **_GEMMA_3N),
    "Gemma4Backbone": _backbone("gemma4", "Gemma4Backbone", **_DECODING, head_dim=6, image_size=32),
    "GemmaBackbone": _backbone("gemma", "GemmaBackbone", **_DECODING, head_dim=6),
    "GptOssBackbone": _backbone("gpt_oss", "GptOssBackbone", **_DECODING, num_experts=3),
    "HGNetV2Backbone": _backbone("hgnetv2", "HGNetV2Backbone", **_HGNET),
    "Llama3Backbone": _backbone("llama3", "Llama3Backbone", **_DECODING, tie_word_embeddings=True),
    "LlamaBackbone": _backbone("llama", "LlamaBackbone", **_DECODING),
    "MetaCLIP2Backbone": _backbone(
        "metaclip_2",
        "MetaCLIP2Backbone",
        vision_encoder=Made("metaclip_2.metaclip_2_vision_encoder", "MetaCLIP2VisionEncoder", **_SEEN),
        text_encoder=Made("metaclip_2.metaclip_2_text_encoder", "MetaCLIP2TextEncoder", **_READ),
        projection_dim=6,
    ),
    "MiTBackbone": _backbone("mit", "MiTBackbone", **_MIT),
    "MistralBackbone": _backbone("mistral", "MistralBackbone", **_DECODING),
    "MixtralBackbone": _backbone("mixtral", "MixtralBackbone", **_DECODING, num_experts=3, dropout=0.1),
    "MobileNetBackbone": _backbone("mobilenet", "MobileNetBackbone", **_MOBILE),
    "MobileNetV5Backbone": _backbone(
        "mobilenetv5",
        "MobileNetV5Backbone",
        stackwise_num_blocks=[1, 2],
        **{f"stackwise_{key}": value for key, value in _BLOCKS_5.items()},
        use_msfa=False,
        image_shape=(64, 64, 3),
    ),
    "MoonshineBackbone": _backbone(
        "moonshine",
        "MoonshineBackbone",
        vocabulary_size=50,
        filter_dim=8,
        hidden_dim=16,
        intermediate_dim=12,
        **{f"{half}_num_{what}": 2 for half in ("encoder", "decoder") for what in ("layers", "heads")},
    ),
    "OPTBackbone": _backbone("opt", "OPTBackbone", **_SHORT),
    "PARSeqBackbone": _backbone(
        "parseq",
        "PARSeqBackbone",
        image_encoder=_VIT,
        vocabulary_size=20,
        max_label_length=5,
        decoder_hidden_dim=8,
        num_decoder_layers=1,
        num_decoder_heads=2,
        decoder_mlp_dim=12,
    ),
    "PaliGemmaBackbone": _backbone(
        "pali_gemma",
        "PaliGemmaBackbone",
        **_DECODING,
        head_dim=6,
        image_size=32,
        **{f"vit_{key}": value for key, value in _VISION.items()},
    ),
    "Phi3Backbone": _backbone("phi3", "Phi3Backbone", **_DECODING),
    "QwenBackbone with two tables": _backbone("qwen", "QwenBackbone", **_DECODING, tie_word_embeddings=False),
    "Qwen3Backbone": _backbone("qwen3", "Qwen3Backbone", **_DECODING, head_dim=6),
    "Qwen3MoeBackbone": _backbone(
        "qwen3_moe",
        "Qwen3MoeBackbone",
        **_DECODING,
        head_dim=6,
        moe_intermediate_dim=6,
        num_experts=4,
        top_k=2,
        mlp_only_layers=[1],
    ),
    "Qwen3_5Backbone": _backbone("qwen3_5", "Qwen3_5Backbone", **_DECODING, **_LINEAR),
    "Qwen3_5MoeBackbone": _backbone(
        "qwen3_5_moe",
        "Qwen3_5MoeBackbone",
        **{key: value for key, value in _DECODING.items() if key != "intermediate_dim"},
        **_LINEAR,
        moe_intermediate_dim=6,
        shared_expert_intermediate_size=6,
        num_experts=4,
        top_k=2,
    ),
    "QwenBackbone": _backbone("qwen", "QwenBackbone", **_DECODING),
    "QwenMoeBackbone": _backbone(
        "qwen_moe",
        "QwenMoeBackbone",
        **_DECODING,
        moe_intermediate_dim=6,
        shared_expert_intermediate_dim=10,
        num_experts=4,
        top_k=2,
    ),
    "RWKV7Backbone": _backbone(
        "rwkv7",
        "RWKV7Backbone",
        hidden_size=8,
        head_size=4,
        num_layers=2,
        vocabulary_size=50,
        intermediate_dim=12,
        gate_lora=4,
        mv_lora=3,
        aaa_lora=5,
        decay_lora=6,
    ),
    "ResNetBackbone": _RESNET_64,
    "ResNetBackbone of version 2": _backbone(
        "resnet",
        "ResNetBackbone",
        **{**_RESNET, "use_pre_activation": True, "block_type": "bottleneck_block", "image_shape": (None, None, 3)},
    ),
    "ResNetBackbone of vd": _backbone(
        "resnet",
        "ResNetBackbone",
        **{
            **_RESNET,
            "input_conv_filters": [64] * 3,
            "input_conv_kernel_sizes": [3] * 3,
            "block_type": "bottleneck_block_vd",
        },
    ),
    "RetinaNetBackbone": _backbone(
        "retinanet",
        "RetinaNetBackbone",
        image_encoder=_RESNET_64,
        min_level=3,
        max_level=7,
        use_p5=True,
        image_shape=(64, 64, 3),
    ),
    "RobertaBackbone": _backbone("roberta", "RobertaBackbone", **_SHORT),
    "RoformerV2Backbone": _backbone("roformer_v2", "RoformerV2Backbone", **_TEXT, head_size=4),
    "SAM3PromptableConceptBackbone": Made(
        "sam3.sam3_pc_backbone",
        "SAM3PromptableConceptBackbone",
        vision_encoder=Made(
            "sam3.sam3_vision_encoder",
            "SAM3VisionEncoder",
            **_SAM_3,
            image_shape=(224, 224, 3),
            patch_size=14,
            fpn_hidden_dim=16,
            fpn_scale_factors=[4.0, 2.0, 1.0, 0.5],
            pretrain_image_shape=(112, 112, 3),
            window_size=2,
            global_attn_indexes=[1, 2],
        ),
        text_encoder=Made("sam3.sam3_text_encoder", "SAM3TextEncoder", **_SAM_3, vocabulary_size=50, embedding_dim=16),
        geometry_encoder=Made("sam3.sam3_geometry_encoder", "SAM3GeometryEncoder", **_SAM_3, roi_size=7),
        detr_encoder=Made("sam3.sam3_detr_encoder", "SAM3DetrEncoder", **_SAM_3),
        detr_decoder=Made(
            "sam3.sam3_detr_decoder",
            "SAM3DetrDecoder",
            **_SAM_3,
            image_shape=(224, 224, 3),
            patch_size=14,
            num_queries=10,
        ),
        mask_decoder=Made(
            "sam3.sam3_mask_decoder", "SAM3MaskDecoder", num_upsampling_stages=3, hidden_dim=16, num_heads=2
        ),
    ),
    "SAMBackbone": _backbone(
        "sam",
        "SAMBackbone",
        image_encoder=_backbone("vit_det", "ViTDetBackbone", **_VITDET),
        prompt_encoder=Made(
            "sam.sam_prompt_encoder",
            "SAMPromptEncoder",
            hidden_size=16,
            image_embedding_size=(8, 8),
            input_image_size=(128, 128),
            mask_in_channels=16,
        ),
        mask_decoder=Made(
            "sam.sam_mask_decoder",
            "SAMMaskDecoder",
            num_layers=2,
            hidden_size=16,
            intermediate_dim=32,
            num_heads=4,
            embedding_dim=16,
            num_multimask_outputs=3,
            iou_head_depth=3,
            iou_head_hidden_dim=8,
        ),
    ),
    "SegFormerBackbone": _backbone(
        "segformer",
        "SegFormerBackbone",
        image_encoder=_backbone("mit", "MiTBackbone", **_MIT),
        projection_filters=16,
    ),
    "SigLIPBackbone": _backbone(
        "siglip",
        "SigLIPBackbone",
        vision_encoder=Made("siglip.siglip_vision_encoder", "SigLIPVisionEncoder", **_SEEN),
        text_encoder=Made("siglip.siglip_text_encoder", "SigLIPTextEncoder", **_READ),
    ),
    "SmolLM3Backbone": _backbone(
        "smollm3",
        "SmolLM3Backbone",
        vocabulary_size=50,
        hidden_dim=8,
        intermediate_dim=12,
        num_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        attention_bias=False,
        attention_dropout=0.0,
        rope_layer_enabled_list=[True, False],
        layer_types=["attention", "attention"],
        mlp_bias=False,
        layer_norm_epsilon=1e-5,
        max_position_embeddings=16,
        rope_theta=10000.0,
        partial_rotary_factor=1.0,
    ),
    "StableDiffusion3Backbone": _backbone(
        "stable_diffusion_3",
        "StableDiffusion3Backbone",
        mmdit_patch_size=2,
        mmdit_hidden_dim=16,
        mmdit_num_layers=2,
        mmdit_num_heads=2,
        mmdit_position_size=192,
        mmdit_qk_norm=None,
        mmdit_dual_attention_indices=None,
        vae=_VAE,
        clip_l=_clip_text(intermediate_output_index=0, name="clip_l"),
        clip_g=_clip_text(intermediate_output_index=0, name="clip_g"),
        image_shape=(64, 64, 3),
    ),
    "SwinTransformerBackbone": _backbone(
        "swin_transformer",
        "SwinTransformerBackbone",
        image_shape=(64, 64, 3),
        embed_dim=8,
        depths=(2, 2),
        num_heads=(2, 4),
        window_size=4,
    ),
    "T5Backbone": _backbone("t5", "T5Backbone", **_TEXT),
    "T5Backbone without gates": _backbone(
        "t5", "T5Backbone", **_TEXT, key_value_dim=6, use_gated_activation=False, tie_embedding_weights=False
    ),
    "T5Gemma2Backbone": _backbone("t5gemma2", "T5Gemma2Backbone", vocabulary_size=50, **_BOTH),
    "T5GemmaBackbone": _backbone("t5gemma", "T5GemmaBackbone", vocabulary_size=50, **_BOTH),
    "VAEBackbone": _VAE,
    "VGGBackbone": _backbone(
        "vgg",
        "VGGBackbone",
        stackwise_num_repeats=[1, 2],
        stackwise_num_filters=[4, 8],
        image_shape=(32, 32, 3),
    ),
    "ViTBackbone": _VIT,
    "ViTDetBackbone": _backbone("vit_det", "ViTDetBackbone", **_VITDET),
    "VideoPrismBackbone": _backbone(
        "video_prism",
        "VideoPrismBackbone",
        num_frames=4,
        patch_size=8,
        hidden_dim=8,
        intermediate_dim=12,
        num_heads=2,
        num_spatial_layers=2,
        num_temporal_layers=1,
        num_auxiliary_layers=1,
        image_shape=(32, 32, 3),
    ),
    "WhisperBackbone": _backbone(
        "whisper",
        "WhisperBackbone",
        **_TEXT,
        dropout=0.1,
        num_mels=8,
        max_encoder_sequence_length=20,
        max_decoder_sequence_length=10,
    ),
    "XLMRobertaBackbone": _backbone("xlm_roberta", "XLMRobertaBackbone", **_SHORT),
    "XLNetBackbone": _backbone("xlnet", "XLNetBackbone", **_TEXT),
    "XceptionBackbone": _backbone(
        "xception",
        "XceptionBackbone",
        stackwise_conv_filters=[[4, 8], [8, 12], [12, 16]],
        stackwise_pooling=[True, True, False],
        image_shape=(64, 64, 3),
    ),
}


#: Models within a model, whose layers are rows of their own.
_NESTED = ("Functional", "Sequential")


def built(name: str) -> Any:
    """A backbone as a Functional model, whose layers Keras can write."""
    import keras

    backbone = BACKBONES[name].built()
    for one in backbone.layers:
        # What keras-hub 0.32.0 asks for when it writes these, and never sets.
        if type(one).__name__ == "LlamaTransformerDecoder" and not hasattr(one, "rope_scaling_factor"):
            one.rope_scaling_factor = 1.0
        if type(one).__name__ == "DeiTEncoder" and not hasattr(one, "key_dim"):
            one.key_dim = None
    return keras.Model(backbone.input, backbone.output)


def written(model: Any) -> dict[str, Any]:
    """A model as JSON, and what Keras says of its layers; of a model within it, what it adds up to."""
    rows = [
        [
            layer.name,
            type(layer).__name__,
            None if type(layer).__name__ in _NESTED else [list(one.shape) for one in _flat(layer.output)],
            layer.count_params(),
            None if type(layer).__name__ in _NESTED else sorted(list(one.shape) for one in layer.weights),
        ]
        for layer in model.layers
    ]
    return {"model": json.loads(model.to_json()), "rows": rows, "total": model.count_params()}


def _flat(value: Any) -> list[Any]:
    import keras

    return list(keras.tree.flatten(value))


def differences(wanted: dict[str, Any], path: str) -> list[str]:
    """What cnnsum says otherwise than Keras, of the model that is written at a path."""
    import cnnsum

    model = cnnsum.load(path)
    summary = cnnsum.summarize(model)
    found = [one.message for one in model.diagnostics]
    rows = {row.name: row for row in summary.rows}
    for name, type_name, shapes, count, weights in wanted["rows"]:
        row = rows.get(name)
        if row is None or (row.type, row.params.total) != (type_name, count):
            found.append(f"{name} ({type_name}): {None if row is None else row.params.total} parameters, not {count}")
            continue
        outputs = [[dim if isinstance(dim, int) else None for dim in one.shape or ()] for one in row.outputs]
        if shapes is not None and outputs != shapes:
            found.append(f"{name} ({type_name}): shapes {outputs}, not {shapes}")
        if weights is not None and row.weights and sorted(list(one.shape) for one in row.weights) != weights:
            found.append(f"{name} ({type_name}): weights otherwise")
    if summary.totals.params.total != wanted["total"]:
        found.append(f"total {summary.totals.params.total}, not {wanted['total']}")
    return found


def main(names: list[str], say: Callable[[str], object] = print) -> None:
    """Compare them, and say what is found."""
    import keras
    import keras_hub

    classes = [getattr(keras_hub.models, one) for one in dir(keras_hub.models) if one.endswith("Backbone")]
    known = {one.__name__ for one in classes} - {"Backbone", "FeaturePyramidBackbone"}  # which others inherit
    agree, differ, refused = [], [], []
    with TemporaryDirectory() as folder:
        for name in names or BACKBONES:
            keras.utils.clear_session()
            try:
                wanted = written(built(name))
            except Exception as error:  # noqa: BLE001 - of whatever Keras refuses it with, the message is the answer
                refused.append(name)
                say(f"{name}: Keras: {type(error).__name__}: {' '.join(str(error).split())[:120]}")
                continue
            path = f"{folder}/model.json"
            with open(path, "w", encoding="utf-8") as file:
                json.dump(wanted["model"], file)
            found = differences(wanted, path)
            (differ if found else agree).append(name)
            say(f"{name}: {'equal' if not found else f'{len(found)} differences'}")
            for one in found[:8]:
                say(f"    {one[:200]}")
    say(f"equal {len(agree)}: {', '.join(agree)}")
    say(f"not equal {len(differ)}: {', '.join(differ)}")
    say(f"not written by Keras {len(refused)}: {', '.join(refused)}")
    say(f"not tried: {', '.join(sorted(known - {one.split()[0] for one in BACKBONES}))}")


if __name__ == "__main__":
    main(sys.argv[1:])
