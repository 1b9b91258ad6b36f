"""Execute several notebooks two at a time, before MyST-NB would execute them one by one.

What comes of it goes into the cache, where MyST-NB finds it. A notebook that fails leaves nothing
there: MyST-NB executes it again, and reports it as it always does.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

AT_A_TIME = 2  # as the tests do; a notebook keeps to one thread


def execute_ahead(
    env: BuildEnvironment, executed: JupyterCacheAbstract, docnames: list[str]
) -> None:
    """Execute notebooks, and keep those that succeed. One alone is left to MyST-NB."""
    if len(docnames) < AT_A_TIME:
        return
    config = env.mystnb_config

    def execute(path: Path) -> ExecutionResult:
        logger.info("%s: Executing notebook using local CWD", path)
        notebook = nbformat.read(path, as_version=4)
        return single_nb_execution(
            notebook,
            cwd=str(path.parent),
            timeout=config.execution_timeout,
            allow_errors=config.execution_allow_errors,
        )

    paths = [Path(env.doc2path(docname)) for docname in docnames]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for path, result in zip(paths, pool.map(execute, paths), strict=True):
            if result.err is None:
                logger.info("%s: Executed notebook in %.2f seconds", path, result.time)
                bundle = CacheBundleIn(
                    result.nb, str(path), data={"execution_seconds": result.time}
                )
                executed.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
