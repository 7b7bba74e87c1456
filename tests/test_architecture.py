"""What each part must not know, import by import; circles; what is done in one place alone."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import cnnsum

ROOT = Path(cnnsum.__file__).parent

#: What each part may know: the parts that it imports from, itself and what all may know aside (the package's version,
#: named tuples, counts). Whatever does not stand here it must not know. docs/architecture.md says why; their order is
#: that of the text of a file to the screen.
KNOWS = {
    "typed": "",
    "counted": "",
    "ink": "",
    "globs": "",
    "regular": "",
    "dims": "",
    "diagnostics": "ink",
    "source": "diagnostics",
    "executors": "diagnostics",
    "layers": "diagnostics dims",
    "layers.arithmetic": "diagnostics dims layers",
    "layers.keras": "diagnostics dims layers layers.arithmetic",
    "layers.keras_hub": "diagnostics dims layers layers.arithmetic layers.keras",
    "layers.torch": "diagnostics dims layers layers.arithmetic",
    "layers.onnx": "diagnostics dims layers layers.arithmetic",
    "layers.tflite": "diagnostics dims layers layers.arithmetic",
    "graph": "diagnostics dims layers source",
    "readers": "diagnostics dims graph layers layers.arithmetic layers.keras layers.onnx layers.tflite source",
    "writers": "diagnostics dims graph ink layers layers.keras readers source",
    "analyses": "dims graph layers",
    "analyses.sizes": "diagnostics dims graph layers",
    "analyses.field": "dims graph layers",
    "analyses.conventions": "dims graph layers layers.arithmetic",
    "analyses.memory": "analyses analyses.sizes dims graph layers",
    "analyses.training": "analyses analyses.memory dims graph layers",
    "render": "diagnostics dims ink",
    "rules": "analyses analyses.conventions analyses.field analyses.memory analyses.sizes diagnostics dims graph "
    "layers layers.arithmetic source",
    "codes": "diagnostics model rules",
    "model": "analyses.sizes diagnostics dims graph layers readers source",
    "answers": "diagnostics dims ink render",
    "answers.conventions": "analyses analyses.conventions diagnostics dims model render",
    "answers.plan": "analyses analyses.memory analyses.sizes answers.summary dims graph model render",
    "answers.sizes": "analyses.sizes answers answers.summary diagnostics model render",
    "answers.summary": "analyses analyses.field analyses.memory analyses.sizes analyses.training answers "
    "answers.conventions answers.page answers.plan answers.sizes diagnostics dims graph ink layers model regular "
    "render rules",
    "answers.picture": "answers.summary ink render",
    "answers.convert": "answers diagnostics model writers",
    "answers.diff": "analyses.sizes answers answers.page answers.picture answers.summary diagnostics dims graph ink "
    "layers model render",
    "answers.layers": "diagnostics layers",
    "answers.explain": "analyses analyses.field analyses.memory answers diagnostics dims graph ink layers "
    "layers.arithmetic model render",
    "answers.page": "analyses.memory answers answers.explain answers.picture answers.plan answers.summary diagnostics "
    "dims ink layers model",
    "answers.schema": "diagnostics dims graph layers layers.keras layers.torch readers",
    "answers.variants": "analyses.sizes analyses.training answers answers.summary diagnostics dims executors model "
    "readers source",
    "answers.fit": "analyses.sizes answers answers.sweep answers.variants diagnostics dims model render",
    "answers.sweep": "answers answers.variants diagnostics dims executors ink model render",
    "answers.listing": "analyses.training answers answers.sizes answers.summary answers.variants diagnostics dims "
    "executors ink lint model readers render source",
    "lint": "analyses analyses.field analyses.sizes analyses.training answers.summary codes diagnostics dims executors "
    "globs graph ink layers model readers render rules source writers",
    "server": "analyses answers answers.explain answers.schema answers.sizes codes diagnostics dims graph ink layers "
    "lint model readers render source",
    "arguments": "answers answers.listing answers.summary answers.variants diagnostics dims model readers",
    "cli": "answers answers.conventions answers.convert answers.diff answers.explain answers.fit answers.layers "
    "answers.listing answers.page answers.plan answers.schema answers.sizes answers.summary answers.sweep "
    "answers.variants codes diagnostics ink layers lint model readers render server source",
}

#: Modules that import one another, and why that is not a fault.
CIRCLES = {
    "a number and its `//`": "dims.division dims.expr dims.halves dims.pieces dims.printer dims.sampling",
    "what is decided needs what is made of it": "dims.deciding dims.making dims.questions",
    "a file, and what is not a file": "source.raw source.special",
    "a flow in a block, and what stands in it": "source.yaml_braces source.yaml_text",
    "a layer within a layer": "readers.native.defaults readers.native.fields readers.native.inner",
    "a model within a model": "readers.native.include readers.native.nested readers.native.spec",
    "a Keras model within another": "readers.keras readers.keras.model",
    "a report evaluated is a report": "answers.summary.evaluate answers.summary.records",
}


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def modules() -> dict[str, Path]:
    found = {}
    for path in ROOT.rglob("*.py"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__").removesuffix("__init__")] = path
    return found


def walk(tree: ast.AST) -> Iterator[ast.AST]:
    """What `ast.walk` gives, in another order and in a third of the time."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for value in vars(node).values():
            if isinstance(value, list):
                waiting += [one for one in value if isinstance(one, ast.AST)]
            elif isinstance(value, ast.AST):
                waiting.append(value)


