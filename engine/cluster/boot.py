"""The file a new process of ours is started with: finds the engine, whatever the working directory holds.

    python -P <this file> <zygote | worker> <folder of the engine package> <descriptor> <search path as JSON>

`-P` keeps this file's folder and the working directory out of the search path; the engine is loaded from its folder by
name, so no other `engine` can take its place, and the driver's search path (for the user's own modules) comes last, so
nothing in it can hide a module of Python or of ours.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path


def load_engine(folder: Path) -> None:
    """Makes `folder` the package `engine` of this process."""
    spec = importlib.util.spec_from_file_location(
        "engine", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"There is no engine in {folder}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules["engine"] = module
    spec.loader.exec_module(module)


def main() -> None:
    """Loads the engine and becomes what the arguments say."""
    role, folder, descriptor, search_path = sys.argv[1:]
    sys.path += [entry for entry in json.loads(search_path) if entry not in sys.path]
    load_engine(Path(folder))
    importlib.import_module(f"engine.cluster.{role}").main(int(descriptor))


if __name__ == "__main__":
    main()
