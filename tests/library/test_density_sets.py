"""The loader, on a stand-in for the public repository; the real files where they are given."""

import gc
import hashlib
import os
import pwd
import re
import socket
import threading
import time
from contextlib import suppress
from email.message import Message
from pathlib import Path

import numpy as np
import pytest
import torch

from mle_lib.data import density_sets, load_density_set

ROWS = "0,1,1\n1,0,1\n"


@pytest.fixture
def public(tmp_path, monkeypatch) -> Path:
    """A repository with the set "nltcs", of three variables and two rows; returns its folder."""
    folder = tmp_path / "public" / "nltcs"
    folder.mkdir(parents=True)
    digest = hashlib.sha256(ROWS.encode()).hexdigest()
    monkeypatch.setitem(density_sets.SETS, "nltcs", (3, {"train": digest, "test": "0" * 64}))
    monkeypatch.setattr(density_sets, "SOURCE", folder.parent.as_uri())
    monkeypatch.delenv("MLE_DATA_DIR", raising=False)
    (folder / "nltcs.train.data").write_text(ROWS)
    (folder / "nltcs.test.data").write_text(ROWS)
    return folder


def test_a_file_is_downloaded_once_and_then_read(public, tmp_path) -> None:
    root = tmp_path / "new" / "folder"
    x = load_density_set("nltcs", "train", root)
    assert x.tolist() == [[0, 1, 1], [1, 0, 1]]
    assert x.dtype == torch.float32
    assert [p.name for p in root.iterdir()] == ["nltcs.train.data"]
    (public / "nltcs.train.data").unlink()
    assert torch.equal(load_density_set("nltcs", "train", str(root)), x)