@functools.cache
def nodes(path: Path) -> tuple[list[ast.ImportFrom], set[int], list[ast.Call], list[str], list[str]]:
    """What these tests look at, of one walk: imports by name, which of them are for annotations only, calls, texts, and
    the modules that are imported whole.
    """
    found: list[ast.ImportFrom] = []
    for_types: set[int] = set()
    calls: list[ast.Call] = []
    texts: list[str] = []
    whole: list[str] = []
    for node in walk(parsed(path)):
        if isinstance(node, ast.ImportFrom):
            found.append(node)
            assert not node.level, f"{path}: a relative import"
        elif isinstance(node, ast.Import):
            # Imported whole, a module of ours would not be seen by what looks at imports by name.
            assert not [alias.name for alias in node.names if alias.name.split(".")[0] == "cnnsum"], path
            whole += [alias.name for alias in node.names]
        elif isinstance(node, ast.If) and any(getattr(one, "id", "") == "TYPE_CHECKING" for one in walk(node.test)):
            for_types |= {id(inner) for statement in node.body for inner in walk(statement)}
        elif isinstance(node, ast.Call):
            calls.append(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
    return found, for_types, calls, texts, whole


@functools.cache
def imports(module: str, *, for_types: bool) -> frozenset[str]:
    """The modules of ours that a module imports; with those that are for its annotations only, or without them."""
    every, of_types, *_ = nodes(modules()[module])
    found = set()
    for node in every:
        if node.module and node.module.split(".")[0] == "cnnsum" and (for_types or id(node) not in of_types):
            home = node.module.removeprefix("cnnsum").removeprefix(".")
            for alias in node.names:
                inner = f"{home}.{alias.name}".removeprefix(".")
                found.add(inner if inner in modules() else home)
    return frozenset(found - {""})


def part(module: str) -> str:
    first, *rest = module.split(".")
    return f"{first}.{rest[0]}" if rest and f"{first}.{rest[0]}" in KNOWS else first


def test_each_part_knows_what_it_may_know_and_no_more():
    known: dict[str, set[str]] = {name: set() for name in KNOWS}
    for module in modules():
        if module in ("", "__main__"):
            continue
        for other in imports(module, for_types=True):
            if part(other) not in {part(module), "typed", "counted"}:
                assert part(other) in KNOWS[part(module)].split(), f"{module} imports {other}"
                known[part(module)].add(part(other))
    # Nor is anything allowed that nobody needs.
    assert {name: sorted(found) for name, found in known.items()} == {
        name: sorted(allowed.split()) for name, allowed in KNOWS.items()
    }


#: Who loads modules by their names, and of which parts; "" is all that stand in `KNOWS`. What is loaded so is known by
#: its name alone, and not to the one that loads it: that is what a registry is for.
BY_NAME = {
    "": "answers.conventions answers.convert answers.diff answers.explain answers.fit answers.listing answers.page "
    "answers.plan answers.sizes answers.summary answers.sweep diagnostics lint model",  # what the library exports
    "answers": "answers.conventions answers.diff answers.explain answers.fit answers.layers answers.listing "
    "answers.page answers.picture answers.sizes answers.summary answers.sweep codes lint",  # formats, and schemas
    "answers.listing.ask": "answers.summary",  # before processes are started
    "cli.commands": "cli",
    "codes": "codes",  # a family of codes when one of its codes is asked for
    "executors.cluster": "",  # `distributed`, of others
    "layers.vocabulary": "layers.keras layers.keras_hub layers.onnx layers.tflite layers.torch",
    "lint.worth": "model source",  # before processes are started
    "readers": "readers",
    "readers.types": "",  # modules of the user's
    "rules.base": "rules",
}


def named_by(module: str) -> set[str]:
    """The modules that a module may load by a name: those that its texts and its tables name."""
    from cnnsum.answers import FORMATS, SCHEMAS
    from cnnsum.cli import COMMANDS
    from cnnsum.codes import FAMILIES
    from cnnsum.layers.vocabulary import EVERY
    from cnnsum.readers import _READERS
    from cnnsum.rules.base import THEMES

    tables = {
        "answers": [*SCHEMAS.values(), *(home for formats in FORMATS.values() for home in formats.values())],
        "cli.commands": [f"cli.{name}" for name in COMMANDS],
        "codes": [f"codes.{family.lower()}" for family in FAMILIES if family != "ARC"],  # rules document themselves
        "layers.vocabulary": [one.module(family) for one in EVERY.values() for family in one.lists.families],
        "readers": [f"readers.{folder}" for folder, _ in _READERS.values()],
        "rules.base": [f"rules.{theme}" for theme in THEMES],
    }
    found = [home.partition(":")[0].removeprefix("cnnsum.") for home in tables.get(module, ())]
    assert not set(found) - {*modules()}, module
    written = [text.removeprefix("cnnsum.") for text in nodes(modules()[module])[3] if text.startswith("cnnsum.")]
    return {*found, *(one for one in written if one in modules())} - {""}


def test_what_is_loaded_by_name_is_of_the_parts_that_it_may_be_of():
    loading = {
        module
        for module, path in modules().items()
        if any(called.endswith("import_module") or called == "__import__" for called in calls_of(path))
    }
    assert loading == {*BY_NAME}
    for module, allowed in BY_NAME.items():
        assert {part(other) for other in named_by(module)} == set(allowed.split()), module


def test_the_page_has_every_part_and_contradicts_nothing():
    """The tables of docs/architecture.md: a row for each part, and no part forbidden there that is allowed here."""
    page = (ROOT.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_.]+)` \| .* \| (.*) \|$", page, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(KNOWS)
    for name, forbidden in rows:
        for other in re.findall(r"`([^`]+)`", forbidden):
            assert other in KNOWS, f"{name}: {other}"
            allowed = KNOWS[name].split()
            assert not [one for one in allowed if one == other or one.startswith(f"{other}.")], f"{name}: {other}"


def test_what_renders_an_answer_sees_its_records_alone():
    from cnnsum.answers import FORMATS

    renderers = {home.partition(":")[0] for formats in FORMATS.values() for home in formats.values()}
    assert len(renderers) > 8
    for name in renderers:
        own = part(name)
        seen = {part(other) for other in imports(name, for_types=True)}
        assert not (seen - {own}) & {"graph", "readers", "source", "model", "lint", "cli"}, name
        assert not {other for other in seen if other.startswith("analyses")}, name


def test_a_room_has_its_question_and_is_found_by_it():
    from cnnsum.answers import FORMATS

    rooms = {path.parent.name for path in (ROOT / "answers").glob("*/__init__.py")}
    homes = {
        home.split(".")[1] for formats in FORMATS.values() for home in formats.values() if home.startswith("answers")
    }
    assert homes <= rooms
    for room in rooms - {"variants"}:  # which fit and sweep have in common
        assert f"answers.{room}.ask" in modules(), room


def test_circles_are_those_that_are_explained():
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(module: str) -> None:  # Tarjan's algorithm
        numbers[module] = lowest[module] = len(numbers)
        stack.append(module)
        for other in imports(module, for_types=False):
            if other not in numbers:
                visit(other)
            if other in stack:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == numbers[module]:
            at = stack.index(module)
            found.append(sorted(stack[at:]))
            del stack[at:]

    for module in modules():
        if module not in numbers:
            visit(module)
    assert sorted(circle for circle in found if len(circle) > 1) == sorted(
        sorted(one.split()) for one in CIRCLES.values()
    )


def test_private_names_stay_in_their_module():
    for module, path in modules().items():
        for node in nodes(path)[0]:
            if (node.module or "").startswith("cnnsum"):
                private = [alias.name for alias in node.names if alias.name.startswith("_")]
                assert not [name for name in private if not name.endswith("__")], f"{module}: {private}"


#: The parts that say `Any`. Values of any type come in where files are read, where callers give arguments, and from
#: libraries without types; the kinds of fields read such values, and a field is what its kind gives. What is only
#: handed on, compared or written is an `object`. A part that has no `Any` left leaves this list, and no other comes in.
ANY = {
    *("source", "readers", "arguments", "server", "cli"),  # files, arguments, messages
    *("layers", "typed"),  # kinds of fields
}


def test_any_stands_where_values_of_any_type_come_in():
    saying = set()
    for module, path in modules().items():
        if any(isinstance(node, ast.Name) and node.id == "Any" for node in walk(parsed(path))):
            saying.add(part(module))
    assert saying == ANY


def test_every_module_says_what_it_is_for():
    for path in ROOT.rglob("*.py"):
        assert ast.get_docstring(parsed(path)), path


def calls_of(path: Path) -> list[str]:
    """What a module calls, as it is written: `click.echo`, `sys.stderr.write`."""
    return [ast.unparse(node.func) for node in nodes(path)[2]]


#: Where results go out, the process that shows them, and a line that is none.
WRITING = {"cnnsum.cli.output", "cnnsum.cli.pager", "cnnsum.cli.progress"}


def test_all_output_is_written_in_one_place():
    """So that all of it goes through `cnnsum.ink`, whoever adds a command."""
    echoes = []
    for path in ROOT.rglob("*.py"):
        module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        for called in calls_of(path):
            assert called not in {"print", "click.secho", "click.echo_via_pager"}, module
            if called == "click.echo":
                echoes.append(module)
            if called.endswith((".write", ".writelines")):
                assert module in WRITING, f"{module} calls {called}"
            if called.endswith("write_back"):
                assert module in {"cnnsum.cli.output", "cnnsum.cli.mending"}, module
    assert echoes == ["cnnsum.cli.commands"]  # the version


def test_markup_and_cells_are_made_in_one_place():
    for path in ROOT.rglob("*.py"):
        module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        by_name, *_, whole = nodes(path)
        names = {name.split(".")[0] for name in (*whole, *(node.module or "" for node in by_name))}
        assert not names & {"csv", "html", "xml"} or module == "cnnsum.ink", module


#: Where the names of a framework's layer types may stand: its vocabulary, its readers and its writers.
NAMED_IN = (
    *(
        "layers/keras/",
        "layers/keras_hub/",
        "layers/torch/",
        "layers/onnx/",
        "layers/tflite/",
        "readers/torch/",
        "readers/keras/",
    ),
    *("readers/onnx/", "readers/tflite/", "readers/ultralytics/", "readers/darknet/", "readers/caffe/"),
    *("layers/pairs.py", "writers/keras.py", "writers/keras_code.py", "writers/keras_states.py"),
    *("writers/torch/", "writers/translation/"),
)
#: Words that are also the name of a type, and mean something else where they stand.
ALSO_WORDS = {
    "analyses/conventions/tools.py": {"RNN"},
    "answers/summary/columns.py": {"Activation"},
    "cli/pager.py": {"LESS"},
    "rules/base.py": {"Dropout"},
    "typed.py": {"Any"},
}


def test_no_type_of_a_framework_is_named_outside_of_its_vocabulary():
    """All others ask a type what it is (`LayerType.role`), so that another vocabulary is understood at once."""
    from cnnsum.layers.vocabulary import EVERY

    types = [item for one in EVERY.values() for item in one.all_types().items()]
    # Operations of programs are called by words of the field (`view`, `mean`), which all may use.
    names = {name for key, type in types for name in (key, type.name) if name != name.lower() or "." in name}
    # And ONNX has words with a capital for them (`Or`, `Size`).
    names -= {type.name for _, type in types if type.vocabulary.name == "onnx" and type.name == type.name.capitalize()}
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if place.startswith(NAMED_IN):
            continue
        words = {
            word
            for text in nodes(path)[3]
            if len(text) < 400 and (text in names or names.issuperset(text.split()))
            for word in ([text] if text in names else text.split())
        }
        assert words <= ALSO_WORDS.get(place, set()), place


#: Names of fields that stand elsewhere, and why they may.
FIELDS_ELSEWHERE = {
    "arguments.py": ({"weights_format"}, "an argument of the library's functions"),
    "answers/schema/ask.py": ({"data_format"}, "a key of a spec, which is for all its layers"),
    "lint/looking.py": ({"data_format"}, "the same key"),
    "readers/native/fields.py": ({"data_format"}, "the same key"),
    "readers/native/spec.py": ({"data_format"}, "the same key"),
    "layers/arithmetic/slide.py": (
        {"kernel_size", "output_padding"},
        "at fault in Keras and in PyTorch, under one name",
    ),
    "layers/arithmetic/convolution.py": ({"output_padding"}, "at fault in Keras and in PyTorch, under one name"),
    "source/tflite.py": (None, "the tables of a format of files, in which the vocabulary found its names"),
}


def test_no_field_of_a_framework_is_named_outside_of_its_vocabulary():
    """All others ask for what a field means (`cnnsum.layers.meanings`). A name of one word may be any word."""
    from cnnsum.layers.facts import Layout
    from cnnsum.layers.vocabulary import EVERY
    from cnnsum.typed import get_args

    types = [type for one in EVERY.values() for type in one.all_types().values()]
    names = {name for type in types for name in type.schema.fields if "_" in name} - {*get_args(Layout)}
    used = set()
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if place.startswith(NAMED_IN):
            continue
        found = names.intersection(nodes(path)[3])
        allowed, _ = FIELDS_ELSEWHERE.get(place, (set(), ""))
        assert allowed is None or found == allowed, f"{place}: {sorted(found ^ allowed)}"
        if found:
            used.add(place)
    assert used == {*FIELDS_ELSEWHERE}
