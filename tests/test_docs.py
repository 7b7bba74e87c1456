"""Every example of the README and of docs/ does what it shows.

A `console` block holds commands behind `$ ` and, below each, exactly what it prints. `CNNSUM_OVERWRITE=1` writes the
present output into the pages. A page with the comment `EMPTY_FOLDER` begins in an empty folder, in which those of its
`yaml` blocks stand whose first line is a comment with the name of a file; all others run in the root of the repository.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest
from calling import call

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(console|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EMPTY_FOLDER = "<!-- The commands of this page run in an empty folder. -->"
FILE_NAME = re.compile(r"# ([\w.][\w./]*\.ya?ml)\n")
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = 'cnnsum() { "$PYTHON" -m cnnsum "$@"; }\npython3() { "$PYTHON" "$@"; }\n'
ENVIRONMENT = {"COLUMNS": "80", "NO_COLOR": "1"}
#: What is piped into a call, the call, and what it is piped into. Of its words, what bash hands over as it is written.
CALL = re.compile(
    r"""(?:((?:printf|sed|\{) (?:(?!cnnsum|&|> )[^\n])*) \| )?"""
    r"""cnnsum((?: (?:[\w./,:=+%-]|"[^"$`\\]*"|'[^']*')+)+)"""
    r"""(?: \| ([^;]*))?"""
)


def run(command, folder=ROOT):
    """What a command writes. A call needs no process of its own, as here it is the pages that are tested."""
    calling = CALL.fullmatch(command)
    if not calling:
        written = in_bash(command, folder=folder)
    else:
        before, words, behind = calling.groups()
        given = in_bash(before, folder=folder).encode() if before else b""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            for name, value in ENVIRONMENT.items():
                patch.setenv(name, value)
            done = call(*shlex.split(words), stdin=given)
        written = done.err + in_bash(behind, done.out, folder) if behind else done.out + done.err
    written = written.replace("\r\n", "\n")
    return written if written.endswith("\n") or not written else written + "\n"


def in_bash(command, given="", folder=ROOT):
    return subprocess.run(
        [shutil.which("bash"), "-c", SHELL + command],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)},
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    ).stdout


def performed(match, folder):
    """A block with the present output below each command; a file that it shows is written, if the folder is its own."""
    language, block = match.groups()
    if language == "console":
        commands = [line for line in block.splitlines() if line.startswith("$ ")]
        block = "".join(f"{command}\n{run(command[2:], folder)}" for command in commands)
    elif folder != ROOT and (name := FILE_NAME.match(block)):
        path = folder / name[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block, encoding="utf-8")
    return f"```{language}\n{block}```"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the examples are bash's")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_consoles_show_what_is_printed(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    folder = tmp_path if EMPTY_FOLDER in text else ROOT
    present = BLOCK.sub(lambda match: performed(match, folder), text)
    if os.environ.get("CNNSUM_OVERWRITE"):
        page.write_text(present, encoding="utf-8")
    assert present == text or os.environ.get("CNNSUM_OVERWRITE")


def test_the_python_of_the_readme_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (code,) = PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    for expected in re.findall(r"^print\(.*\)  # (\d+)$", code, re.MULTILINE):
        assert expected in printed.splitlines()
    assert "Total params: 138,357,544 (527.79 MB)" in printed


def test_links_lead_somewhere():
    for page in PAGES:
        prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)#]+)\)", prose):
            if not link.startswith("http"):
                assert (page.parent / link).exists(), f"{page.name}: {link}"


#: A file of ours, where a text names one.
NAMED_FILE = re.compile(r"(?<![\w./-])(?:cnnsum|tests|docs|bench)/[\w/.-]*\w\.(?:py|md|sh|yaml|json)\b")


def test_files_that_are_named_are_there():
    """In documents, but for the guides, which name what they add, and in what the code says of itself."""
    texts = [page for page in PAGES if not page.name.startswith("adding_a_")]
    texts += [path for folder in ("cnnsum", "tests", "bench", "docs") for path in sorted((ROOT / folder).rglob("*.py"))]
    named = [(path, name) for path in texts for name in NAMED_FILE.findall(path.read_text(encoding="utf-8"))]
    assert len(named) > 100
    gone = [(path, name) for path, name in named if not (ROOT / name).exists() and not (path.parent / name).exists()]
    assert not gone


def test_every_page_is_in_the_menu_of_the_site():
    """`mkdocs build --strict`, a step of CI, would refuse a page that is not: here it costs nothing."""
    import yaml

    def pages(menu):
        for entry in menu:
            value = next(iter(entry.values())) if isinstance(entry, dict) else entry
            yield from pages(value) if isinstance(value, list) else [value]

    menu = list(pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    there = [page.relative_to(ROOT / "docs").as_posix() for page in PAGES if page.is_relative_to(ROOT / "docs")]
    assert sorted(menu) == sorted(["index.md", *there])


def test_the_picture_shows_the_present_output():
    """The text in docs/summary.svg, tags and spaces aside, is the output of the seed spec."""
    import html

    picture = (ROOT / "docs" / "summary.svg").read_text(encoding="utf-8")
    words = html.unescape(re.sub(r"<[^>]*>", " ", picture.split("</style>")[-1])).replace("\xa0", " ").split()
    shown = "".join(words)
    for line in run("cnnsum specs/horses_or_humans.yaml").splitlines():
        assert "".join(line.split()) in shown, line


def test_the_drawings_are_those_of_today(monkeypatch):
    """docs/pictures has what `--format svg` draws now: `python docs/make_picture.py` brings it up to date."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from make_picture import drawings

    for name, text in drawings().items():
        assert (ROOT / "docs" / "pictures" / f"{name}.svg").read_text(encoding="utf-8") == text, name


def test_the_layer_of_the_page_works_in_a_spec_and_in_a_keras_file(monkeypatch):
    """The page's promise: one function at the end of one file, with the imports that are there, and nothing else."""
    import cnnsum
    from cnnsum.layers import vocabulary
    from cnnsum.layers.keras import normalization

    page = (ROOT / "docs" / "adding_a_layer.md").read_text(encoding="utf-8")
    (code,) = PYTHON.findall(page)
    monkeypatch.setitem(vocabulary.KERAS.types, "ChannelScale", None)  # as it was again, whatever comes
    exec(compile(code, "adding_a_layer.md", "exec"), {**vars(normalization)})
    report = cnnsum.summarize(cnnsum.loads("{input: [8, 8, 4], layers: [ChannelScale, ChannelScale: false]}"))
    assert not report.diagnostics
    assert [row.params.total for row in report.rows] == [8, 4]
    assert [row.flops for row in report.rows] == [2 * 256, 256]
    keras = (
        '{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": ['
        '{"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "i"}},'
        '{"module": "keras.layers", "class_name": "ChannelScale", "config": {"name": "c", "gamma_constraint": 1}}'
        "]}}"
    )
    assert cnnsum.summarize(cnnsum.loads(keras)).totals.params.total == 8
    told = cnnsum.loads("{framework: torch, input: [4, 8, 8], layers: [ChannelScale]}").diagnostics
    assert "it is a layer of Keras, and none of PyTorch is known to be the same" in [one.help for one in told]
    assert "beta `C`" in call("layers", "ChannelScale").out


def test_a_layer_with_a_role_is_known_to_advice_and_conventions(tmp_path):
    """What others ask of a type is declared with it: nothing else changes for one that convolves."""
    import cnnsum
    from cnnsum.answers.conventions.ask import reconcile
    from cnnsum.layers import base, vocabulary
    from cnnsum.layers.keras.convolution import Conv2D

    code = Conv2D.__code__.replace(co_name="Sharpen2D")
    rule = type(Conv2D)(code, Conv2D.__globals__, "Sharpen2D")
    rule.__kwdefaults__, rule.__annotations__, rule.__doc__ = Conv2D.__kwdefaults__, Conv2D.__annotations__, "Sharpen."
    base.layer(role="convolution", weights="kernel bias")(rule)
    try:
        text = "{input: [8, 8, 4], layers: [Sharpen2D: {filters: 8, kernel_size: 3}, BatchNormalization]}"
        usual = text.replace("Sharpen2D", "Conv2D")
        counted = [reconcile(cnnsum.loads(one), "fvcore") for one in (text, usual)]
        assert counted[0].theirs == counted[1].theirs > 0
        (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
        assert "ARC401" in {found.code for found in cnnsum.check([tmp_path / "own.yaml"])}
    finally:
        del vocabulary.KERAS.types["Sharpen2D"]


def blocks(page, language="python"):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def made(monkeypatch, name, code):
    """A module of the package, from the text of a page."""
    module = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(code, name, "exec"), vars(module))
    return module


def test_the_rule_of_the_page_speaks_of_its_own_example(monkeypatch):
    import cnnsum
    from cnnsum.diagnostics import CODES
    from cnnsum.rules import advise
    from cnnsum.rules.base import _RULES, Subject, all_rules

    (code,) = blocks("adding_a_rule.md")
    assert len(all_rules()) > 50
    assert CODES.get("ARC485") in (None, "double precision")  # it is free, or the guide was followed
    for known in (CODES, _RULES):
        monkeypatch.setitem(known, "ARC485", "double precision")
    del _RULES["ARC485"]
    made(monkeypatch, "cnnsum.rules.precision", code)
    said = []
    for text in (_RULES["ARC485"].documentation.bad, _RULES["ARC485"].documentation.good):
        model = cnnsum.loads(text)
        subject = Subject(model.graph, model.inference, lambda: None, model.document, lambda code: code == "ARC485")
        said.append([(one.code, one.span is not None) for one in advise(subject)])
    assert said == [[("ARC485", True)], []]


def test_the_format_of_the_page_renders_an_answer(monkeypatch):
    import cnnsum

    (code,) = blocks("adding_a_format.md")
    module = made(monkeypatch, "cnnsum.answers.sizes.example", code)
    answer = cnnsum.sizes(cnnsum.loads("{input: [8, 3], layers: [MaxPooling1D: 2]}"))
    assert list(module.markdown_chunks(answer))[1:] == ["| input_layer | 1 | T | T \\>= 2 |\n"]


def test_the_question_of_the_page_is_answered(monkeypatch):
    """Its room, its command and its schema, each registered by the lines of the page."""
    import jsonschema

    import cnnsum
    from cnnsum import answers
    from cnnsum.cli import formats as of_commands
    from cnnsum.cli import names

    def register(known, line, given=None):
        for name, value in eval("{" + line + "}", {} if given is None else vars(given)).items():
            monkeypatch.setitem(known, name, value)

    ask, formats, command, example = blocks("adding_a_question.md")
    _, registered, named, printed, *_ = blocks("adding_a_question.md", "text")
    made(monkeypatch, "cnnsum.answers.depth", '"""A room."""')
    asked = made(monkeypatch, "cnnsum.answers.depth.ask", ask)
    shown = made(monkeypatch, "cnnsum.answers.depth.formats", formats)
    register(answers.FORMATS, registered)
    register(names.COMMANDS, named)
    register(of_commands.FORMATS, printed, of_commands)
    made(monkeypatch, "cnnsum.cli.depth", command)
    answer = asked.depth(cnnsum.load(ROOT / "specs" / "resnet50.yaml"))
    assert answer.layers == 50
    assert "".join(text for line in shown.lines(answer, 80) for text, _ in line) == "resnet50: 50"
    json_text = '{"schema": "cnnsum.depth/1", "model": "resnet50", "layers": 50}\n'
    assert list(shown.json_chunks(answer)) == [json_text]
    monkeypatch.chdir(ROOT)
    assert call("depth", "specs/resnet50.yaml") == (0, "resnet50: 50\n", "")
    assert call("depth", "specs/resnet50.yaml", "--format", "json") == (0, json_text, "")
    code, _, err = call("depth", "specs/resnet50.yaml", "-o", "depth.svg")
    assert (code, "which depth does not write: its formats are text, json" in err) == (2, True)
    (schema,) = map(json.loads, blocks("adding_a_question.md", "json"))
    jsonschema.validate(json.loads(json_text), schema)
    seen = str(asked.depth(cnnsum.load(ROOT / "specs" / "horses_or_humans.yaml")))
    assert example == f">>> cnnsum.depth(model)\n{seen}\n\n"


def test_the_vocabulary_of_the_page_is_found(monkeypatch):
    """By the lines of the page that make it known, in the order of its lists, and in the command."""
    from cnnsum.layers import vocabulary

    folder, products, activations, meanings = blocks("adding_a_vocabulary.md")
    new, every, *_ = blocks("adding_a_vocabulary.md", "text")
    spaces = {**vars(vocabulary)}
    exec(new + every, spaces)
    coreml = spaces["COREML"]
    assert spaces["EVERY"] == {**vocabulary.EVERY, "coreml": coreml}
    monkeypatch.setitem(vocabulary.EVERY, "coreml", coreml)
    package = "cnnsum.layers.coreml"
    made(monkeypatch, package, folder)
    for name, code in (("products", products), ("activations", activations), ("meanings", meanings)):
        made(monkeypatch, f"{package}.{name}", code)
    assert [*coreml.all_types()] == ["coreml.innerProduct", "coreml.ReLU", "coreml.sigmoid"]
    facts = coreml.find("coreml.innerProduct").rule((1, 4), inputChannels=4, outputChannels=3, hasBias=True)
    assert facts.outputs == ((1, 3),)
    assert [weight.shape for weight in facts.weights] == [(3, 4), (3,)]
    assert (facts.macs, facts.ops) == (12, 3)
    assert coreml.meanings().fields["channels"] == ("outputChannels",)
    code, out, err = call("layers", "innerProduct", "--framework", "coreml")
    assert (code, out.startswith("Core ML\n\ninnerProduct\n"), err) == (0, True, "")
    assert "inputChannels   a positive integer; required" in out


def test_the_reader_of_the_page_reads_its_example(monkeypatch):
    from cnnsum.graph.infer import infer
    from cnnsum.source import read_text

    (code,) = blocks("adding_a_reader.md")
    (text,) = blocks("adding_a_reader.md", "json")
    reader = made(monkeypatch, "cnnsum.readers.stack", code)
    found = infer(reader.read_stack(read_text(text, "stack.json")))
    assert [call.facts.outputs[0][1:] for call in found.calls if call.layer.spec is None] == [
        (26, 26, 8),
        (5408,),
        (10,),
    ]
    wrong = reader.read_stack(read_text('{"stack": [["Dense", {"units": -1}], 3]}', "stack.json"))
    assert [(one.code, one.span.column) for one in wrong.diagnostics] == [("CFG102", 32), ("SPC022", 38)]


def test_the_spec_of_the_readme_is_sound():
    import cnnsum

    page = (ROOT / "README.md").read_text(encoding="utf-8")
    (spec,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    report = cnnsum.summarize(cnnsum.loads(spec))
    assert not report.diagnostics
    assert [row.type for row in report.rows] == ["Conv2D", "MaxPooling2D", "Conv2D", "Flatten", "Dense"]


def test_the_python_of_the_page_runs(monkeypatch):
    """Every example of docs/python.md, each after those before it."""
    import doctest

    monkeypatch.chdir(ROOT)
    page = ROOT / "docs" / "python.md"
    found = doctest.DocTestParser().get_doctest(page.read_text(encoding="utf-8"), {}, page.name, str(page), 0)
    assert len(found.examples) > 20
    told = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(found, out=told.append)
    assert not told, "".join(told)


def test_every_function_has_a_place_on_the_page():
    import inspect

    import cnnsum

    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    functions = [name for name in cnnsum.__all__ if inspect.isfunction(getattr(cnnsum, name))]
    assert len(functions) >= 13
    assert not [name for name in functions if f"cnnsum.{name}(" not in page]


def test_every_argument_has_a_place_in_the_section_of_its_function():
    from cnnsum.arguments import ARGUMENTS

    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    first, *others = re.split(r"^## ", page, flags=re.MULTILINE)
    sections = {heading.split("`")[1]: heading for heading in others}
    missing = []
    for name, arguments in ARGUMENTS.items():
        section = first if name in ("load", "loads") else sections[name]
        calls = re.findall(rf"cnnsum\.{name}\(([^\n]*)", section)
        named = {word for call in calls for word in re.findall(r"(\w+)=", call)}
        named |= {word for text in re.findall(r"`([^`\n]+)`", section) for word in re.findall(r"\w+", text)}
        missing += [(name, one) for one in arguments if one not in {*named, "model", "old", "new"}]
    assert not missing
