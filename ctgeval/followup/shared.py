"""What is the same for several readers of a dossier, made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["shared"]

Made = TypeVar("Made")


def shared(dossier: Dossier, name: str, make: Callable[[], Made], *, of: tuple[object, ...] = ()) -> Made:
    """Return what a topic tells every reader alike, made the first time that it is asked for.

    Parameters
    ----------
    dossier : Dossier
    name : str
        Of what is made, with whatever else of the reader it depends on.
    make : callable
        Makes it. Nobody may change what it returns: others are given it too.
    of : tuple
        Objects that it is made from besides the dossier: the results that a reader is shown. Two that are equal and not
        the same object are two.
    """
    key = (name, tuple(map(id, of)))
    if key not in dossier.made:
        # They are kept with what is made of them, so that no other object ever takes their place in memory.
        dossier.made[key] = (of, make())
    return cast("Made", dossier.made[key][1])
