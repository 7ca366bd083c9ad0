"""Summaries: where they go, what happens when they can't, and that no message quotes an address."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ctgeval.errors import ReportError
from ctgeval.report.schedule import notify

SECRET = "mailtos://compte:motdepasse@exemple.fr"  # noqa: S105 - an invented one, to see that it is not told


class Apprise:
    """What ctgeval uses of Apprise; ``sent`` is what it was asked to send."""

    sent: ClassVar[list[tuple[tuple[str, ...], str, str]]] = []
    fails: ClassVar[Any] = None

    def __init__(self) -> None:
        self.known: list[str] = []

    def add(self, address: str) -> bool:
        self.known.append(address)
        return "://" in address

    def notify(self, *, title: str, body: str, body_format: str) -> bool | None:
        assert body_format == "text"
        if isinstance(self.fails, Exception):
            raise self.fails
        self.sent.append((tuple(self.known), title, body))
        return self.fails is None


@pytest.fixture
def apprise(monkeypatch: pytest.MonkeyPatch) -> type[Apprise]:
    module = types.ModuleType("apprise")
    module.Apprise = Apprise  # type: ignore[attr-defined]
    module.NotifyFormat = types.SimpleNamespace(TEXT="text")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)
    monkeypatch.setattr(Apprise, "sent", [])
    monkeypatch.setattr(Apprise, "fails", None)
    return Apprise


def written(folder: Path, text: str) -> Path:
    path = folder / notify.FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_addresses_come_from_the_dossier_and_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert notify.addresses(tmp_path) == ()
    monkeypatch.setenv(notify.VARIABLE, "json://un json://deux")
    written(tmp_path, "\ufeff# qui est prévenu\n\n  json://un  \n # json://non\n")
    assert notify.addresses(tmp_path) == ("json://un", "json://deux")


def test_a_summary_goes_to_every_address(apprise: type[Apprise]) -> None:
    notify.available()
    notify.send(("json://un", "json://deux"), "Titre", "Texte")
    assert apprise.sent == [(("json://un", "json://deux"), "Titre", "Texte")]


def test_the_missing_module_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ReportError, match=r"pip install 'ctgeval\[notify\]'") as caught:
        notify.available()
    assert "n’est pas installé" in str(caught.value)


@pytest.mark.parametrize("fails", [False, OSError(SECRET), TypeError(SECRET)])
def test_a_failure_is_told_without_the_address(apprise: type[Apprise], fails: Any) -> None:
    apprise.fails = fails
    with pytest.raises(ReportError, match="L’avis n’") as caught:
        notify.send((SECRET,), "Titre", "Texte")
    assert "motdepasse" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_address_that_is_none_is_told_by_its_rank(apprise: type[Apprise]) -> None:
    with pytest.raises(ReportError, match="n° 2") as caught:
        notify.send((SECRET, "motdepasse"), "Titre", "Texte")
    assert "motdepasse:" not in str(caught.value).replace("compte:motdepasse@exemple", "")
    assert apprise.sent == []


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    written(tmp_path, "")
    (tmp_path / notify.FILE).write_bytes(b"json://\xff")
    with pytest.raises(ReportError, match="UTF-8"):
        notify.addresses(tmp_path)
