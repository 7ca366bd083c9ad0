"""A provisioner of Jupyter kernels that forks them from a warm process, for the ``ctgeval`` kernel.

nbclient, ``jupyter nbconvert --execute`` and JupyterLab use it unchanged: its kernels are those of ipykernel. They are
**not confined**: who opens a notebook in JupyterLab works on a dossier of her own. Only ``ctgeval construire`` keeps a
notebook from the dossier.

Where no process may fork safely, or when ``CTGEVAL_NOYAUX=processus`` is in the environment, the same kernel is started
in the ordinary way.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from ctgeval.report.kernels import best
from ctgeval.report.kernels.warm import CannotFork, Kernel, nursery

CHOICE = "CTGEVAL_NOYAUX"
ORDINARY = "processus"
_LAUNCHER = ["-m", "ipykernel_launcher"]
# A warm process whose packages changed since it loaded them says so, and another takes its place.
_TRIES = 2

__all__ = ["CHOICE", "ORDINARY", "CtgevalProvisioner"]


class CtgevalProvisioner(LocalProvisioner):
    """Forks a kernel where `LocalProvisioner` would start one; all the rest is the same."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start a kernel, and return how to reach it.

        Parameters
        ----------
        cmd : list of str
            Command of the kernel: another Python or another program than ipykernel's is started as it is.
        **kwargs
            Its folder and its environment, and what `subprocess.Popen` takes.
        """
        if _is_ours(cmd):
            options, folder = cmd[3:], kwargs.get("cwd") or Path.cwd()
            try:
                # The event loop of a server must not wait for the first one, which takes seconds.
                kernel = await asyncio.to_thread(_forked, options, folder, kwargs.get("env") or os.environ)
            except (CannotFork, OSError) as error:
                self.log.warning("Noyau démarré sans processus préparé : %s.", error)
            else:
                # Its group is signalled by who may wait for it, which no other process can mistake for another.
                self.process = kernel  # type: ignore[assignment]
                self.pid, self.pgid, self.cwd = kernel.pid, None, folder
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)


def _is_ours(cmd: list[str]) -> bool:
    if best() != "fork" or os.environ.get(CHOICE) == ORDINARY:
        return False
    return cmd[1:3] == _LAUNCHER and Path(cmd[0]).absolute() == Path(sys.executable).absolute()


def _forked(options: list[str], folder: str | Path, variables: Mapping[str, str]) -> Kernel:
    for rest in reversed(range(_TRIES)):
        try:
            return nursery().start(options, folder=folder, variables=variables)
        except CannotFork:
            if not rest:
                raise
    raise AssertionError
