"""How advice is mended: what a rule says of its own example, which is run for it."""

from __future__ import annotations

from cnnsum.codes import Code
from cnnsum.model import loads
from cnnsum.rules import advise
from cnnsum.rules.base import Subject


def with_mend(code: Code) -> Code:
    """A code of advice with the help of what its rule finds in the example that fails; any other as it is."""
    if not code.severity:
        return code
    model = loads(code.bad, "example")
    subject = Subject(model.graph, model.inference, lambda: model.sizes, model.document, lambda one: one == code.code)
    found = [one.help for one in advise(subject) if one.help]
    return code._replace(mend=f"Of this example: {found[0]}.") if found else code
