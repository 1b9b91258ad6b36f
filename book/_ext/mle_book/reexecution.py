"""Execute a notebook again when what it depends on has changed.

The cache of executed notebooks knows a notebook by its code alone. Here each executed notebook
also keeps a digest of what it depends on: the modules of the library that it imports, and those
that they import; the library's data files; the pinned requirements. When the digest differs, the
notebook's record is dropped from the cache, and the page is read, hence executed, again.

The definitions of exercises are no part of it. What the kernel gives for their cells is not on the
page (`exercises`), and no other cell may use them (`tools/chapter_rules.py`): so the page changes
with them, and what is executed does not. The tests run these cells too.

Imports are found by reading the code, not by running it. A module that is imported by a computed
name is not seen, unless the notebook names it (`import mle_lib` ... `mle_lib.data.load()`).
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

import nbformat
from docutils import nodes
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_cache import get_cache
from jupyter_cache.base import JupyterCacheAbstract
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from .executing import execute_ahead

PACKAGE = "mle_lib"
NOT_SHOWN = "exercises"  # the part of it whose results are not on the page
REQUIREMENTS = "requirements.txt"


def setup(app: Sphinx) -> None:
    app.connect("env-get-outdated", drop_outdated)
    app.connect("doctree-read", keep_digest)


def drop_outdated(
    app: Sphinx,
    env: BuildEnvironment,
    added: set[str],
    changed: set[str],
    removed: set[str],
) -> list[str]:
    """Forget the outdated executions; return the pages to be read again."""
    env.mle_digests = {}  # as things are before the first execution of this build
    if env.mystnb_config.execution_mode != "cache":
        return []
    executed = _cache(env)
    library = Library(Path(app.srcdir))
    outdated = []
    for docname in sorted(env.found_docs):
        path = Path(env.doc2path(docname))
        if path.suffix != ".ipynb":
            continue
        notebook = nbformat.read(path, as_version=4)
        digest = library.digest(notebook)
        key = executed.create_hashed_notebook(notebook)[1]
        env.mle_digests[docname] = (key, digest)
        kept = _kept(executed, key)
        if not kept.exists() or kept.read_text() != digest:
            kept.unlink(missing_ok=True)
            for record in executed.list_cache_records():
                if record.hashkey == key:
                    executed.remove_cache(record.pk)
            outdated.append(docname)
    execute_ahead(env, executed, outdated)
    return outdated


def keep_digest(app: Sphinx, doctree: nodes.document) -> None:
    """After a page was read: if its notebook was executed without an error, say on what."""
    env = app.env
    execution = env.nb_metadata.get(env.docname, {}).get("exec_data")
    if execution and execution["succeeded"] and env.docname in env.mle_digests:
        key, digest = env.mle_digests[env.docname]
        kept = _kept(_cache(env), key)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(digest)


def _cache(env: BuildEnvironment) -> JupyterCacheAbstract:
    return get_cache(env.mystnb_config.execution_cache_path)


def _kept(executed: JupyterCacheAbstract, key: str) -> Path:
    return executed.path / "dependencies" / key


class Library:
    """The source of the library: which module imports which."""

    def __init__(self, root: Path) -> None:
        self.root = root
        package = root / PACKAGE
        files = [p for p in package.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
        files = [p for p in files if p.relative_to(package).parts[0] != NOT_SHOWN]
        self.modules = {self._name(p): p for p in files if p.suffix == ".py"}
        # Data files cannot be told apart by who reads them, so every notebook depends on all.
        self.shared = [p for p in files if p.suffix != ".py"] + [root / REQUIREMENTS]
        self._imports = cache(self._read_imports)

    def _name(self, path: Path) -> str:
        parts = path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def digest(self, notebook: nbformat.NotebookNode) -> str:
        """A hash over the content of everything that a notebook depends on."""
        used = self.closure(notebook_imports(notebook, set(self.modules)))
        files = [*(self.modules[name] for name in used), *self.shared]
        content = hashlib.sha256()
        for path in sorted(p for p in files if p.exists()):
            data = path.read_bytes()
            # The length keeps the end of one file apart from the start of the next.
            content.update(f"{path.relative_to(self.root).as_posix()} {len(data)}\n".encode())
            content.update(data)
        return content.hexdigest()

    def closure(self, names: set[str]) -> set[str]:
        """The modules named, those they import, and the packages that hold them."""
        found: set[str] = set()
        waiting = set(names)
        while waiting:
            name = waiting.pop()
            found.add(name)
            waiting |= (self._imports(name) | {name.rpartition(".")[0]}) & self.modules.keys()
            waiting -= found
        return found

    def _read_imports(self, name: str) -> set[str]:
        path = self.modules[name]
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        return imported(path.read_text("utf-8"), set(self.modules), package)


def notebook_imports(notebook: nbformat.NotebookNode, modules: set[str]) -> set[str]:
    """The library modules that a notebook's code cells import."""
    to_python = TransformerManager().transform_cell  # turns %pip and ! into plain Python
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return set().union(*(imported(to_python(source), modules, "") for source in cells))


def imported(source: str, modules: set[str], package: str) -> set[str]:
    """The library modules that Python code imports, or names as attributes of the library.

    `package` is where relative imports start. Code that cannot be read may import anything.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return modules
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names.add(alias.name)
                if alias.name == PACKAGE and alias.asname:
                    return modules  # its attributes cannot be followed by name
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(start if node.level else []), *filter(None, [node.module])])
            if base == PACKAGE and any(alias.name == "*" for alias in node.names):
                return modules
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Attribute):
            names.add(ast.unparse(node))
    return names & modules
