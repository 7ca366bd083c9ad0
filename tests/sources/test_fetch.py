"""Downloads, from a local server that fails in every way that servers do."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib import request
from urllib.error import URLError

import pytest

from ctgeval.errors import SourceError
from ctgeval.sources import cache, fetch
from ctgeval.sources.fetch import Limits

BODY = b"CODGEO;POP\n" + b"".join(b"%05d;%d\n" % (number, number) for number in range(20_000))
NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A server whose answers are given one after the other, and which keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.last: Answer = whole()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append((self.path, dict(self.headers.items())))
                (outer.answers.pop(0) if outer.answers else outer.last)(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self.http.server_address[1])

    def url(self, path: str = "/donnees/populations.csv") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def whole(
    body: bytes = BODY, *, etag: str = '"v1"', status: int = 200, cut: int | None = None, **headers: str
) -> Answer:
    """Answer the file, cut after some bytes or not; a range is honoured when its version is this one."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        start = 0
        wanted = handler.headers.get("Range", "")
        if wanted and handler.headers.get("If-Range") == etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if handler.headers.get("If-None-Match") == etag and etag:
            handler.send_response(304)
            handler.end_headers()
            return
        handler.send_response(206 if start else status)
        handler.send_header("Content-Length", str(len(body) - start))
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if etag:
            handler.send_header("ETag", etag)
        for name, value in ({"Content_Type": "text/csv"} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body[start:cut])
        if cut is not None:
            hang_up(handler)

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def error(status: int, **headers: str) -> Answer:
    return whole(b"en panne", etag="", status=status, **headers)


def redirect(target: str, status: int = 302) -> Answer:
    return whole(b"", etag="", status=status, Location=target)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    made = Server()
    yield made
    made.close()


