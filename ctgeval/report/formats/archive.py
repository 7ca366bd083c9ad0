"""Files in one file, the same bytes whenever they are put there."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

__all__ = ["packed", "unpacked"]

_BEFORE_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16


def packed(parts: Mapping[str, bytes], *, first: str = "") -> bytes:
    """Return an archive of some parts, in the order of their names.

    Parameters
    ----------
    parts : mapping
        Name of each, and its bytes.
    first : str
        Name of the one that opens the archive and is not compressed, as ``mimetype`` must in an OpenDocument file.
    """
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in sorted(parts, key=lambda name: (name != first, name)):
            about = zipfile.ZipInfo(name, _BEFORE_TIME)
            about.external_attr = _READABLE
            # By default it is that of the system.
            about.create_system = 3
            about.compress_type = zipfile.ZIP_STORED if name == first else zipfile.ZIP_DEFLATED
            archive.writestr(about, parts[name], compresslevel=9)
    return written.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    """Return the parts of an archive that this process has just had made."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
