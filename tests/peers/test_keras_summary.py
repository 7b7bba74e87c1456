"""`keras.summary` prints what Keras prints, byte for byte, given what Keras says of the model."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cnnsum.answers import OptionError
from cnnsum.answers.summary import keras_table as ours
from cnnsum.answers.summary.options import Options

pytestmark = pytest.mark.filterwarnings("ignore")

keras = pytest.importorskip("keras")
from keras_text import darker  # noqa: E402 - needs Keras


def theirs(model: Any, terminal: int, **options: Any) -> list[str]:
    """Keras's text, on a screen that is wide enough for the table."""
    captured: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(max(terminal, options.get("line_length") or 0)))
        model.summary(print_fn=lambda text, **_: captured.append(text), **options)
    assert captured[0].endswith("\n")
    return captured[0][:-1].split("\n")


def check(model: Any, terminal: int = 80, **options: Any) -> None:
    from keras_report import report_of

    chosen = Options(
        width=options.get("line_length"),
        terminal=terminal,
        expand_nested=options.get("expand_nested", False),
        show_trainable=options.get("show_trainable", False),
        layer_range=options.get("layer_range"),
        positions=options.get("positions"),
    )
    report = report_of(model)
    expected: list[str] | str
    try:
        expected = theirs(model, terminal, **options)
    except ValueError as error:
        expected = str(error)
    try:
        found: list[str] | str = list(ours.summary(report, chosen))
    except OptionError as error:
        found = error.message
    assert found == expected
    if isinstance(found, list):
        assert ["".join(text for text, _ in line) for line in ours.styled_summary(report, chosen)] == found


def ansi(lines: Any) -> str:
    """Styled lines as a terminal gets them."""
    from rich.style import Style

    screen = Console(file=io.StringIO(), color_system="256", force_terminal=True, width=500, _environ={})
    system = screen._color_system
    return "".join(
        "".join(Style.parse(style).render(text, color_system=system) for text, style in line) + "\n" for line in lines
    )


APPLICATIONS = ["VGG16", "MobileNet", "MobileNetV2", "ResNet50", "DenseNet121", "EfficientNetB0", "ConvNeXtTiny"]


@pytest.fixture(scope="module", params=APPLICATIONS)
def application(request: pytest.FixtureRequest) -> Any:
    from keras_applications import made

    return made(request.param)


@pytest.mark.parametrize("terminal", [40, 61, 80, 92, 112, 124, 200])
def test_applications(application: Any, terminal: int) -> None:
    check(application, terminal)
    check(application, terminal, show_trainable=True)


@pytest.mark.parametrize("width", [*range(20, 60, 3), 76, 88, 100, 108, 120, 163, 200])
def test_widths(application: Any, width: int) -> None:
    check(application, line_length=width)


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    keras.backend.clear_session()
    layers = keras.layers
    small = keras.Sequential(
        [layers.Input((8, 8, 3)), layers.Conv2D(4, 3, name="inside"), layers.BatchNormalization(), layers.Flatten()],
        name="small",
    )
    inner = keras.Sequential([layers.Input((8, 8, 3)), small, layers.Dense(3)], name="inner")
    left, right = keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")
    dense = layers.Dense(5, name="shared")
    frozen = layers.Dense(7, name="frozen")
    joined = layers.Concatenate()([dense(inner(left)), dense(inner(right))])
    frozen.trainable = False
    nested = keras.Model([left, right], [frozen(joined), joined + 1.0], name="nested")
    sequence = keras.Input((None, 6))
    states = layers.LSTM(4, return_state=True)(sequence)
    many = keras.Model(sequence, states, name="several_outputs")
    wide = keras.Input((None, None, 3), name="画像")
    unicode = keras.Model(
        wide, layers.Conv2D(2, 3, name="畳み込み層_with_a_long_name_ü")(wide), name="模型 └ with words" * 9
    )
    return {
        "nested": nested,
        "inner": inner,
        "unbuilt": keras.Sequential([layers.Conv2D(3, 3), layers.Dropout(0.5), layers.Dense(2)], name="unbuilt"),
        "several": many,
        "unicode": unicode,
        "emoji": keras.Sequential([layers.Input((2,)), layers.Dense(2, name="a:heart:b")], name="the :smile: model"),
        "empty": keras.Sequential(name="empty"),
        "brackets": keras.Sequential([layers.Input((2,)), layers.Dense(2, name="x[bold]y[1]")], name="[red]"),
    }


