"""Runs seeds by hand, or for test_fuzz.py: `python -m tests.property.fuzz [--oracle NAME ...] [--seeds N] [--minutes M]`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from .oracles import ORACLES
from .runner import findings, fixed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.property.fuzz", description=__doc__)
    parser.add_argument("--oracle", nargs="*", choices=sorted(ORACLES), default=list(ORACLES))
    parser.add_argument("--seeds", type=int, default=1000, help="of each oracle")
    parser.add_argument("--start", type=int, default=10_000, help="the first seed")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    parser.add_argument("--fixed", default="", help="part K of N of the seeds of the suite, not shrunk")
    options = parser.parse_args()
    seeds = [(name, seed) for seed in range(options.start, options.start + options.seeds) for name in options.oracle]
    if options.fixed:
        part, parts = map(int, options.fixed.split("/"))
        seeds = fixed()[part::parts]
    ran: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for (name, _), finding in zip(
        seeds, findings(seeds, not options.fixed, time.time() + 60 * options.minutes), strict=False
    ):
        ran[name] += 1
        if finding is not None:
            found[name] += 1
            print(finding, flush=True)
    print("\n".join(f"{name}: {count} seeds, {found[name]} findings" for name, count in ran.items()))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
