"""Named tuples and words for types behave as those of typing, which mypy takes them for."""

from __future__ import annotations

import ast
import copy
import pickle
import typing
from pathlib import Path

import pytest

import cnnsum
from cnnsum import typed


class Ours(typed.NamedTuple):
    """A tuple."""

    new: int
    cls: tuple[int, ...] | None
    name: str = "x"

    def twice(self) -> int:
        return 2 * self.new


class Theirs(typing.NamedTuple):
    """A tuple."""

    new: int
    cls: tuple[int, ...] | None
    name: str = "x"

    def twice(self) -> int:
        return 2 * self.new


class More(Ours):
    """A tuple with the fields of another, and a method."""

    def thrice(self) -> int:
        return 3 * self.new


@pytest.mark.parametrize("before", [0, 100])
def test_they_are_made_taken_apart_and_shown_as_typings_are(before: int) -> None:
    """The first ones, and those that the compiled constructor makes."""
    for _ in range(before):
        Ours(1, None)
    for one, other in [
        (Ours(1, None), Theirs(1, None)),
        (Ours(1, (2,), "y"), Theirs(1, (2,), "y")),
        (Ours(cls=(2, 3), new=4), Theirs(cls=(2, 3), new=4)),
        (Ours(1, None)._replace(cls=(5,), name="z"), Theirs(1, None)._replace(cls=(5,), name="z")),
        (Ours._make([1, None, "w"]), Theirs._make([1, None, "w"])),
    ]:
        assert one == other == tuple(one)
        assert (hash(one), len(one), one.new, one.cls, one.name) == (hash(other), 3, other.new, other.cls, other.name)
        assert one.twice() == other.twice()
        assert repr(one) == repr(other).replace("Theirs", "Ours")
        assert one._asdict() == other._asdict()
        assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one
        assert type(pickle.loads(pickle.dumps(one))) is Ours
    for name in ("_fields", "_field_defaults", "__match_args__", "__doc__"):
        assert getattr(Ours, name) == getattr(Theirs, name)
    assert typing.get_type_hints(Ours) == typing.get_type_hints(Theirs)
    match Ours(1, None):
        case Ours(first, second):
            assert (first, second) == (1, None)


def test_they_refuse_what_typings_refuse() -> None:
    for make in (Ours, Theirs):
        for values, named in [((), {}), ((1,), {}), ((1, 2, "3", 4), {}), ((1, 2), {"new": 3}), ((1, 2), {"other": 3})]:
            with pytest.raises(TypeError):
                make(*values, **named)
        one = make(1, None)
        with pytest.raises(AttributeError):
            one.new = 2
        with pytest.raises(AttributeError):
            one.other = 2
    with pytest.raises(TypeError):
        Ours(1, None)._replace(other=1)


def test_a_class_below_one_has_its_fields() -> None:
    one = More(1, None)
    assert (one.thrice(), one.name, type(one._replace(new=2))) == (3, "x", More)
    assert type(Ours(1, None)) is Ours


def test_words_keep_what_typings_keep() -> None:
    """What rules of layers and schemas read of a type."""
    for words in (typed, typing):
        word = words.Literal["a", "b"]
        assert words.get_args(word) == ("a", "b")
        assert words.get_args(words.Literal["a"]) == ("a",)
        assert words.get_args(words.get_args(bool | word)[1]) == ("a", "b")
        assert words.get_args(words.get_args(word | None)[0]) == ("a", "b")
        assert words.get_args(bool | word | tuple[int, ...])[1:] == (word, tuple[int, ...])
        assert len(words.get_args(word | (words.Literal["c"] | int))) == 3
        assert words.get_args(tuple[int, ...]) == (int, ...)
        assert words.get_args(int) == ()
        assert words.Annotated[int, "x", 3].__metadata__ == ("x", 3)
        assert hasattr(words.Annotated[int, "x"] | None, "__args__")
        assert words.overload(len) is not None
    assert typing.get_args(dict[str, typed.Any]) == (str, typed.Any)
    assert issubclass(Held[int], Held)


T = typed.TypeVar("T", bound=int)


class Held(typed.Generic[T]):
    """Of one type."""


#: What the modules of --help import of typing: for mypy alone, or because click has loaded it. They need no `typed`.
FOR_HELP = {"__main__.py": ["NoReturn"], "commands.py": ["TYPE_CHECKING"], "terminal.py": ["TextIO"]}


def test_no_module_loads_typing_or_its_like() -> None:
    """They are slow to load, and named tuples slow to make; what every run loads would be again, one by one."""
    for path in Path(cnnsum.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            source = node.module if isinstance(node, ast.ImportFrom) else ""
            allowed = path.name == "typed.py" or names == FOR_HELP.get(path.name)
            assert allowed or (source != "typing" and not {"typing", "namedtuple"} & {*names}), path
