"""What of a release the notebook of one territory is handed: not the communes of the other territories.

A federation asks for the bilans of three hundred EPCIs from one dossier, and each would read the figures of all their
communes. Those of the territory itself, of what it is compared with, of those of its level and of the larger ones are
all there.
"""

from __future__ import annotations

import shutil
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa  # type: ignore[import-untyped]

__all__ = ["Handed"]

_PLACES, _PARTS = "territories.parquet", "members.parquet"
_GROWING = ("results.parquet", _PLACES, _PARTS, "contours.parquet")
"""Tables that grow with the communes of all territories; their column ``geo`` names one."""


class Handed:
    """A release of which each notebook is handed its own part.

    Parameters
    ----------
    release : Path
        Its folder; every file that is not among those tables is handed as it is.
    """

    def __init__(self, release: Path) -> None:
        self._release = release

    def give(self, territoire: str, folder: Path) -> None:
        """Write in a folder what the notebook of a territory reads.

        Parameters
        ----------
        territoire : str
            Its code.
        folder : Path
            Made here.
        """
        others = self._others(territoire)
        if not others:
            shutil.copytree(self._release, folder)
            return
        shutil.copytree(self._release, folder, ignore=lambda *_: set(_GROWING))
        for name in _GROWING:
            if (self._release / name).is_file():
                table, codes, geos = self._coded(name)
                wanted = geos == territoire if name == _PARTS else ~geos.isin(others)
                _write(table, np.append(wanted, True)[codes], folder / name)

    def _others(self, territoire: str) -> frozenset[str]:
        """Return the communes that are in the release for the sake of other territories only."""
        places, parts = self._places, self._parts
        if places is None or parts is None:
            return frozenset()
        own = parts.loc[parts["geo"].eq(territoire), "commune"]
        level = f"{territoire.partition('-')[0]}-"
        members = places.loc[places["role"].eq("membre"), "geo"]
        # Those of the level of the territory are what it is compared with.
        return frozenset(geo for geo in members if not geo.startswith(level)) - set(own)

    @cached_property
    def _places(self) -> pd.DataFrame | None:
        path = self._release / _PLACES
        return pd.read_parquet(path) if path.is_file() else None

    @cached_property
    def _parts(self) -> pd.DataFrame | None:
        path = self._release / _PARTS
        return pd.read_parquet(path) if path.is_file() else None

    @cached_property
    def _read(self) -> dict[str, tuple[pa.Table, npt.NDArray[np.int64], pd.Index[Any]]]:
        return {}

    def _coded(self, name: str) -> tuple[pa.Table, npt.NDArray[np.int64], pd.Index[Any]]:
        """Return a table, and the territory of each row as a number: the same for hundreds of notebooks."""
        if name not in self._read:
            import pyarrow.parquet as pq  # type: ignore[import-untyped]

            table = pq.read_table(self._release / name)
            codes, geos = pd.factorize(table["geo"].to_pandas())
            self._read[name] = (table, codes, pd.Index(geos))
        return self._read[name]


def _write(table: pa.Table, kept: npt.NDArray[np.bool_], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # For a reader who is waiting: it is removed as soon as the notebook has run.
    pq.write_table(table.filter(pa.array(kept)), path, compression=None)
