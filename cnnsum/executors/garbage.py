"""Walking for garbage between items, where nobody else does. Knows no item."""

from __future__ import annotations

import gc

#: Objects that came since the last walk, from which on there is one: what some fifty small models leave behind.
_MANY = 50_000


def collect(*, held: bool = False) -> None:
    """Take away what circles hold, if much may have come together: the command line has Python's own collector off, and
    models hold circles.

    held: whether a model may be in use that somebody lets go of later, in which case what is left is walked again.
    """
    if not gc.isenabled() and gc.get_count()[0] > _MANY:
        gc.collect()
        if not held or not gc.get_freeze_count():
            gc.freeze()  # what is left, modules above all, is not walked again
