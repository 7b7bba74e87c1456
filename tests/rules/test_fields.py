"""Rules about receptive fields, on networks whose fields are known."""

from advising import advice_on, codes_of

from cnnsum.model import loads

CONV = "Conv2D: {filters: 8, kernel_size: 3, padding: same, activation: relu"


def head(size, *items):
    return (
        f"input: [{size}, {size}, 3]\nlayers:\n"
        + "".join(f"  - {item}\n" for item in items)
        + "  - GlobalAveragePooling2D\n  - Dense: 10\n"
    )


def test_a_field_as_large_as_the_input_is_enough():
    # Four kernels of 3 see 9 positions.
    four = f"{CONV}, repeat: 4}}"
    assert codes_of(head(9, four), "ARC461") == []
    (found,) = advice_on(loads(head(10, four)), "ARC461")
    assert found.message == "before `global_average_pooling2d` a place sees 9 x 9 of 10 x 10 positions"


def test_a_gate_is_no_head():
    gate = "GlobalAveragePooling2D: {keepdims: true, from: x}", "Conv2D: {filters: 8, kernel_size: 1, name: g}"
    text = head(10, f"{CONV}, name: x}}", *gate, "Multiply: {from: [x, g]}", "Flatten")
    assert codes_of(text.replace("  - GlobalAveragePooling2D\n", ""), "ARC461") == []


def test_an_open_size_is_not_compared():
    assert codes_of(head("H", f"{CONV}}}"), "ARC461", "ARC462") == []


def test_large_networks_on_their_own_size_are_silent():
    # Five halvings and four more kernels: 1 + 2 * (1 + 2 + 4 + 8 + 16) + 4 * 2 * 32 = 319.
    deep = [f"{CONV}, strides: 2, repeat: 5}}", f"{CONV}, repeat: 4}}"]
    assert codes_of(head(224, *deep), "ARC461", "ARC462") == []
    (found,) = advice_on(loads(head(32, *deep)), "ARC462")
    assert found.message == "before `global_average_pooling2d` a place sees 319 x 319 positions, of an input of 32 x 32"
    assert codes_of(head(40, *deep), "ARC462") == []  # 7.975 times as large


def test_half_a_sample_is_what_padding_makes_of_a_stride():
    def block(padding):
        return (
            "input: [32, 32, 8]\nlayers:\n"
            "  - Conv2D: {filters: 8, kernel_size: 1, strides: 2, from: input, name: shortcut}\n"
            f"  - ZeroPadding2D: {{padding: [{padding}, {padding}], from: input}}\n"
            "  - Conv2D: {filters: 8, kernel_size: 5, strides: 2, name: residual}\n"
            "  - Add: {from: [shortcut, residual]}\n"
        )

    assert codes_of(block([2, 1]), "ARC463") == []
    assert codes_of(block([1, 2]), "ARC463") == []  # as padding "same": one position of 2 in the input
    (found,) = advice_on(loads(block([0, 3])), "ARC463")
    assert found.message == "the maps that `add` merges are 1 position apart"
    assert [one.message for one in found.related] == [
        "positions at 0, 0 of the input and every 2, 2 from there",
        "positions at 2, 2 of the input and every 2, 2 from there",
    ]


def test_down_and_up_again_is_where_it_was():
    text = (
        "input: [32, 32, 8]\nlayers:\n  - ReLU: {name: x}\n  - MaxPooling2D: 2\n"
        "  - Conv2D: {filters: 8, kernel_size: 3, padding: same}\n  - {UP}\n  - Concatenate: {from: [x, up]}\n"
    )
    for up in (
        "UpSampling2D: {size: 2, name: up}",
        "Conv2DTranspose: {filters: 8, kernel_size: 2, strides: 2, name: up}",
        "Conv2DTranspose: {filters: 8, kernel_size: 4, strides: 2, padding: same, name: up}",
    ):
        assert codes_of(text.replace("{UP}", up), "ARC463") == []


def pyramid(*, up="nearest", crop=""):
    """A pyramid of four levels down by kernels of 3, and up again by repetition, in PyTorch's words."""
    down = "".join(
        f"  - Conv2d: {{out_channels: 8, kernel_size: 3, stride: 2, padding: 1, name: c{at}}}\n" for at in range(1, 6)
    )
    text = f"framework: torch\ninput: [3, 64, 64]\nlayers:\n{down}"
    last = "c5"
    for at in (4, 3, 2):
        text += f"  - Upsample: {{scale_factor: 2, mode: {up}, from: {last}, name: u{at}}}\n"
        text += crop if at == 2 else ""
        text += f"  - add: {{from: [-1, c{at}], name: p{at}}}\n".replace(
            "-1", f"u{at}" if at != 2 or not crop else "cut"
        )
        last = f"p{at}"
    return text


def test_a_pyramid_has_no_shifted_maps():
    assert codes_of(pyramid(), "ARC463") == []


def test_what_a_pyramid_shifts_besides_is_found():
    crop = (
        "  - ZeroPad2d: {padding: [6, 0, 6, 0], name: pad}\n  - Conv2d: {out_channels: 8, kernel_size: 7, name: cut}\n"
    )
    (found,) = advice_on(loads(pyramid(crop=crop)), "ARC463")
    assert found.message.startswith("the maps that `p2` merges are ")


def test_paths_of_different_strides_drift_apart():
    text = (
        "input: [H, W, 8]\nlayers:\n  - ReLU: {name: x}\n"
        "  - Conv2D: {filters: 8, kernel_size: 3, strides: 2, padding: same, name: y}\n  - Add: {from: [x, y]}\n"
    )
    (found,) = advice_on(loads(text), "ARC463")
    assert found.message == (
        "the maps that `add` merges have different strides: position after position they drift apart"
    )
