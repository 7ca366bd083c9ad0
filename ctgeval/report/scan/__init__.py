"""The leak scan: nothing leaves that the release does not give, that tells of a person or of the machine.

Last step of ``ctgeval construire``, and the whole of ``ctgeval auditer``. Every file is read as its readers and their
machines find it (texts, tables, alternatives, comments, properties, what ``data:`` links and archives hold); then

1. each cell of each table is put beside the release that it was made from: a figure where the release has a mark, or
   one that it does not give, is a hit;
2. each number of a sentence, a figure or an alternative is compared with the true values of the masked cells, where
   these are long enough to be recognised;
3. names of persons, e-mails, telephones, numbers of social security and of accounts, paths and names of the computer
   are looked for;
4. files of another audience, and files that no build has made, are told.

For the team (``interne``), whose releases mask nothing and whose pages may name people, only numbers of social security
and of accounts, what tells of the computer, and the files of others are looked for.

It is the second lock. The first is that a notebook never holds what is masked.
"""

from __future__ import annotations

from ctgeval.report.scan.document import Coverage, Scanned, document
from ctgeval.report.scan.folders import about, folder, foreign
from ctgeval.report.scan.foreign import Expected, Watch
from ctgeval.report.scan.hits import KINDS, Hit, blocking, refusal
from ctgeval.report.scan.machine import Machine, here
from ctgeval.report.scan.private import Private, private

__all__ = [
    "KINDS",
    "Coverage",
    "Expected",
    "Hit",
    "Machine",
    "Private",
    "Scanned",
    "Watch",
    "about",
    "blocking",
    "document",
    "folder",
    "foreign",
    "here",
    "private",
    "refusal",
]
