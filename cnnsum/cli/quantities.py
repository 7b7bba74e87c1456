"""Quantities as options of the command line; `cnnsum.render.quantities` reads them."""

from __future__ import annotations

import click

from cnnsum.typed import TYPE_CHECKING

if TYPE_CHECKING:
    _Type = click.ParamType[object]
else:
    _Type = click.ParamType


class QuantityOption(_Type):
    """An amount of memory, or a count, as an option of the command line."""

    def __init__(self, *, memory: bool = False) -> None:
        self.name = "MEMORY" if memory else "COUNT"
        self._memory = memory

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The number."""
        if not isinstance(value, str):
            return value
        from cnnsum.render.quantities import QuantityError, count, memory

        try:
            return (memory if self._memory else count)(value)
        except QuantityError as error:
            self.fail(str(error), param, ctx)
