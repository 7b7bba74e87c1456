"""Numbers and truths of protobuf's text format, held to protobuf's own reader, with a message made here."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("google.protobuf")

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from cnnsum.source import prototxt
from cnnsum.source.findings import BadTextError

_FIELD = descriptor_pb2.FieldDescriptorProto
_FIELDS = {"whole": _FIELD.TYPE_INT64, "real": _FIELD.TYPE_DOUBLE, "switch": _FIELD.TYPE_BOOL}
#: What is legal in a field of each kind, and what is a number or a word of none.
LEGAL = {
    "whole": "0 00 8 10 010 -010 0777 0x8 -0x1f 0X8 -8",
    "real": "0 1 -1 1f 1.5f 1.5F .5 1. 1e3 1e3f -2.5e-1 -inf -infinity -Infinity -nan",
    "switch": "true True t 1 false False f 0",
}
ILLEGAL = ("08", "-09", "018", "0x", "1g", "0xg", "1.2.3")
#: What is legal, and no whole number: the reader must not take it for one.
NO_WHOLE = ("1f", "1.0", "1e2", "-inf", "inf")


def _read(kind: str, text: str) -> object:
    file = descriptor_pb2.FileDescriptorProto(name="own.proto", package="own", syntax="proto2")
    message = file.message_type.add(name="Message")
    for number, (name, type) in enumerate(_FIELDS.items(), 1):
        message.field.add(name=name, number=number, type=type, label=_FIELD.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName("own.Message"))()
    text_format.Parse(f"{kind}: {text}", made)
    return getattr(made, kind)


def _ours(text: str) -> object:
    return prototxt.load(f"field: {text}")[0]["field"][0]


@pytest.mark.parametrize(("kind", "text"), [(kind, one) for kind, texts in LEGAL.items() for one in texts.split()])
def test_what_is_legal_is_read_as_protobuf_reads_it(kind: str, text: str) -> None:
    theirs, ours = _read(kind, text), _ours(text)
    assert isinstance(theirs, (int, float))
    assert isinstance(ours, (int, float))
    assert ours == theirs or (math.isnan(ours) and math.isnan(theirs))


@pytest.mark.parametrize("text", ILLEGAL)
def test_what_is_illegal_everywhere_is_refused(text: str) -> None:
    for kind in _FIELDS:
        if kind == "whole" or text not in (
            "08",
            "-09",
            "018",
        ):  # Python's reader takes these for floats, C++'s does not
            with pytest.raises(text_format.ParseError):
                _read(kind, text)
    with pytest.raises(BadTextError):
        _ours(text)


@pytest.mark.parametrize("text", NO_WHOLE)
def test_floats_are_no_whole_numbers(text: str) -> None:
    with pytest.raises(text_format.ParseError):
        _read("whole", text)
    assert type(_ours(text)) is not int
