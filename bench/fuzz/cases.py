"""Cases: files, and the calls that are made with them. A case is made of a seed and a number, and of nothing else."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bench.fuzz.nets import layer_types
from bench.fuzz.readers import Files, config, files

#: Texts that options get in the place of what they want.
WRONG = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1.5",
        "nan",
        "inf",
        "1e400",
        "9" * 40,
        "٣",
        "x",
        "H",
        "=",
        "a=",
        "=1",
        "a=b=c",
        ",",
        ",,",
        "1,",
        "none",
    ),
    *(
        "*",
        "(",
        "[",
        "a" * 300,
        "\u202ered",
        "\x1b[31m",
        "::error::x",
        "é",
        "..",
        "/",
        ".",
        "-",
        "--",
        "true",
        "1:",
        ":1",
        "1:2:3",
    ),
    *(
        "/dev/null",
        "nosuch/file",
        "\udc80",
        "2**9",
        "1_0",
        "0x10",
        "+5",
        "%",
        "a\nb",
        "mixed_float16",
        "float32",
        "adam",
        "auto",
    ),
)
SHAPES = (
    "32,32,3",
    "224,224,3",
    "H,W,3",
    "64",
    "none,none,3",
    "16,8",
    "H,H,3",
    "1",
    "8,8,8,4",
    "T,8",
    "image=8,8,3",
    "7,9,1",
    "N,3,3",
    "3,32,32",
    "3,H,W",
)
SETS = (
    "H=64",
    "W=48",
    "H=W=32",
    "H=0.5",
    "k=2",
    "v0=3",
    "v0=true",
    "v1=relu",
    "H=0",
    "H=-3",
    "T=12",
    "D=4",
    "width=0.5",
    "v0=1e9",
    "H=W",
    "x=1",
)
SWEEPS = (
    "batch=1:8",
    "H=16:64:16",
    "H=W=32,64",
    "k=1:3",
    "v0=1,2,4",
    "width=0.25:1:0.25",
    "H=1:3",
    "batch=1:200",
    "H=8",
    "T=5,9",
)
DTYPES = ("mixed_float16", "float16", "bfloat16", "float64", "mixed_bfloat16", "int8", "float8", "x")
OPTIMIZERS = ("adam", "sgd", "momentum", "adamw", "rmsprop", "adafactor", "lion", "nadam", "x", "muon", "ADAM")
COLUMNS = (
    "layer,output,macs",
    "+macs,+flops",
    "+saved",
    "layer",
    "+receptive",
    "x",
    "layer,params,weights,field",
    "+all",
    "name,,type",
)
BACKENDS = ("tensorflow", "jax", "torch", "numpy", "x")
CONVENTIONS = ("fvcore", "torchinfo", "thop", "ptflops", "keras", "x", "tensorflow")
CODES = ("SHP", "ARC", "ALL", "CFG103", "X", "GRF301,SPC", "ARC401", "shp", "UNK", "BUD")


@dataclass
class Case:
    """Calls of cnnsum in a folder of its own with these files. judge: what is held against their results, too."""

    command: str
    reader: str
    files: dict[str, bytes]
    steps: list[list[str]]
    stdin: bytes = b""
    judge: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        coded = {name: base64.b64encode(data).decode() for name, data in self.files.items()}
        return {**self.__dict__, "files": coded, "stdin": base64.b64encode(self.stdin).decode()}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Case:
        """The case that `as_json` was made of."""
        found = {name: base64.b64decode(data) for name, data in value["files"].items()}
        return Case(**{**value, "files": found, "stdin": base64.b64decode(value["stdin"])})


Option = tuple[float, Callable[[Random], Sequence[str]]]


def _flag(probability: float, name: str) -> Option:
    return probability, lambda _chance: (name,)


def _one(probability: float, name: str, values: Sequence[str], wrong: float = 0.04) -> Option:
    return probability, lambda chance: (name, chance.choice(WRONG if chance.random() < wrong else values))


HOW_OPTIONS: tuple[Option, ...] = (
    _one(0.15, "-i", SHAPES),
    _one(0.12, "--set", SETS),
    _one(0.03, "--set", SETS),
    _one(0.06, "--dtype", DTYPES),
    _one(0.04, "--keras-backend", BACKENDS),
    _one(0.04, "--from", ("cnnsum", "keras", "torch", "ultralytics", "onnx", "tflite", "x")),
    _one(0.03, "--layer-types", ("types.yaml", "nosuch.yaml")),
    _one(0.005, "--plugin", ("nosuch", "./nosuch.py", "types.yaml")),
    _one(0.05, "-o", ("out.txt", "nosuch/out.txt", "-", ".")),
    _one(0.08, "--color", ("always", "never", "auto")),
    _flag(0.08, "-q"),
    _flag(0.04, "--no-pager"),
    _flag(0.12, "-v"),
)
MODEL_OPTIONS: tuple[Option, ...] = (_one(0.1, "-b", ("1", "2", "32", "1000000000", "7")), *HOW_OPTIONS)
SHOW_OPTIONS: tuple[Option, ...] = (
    _one(0.7, "--format", ("table", "json", "json", "csv", "markdown", "mermaid", "dot", "svg", "html"), 0.01),
    _flag(0.05, "--keras"),
    _one(0.12, "--columns", COLUMNS),
    _one(0.08, "--width", ("40", "80", "200", "1", "10000", "63")),
    _one(0.06, "--style", ("keras", "compact")),
    _one(0.08, "--depth", ("0", "1", "2", "1000")),
    _one(0.08, "--style", ("compact", "keras")),
    _flag(0.12, "--expand-nested"),
    _flag(0.1, "--show-trainable"),
    (0.03, lambda chance: ("--layer-range", *chance.choices(("n0", "n1", "conv2d", "n.*", "(", "x", ".*"), k=2))),
    _flag(0.15, "--train"),
    _one(0.12, "--optimizer", OPTIMIZERS),
    _one(0.06, "--precision", DTYPES),
    _one(0.08, "--checkpoint", ("auto", "n0", "n0,n2", "x", "conv2d", "n1,,n1")),
    _flag(0.15, "--plan"),
    _one(0.12, "--chart", ("memory", "params", "macs", "peak", "pareto"), 0.01),
    _one(0.12, "--convention", CONVENTIONS),
    _flag(0.2, "--symbolic"),
    _one(0.07, "--sweep", SWEEPS),
    _one(0.02, "--sweep", SWEEPS),
    _one(0.01, "--where", ("params < 5M", "macs > 1 and peak < 8MiB", "H % 2 == 0", "status", "params <")),
    _one(0.01, "--pareto", ("params,macs", "-macs", "peak,-batch", "wide", "params,params", "")),
    _one(0.01, "--sort", ("macs", "-peak", "H", "-why", "x")),
    _one(0.01, "--top", ("1", "3", "100")),
    *MODEL_OPTIONS,
)
SIZES_OPTIONS: tuple[Option, ...] = (
    _one(0.3, "--list", ("1:64", "30:40", "1:5000", "H=1:9", "5:1")),
    _one(0.3, "--test", ("H=32", "H=32,W=48", "32", "H=1:40", "T=5", "H=W=64", "x=1")),
    _flag(0.3, "--keep"),
    _one(0.15, "--free", ("channels", "batch")),
    _one(0.4, "--format", ("text", "json"), 0.01),
    *HOW_OPTIONS,
)
EXPLAIN_OPTIONS: tuple[Option, ...] = (
    _one(0.6, "--format", ("text", "markdown", "json", "json"), 0.01),
    _one(0.15, "--convention", CONVENTIONS),
    _one(0.2, "--only", ("shapes", "parameters", "macs", "memory", "field")),
    *MODEL_OPTIONS,
)
FIT_OPTIONS: tuple[Option, ...] = (
    _one(0.6, "--memory", ("8GiB", "1MB", "100KiB", "8GB", "1B")),
    _flag(0.2, "--inference"),
    _one(0.25, "--params", ("5M", "10k", "1", "1G")),
    _one(0.2, "--macs", ("1G", "1M", "10k")),
    _one(0.2, "--flops", ("1G", "100")),
    _one(0.1, "--maximize", ("macs", "batch", "H", "params", "x")),
    _one(0.4, "--vary", ("batch", "H", "W", "H=W", "v0=1:9", "k", "v0", "width=0.1:1:0.1", "T", "H=8:64:8")),
    _one(0.1, "--least", ("1", "32", "1000")),
    _one(0.1, "--most", ("64", "512", "1")),
    _one(0.1, "--optimizer", OPTIMIZERS),
    _one(0.4, "--format", ("text", "json"), 0.01),
    *MODEL_OPTIONS,
)
DIFF_OPTIONS: tuple[Option, ...] = (
    _one(0.2, "--weights-format", ("keras", "h5", "h5-by-name")),
    _one(0.1, "--optimizer", OPTIMIZERS),
    _one(0.6, "--format", ("text", "markdown", "json"), 0.01),
    *MODEL_OPTIONS,
)
CHECK_OPTIONS: tuple[Option, ...] = (
    _one(0.7, "--format", ("text", "concise", "json", "json", "sarif", "github", "gitlab", "junit"), 0.01),
    _one(0.1, "--select", CODES),
    _one(0.1, "--ignore", CODES),
    _one(0.15, "--fail-on", ("error", "warning", "note"), 0.01),
    _flag(0.05, "--exit-zero"),
    _flag(0.05, "--statistics"),
    _one(0.12, "--budget", ("params=5M", "peak=1MiB", "params=1", "x=1", "macs=0", "train=1k", "H=8:9")),
    _one(0.08, "--baseline", ("base.json", "nosuch.json", "report.json")),
    _one(0.05, "--max-increase", ("params=2%", "peak=1MiB", "x=1%", "params=")),
    _one(0.05, "--write-baseline", ("new.json", "base.json", "nosuch/b.json")),
    _one(0.03, "--keras-backend", BACKENDS),
    _flag(0.03, "--force-exclude"),
    _flag(0.05, "--models-only"),
    _flag(0.05, "--show-settings"),
    _one(0.04, "--layer-types", ("types.yaml", "nosuch.yaml")),
    _one(0.005, "--plugin", ("nosuch", "./nosuch.py", "types.yaml")),
    _one(0.05, "-o", ("out.txt", "nosuch/out.txt", "-")),
    _one(0.08, "--color", ("always", "never", "auto")),
    _flag(0.1, "-q"),
)


def _options(choices: Sequence[Option], chance: Random) -> list[str]:
    """Some of the options, in any order. Few calls have many of them."""
    much = chance.choice((0.4, 0.8, 1.0, 1.5))
    chosen = [make(chance) for probability, make in choices if chance.random() < probability * much]
    chance.shuffle(chosen)
    return [text for option in chosen for text in option]


_TYPES = {"layer_types": {"Own": {"fields": {"units": None}, "output": ["...", "units"], "weights": {"w": ["units"]}}}}


def _beside(argv: Sequence[str], chance: Random) -> dict[str, bytes]:
    """The files that options name."""
    found: dict[str, bytes] = {}
    if "types.yaml" in argv:
        found["types.yaml"] = config(chance, _TYPES)
    if "base.json" in argv:
        found["base.json"] = config(
            chance, {"schema": "cnnsum.baseline/1", "models": {"model.yaml": {"params": 10, "macs": 5}}}
        )
    return found


def _called(command: str, options: Sequence[Option], chance: Random, model: Files, *more: str) -> Case:
    """A call of a command on a model, which may come from standard input."""
    argv = _options(options, chance)
    contents = {**_beside(argv, chance), **model.contents}
    stdin = b""
    name = model.name
    if chance.random() < 0.08:
        name, stdin = "-", contents[model.name]
    words = [name, *more]
    at = chance.choice((0, len(argv))) if "--layer-range" not in argv else 0
    head = [] if command == "show" and chance.random() < 0.5 else [command]
    return Case(command, model.reader, contents, [[*head, *(words + argv if at == 0 else argv + words)]], stdin)


def _show(chance: Random) -> Case:
    return _called("show", SHOW_OPTIONS, chance, files(chance))


def _sizes(chance: Random) -> Case:
    return _called("sizes", SIZES_OPTIONS, chance, files(chance))


def _explain(chance: Random) -> Case:
    layer = chance.choice(
        (
            (),
            ("n0",),
            ("n*",),
            ("*",),
            ("x",),
            ("net/n0",),
            ("[",),
            ("?" * 30 + "*" * 30,),
            ("Dense",),
            ("8",),
            ("n0", "n*"),
        )
    )
    return _called("explain", EXPLAIN_OPTIONS, chance, files(chance), *layer)


def _fit(chance: Random) -> Case:
    return _called("fit", FIT_OPTIONS, chance, files(chance, sound=0.5))


def _diff(chance: Random) -> Case:
    old = files(chance, "old", sound=0.6)
    new = files(chance, "new", sound=0.6)
    if chance.random() < 0.3:
        new = Files("new" + old.name[3:] if old.name.startswith("old") else old.name, {}, old.reader, old.sound)
        new.contents[new.name] = old.contents[old.name]
    argv = _options(DIFF_OPTIONS, chance)
    contents = {**_beside(argv, chance), **new.contents, **old.contents}
    stdin = b""
    names = [old.name, new.name]
    if chance.random() < 0.03:
        names[chance.randrange(2)], stdin = "-", old.contents[old.name]
    return Case("diff", old.reader, contents, [["diff", *names, *argv]], stdin)


_CONFIGS: tuple[str, ...] = (
    'select = ["ALL"]\nignore = ["ARC402"]\nfail-on = "warning"\nexclude = ["drafts/", "*.old.yaml"]\n',
    'layer-types = ["types.yaml"]\n[per-file-ignores]\n"legacy/*.yaml" = ["ARC"]\n"**" = ["SPC"]\n',
    '[budget]\nparams = "5M"\npeak = "1MiB"\n[budget."*.yaml"]\nmacs = 100\n',
    'select = "SHP"\nfail-on = 3\nx = 1\nexclude = [1]\n',
    'exclude = ["' + "*a" * 12 + 'b"]\n',
    "ignore = [99999999999999999999]\nn = 1e999\nd = 1979-05-27T07:32:00Z\n",
    '[tool.other]\nx = "y"\n',
)
_IGNORES = (
    "*.json\n",
    "model.*\n!model.yaml\n",
    "/x\n\\#\n#\n[a-z]*\n",
    "*a" * 12 + "b\n",
    "**/**/**\n",
    "[\n",
    "!\n\\\n",
    "a/**/b\n",
)


def _settings(chance: Random) -> dict[str, bytes]:
    """Configuration files of check, sound and damaged."""
    from bench.fuzz.mutate import flipped, spoilt

    found: dict[str, bytes] = {}
    if chance.random() < 0.35:
        text = chance.choice(_CONFIGS)
        name = "cnnsum.toml"
        if chance.random() < 0.4:
            name, text = (
                "pyproject.toml",
                "[tool.cnnsum]\n" + text.replace("\n[", "\n[tool.cnnsum.", 1) if text[0] != "[" else text,
            )
        data = text.encode()
        if chance.random() < 0.4:
            data = (
                spoilt(text, chance).encode("utf-8", "surrogatepass")
                if chance.random() < 0.8
                else flipped(data, chance)
            )
        found[name] = data
    if chance.random() < 0.15:
        text = chance.choice(_IGNORES)
        found[".gitignore"] = (spoilt(text, chance) if chance.random() < 0.3 else text).encode("utf-8", "surrogatepass")
    return found


def _check(chance: Random) -> Case:
    found = [
        files(chance, name, sound=0.3) for name in ("model", "legacy/other", "a" * 40)[: chance.choice((1, 1, 1, 2, 3))]
    ]
    argv = _options(CHECK_OPTIONS, chance)
    contents = {**_beside(argv, chance), **_settings(chance)}
    for one in found:
        contents.update(one.contents)
    if chance.random() < 0.02:
        argv += ["--jobs", chance.choice(("1", "2", "1", "0", "x"))]
    if chance.random() < 0.06:
        argv.append(chance.choice(("--explain", "--explain", "--add-ignores")))
    paths: list[str] = chance.choice(([one.name for one in found], [], ["."], ["*"], ["nosuch"], [found[0].name, "."]))
    stdin = b""
    if chance.random() < 0.05:
        paths, stdin = ["-"], found[0].contents[found[0].name]
    return Case("check", found[0].reader, contents, [["check", *paths, *argv]], stdin)


LIST_OPTIONS: tuple[Option, ...] = (
    _one(0.6, "--format", ("table", "csv", "jsonl", "json", "markdown")),
    _one(
        0.4,
        "--where",
        (
            *("params < 5000", "macs / params > 2", 'status == "ok" and peak >= 100', "not params > 10", "params"),
            *("nosuch > 1", "path < 3", "((((", "1 / 0 > 2", "params in {1, 2}", "training > 9**19", "x" * 300, ""),
        ),
    ),
    _one(0.3, "--sort", ("params", "-macs", "path", "-why", "nosuch", "-", "")),
    _one(0.2, "--top", ("1", "3", "0", "-1", "x")),
    _one(0.2, "--columns", ("path,params", "why,status", "inputs,outputs,name", "nosuch", ",", "path,path")),
    _one(0.1, "-b", ("1", "7", "1000000000000", "0", "x")),
    _one(0.1, "--optimizer", ("sgd", "ADAM", "zzz", "")),
    _one(0.03, "--jobs", ("1", "2", "0", "x")),
    _one(0.05, "-o", ("out.txt", "model.yaml", "nosuch/x", ".")),
)


def _list(chance: Random) -> Case:
    found = [
        files(chance, name, sound=0.5) for name in ("model", "legacy/other", "a" * 40)[: chance.choice((1, 2, 2, 3))]
    ]
    argv = _options(LIST_OPTIONS, chance)
    contents = _settings(chance) if chance.random() < 0.2 else {}
    for one in found:
        contents.update(one.contents)
    paths: list[str] = chance.choice(([one.name for one in found], [], ["."], ["*"], ["nosuch"], [found[0].name, "."]))
    stdin = b""
    if chance.random() < 0.05:
        paths, stdin = ["-"], found[0].contents[found[0].name]
    return Case("list", found[0].reader, contents, [["list", *paths, *argv]], stdin)


def _fix(chance: Random) -> Case:
    model = files(
        chance, sound=0.2, only=("spec in YAML", "spec in YAML", "spec in JSON") if chance.random() < 0.8 else ()
    )
    mode = ["--fix"] + (["--unsafe-fixes"] if chance.random() < 0.4 else [])
    name = model.name
    steps = [
        ["check", name, "--format", "json"],
        ["check", name, "--diff", *mode[1:]],
        ["check", name, *mode, "--format", "json"],
        ["check", name, "--diff", *mode[1:], "--ignore", "SPC048"],
    ]
    return Case(
        "check --fix", model.reader, {**model.contents, **_settings(chance)}, steps, judge="fix", facts={"model": name}
    )


#: What is converted to code of Python.
CODE = ("torch", "keras-py")


def _convert(chance: Random) -> Case:
    model = files(chance, sound=0.6)
    to = chance.choice(("keras", "yaml", "json", *CODE))
    argv = _options(HOW_OPTIONS, chance)
    plain = not any(
        word in argv
        for word in (
            "-i",
            "--set",
            "--dtype",
            "--layer-types",
            "--plugin",
            "-o",
            "--from",
            "-b",
            "--color",
            "--keras-backend",
        )
    )
    if to in CODE:
        argv = [one for one in argv if one != "-o"]
        steps = [["convert", model.name, "--to", to, *argv]]
        return Case("convert", model.reader, {**model.contents, **_beside(argv, chance)}, steps, judge="code")
    if to != "keras" and chance.random() < 0.2:
        argv += ["--framework", chance.choice(("keras", "torch"))]
        plain = False
    if not plain:
        return Case(
            "convert",
            model.reader,
            {**model.contents, **_beside(argv, chance)},
            [["convert", model.name, "--to", to, *argv]],
        )
    name = f"converted.{'yaml' if to == 'yaml' else 'json'}"
    steps = [
        ["convert", model.name, "--to", to, "-o", name],
        [model.name, "--format", "json"],
        [name, "--format", "json"],
    ]
    return Case("convert", model.reader, dict(model.contents), steps, judge="convert", facts={"name": name, "to": to})


def _agree(chance: Random) -> Case:
    """The same question put to several commands."""
    kind = chance.choice(("sizes", "table", "diff", "budget", "evaluate", "twice", "explain"))
    model = files(
        chance, sound=0.9 if kind != "twice" else 0.5, only=("spec in YAML",) if kind in ("sizes", "evaluate") else ()
    )
    name = model.name
    height, width = chance.choice((8, 21, 32, 33, 64)), chance.choice((8, 12, 32, 50, 64))
    match kind:
        case "sizes":
            steps = [
                ["sizes", name, "--set", f"W={width}", "--test", f"H={height}", "--format", "json"],
                [name, "--format", "json", "--set", f"H={height}", "--set", f"W={width}"],
                [name, "--format", "json"],
            ]
        case "table":
            steps = [[name], [name, "--format", "json"], [name, "--format", "csv"], [name, "--format", "markdown"]]
        case "diff":
            steps = [["diff", name, name, "--format", "json"], [name, "--format", "json"]]
        case "budget":
            steps = [[name, "--format", "json"], ["check", name, "--write-baseline", "base.json", "--format", "json"],
                     ["check", name, "--baseline", "base.json", "--format", "json"]]  # fmt: skip
        case "evaluate":
            steps = [[name, "--format", "json", "--set", f"H={height}", "--set", f"W={width}", "--train"],
                     [name, "--sweep", f"H={height}", "--set", f"W={width}", "--format", "json"]]  # fmt: skip
        case "explain":
            steps = [[name, "--format", "json"], ["explain", name, "--format", "json"]]
        case _:
            argv = [name, *_options(SHOW_OPTIONS[: -len(HOW_OPTIONS)], chance)]
            steps = [argv, argv]
    return Case(f"agree: {kind}", model.reader, dict(model.contents), steps, judge=kind, facts={"sound": model.sound})


def _reference(chance: Random) -> Case:
    """Commands that read no model."""
    words = (*list(layer_types())[:: chance.randint(1, 40)], "Conv2d", *WRONG)
    codes = ("ARC401", "ARC", "SHP201", "arc401", "X", *WRONG)
    steps = chance.choice(
        (
            ["layers", chance.choice(words)],
            ["layers", chance.choice(("nn.BatchNorm2d", "convolutional", "tf.keras.layers.Dense", "shortcut", "x.y"))],
            [
                chance.choice(("gallery", "help", "completion")),
                chance.choice(("unet", "show", "-", "bash", "é")),
            ],
            ["gallery", chance.choice(("resnet50", "torch/unet", "x")), *_options((_flag(0.8, "--path"),), chance)],
            ["init", "-", "--from-gallery", chance.choice(("resnet18", "lenet5", "x"))],
            ["layers"],
            ["layers", chance.choice(words), "--framework", chance.choice(("keras", "torch", "tf"))],
            [
                "rule",
                chance.choice(codes),
                *_options((_one(0.8, "--format", ("text", "markdown", "json")), _one(0.1, "-o", ("out.txt",))), chance),
            ],
            ["schema", *_options((_one(0.2, "-o", ("out.json", "nosuch/x")),), chance)],
            [chance.choice(("show", "check", "list", "sizes", "explain", "fit", "diff", "convert", "rule")), "--help"],
            [*chance.choices(WRONG, k=chance.randint(0, 3))],
            [
                chance.choice(("shw", "checks", "--version", "-h", "nosuch.yaml", "model", "fit", "convert")),
                *chance.choices(WRONG, k=1),
            ],
        )
    )
    return Case("reference", "none", {}, [steps])


#: Commands that are fuzzed, with their weights.
COMMANDS: dict[str, tuple[int, Callable[[Random], Case]]] = {
    "show": (30, _show),
    "check": (20, _check),
    "check --fix": (7, _fix),
    "list": (8, _list),
    "sizes": (9, _sizes),
    "explain": (8, _explain),
    "fit": (7, _fit),
    "diff": (7, _diff),
    "convert": (8, _convert),
    "agree": (7, _agree),
    "reference": (3, _reference),
}


def case(seed: int, number: int) -> Case:
    """The case of a number."""
    chance = Random(f"{seed}/{number}")
    weights = [weight for weight, _make in COMMANDS.values()]
    name = chance.choices(list(COMMANDS), weights)[0]
    return COMMANDS[name][1](chance)
