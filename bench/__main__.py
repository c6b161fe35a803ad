"""Run the benchmarks one after the other: `python -m bench [NAME ...]`, default all.

A benchmark is a module of this folder that prints its table when it is run; names with an underscore are parts.
"""

import runpy
import sys
from pathlib import Path
from time import perf_counter


def names() -> list[str]:
    """Every benchmark of this folder."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main(wanted: list[str]) -> None:
    """Run the wanted benchmarks, or all."""
    if unknown := set(wanted) - set(names()):
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(names()) or 'none'}.")
    for name in wanted or names():
        print(f"== {name}", flush=True)
        began = perf_counter()
        sys.argv = [f"bench/{name}.py"]
        runpy.run_module(f"bench.{name}", run_name="__main__")
        print(f"   ({perf_counter() - began:.1f} s)\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
