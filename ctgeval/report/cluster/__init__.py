"""Bilans made on several machines, by Dask's distributed scheduler; and outputs elsewhere than on a disk.

The coordinator alone opens the dossier, protects its figures, writes its ledger, looks for leaks and publishes. A
worker is handed a notebook, a release and parameters, and hands back a page.

- `pool.ClusterPool` is what the coordinator holds in place of a local pool; `connection` reaches the scheduler
- `parcel` is what travels, and `relay` where big releases wait for the workers
- `likeness` is what must be the same on every machine for a page to be the same
- `machine` is what runs in a Dask worker; it starts a `warden`, a process that holds the warm parent of the notebooks
- `depot` keeps a folder of reports behind an address such as ``s3://...``
"""
