"""What the site has beside the pages of docs/: the README as its home, and files of the repository that pages link to.

A hook of MkDocs (mkdocs.yml names it). A page links to `../specs/unet.yaml` as it stands in the repository, where the
link works too; here such a file becomes a page with its text, a folder a list of its files, and the link leads there.
Must not know what any page is about.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
#: Blocks and spans of code, which hold no links, or the target of a link and its anchor.
LINK = re.compile(r"^```.*?^```$|`[^`\n]*`|\]\((?!\w+:)([^)\s#]+)(#[^)\s]*)?\)", re.MULTILINE | re.DOTALL)
LANGUAGES = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".py": "python", ".toml": "toml", ".sh": "sh"}


def slug(text: str, separator: str) -> str:
    """The anchor that GitHub gives a heading, so that one link serves there and here."""
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", separator)


def on_config(config: Any) -> Any:
    """Give headings the anchors of `slug`."""
    config.mdx_configs.setdefault("toc", {})["slugify"] = slug
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the home page and, from page to page, each file that is linked to."""
    waiting = [path for file in files.documentation_pages() if (path := source(file.src_uri)) is not None]
    waiting.append(ROOT / "README.md")
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if files.get_file_from_path(place(path)) is None:
            files.append(File.generated(config, place(path), content=text_of(path)))
        if path.suffix == ".md":
            waiting += [linked(path, match[1]) for match in LINK.finditer(text_of(path)) if match[1]]
        elif path.is_dir():
            waiting += children(path)
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Let links lead to where the site has what they mean."""
    del config, files
    path = source(page.file.src_uri)
    if path is None:
        return markdown

    def replaced(match: re.Match[str]) -> str:
        if not match[1]:
            return match[0]
        here, there = PurePosixPath(page.file.src_uri).parent.parts, PurePosixPath(place(linked(path, match[1]))).parts
        while here and there and here[0] == there[0]:
            here, there = here[1:], there[1:]
        return f"]({'/'.join(['..'] * len(here) + [*there])}{match[2] or ''})"

    return LINK.sub(replaced, markdown)


def linked(page: Path, target: str) -> Path:
    """The file or folder that a link of a page means; raises PluginError where there is none."""
    path = (page.parent / target).resolve()
    if not path.exists() or not path.is_relative_to(ROOT):
        raise PluginError(f"{page.relative_to(ROOT)}: a link to `{target}`, which is not there")
    return path / "README.md" if (path / "README.md").exists() else path


def place(path: Path) -> str:
    """Where the site has a file or folder of the repository."""
    inside = path.relative_to(ROOT).as_posix()
    if inside == "README.md":
        return "index.md"
    if inside.startswith("docs/"):
        return inside.removeprefix("docs/")
    if path.suffix == ".md":
        return f"files/{inside}"
    return f"files/{inside}/index.md" if path.is_dir() else f"files/{inside}.md"


def source(uri: str) -> Path | None:
    """The page of the repository that a page of the site shows; None of one that is made here."""
    if uri == "index.md":
        return ROOT / "README.md"
    path = ROOT / (uri.removeprefix("files/") if uri.startswith("files/") else f"docs/{uri}")
    return path if path.is_file() else None


def children(folder: Path) -> list[Path]:
    """What a folder shows: its files and folders, without hidden ones and what Python keeps."""
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "__"))]


def text_of(path: Path) -> str:
    """A file or folder as Markdown."""
    title = f"# {path.relative_to(ROOT).as_posix()}\n\n"
    if path.is_dir():
        names = [(one.name, f"{one.name}/index.md" if one.is_dir() else f"{one.name}.md") for one in children(path)]
        return title + "".join(f"- [{name}]({link})\n" for name, link in names)
    text = path.read_text(encoding="utf-8")
    return text if path.suffix == ".md" else f"{title}```{LANGUAGES.get(path.suffix, 'text')}\n{text}```\n"
