"""The public site of a convention: what was validated and published, its data, and how it was made; nothing else.

- `chosen` finds the frozen versions that everybody may read, and tells why the others stay
- `catalogue` describes the data for catalogues (DCAT-AP)
- `site` writes the whole folder at once, and the archive of it
"""

from ctgeval.report.publication.site import Publication, publish

__all__ = ["Publication", "publish"]
