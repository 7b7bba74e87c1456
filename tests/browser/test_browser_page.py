"""A page as somebody uses it: by mouse and by keyboard, light and dark, on a telephone and on a wall, printed, kept as
a link; and whatever its file says, nothing runs and nothing is asked for.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calling import call
from test_hostile_text import FILES

from tests.browser.chromium import ROOT, Browser
from tests.browser.keras_nested import nested_archive
from tests.browser.page_files import written
from tests.thorough import some

pytestmark = pytest.mark.browser

TABS = ("Layer", "Table", "Memory", "Shares", "Findings", "Source")
WIDTHS = ((400, 800), (1200, 900), (2400, 1300))

#: A model with what a page shows only at times: findings, blocks, sizes of which some are refused.
VARIED = """\
input: [H, W, 3]
blocks:
  stem:
    args: [n]
    layers:
      - Conv2D: [n, 3, 2]
      - BatchNormalization
      - ReLU
layers:
  - stem: 8
  - stem: 16
  - Conv2D: [16, 7]
  - Dense: [10, softmax]
  - GlobalAveragePooling2D
  - Dropout: 0.5
  - Dense: [10, softmax]
  - Dense: [10, softmax]
"""


def page_of(arguments: list[str], file: Path) -> Path:
    """The page that the command line writes."""
    done = call(*arguments, "--format", "html", "-o", str(file))
    assert file.exists(), done.err
    return file


@pytest.fixture(scope="module")
def unet(folder: Path) -> Path:
    return page_of([str(ROOT / "specs/unet.yaml")], folder / "unet.html")


@pytest.fixture(scope="module")
def resnet(folder: Path) -> Path:
    return page_of([str(ROOT / "specs/resnet50.yaml")], folder / "resnet.html")


@pytest.fixture(scope="module")
def varied(folder: Path) -> Path:
    spec = folder / "varied.yaml"
    spec.write_text(VARIED)
    return page_of([str(spec)], folder / "varied.html")


def tabs(browser: Browser) -> list[str]:
    found: list[str] = browser.evaluate(
        "return [...document.querySelectorAll('[role=tab]')].map((one) => one.id.replace('tab-', ''));"
    )
    return found


def panel(browser: Browser) -> str:
    text: str = browser.evaluate("return document.querySelector('#panel').textContent;")
    return text


def chosen(browser: Browser) -> str:
    """What a screen reader says of the box that is chosen."""
    text: str = browser.evaluate("return document.querySelector('.picture p[role=status]').textContent;")
    return text


def test_nothing_is_wrong_for_who_cannot_see_or_point(varied: Path, browser: Browser):
    browser.open(varied)
    assert tabs(browser) == list(TABS)
    browser.evaluate("document.querySelectorAll('.rows .link')[1]?.click();")
    wrong = []
    for width, height in WIDTHS:
        for dark in (False, True):
            browser("look", width=width, height=height, dark=dark)
            for tab in TABS:
                browser("click", selector=f"#tab-{tab}")
                wrong += [f"{width}, {'dark' if dark else 'light'}, {tab}: {one}" for one in browser("axe")]
                wide = browser.evaluate("return document.documentElement.scrollWidth - innerWidth;")
                if wide > 0:
                    wrong.append(f"{width}, {tab}: {wide} pixels wider than the window")
    browser.at([{"H": 3}])
    assert browser.state()["refusal"]
    wrong += [f"refused: {one}" for one in browser("axe")]
    assert not wrong, "\n".join(wrong[:8])
    assert browser("noise") == []


@pytest.mark.parametrize("width", [1200, 1300, 1400])
def test_the_table_is_as_wide_as_its_panel(resnet: Path, browser: Browser, width: int):
    browser.open(resnet, width=width)
    browser("click", selector="#tab-Table")
    browser.at([{"batch": 1, "H": 1536, "W": 1536}])
    over = "const panel = document.querySelector('#panel'); return panel.scrollWidth - panel.clientWidth;"
    assert browser.evaluate(over) <= 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["specs/resnet50.yaml", "-b", "4"],
        ["specs/torch/lstm.yaml"],
        ["specs/inception_v3.yaml", "--depth", "1"],
        ["tests/readers/pt2/coat_lite_tiny.pt2"],
        ["tests/readers/keras_json/files/nested.json"],
        ["diff", "specs/resnet18.yaml", "specs/resnet34.yaml"],
    ],
    ids=" ".join,
)
def test_every_tab_and_every_box_without_a_word_to_the_console(arguments: list[str], folder: Path, browser: Browser):
    paths = [str(ROOT / one) if (ROOT / one).is_file() else one for one in arguments]
    browser.open(page_of(paths, folder / "quiet.html"))
    for button in ("Open all", "Close all", "Fit"):
        browser.evaluate(
            "[...document.querySelectorAll('.tools button')].find((one) => one.textContent === given)?.click();"
            "await new Promise((done) => setTimeout(done, 50));",
            button,
        )
        for tab in tabs(browser):
            browser("click", selector=f"#tab-{tab}")
            assert panel(browser)
    assert browser("axe") == []
    assert browser("noise") == []


def test_a_kept_link_restores_what_was_chosen(unet: Path, browser: Browser):
    browser.open(unet)
    browser.at([{"H": 48, "W": 64, "batch": 3}])
    browser("click", selector="#tab-Table")
    browser("click", selector=".rows tbody tr:nth-child(9) .link")
    before = browser.state(), panel(browser), chosen(browser)
    hash = browser.evaluate("return location.hash;")
    assert {"batch=3", "H=48", "W=64"} < set(hash[1:].split("&"))
    browser.open(unet, hash=hash)
    assert (browser.state(), panel(browser), chosen(browser)) == before
    assert before[0]["totals"]["macs"] != ""
    # A link that was written by hand, of sizes that are refused, and of what is not there.
    browser.open(unet, hash="#H=17&layer=nobody&Q=3")
    state = browser.state()
    assert "H = 17 is not accepted" in state["refusal"]
    assert state["near"] == [16, 32]
    browser("click", selector="#refusal > button >> nth=1")
    assert browser.state()["refusal"] == ""
    assert "H=32" in browser.evaluate("return location.hash;")
    browser.open(unet, hash="#%E0%A4%A&&&=&H=%3Cscript%3E")
    assert browser("noise") == []


def test_the_size_that_was_typed_is_the_one_that_is_refused(folder: Path, browser: Browser):
    """Two images of one size, into one network: either may be the one that does not fit."""
    browser.open(page_of([str(ROOT / "specs/siamese.yaml")], folder / "siamese.html"))
    for name in ("W2", "H", "H2", "W"):
        (state,) = browser.at([{name: 300}])
        assert state["refusal"].startswith(f"{name} = 300 is not accepted by one.dense")
        (state,) = browser.at([{name: 105}])
        assert state["refusal"] == ""
    # A number that is not a size at all comes first, wherever it stands.
    (state,) = browser.at([{"W2": 0, "H": 300}])
    assert state["refusal"].startswith("W2 = 0 is not accepted: a size is a positive whole number")


def test_a_layer_is_found_and_shown(resnet: Path, browser: Browser):
    browser.open(resnet)
    browser("click", selector=".tools input[type=search]")
    browser("write", text="CONV4.bottleneck")
    browser("press", keys=["Enter"])
    first = panel(browser)
    assert first.startswith("conv4.bottleneck")
    assert chosen(browser)
    browser("press", keys=["Enter"])
    assert panel(browser).startswith("conv4.bottleneck")
    assert panel(browser) != first
    # What was found stands in the window, in a group that was opened for it.
    box = browser.evaluate(
        "const one = document.querySelector('.is-chosen').getBoundingClientRect();"
        "const all = document.querySelector('.canvas').getBoundingClientRect();"
        "return [one.left - all.left, one.top - all.top, all.right - one.right, all.bottom - one.bottom];"
    )
    assert min(box) >= -1, box
    browser.evaluate("document.querySelector('.tools input[type=search]').select();")
    browser("write", text="nothing like it")
    assert "0 found" in browser.evaluate("return document.querySelector('.tools [role=status]').textContent;")
    browser("click", selector="#tab-Table")
    browser("click", selector="#panel input[type=search]")
    browser("write", text="maxpool")
    assert browser.evaluate("return document.querySelectorAll('.rows tbody tr').length;") == 1
    assert browser("noise") == []


def test_the_keyboard_is_enough(resnet: Path, browser: Browser):
    browser.open(resnet)
    focused = (
        "return document.activeElement.getAttribute('name') ?? document.activeElement.getAttribute('class') ?? '';"
    )

    def tab_to(wanted: str) -> None:
        for _ in range(40):
            if browser.evaluate(focused) == wanted:
                return
            browser("press", keys=["Tab"])
        pytest.fail(f"Tab does not lead to {wanted}")

    tab_to("H")
    browser("press", keys=["Control+a"])
    browser("write", text="96")
    assert browser.state()["totals"]["macs"] != str(3_857_973_248)
    tab_to("canvas")
    boxes = "return document.querySelectorAll('.canvas [data-box]').length;"
    before = browser.evaluate(boxes)
    for _ in range(40):
        browser("press", keys=["ArrowDown"])
        if "closed group" in chosen(browser):
            break
    assert "closed group" in chosen(browser)
    browser("press", keys=["Enter"])
    assert "open group" in chosen(browser)
    assert browser.evaluate(boxes) > before
    browser("press", keys=["ArrowDown"])
    assert "group" not in chosen(browser)
    name = chosen(browser).split(",")[0]
    assert name in panel(browser)
    browser("press", keys=["+", "+", "-", "0", "Home", "End", "Escape"])
    assert chosen(browser) == ""
    for _ in range(12):
        browser("press", keys=["Tab"])
        if browser.evaluate("return document.activeElement.getAttribute('role');") == "tab":
            break
    browser("press", keys=["ArrowRight"])
    assert browser.evaluate("return document.activeElement.id;") == browser.evaluate(
        "return document.querySelector('[aria-selected=true]').id;"
    )
    assert browser("noise") == []


def test_the_mouse_moves_the_picture_and_chooses_a_box(unet: Path, browser: Browser):
    browser.open(unet)
    where = "return document.querySelector('.canvas > g:last-of-type').getAttribute('transform');"
    before = browser.evaluate(where)
    browser("drag", **{"from": [300, 500], "to": [340, 380], "steps": 6})
    assert browser.evaluate(where) != before
    assert chosen(browser) == ""
    name = browser.evaluate(
        "const all = document.querySelector('.canvas').getBoundingClientRect();"
        "const box = [...document.querySelectorAll('.canvas .box.layer')].find((one) => {"
        "  const at = one.getBoundingClientRect();"
        "  return at.top > all.top && at.bottom < all.bottom && at.left > all.left && at.right < all.right; });"
        "box.id = 'one'; return box.querySelector('.name').textContent;"
    )
    browser("click", selector="#one .name")
    assert chosen(browser).startswith(name)
    assert name in panel(browser)
    assert browser("noise") == []


def test_it_prints(varied: Path, browser: Browser):
    browser.open(varied)
    assert browser("print") > 5_000
    assert browser("noise") == []


MARK = "globalThis.ran=1;alert(1)"
HOSTILE = {
    "script": f"</script><script>{MARK}</script>",
    "comment": f"<!--<script>{MARK}//",
    "image": f"'\"><img src=x onerror={MARK}><svg onload={MARK}>",
    "attribute": f'x" onmouseover="{MARK}" onfocus=\'{MARK}\' autofocus tabindex=1 style="background:url(//e.org/x)',
    "address": f"javascript:{MARK}",
    "style": "</style><style>*{background:url(//e.org/)}</style><link rel=stylesheet href=//e.org><base href=//e.org>",
    "template": "${globalThis.ran=1}`{{constructor.constructor('globalThis.ran=1')()}}`$&$'$1",
    "prototype": "__proto__",
    "signs": "\u202eabc\u2066\u0000\x1b[31m\u2028\u2029\ufeff&lt;script&gt;",
    "long": "<b>" + "x" * 1_000_000,
}


@pytest.mark.parametrize(("kind", "name"), some([(kind, name) for kind in HOSTILE for name in FILES], 3))
def test_nothing_that_a_file_says_runs(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser
):
    monkeypatch.chdir(tmp_path)
    bad = HOSTILE[kind]
    file = "".join(char for char in bad if char not in "/\0")[:60] + name
    Path(file).write_text(FILES[name](bad), encoding="utf-8", newline="")
    assert_nothing_runs(page_of([f"./{file}"], tmp_path / "page.html"), browser)


@pytest.mark.parametrize("kind", ["script", "image", "attribute", "template"])
def test_nothing_that_two_files_say_runs(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser):
    monkeypatch.chdir(tmp_path)
    for name, text in (("old.json", "plain"), ("new.json", HOSTILE[kind])):
        Path(name).write_text(FILES["keras.json"](text), encoding="utf-8", newline="")
    assert_nothing_runs(page_of(["diff", "old.json", "new.json"], tmp_path / "page.html"), browser)
    assert_nothing_runs(page_of(["diff", "new.json", "old.json"], tmp_path / "page.html"), browser)


def assert_nothing_runs(page: Path, browser: Browser) -> None:
    """Every tab, every row and every box of a page, and nothing but its own script."""
    browser.open(page)
    for tab in tabs(browser):
        browser("click", selector=f"#tab-{tab}")
    browser.evaluate(
        "for (const one of document.querySelectorAll('.rows .link, #panel .link, .canvas [data-box]')) {"
        " one.dispatchEvent(new MouseEvent('click', { bubbles: true }));"
        " await new Promise((done) => setTimeout(done)); }"
    )
    browser("click", selector="#tab-Layer")
    assert browser.evaluate("return globalThis.ran ?? null;") is None
    assert browser("noise") == []
    assert browser.evaluate("return document.documentElement.scrollWidth - innerWidth;") <= 0
    elements = browser.evaluate("return [...new Set([...document.querySelectorAll('*')].map((one) => one.localName))];")
    assert not {"img", "iframe", "object", "link", "base", "a", "b", "embed"} & set(elements), elements


def test_a_page_for_whatever_a_model_is(tmp_path: Path, browser: Browser):
    chain = {"input": [4, 4, 1], "layers": [{"ReLU": {"repeat": 99_999}}]}
    models = {
        "errors": "{input: [4], layers: [{Dense: {units: -1}}, {Conv2D: [3, 3]}]}",
        "no inputs": "{layers: [{Dense: 2}]}",
        "no layers": "{input: [4], layers: []}",
        "one": json.dumps({"input": [4], "layers": [{"Dense": 3}]}),
        "100,000 layers": json.dumps(chain),
    }
    for name, text in models.items():
        spec = tmp_path / f"{name}.yaml"
        spec.write_text(text)
        page = tmp_path / f"{name}.html"
        done = call(str(spec), "--format", "html", "-o", str(page))
        assert page.exists(), (name, done.err)
        taken = browser.open(page)["opened"]
        assert taken < 20_000, name
        for tab in tabs(browser):
            browser("click", selector=f"#tab-{tab}")
            assert panel(browser) or tab == "Source", (name, tab)
        if name == "100,000 layers":
            assert "of 80,000 more it has the totals only" in browser.evaluate(
                "return document.querySelector('footer').textContent;"
            )
        assert browser("noise") == [], name
        assert browser("axe") == [], name


def test_a_nested_model_opens(folder: Path, browser: Browser):
    page = written(str(nested_archive(folder / "open.keras")), folder)
    browser.open(page.file)
    browser.evaluate(
        "[...document.querySelectorAll('.tools button')].find((one) => one.textContent === 'Open all').click();"
    )
    rows = {row["name"] for row in page.data["rows"]}
    boxes = browser.evaluate(
        "return [...document.querySelectorAll('.canvas .box.layer .name')].map((one) => one.textContent);"
    )
    assert len(boxes) == sum(not row["type"].startswith("Input") for row in page.data["rows"])
    assert {name.rpartition("/")[2] for name in rows} >= {"stem", "pool", "head"}
    assert browser("noise") == []