class Waits(list[float]):
    """What was slept, without sleeping."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def get(server: Server, folder: Path, url: str = "", **options: object) -> tuple[cache.Sheet, bool]:
    options = {"sleep": Waits(), "now": lambda: NOW, **options}
    return fetch.download(url or server.url(), folder, key="pop", **options)  # type: ignore[arg-type]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_is_kept_with_its_sheet(server: Server, tmp_path: Path) -> None:
    server.last = whole(Last_Modified="Mon, 02 Feb 2026 08:00:00 GMT")
    sheet, new = get(server, tmp_path / "pop")
    assert new
    assert (tmp_path / "pop" / "populations.csv").read_bytes() == BODY
    assert left(tmp_path / "pop") == ["fiche.json", "populations.csv"]
    assert sheet == cache.read_sheet(tmp_path / "pop")
    assert sheet.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (sheet.octets, sheet.etag, sheet.modifie_le) == (len(BODY), '"v1"', "Mon, 02 Feb 2026 08:00:00 GMT")
    assert (sheet.telecharge_le, sheet.day) == ("2026-03-01T12:00:00+00:00", dt.date(2026, 3, 1))
    path, headers = server.asked[0]
    assert path == "/donnees/populations.csv"
    assert not {"Authorization", "Cookie"} & set(headers)
    assert headers["Accept-Encoding"] == "identity"


def test_what_has_not_changed_is_not_sent_again(server: Server, tmp_path: Path) -> None:
    first, _ = get(server, tmp_path)
    later = NOW + dt.timedelta(days=30)
    sheet, new = get(server, tmp_path, now=lambda: later)
    assert not new
    assert server.asked[1][1]["If-None-Match"] == '"v1"'
    assert (sheet.telecharge_le, sheet.verifie_le) == (first.telecharge_le, "2026-03-31T12:00:00+00:00")
    server.last = whole(b"CODGEO;POP\n1;2\n", etag='"v2"')
    sheet, new = get(server, tmp_path)
    assert new
    assert (tmp_path / "populations.csv").read_bytes() == b"CODGEO;POP\n1;2\n"


def test_a_file_damaged_on_disk_is_asked_for_whole(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path)
    (tmp_path / "populations.csv").write_bytes(b"X" * len(BODY))
    _, new = get(server, tmp_path)
    assert "If-None-Match" not in server.asked[1][1]
    assert (tmp_path / "populations.csv").read_bytes() == BODY
    assert not new


def test_a_cut_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.answers = [whole(cut=50_000), whole(cut=120_000), whole()]
    waits = Waits()
    sheet, _ = get(server, tmp_path, sleep=waits)
    assert (tmp_path / "populations.csv").read_bytes() == BODY
    assert sheet.sha256 == hashlib.sha256(BODY).hexdigest()
    assert [headers.get("Range") for _, headers in server.asked] == [None, "bytes=50000-", "bytes=120000-"]
    assert [headers.get("If-Range") for _, headers in server.asked] == [None, '"v1"', '"v1"']
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize("etag", ["", 'W/"v1"'])
def test_a_cut_without_a_strong_validator_begins_again(server: Server, tmp_path: Path, etag: str) -> None:
    server.answers = [whole(etag=etag, cut=50_000)]
    server.last = whole(etag=etag)
    get(server, tmp_path)
    assert "Range" not in server.asked[1][1]
    assert (tmp_path / "populations.csv").read_bytes() == BODY


def test_a_new_version_between_a_cut_and_its_sequel_is_taken_whole(server: Server, tmp_path: Path) -> None:
    other = BODY.replace(b"00007;7", b"00007;8")
    server.answers = [whole(cut=50_000)]
    server.last = whole(other, etag='"v2"')
    sheet, _ = get(server, tmp_path)
    assert server.asked[1][1]["If-Range"] == '"v1"'
    assert (tmp_path / "populations.csv").read_bytes() == other
    assert sheet.etag == '"v2"'


def test_a_server_that_resumes_elsewhere_is_not_believed(server: Server, tmp_path: Path) -> None:
    def wrong(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(206)
        handler.send_header("Content-Length", "10")
        handler.send_header("Content-Range", f"bytes 10-19/{len(BODY)}")
        handler.end_headers()
        handler.wfile.write(b"0123456789")

    server.answers = [whole(cut=50_000), wrong, error(416)]
    get(server, tmp_path)
    assert (tmp_path / "populations.csv").read_bytes() == BODY
    assert "Range" not in server.asked[2][1]


def test_a_failure_then_an_answer(server: Server, tmp_path: Path) -> None:
    server.answers = [error(500), error(503, Retry_After="7"), error(429, Retry_After="9999")]
    waits = Waits()
    get(server, tmp_path, sleep=waits)
    assert (tmp_path / "populations.csv").read_bytes() == BODY
    assert waits == [1.0, 7.0, 60.0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (error(500), "erreur 500"),
        (whole(cut=1_000, etag=""), "coupé"),
        (error(404), "plus de fichier"),
        (error(403), "sans autorisation"),
        (error(407), "mandataire"),
        (error(418), "refuse la demande"),
        (redirect("/donnees/populations.csv"), "sans fin"),
        (redirect("file:///etc/hostname"), "n’est pas suivie (file)"),
        (redirect("ftp://127.0.0.1/x.csv"), "n’est pas suivie (ftp)"),
        (redirect("http://moi:secret@127.0.0.1/x.csv"), "identifiant"),
        (whole(b"<html>", Content_Type="text/html; charset=utf-8"), "page web"),
        (whole(b""), "vide"),
        (whole(Content_Encoding="br"), "(br)"),
        (whole(Content_Encoding="gzip"), "abîmé"),
        (whole(gzip.compress(BODY)[:-9], Content_Encoding="gzip"), "tronqué"),
    ],
)
def test_what_can_not_be_downloaded_is_told_and_leaves_nothing(
    server: Server, tmp_path: Path, answer: Answer, said: str
) -> None:
    server.last = answer
    with pytest.raises(SourceError) as caught:
        get(server, tmp_path / "pop", limits=Limits(attempts=3))
    assert said in caught.value.problem.message
    assert "« pop »" in caught.value.problem.message
    assert caught.value.problem.remedy
    assert "secret" not in str(caught.value)
    assert left(tmp_path / "pop") == []
    assert len(server.asked) <= 7


def test_what_was_there_before_a_failure_is_still_there(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path)
    server.last = whole(BODY + b"fin", etag='"v2"', cut=9_000)
    with pytest.raises(SourceError, match="coupé"):
        get(server, tmp_path, limits=Limits(attempts=2))
    assert left(tmp_path) == ["fiche.json", "populations.csv"]
    assert (tmp_path / "populations.csv").read_bytes() == BODY


def test_a_wrong_length_is_a_cut(server: Server, tmp_path: Path) -> None:
    def liar(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(BODY) + 10))
        handler.end_headers()
        handler.wfile.write(BODY)
        hang_up(handler)

    server.last = liar
    with pytest.raises(SourceError, match=f"{len(BODY)} octets reçus sur {len(BODY) + 10}"):
        get(server, tmp_path, limits=Limits(attempts=2))


def test_a_slow_server_is_given_up(server: Server, tmp_path: Path) -> None:
    release = threading.Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        release.wait(5)
        handler.close_connection = True

    server.last = silent
    try:
        with pytest.raises(SourceError, match="ne répond pas assez vite"):
            get(server, tmp_path, limits=Limits(timeout=0.1, attempts=2))
    finally:
        release.set()
    assert len(server.asked) == 2


def test_a_server_that_drips_does_not_hold_forever(server: Server, tmp_path: Path) -> None:
    hours = iter(range(0, 100_000, 1_000))
    with pytest.raises(SourceError, match="plus de 30 minutes"):
        get(server, tmp_path, clock=lambda: float(next(hours)))
    assert left(tmp_path) == []


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_too_big_is_stopped_on_its_way(server: Server, tmp_path: Path, announced: bool) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        if announced:
            handler.send_header("Content-Length", str(10**12))
        handler.send_header("Connection", "close")
        handler.end_headers()
        try:
            for _ in range(500):
                handler.wfile.write(b"x" * 10_000)
        except OSError:
            pass
        handler.close_connection = True

    server.last = endless
    with pytest.raises(SourceError, match="pèse plus de 1 Mo"):
        get(server, tmp_path, limits=Limits(size=1024 * 1024))
    assert left(tmp_path) == []


def test_a_bomb_is_stopped_once_decoded(server: Server, tmp_path: Path) -> None:
    server.last = whole(gzip.compress(b"0" * 4_000_000), Content_Encoding="gzip")
    with pytest.raises(SourceError, match="pèse plus de 1 Mo"):
        get(server, tmp_path, limits=Limits(size=1024 * 1024))


def test_the_compression_of_the_transport_is_undone_and_that_of_the_file_kept(server: Server, tmp_path: Path) -> None:
    packed = gzip.compress(BODY)
    server.answers = [whole(packed, Content_Encoding="gzip", cut=5_000), whole(packed, Content_Encoding="gzip")]
    get(server, tmp_path / "a")
    assert (tmp_path / "a" / "populations.csv").read_bytes() == BODY
    for name, answer in (("b", whole(packed)), ("c", whole(packed, Content_Encoding="gzip"))):
        server.last = answer
        get(server, tmp_path / name, server.url("/donnees.csv.gz"))
        assert (tmp_path / name / "donnees.csv.gz").read_bytes() == packed


def test_the_fingerprint_of_the_dossier_is_required(server: Server, tmp_path: Path) -> None:
    right = hashlib.sha256(BODY).hexdigest()
    get(server, tmp_path, sha256=right.upper())
    with pytest.raises(SourceError, match=right):
        get(server, tmp_path, sha256="0" * 64)
    assert (tmp_path / "populations.csv").read_bytes() == BODY


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/x/export", {"Content_Disposition": 'attachment; filename="liste 2021.csv"'}, "liste_2021.csv"),
        ("/x/export", {"Content_Disposition": 'attachment; filename="../../.bashrc"'}, "bashrc.csv"),
        ("/x/export?format=csv", {}, "export.csv"),
        ("/", {"Content_Type": "application/zip"}, "fichier.zip"),
        ("/donn%C3%A9es%2F2021.csv", {}, "2021.csv"),
        ("/fiche.json", {}, "fichier-fiche.json"),
    ],
)
def test_the_name_is_safe_and_keeps_what_readers_need(
    server: Server, tmp_path: Path, path: str, headers: dict[str, str], name: str
) -> None:
    server.last = whole(**headers)
    sheet, _ = get(server, tmp_path, server.url(path))
    assert sheet.fichier == name
    assert cache.read_sheet(tmp_path) == sheet


def test_a_redirection_is_followed_and_told(server: Server, tmp_path: Path) -> None:
    server.answers = [redirect("/a", 301), redirect("b c.csv", 307), redirect(server.url("/d.csv?version=2"), 308)]
    sheet, _ = get(server, tmp_path)
    assert [path for path, _ in server.asked][1:] == ["/a", "/b%20c.csv", "/d.csv?version=2"]
    assert (sheet.url, sheet.adresse) == (server.url(), server.url("/d.csv?version=2"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/hostname", "http ou https"),
        ("ftp://serveur/x.csv", "http ou https"),
        ("http://moi:secret@serveur/x.csv", "mot de passe"),
        ("http:///x.csv", "http ou https"),
        ("http://serveur:abc/x.csv", "ne se lit pas"),
        ("http://serveur/x.csv\r\nHost: autre", "http ou https"),
        ("http://[::1/x", "ne se lit pas"),
        ("donnees.csv", "http ou https"),
    ],
)
def test_an_address_that_is_not_asked_for(server: Server, tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        get(server, tmp_path, url)
    assert "secret" not in str(caught.value)
    assert server.asked == []


def test_accents_and_spaces_of_an_address_are_written_as_servers_expect(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path, server.url("/données de l’été.csv?q=é&n=1"))
    assert server.asked[0][0] == "/donn%C3%A9es%20de%20l%E2%80%99%C3%A9t%C3%A9.csv?q=%C3%A9&n=1"


def test_a_closed_door_is_told_with_the_proxy_in_the_remedy(server: Server, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/x.csv"
        with pytest.raises(SourceError, match="impossible ou interrompue") as caught:
            get(server, tmp_path, url, limits=Limits(attempts=2))
    assert "HTTPS_PROXY" in caught.value.problem.remedy


def test_the_proxy_of_the_environment_is_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    get(server, tmp_path / "a", "http://donnees.invalid/populations.csv")
    assert server.asked[0][0] == "http://donnees.invalid/populations.csv"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    get(server, tmp_path / "b")
    assert server.asked[1][0] == "/donnees/populations.csv"


def test_a_secure_address_never_leads_to_one_that_is_not() -> None:
    follow = fetch._Redirections("pop")._followed
    secure, plain = request.Request("https://serveur/x.csv"), request.Request("http://serveur/x.csv")
    assert follow(secure, "https://autre/y.csv") == "https://autre/y.csv"
    assert follow(plain, "https://serveur/x.csv") == "https://serveur/x.csv"
    for target in ("http://serveur/x.csv", "data:text/csv,1", "//[::1", "jar:file:/x"):
        with pytest.raises(SourceError):
            follow(secure, target)


def test_a_certificate_that_is_not_recognised_is_not_tried_again() -> None:
    failure = fetch._network_failure(URLError(ssl.SSLCertVerificationError("expired")), key="pop", url="https://a/b")
    assert isinstance(failure, SourceError)
    assert "SSL_CERT_FILE" in failure.problem.remedy
