"""Make mutants, run the tests that are to notice them, and tell which survive."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time

from tests.mutation import mutants, targets, trials

FOLDER = trials.ROOT / ".tools/mutation"
"""What survived is kept here, so that it can be tried again after tests were written."""

SEED = 12


def main() -> int:
    """Try mutants; an exit code of 1 says that too many survive."""
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="parts of module names; by default all")
    parser.add_argument("--sample", type=int, metavar="N", help="of each module, N at random")
    parser.add_argument("--again", action="store_true", help="only those that survived last")
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    enough = True
    for module, tests in targets.TESTS.items():
        if not given.modules or any(part in module for part in given.modules):
            enough &= _try_module(module, tests, given.sample, again=given.again)
    return 0 if enough else 1


def _try_module(module: str, tests: tuple[str, ...], sample: int | None, *, again: bool) -> bool:
    """Try the mutants of a module; tell whether enough are killed."""
    began = time.monotonic()
    path = trials.SOURCES / module
    made = mutants.of_module(path)
    kept = FOLDER / f"{module.replace('/', '.')}.json"
    tried = made
    if again:
        lived = [one["source"] for one in json.loads(kept.read_text())["survivors"]]
        tried = [mutant for mutant in made if mutant.source in lived]
    elif sample is not None and sample < len(made):
        tried = random.Random(SEED).sample(made, sample)  # noqa: S311 - the same ones every time
    trying = trials.Trials(path, tests, tried)
    if tried:
        trying.run()
    killed = len(tried) - len(trying.survivors)
    share = 100 * killed / max(1, len(tried))
    took = time.monotonic() - began
    told = f"{killed} of {len(tried)} killed ({share:.0f} %), {len(made)} in all, {took:.0f} s"
    print(f"\n{module}: {told}", flush=True)
    survivors = [vars(mutant) for mutant in trying.survivors]
    kept.write_text(json.dumps({"survivors": survivors}, indent=1), encoding="utf-8")
    return again or share >= targets.GOAL


if __name__ == "__main__":
    sys.exit(main())
