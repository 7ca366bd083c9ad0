"""Where what libraries write for themselves goes: in folders of the notebook alone, never in those of the person."""

from __future__ import annotations

from pathlib import Path

__all__ = ["folders"]

_FOLDERS = {
    "HOME": "", "USERPROFILE": "", "APPDATA": "", "LOCALAPPDATA": "",
    "IPYTHONDIR": "ipython", "MPLCONFIGDIR": "matplotlib",
    "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": "",
    "JUPYTER_CONFIG_DIR": "jupyter", "JUPYTER_DATA_DIR": "jupyter", "JUPYTER_RUNTIME_DIR": "jupyter",
    "TMPDIR": "tmp", "TEMP": "tmp", "TMP": "tmp",
}  # fmt: skip


def folders(private: Path) -> dict[str, str]:
    """Return the variables that send what libraries write to folders of the notebook alone, and make those folders.

    Parameters
    ----------
    private : Path
        The folder that holds them.
    """
    found = {name: private / folder for name, folder in _FOLDERS.items()}
    for folder in found.values():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {name: str(folder) for name, folder in found.items()}
