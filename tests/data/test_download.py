"""Downloads: the first mirror with the right content wins, nothing else is put in place."""

import gzip
import hashlib
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from minigen.data.download import cache_folder, download
from minigen.errors import DataError, UserError

CONTENT = b"the real content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SITES = {
    "down/f.gz": OSError("no route to host"),
    "damaged/f.gz": gzip.compress(CONTENT)[:-9],
    "other/f.gz": gzip.compress(b"something else"),
    "good/f.gz": gzip.compress(CONTENT, compresslevel=1),
}


@pytest.fixture
def network(monkeypatch):
    """pooch as seen by the module, answering from SITES; gives the list of addresses asked."""
    asked = []

    def fetch(url, output_file, _):
        asked.append(url)
        if isinstance(SITES[url], OSError):
            raise SITES[url]
        Path(output_file).write_bytes(SITES[url])

    monkeypatch.setitem(sys.modules, "pooch", SimpleNamespace(HTTPDownloader=lambda timeout: fetch))
    return asked


def test_the_first_good_mirror_wins(network, tmp_path):
    mirrors = ("down/", "damaged/", "other/", "good/", "never/")
    assert download("f.gz", SHA256, mirrors, tmp_path / "new") == CONTENT
    assert network == ["down/f.gz", "damaged/f.gz", "other/f.gz", "good/f.gz"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["f.gz"]


def test_the_real_downloader_fetches_over_http(tmp_path):
    """pooch itself, from a server on this machine: the first address answers 404."""
    pytest.importorskip("pooch", reason="the extra `data` is not installed")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "f.gz").write_bytes(SITES["good/f.gz"])
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = partial(quiet, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            site = f"http://127.0.0.1:{server.server_port}/"
            assert download("f.gz", SHA256, (f"{site}nowhere/", site), tmp_path / "cache") == CONTENT
        finally:
            server.shutdown()
            thread.join()


def test_when_all_fail_each_answer_is_told_and_nothing_is_left(network, tmp_path):
    with pytest.raises(DataError, match=r"down/: no route.*damaged/.*gzip.*other/: SHA-256.*by hand"):
        download("f.gz", SHA256, ("down/", "damaged/", "other/"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_pooch_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(UserError, match=r"pip install 'minigen\[data\]'"):
        download("f.gz", SHA256, ("good/",), tmp_path)


def test_a_cache_that_cannot_be_written_is_named(network, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot write to the cache"):
        download("f.gz", SHA256, ("good/",), tmp_path / "file" / "cache")


@pytest.mark.parametrize(
    ("platform", "tail"),
    [("linux", "xdg/minigen"), ("darwin", "Library/Caches/minigen"), ("win32", "local/minigen")],
)
def test_the_cache_is_where_the_platform_keeps_caches(monkeypatch, platform, tail):
    monkeypatch.setattr("minigen.data.download.sys.platform", platform)
    monkeypatch.setenv("XDG_CACHE_HOME", "xdg")
    monkeypatch.setenv("LOCALAPPDATA", "local")
    assert cache_folder().as_posix().endswith(tail)
