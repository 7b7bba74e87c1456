"""Walking for garbage between items, where nobody else does. Knows no item."""

from __future__ import annotations

import gc

#: Objects that came since the last walk, from which on there is one: what some fifty small models leave behind.
_MANY = 50_000


def collect() -> None:
    """Take away what circles hold, if much may have come together: the command line has Python's own collector off, and
    models hold circles.
    """
    if not gc.isenabled() and gc.get_count()[0] > _MANY:
        gc.collect()
        gc.freeze()  # what is left, modules above all, is not walked again