def test_the_address_of_a_file(tmp_path, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(density_sets, "_download", lambda *wanted: asked.append(wanted))
    with pytest.raises(FileNotFoundError):
        load_density_set("nltcs", "train", tmp_path)
    ((url, path, digest),) = asked
    assert url == (
        "https://raw.githubusercontent.com/UCLA-StarAI/Density-Estimation-Datasets/master/"
        "datasets/nltcs/nltcs.train.data"
    )
    assert path == tmp_path / "nltcs.train.data"
    assert digest.startswith("e547a7ae")


def test_home_and_empty_names(public, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    load_density_set("nltcs", "train", "~/data")
    assert (tmp_path / "home" / "data" / "nltcs.train.data").exists()
    for given in (None, ""):
        monkeypatch.setenv("MLE_DATA_DIR", "")
        load_density_set("nltcs", "train", given)
        (tmp_path / "cache" / "mle_lib" / "nltcs.train.data").unlink()


def test_a_cache_may_lie_below_a_home_that_must_be_there(public, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", "~/kept")
    load_density_set("nltcs", "train")
    assert (tmp_path / "home" / "kept" / "mle_lib" / "nltcs.train.data").exists()

    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for cache in ("~/kept", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", cache)
        with pytest.raises(ValueError, match=r"root \(or \$MLE_DATA_DIR\) must be a path, got '~/"):
            load_density_set("nltcs", "train")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "public"]


def test_the_folder_is_root_then_the_variable_then_the_cache(public, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    load_density_set("nltcs", "train")
    assert (tmp_path / "cache" / "mle_lib" / "nltcs.train.data").exists()
    monkeypatch.setenv("MLE_DATA_DIR", str(tmp_path / "given"))
    load_density_set("nltcs", "train")
    assert (tmp_path / "given" / "nltcs.train.data").exists()
    load_density_set("nltcs", "train", tmp_path / "root")
    assert (tmp_path / "root" / "nltcs.train.data").exists()


@pytest.mark.parametrize("content", [ROWS[:6], ROWS[:-1], ROWS.replace("1,0,1", "1,1,1"), ""])
def test_a_file_that_is_not_the_published_one_is_refused(public, tmp_path, content) -> None:
    """Truncated at a row, by a byte, altered, empty: and it is left for its owner to look at."""
    path = tmp_path / "nltcs.train.data"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"must hold the published nltcs.train.data .*delete it"):
        load_density_set("nltcs", "train", tmp_path)
    assert path.read_text() == content


def test_a_download_of_something_else_leaves_nothing(public, tmp_path) -> None:
    root = tmp_path / "root"
    with pytest.raises(ValueError, match="must be the published file"):
        load_density_set("nltcs", "test", root)
    (public / "nltcs.train.data").write_text(ROWS[:-3])  # cut short on the way
    with pytest.raises(ValueError, match="must be the published file"):
        load_density_set("nltcs", "train", root)
    assert not root.exists()


def test_an_interrupted_download_leaves_nothing(public, tmp_path, monkeypatch) -> None:
    class Interrupted:
        def __init__(self, *_: object, timeout: float) -> None:
            self.reads = 0

        def __enter__(self) -> "Interrupted":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        headers = Message()

        def read1(self, size: int) -> bytes:
            self.reads += 1
            if self.reads > 1:
                raise KeyboardInterrupt
            return ROWS[:6].encode()

    monkeypatch.setattr(density_sets, "urlopen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_density_set("nltcs", "train", tmp_path / "root")
    assert not (tmp_path / "root").exists()


STALLS = {
    "says nothing": [],
    "stops in the headers": [b"HTTP/1.1 200 OK\r\n"],
    "stops in the file": [b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", b"0,1"],
    "drops now and then": [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", *[b"0"] * 100],
    "hangs up": [b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", b"0,1", None],
    "talks nonsense": [b"what?\r\n\r\n", None],
    "says nothing and hangs up": [None],
    "does not count": [b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", b"0,1", None],
    "counts below 0": [b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n", b"0,1", None],
    "has no such page": [b"HTTP/1.1 404 Not Found\r\n\r\n", None],
    "fails": [b"HTTP/1.1 503 Service Unavailable\r\n\r\n", None],
}
SAID = {
    "talks nonsense": "BadStatusLine: what?",
    "says nothing and hangs up": "RemoteDisconnected: Remote end closed connection",
    "has no such page": "HTTPError: HTTP Error 404: Not Found",
    "fails": "HTTPError: HTTP Error 503",
    "does not count": "must be the published file .* of 3 bytes",
    "counts below 0": "must be the published file .* of 3 bytes",
}


@pytest.mark.parametrize("how", STALLS)
def test_a_server_that_stalls_does_not_hold_us(public, tmp_path, monkeypatch, how) -> None:
    """At whatever place it does: an error, soon, and nothing is left."""
    monkeypatch.setattr(density_sets, "SILENCE", 0.3)
    monkeypatch.setattr(density_sets, "LONGEST", 1.0)
    done = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                for part in STALLS[how]:
                    if part is None:
                        return
                    connection.sendall(part)
                    done.wait(0.1)
                done.wait(20)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        monkeypatch.setattr(density_sets, "SOURCE", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        begun = time.monotonic()
        with pytest.raises((ConnectionError, ValueError), match=r"nltcs.train.data") as error:
            load_density_set("nltcs", "train", tmp_path / "root")
        assert re.search(SAID.get(how, ""), str(error.value))
        del error
        gc.collect()  # a connection that was left open would be a warning
        assert time.monotonic() - begun < 5
        done.set()
        thread.join()
    assert not (tmp_path / "root").exists()


def test_no_network_is_said_in_words(public, tmp_path) -> None:
    (public / "nltcs.train.data").unlink()
    with pytest.raises(ConnectionError, match=r"nltcs.train.data is not in .*MLE_DATA_DIR"):
        load_density_set("nltcs", "train", tmp_path / "root")


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        ("mnist", "train", "name must be one of nltcs, msnbc, plants, got 'mnist'"),
        (["nltcs"], "train", "name must be one of"),
        ("nltcs", "dev", "split must be one of train, valid, test, got 'dev'"),
        ("nltcs", None, "split must be one of"),
        ("nltcs", ["train"], "split must be one of"),
        (np.str_("mnist"), "train", "name must be one of"),
    ],
)
def test_bad_input_is_named(name, split, message, tmp_path) -> None:
    with pytest.raises(ValueError, match=message):
        load_density_set(name, split, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("root", [3, ["a"], 1.5, 0, [], False])
def test_a_root_that_is_no_path_is_named(root) -> None:
    with pytest.raises(ValueError, match="root must be a path, got"):
        load_density_set("nltcs", "train", root)


@pytest.mark.skipif(not os.environ.get("MLE_DATA_DIR"), reason="needs the sets in $MLE_DATA_DIR")
@pytest.mark.parametrize("name", density_sets.SETS)
def test_the_published_sets(name) -> None:
    sizes = {
        "nltcs": (16, 16181, 2157, 3236),
        "plants": (69, 17412, 2321, 3482),
        "msnbc": (17, 291326, 38843, 58265),
    }
    n, *rows = sizes[name]
    for split, m in zip(("train", "valid", "test"), rows, strict=True):
        x = load_density_set(name, split)
        assert x.shape == (m, n)
        path = Path(os.environ["MLE_DATA_DIR"]) / f"{name}.{split}.data"
        assert np.array_equal(x.numpy(), np.loadtxt(path, delimiter=",", dtype=np.float32))
