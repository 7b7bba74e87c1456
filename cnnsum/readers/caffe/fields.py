"""The fields of a network's messages, as caffe.proto and its widespread additions have them, and which stand once.

Knows no values, no layer of any framework and no graph.
"""

from __future__ import annotations

_FILLERS = "weight_filler bias_filler engine force_nd_im2col"
_WINDOW = "pad pad_h pad_w kernel_size kernel_h kernel_w stride stride_h stride_w"
_CONVOLUTION = f"num_output bias_term group axis dilation {_WINDOW} {_FILLERS}"
#: The fields of the messages that say what a layer does.
PARAMS: dict[str, frozenset[str]] = {
    name: frozenset(fields.split())
    for name, fields in {
        "convolution_param": _CONVOLUTION,
        "pooling_param": f"pool global_pooling round_mode ceil_mode engine {_WINDOW}",
        "inner_product_param": f"num_output bias_term axis transpose {_FILLERS}",
        "batch_norm_param": "use_global_stats moving_average_fraction eps scale_filler bias_filler engine",
        "scale_param": "axis num_axes filler bias_term bias_filler",
        "bias_param": "axis num_axes filler",
        "relu_param": "negative_slope engine",
        "prelu_param": "filler channel_shared",
        "elu_param": "alpha",
        "lrn_param": "local_size alpha beta norm_region k engine",
        "eltwise_param": "operation coeff stable_prod_grad",
        "concat_param": "axis concat_dim",
        "slice_param": "axis slice_point slice_dim",
        "dropout_param": "dropout_ratio scale_train",
        "softmax_param": "engine axis",
        "flatten_param": "axis end_axis",
        "reshape_param": "shape axis num_axes",
        "crop_param": "axis offset",
        "permute_param": "order",
        "norm_param": "across_spatial scale_filler channel_shared eps",
        "power_param": "power scale shift",
        "shuffle_channel_param": "group",
        "input_param": "shape",
        "prior_box_param": "min_size max_size aspect_ratio flip clip variance img_size img_h img_w step step_h step_w "
        "offset",
        "detection_output_param": "num_classes share_location background_label_id nms_param save_output_param "
        "code_type variance_encoded_in_target keep_top_k confidence_threshold visualize visualize_threshold save_file "
        "objectness_score",
        "interp_param": "height width zoom_factor shrink_factor pad_beg pad_end",
        "upsample_param": "scale scale_h scale_w pad_out_h pad_out_w upsample_h upsample_w",
        "spp_param": "pyramid_height pool engine",
        "embed_param": "num_output input_dim bias_term weight_filler bias_filler",
        "argmax_param": "out_max_val top_k axis",
        "reduction_param": "operation axis coeff",
        "tile_param": "axis tiles",
        "roi_pooling_param": "pooled_h pooled_w spatial_scale pad_ratio",
        "roi_align_param": "pooled_h pooled_w spatial_scale sampling_ratio pad_ratio bi_type",
        "psroi_pooling_param": "spatial_scale output_dim group_size",
        "recurrent_param": "num_output weight_filler bias_filler debug_info expose_hidden",
    }.items()
}
#: Those of them that are lists. Any other stands once, as protobuf refuses the second.
_LISTS: dict[str, str] = {
    "convolution_param": "pad kernel_size stride dilation",
    "eltwise_param": "coeff",
    "slice_param": "slice_point",
    "crop_param": "offset",
    "permute_param": "order",
    "input_param": "shape",
    "prior_box_param": "min_size max_size aspect_ratio variance",
}
_FILLER = "type value min max mean std sparse variance_norm"
_RULE = "phase min_level max_level"
_FILES = "source batch_size rand_skip scale mean_file crop_size mirror"
_DETECTION = "num_classes share_location background_label_id code_type"
#: What stands once in messages of which no other field is asked for; lists are left out.
_OTHERS = {
    "param": "name share_mode lr_mult decay_mult",
    "include": _RULE,
    "exclude": _RULE,
    "state": "phase level",
    **dict.fromkeys(("weight_filler", "bias_filler", "scale_filler", "filler", "data_filler"), _FILLER),
    "blobs": "shape num channels height width",
    "transform_param": "scale mirror crop_size crop_h crop_w mean_file force_color force_gray resize_param "
    "noise_param distort_param expand_param emit_constraint",
    "loss_param": "ignore_label normalization normalize",
    "accuracy_param": "top_k axis ignore_label",
    "contrastive_loss_param": "margin legacy_version",
    "clip_param": "min max",
    "data_param": f"{_FILES} backend force_encoded_color prefetch",
    "exp_param": "base scale shift",
    "hdf5_data_param": "source batch_size shuffle",
    "hdf5_output_param": "file_name",
    "hinge_loss_param": "norm",
    "image_data_param": f"{_FILES} shuffle new_height new_width is_color root_folder",
    "infogain_loss_param": "source axis",
    "log_param": "base scale shift",
    "memory_data_param": "batch_size channels height width",
    "mvn_param": "normalize_variance across_channels eps",
    "parameter_param": "shape",
    "python_param": "module layer param_str share_in_parallel",
    "sigmoid_param": "engine",
    "swish_param": "beta",
    "tanh_param": "engine",
    "threshold_param": "threshold",
    "window_data_param": f"{_FILES} fg_threshold bg_threshold fg_fraction context_pad crop_mode "
    "cache_images root_folder",
    "dummy_data_param": "",
    # Of SSD.
    "annotated_data_param": "label_map_file anno_type",
    "detection_evaluate_param": "num_classes background_label_id overlap_threshold evaluate_difficult_gt "
    "name_size_file",
    "multibox_loss_param": f"{_DETECTION} loc_loss_type conf_loss_type loc_weight match_type overlap_threshold "
    "use_prior_for_matching use_difficult_gt do_neg_mining neg_pos_ratio neg_overlap",
    "nms_param": "nms_threshold top_k eta",
    "save_output_param": "output_directory output_name_prefix output_format label_map_file name_size_file "
    "num_test_image",
    "resize_param": "prob resize_mode height width height_scale width_scale pad_mode",
}
_LAYERS = frozenset(("name", "type", "phase", *PARAMS, *(name for name in _OTHERS if name.endswith("_param"))))
#: What stands once in a message, by the field that holds it; "" for a whole file.
ONCE: dict[str, frozenset[str]] = {
    "": frozenset(("name", "force_backward", "debug_info", "state")),
    "layer": _LAYERS,
    "layers": _LAYERS,
    **{name: fields.difference(_LISTS.get(name, "").split()) for name, fields in PARAMS.items()},
    **{name: frozenset(fields.split()) for name, fields in _OTHERS.items()},
}
