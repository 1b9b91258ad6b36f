"""Public data sets of binary variables, read from a folder or downloaded once."""

import hashlib
import os
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from mle_lib.data.files import as_path, check_file, whole_file

SOURCE = "https://raw.githubusercontent.com/UCLA-StarAI/Density-Estimation-Datasets/master/datasets"
SILENCE, LONGEST = 30.0, 900.0  # seconds a server may say nothing, and a download may take
# Variables, and the SHA-256 of each file
SETS: dict[str, tuple[int, dict[str, str]]] = {
    "nltcs": (
        16,
        {
            "train": "e547a7aedad1dd2f7177030881ab1b92c7e24ae5464c71a0f1f89daecaf52b30",
            "valid": "93bbbf5c6febdc9bc6e5b5bfab636f4dc0685ab2896d24b23dd267794c3bfcf6",
            "test": "f9ffa6b74b27dc03bee3203d157ee31079e80b13be40d0c0093d635c25aed523",
        },
    ),
    "msnbc": (
        17,
        {
            "train": "92b1f4ed42ef87dafd6fe57c2e5c3b3dbc565157d2bc994a9b423898cd656e5e",
            "valid": "b937466c3e09b956b271438b2ff45ca4dc8b91890c9de6d02e486b0e22bf4e27",
            "test": "60ff71cc017cfde0bd84f0cd383ccd29065f5c06a64404b77d28c4b26aa1aca5",
        },
    ),
    "plants": (
        69,
        {
            "train": "1fb1219ff94068d12a563f9e81f8889a1885f41e867884cff608669300c6848f",
            "valid": "47834ed318b2d74f48e4b083226ef47fd446d41986012ceae19d230574821b34",
            "test": "95f53c033cd1d86467aec2610dc5bfe014534206c2da4919f73bcab246ab8755",
        },
    ),
}


def load_density_set(name: str, split: str, root: str | os.PathLike[str] | None = None) -> Tensor:
    """A binary density-estimation set by name: ``nltcs`` (n = 16), ``msnbc`` (17), ``plants`` (69).

    Three of the sets of Lowd & Davis (2010), https://doi.org/10.1109/ICDM.2010.128, and Van Haaren
    & Davis (2012), https://doi.org/10.1609/aaai.v26i1.8315, as published by UCLA's StarAI lab. They
    are not part of the book: a file is downloaded when it is first asked for, into the folder in
    which it was looked for, and it takes its name there only once it is whole. Every file, also one
    that was already there, must have the SHA-256 of the published one.

    Args:
        name: Which set.
        split: ``"train"``, ``"valid"`` or ``"test"``.
        root: Folder with the files ``NAME.SPLIT.data``. If ``None`` it is ``$MLE_DATA_DIR``, and
            where that is empty a folder in the user's cache.

    Returns:
        A ``(m, n)`` float32 tensor of 0s and 1s.

    Raises:
        ValueError: If ``name`` or ``split`` is unknown, ``root`` is no path, or a file is not the
            published one.
        ConnectionError: If the file is not there and cannot be downloaded: no network, no such
            page, a server that stalls.
    """
    if not isinstance(name, str) or name not in SETS:
        raise ValueError(f"name must be one of {', '.join(SETS)}, got {name!r}")
    n, digests = SETS[name]
    if not isinstance(split, str) or split not in digests:
        raise ValueError(f"split must be one of {', '.join(digests)}, got {split!r}")
    path = _folder(root) / f"{name}.{split}.data"
    if not path.exists():
        _download(f"{SOURCE}/{name}/{path.name}", path, digests[split])
    check_file(path)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digests[split]:
        raise ValueError(
            f"root must hold the published {path.name} (SHA-256 {digests[split]}), but {path}, of "
            f"{len(content):,} bytes, is another file or a part of it: delete it to download it"
        )
    digits = np.frombuffer(content, np.uint8).reshape(-1, 2 * n)[:, ::2]  # "0,1,…,0\n"
    return torch.from_numpy(digits == ord("1")).float()


def _folder(root: str | os.PathLike[str] | None) -> Path:
    given = os.environ.get("MLE_DATA_DIR") if root is None else root
    if given is None or given == "":  # an empty text names nothing
        given = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "mle_lib"
    try:
        return as_path(given, "root").expanduser()
    except RuntimeError as error:  # there is no such home
        raise ValueError(
            f"root (or $MLE_DATA_DIR) must be a path, got {str(given)!r} ({error})"
        ) from error


def _download(url: str, path: Path, digest: str) -> None:
    deadline, content = time.monotonic() + LONGEST, bytearray()
    request = Request(url, headers={"User-Agent": "mle_lib"})
    try:
        with urlopen(request, timeout=SILENCE) as answer:
            size = getattr(answer, "length", None)  # where the server says it
            with tqdm(total=size, unit="B", unit_scale=True, desc=path.name) as bar:
                # read1 gives what has come: a drop now and then must not keep us for ever
                while part := answer.read1(1 << 16):
                    content += part
                    bar.update(len(part))
                    if time.monotonic() > deadline:
                        raise TimeoutError(f"not whole after {LONGEST:g} seconds")
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(
                f"{url} must be the published file (SHA-256 {digest}), got another one, or a part "
                f"of it, of {len(content):,} bytes"
            )
        with whole_file(path) as file:  # a few MB: no folder is made before all of it is there
            file.write(content)
    except (OSError, HTTPException) as error:  # no network, no such page, no place to write to
        if isinstance(error, HTTPError):  # it holds the connection
            error.close()
        raise ConnectionError(
            f"{path.name} is not in {path.parent} and cannot be downloaded from {url} "
            f"({type(error).__name__}: {error}): "
            "put it there, or name the folder that has it by root or $MLE_DATA_DIR"
        ) from error