NAMES = ["nested", "inner", "unbuilt", "several", "unicode", "emoji", "empty", "brackets"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("terminal", [30, 45, 80, 100, 150])
def test_models(models: dict[str, Any], name: str, terminal: int) -> None:
    for expand in (False, True):
        for trainable in (False, True):
            check(models[name], terminal, expand_nested=expand, show_trainable=trainable)
            for width in (41, 64, 99, 140):
                check(models[name], terminal, expand_nested=expand, show_trainable=trainable, line_length=width)


@pytest.mark.parametrize(
    "layer_range",
    [("left", "shared"), ("shared", "left"), (".*", "inn"), ("dense.*", "d"), ("nothing", "left"), ("r", "fro")],
)
def test_layer_range(models: dict[str, Any], layer_range: tuple[str, str]) -> None:
    check(models["nested"], layer_range=layer_range)


def test_positions(models: dict[str, Any]) -> None:
    check(models["nested"], positions=[0.2, 0.5, 0.8, 1.0])
    check(models["inner"], positions=[0.2, 0.5, 1.0], show_trainable=True)


@pytest.mark.parametrize("name", ["nested", "inner", "unbuilt", "several", "unicode"])
def test_colours(models: dict[str, Any], name: str) -> None:
    import rich.console
    from keras_report import report_of

    screen = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        patch.setenv("TERM", "xterm-256color")
        patch.setattr(
            rich.console,
            "Console",
            lambda **_: Console(file=screen, highlight=False, color_system="256", force_terminal=True, width=80),
        )
        models[name].summary(expand_nested=True, show_trainable=True)
    options = Options(expand_nested=True, show_trainable=True)
    found = ansi(ours.styled_summary(report_of(models[name]), options))
    assert plain_runs(found) == plain_runs(darker(screen.getvalue()))


def test_the_golden_text_is_what_keras_prints() -> None:
    layers = keras.layers
    stack: list[Any] = [layers.Input((100, 100, 3))]
    keras.backend.clear_session()
    for filters in (32, 64, 128, 128):
        stack += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D(2)]
    stack += [layers.Flatten(), *[layers.Dense(units) for units in (512, 256, 1)]]
    golden = Path(__file__).parents[1] / "answers" / "golden" / "horses_or_humans.keras.txt"
    assert theirs(keras.Sequential(stack, name="horses_or_humans"), 80) == golden.read_text("utf-8").splitlines()


def plain_runs(text: str) -> list[tuple[str, str]]:
    """Escape codes and the text after each, neighbours of one style joined, codes of one style in one order."""
    runs: list[tuple[str, str]] = []
    style = ""
    for part in re.split("(\x1b\\[[0-9;]*m)", text):
        if part.startswith("\x1b"):
            style = ";".join(sorted(part[2:-1].split(";"))) if part != "\x1b[0m" else ""
        elif part:
            if runs and runs[-1][1] == style:
                runs[-1] = (runs[-1][0] + part, style)
            else:
                runs.append((part, style))
    return runs


def test_a_layer_that_holds_layers_is_opened() -> None:
    """Keras opens what has `layers`, which of all its layers Pipeline alone has; the others that hold some are not."""
    layers = keras.layers
    assert [name for name in dir(layers) if hasattr(getattr(layers, name), "layers")] == ["Pipeline"]
    inputs = keras.Input((32, 24, 3), batch_size=2)
    x = layers.Pipeline([layers.Rescaling(0.5), layers.Conv2D(4, 3), layers.BatchNormalization()])(inputs)
    x = layers.Pipeline([layers.CenterCrop(8, 6, name="middle")])(x)
    x = layers.TimeDistributed(layers.Dense(5))(x)
    # Where Keras makes it, its inner layers show the batch that Keras tried them with.
    model = keras.models.model_from_json(keras.Model(inputs, x).to_json())
    for trainable in (False, True):
        check(model, 100, expand_nested=True, show_trainable=trainable)
    check(model, 100)
