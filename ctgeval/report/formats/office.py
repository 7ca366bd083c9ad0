"""A bilan as a text document that its readers may take up: ODT for LibreOffice, DOCX for Word."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from ctgeval.errors import ParameterError, ReportError
from ctgeval.report.formats import archive, identity, manuscript, opendocument, wordprocessing
from ctgeval.report.formats.document import Document, Produced

__all__ = ["docx", "odt"]

_READ = "html-native_spans+native_divs+native_spans-raw_html-tex_math_dollars-smart"
_PATIENCE = 120.0
_MISSING = "Les formats « odt » et « docx » demandent pandoc, qui n’est pas installé."
_REMEDY = "Lancez : pip install 'ctgeval[office]'"


def odt(document: Document) -> Produced:
    """Return a bilan as an OpenDocument text: real headings, captions, headers of tables, alternatives of figures.

    Parameters
    ----------
    document : Document

    Raises
    ------
    ParameterError
        When pandoc or the library that draws figures is not there.
    ReportError
        When pandoc fails, or the content can't be read (see `content.tree`).
    """
    given = manuscript.of(document)
    parts = opendocument.finished(
        _converted(given, "odt", document),
        identity=identity.of(document),
        alternatives=[picture.alternative for _, picture in given.pictures],
    )
    return Produced(name=f"{document.name}.odt", data=archive.packed(parts, first="mimetype"))


def docx(document: Document) -> Produced:
    """Return a bilan as a Word document, with the same content and the same looks.

    Parameters
    ----------
    document : Document

    Raises
    ------
    ParameterError, ReportError
        See `odt`.
    """
    parts = wordprocessing.finished(
        _converted(manuscript.of(document), "docx", document), identity=identity.of(document)
    )
    return Produced(name=f"{document.name}.docx", data=archive.packed(parts, first="[Content_Types].xml"))


def _converted(given: manuscript.Manuscript, kind: str, document: Document) -> dict[str, bytes]:
    """Return the parts of the file that pandoc makes, in a folder where there is nothing else to be read."""
    with tempfile.TemporaryDirectory(prefix="ctgeval-") as folder:
        for name, picture in given.pictures:
            Path(folder, name).write_bytes(picture.data)
        made = Path(folder, f"bilan.{kind}")
        command = [
            _pandoc(), "--from", _READ, "--to", kind, "--output", made.name, "--metadata", "lang=fr-FR", "--quiet",
            # Styles and templates that this person may have for other documents are not for this one.
            "--data-dir", folder,
        ]  # fmt: skip
        told = subprocess.run(  # noqa: S603 the program that comes with the extra, and our own arguments
            command, input=given.html.encode(), cwd=folder, capture_output=True, timeout=_PATIENCE, check=False
        )
        if told.returncode or not made.is_file():
            raise ReportError(
                f"Le bilan « {document.name} » n’a pas pu être mis au format « {kind} » : pandoc a rendu le code "
                f"{told.returncode}.",
                value=told.stderr.decode(errors="replace").strip()[:300],
                remedy="Publiez ce bilan sans ce format, et signalez ce cas.",
            )
        return archive.unpacked(made.read_bytes())


def _pandoc() -> str:
    try:
        import pypandoc  # type: ignore[import-untyped]
    except ImportError as error:
        raise ParameterError(_MISSING, remedy=_REMEDY) from error
    try:
        return str(pypandoc.get_pandoc_path())
    except OSError as error:
        raise ParameterError(_MISSING, remedy=_REMEDY) from error
