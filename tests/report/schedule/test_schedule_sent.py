"""Summaries that Apprise really sends, to a webhook and a mail server of this machine: when, and what they say."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import http.server
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ctgeval.errors import ReportError
from ctgeval.report.schedule import notify, summary
from ctgeval.report.schedule.freshness import Late
from ctgeval.report.schedule.run import run
from tests.report.conftest import Workshop

DAY = dt.date(2026, 2, 1)
BODY = "Une <b>ligne</b> & une autre :\n- « un » ; 1 < 2\n- *deux*"
Rewrite = Callable[[Path, str, str], None]

# Of a library that Apprise imports, as of Python 3.11.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@dataclass
class Received:
    """Where messages are sent, and what came."""

    webhook: str
    mail: str
    posts: list[dict[str, Any]] = field(default_factory=list)
    mails: list[email.message.EmailMessage] = field(default_factory=list)


@pytest.fixture
def received() -> Iterator[Received]:
    """A webhook and a mail server, as simple as can be."""
    pytest.importorskip("apprise")
    told = Received("", "")

    class Webhook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    class Mail(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 localhost\r\n")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (row := self.rfile.readline()) != b".\r\n":
                        lines.append(row)
                    found = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                    told.mails.append(found)  # type: ignore[arg-type]
                self.wfile.write(b"250 ok\r\n")

    with (
        http.server.HTTPServer(("127.0.0.1", 0), Webhook) as web,
        socketserver.TCPServer(("127.0.0.1", 0), Mail) as post,
    ):
        threads = [threading.Thread(target=one.serve_forever, args=(0.05,)) for one in (web, post)]
        for thread in threads:
            thread.start()
        told.webhook = f"json://compte:motdepasse@127.0.0.1:{web.server_port}/ctg"
        address = "from=ctg@exemple.fr&to=marie@exemple.fr&mode=insecure"
        told.mail = f"mailto://127.0.0.1:{post.server_address[1]}?{address}"
        try:
            yield told
        finally:
            for one in (web, post):
                one.shutdown()
            for thread in threads:
                thread.join()


def test_a_webhook_and_a_mail_give_the_text_as_it_is(received: Received) -> None:
    notify.send((received.webhook, received.mail), "ctgeval, CC de l’été : 2\u00a0brouillons", BODY)
    (post,), (mail,) = received.posts, received.mails
    assert (post["title"], post["message"]) == ("ctgeval, CC de l’été : 2\u00a0brouillons", BODY)
    assert mail["subject"].replace("\u00a0", " ") == "ctgeval, CC de l’été : 2 brouillons"
    assert mail["to"] == "marie@exemple.fr"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == BODY.splitlines(), "not a line is lost, nothing is read as HTML"


def test_an_address_that_does_not_answer_is_told_without_it(received: Received, capfd: Any) -> None:
    nobody = "json://compte:motdepasse@127.0.0.1:9/ctg"
    with pytest.raises(ReportError, match="n’est pas arrivé à toutes ses adresses") as caught:
        notify.send((received.webhook, nobody), "Titre", "Texte")
    assert len(received.posts) == 1, "the others are told nevertheless"
    assert "motdepasse" not in str(caught.value) + "".join(capfd.readouterr())


@pytest.mark.usefixtures("instant")
def test_a_run_tells_what_changed_or_failed_and_nothing_else(
    workshop: Workshop, received: Received, rewrite: Rewrite
) -> None:
    (workshop.folder / ".ctgeval").mkdir(exist_ok=True)
    (workshop.folder / notify.FILE).write_text(f"# l’équipe\n{received.webhook}\n", encoding="utf-8")
    toml = workshop.folder / "ctg.toml"
    rewrite(toml, 'audience = "habitants"', 'audience = "partenaire"\npartenaire = "ccas-secret"')
    hidden = '\n[[source]]\ncle = "familles-suivies"\nperiodicite = "annuelle"\nmise_a_jour = 2024-01-31\n'
    toml.write_text(toml.read_text(encoding="utf-8") + hidden + 'diffusion = "interne"\n', encoding="utf-8")
    late = run(workshop.folder, out=workshop.out, date=DAY)
    assert late.code == 4, late.message
    assert late.state is not None
    assert late.state.avis == "envoye"
    assert "familles-suivies" in late.state.sources_en_retard[0], "the state stays in the dossier"
    assert run(workshop.folder, out=workshop.out, date=DAY, despite_delay=True).code == 0
    unchanged = run(workshop.folder, out=workshop.out, date=DAY, despite_delay=True)
    assert unchanged.state is not None
    assert (unchanged.code, unchanged.state.avis) == (0, "sans_objet")
    refused, made = received.posts
    assert refused["title"].endswith("des sources sont trop anciennes")
    assert made["title"].endswith(": 3\u00a0brouillons produits")
    assert made["message"].count(": brouillon produit") == 3
    for post in received.posts:
        told = post["title"] + post["message"]
        assert "familles-suivies" not in told
        assert "ccas-secret" not in told
        assert str(workshop.folder) not in told
    assert "1\u00a0source qui n’est pas en données ouvertes est à renouveler." in refused["message"]


def test_open_sources_are_named_and_the_others_counted() -> None:
    late = [
        Late(source="insee", periodicity="annuelle", updated=DAY, due=DAY, public=True),
        Late(source="secret-a", periodicity="annuelle", updated=DAY, due=DAY),
        Late(source="secret-b", periodicity="annuelle", updated=None, due=None),
    ]
    _, text = summary.letter("CC", 4, late, None, interrupted=False)
    assert text.startswith("insee (annuelle) : mise à jour du ")
    assert "2\u00a0sources qui ne sont pas en données ouvertes sont à renouveler." in text
    assert "secret" not in text
