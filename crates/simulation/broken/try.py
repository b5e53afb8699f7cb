#!/usr/bin/env python3
"""Breaks one rule of the protocol at a time in a copy of the project, and plays seeds until the simulation notices.

Each *.patch beside this file takes one rule out of the production code. A simulation that does not notice that proves nothing, so this
fails when one of them gets through. It needs git, cargo and a few minutes for each; the copy and what is built are kept in
target/broken, so that the next one is quicker.

usage: try.py [--seeds N] [NAME ...]
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
KEPT = ROOT / "target" / "broken"
TREE = KEPT / "tree"
# What the plays without a rule may take, all told: memory, and time of a processor.
BYTES, SECONDS = 6 << 30, 3600


def copy() -> None:
    """Copies the last commit into a work tree of its own."""
    subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)
    if not TREE.exists():
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", TREE, "HEAD"], cwd=ROOT, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
    subprocess.run(["git", "checkout", "--quiet", "--force", "--detach", head.stdout.strip()], cwd=TREE, check=True)


def limited() -> None:
    """Keeps a rule whose lack loops for ever from taking the machine with it."""
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def play(seeds: int) -> str | None:
    """Builds the copy as it is and plays it until something is violated; tells what, if anything is."""
    build = ["cargo", "build", "--quiet", "--release", "-p", "simulation", "--target-dir", KEPT / "build"]
    subprocess.run(build, cwd=TREE, check=True)
    program = KEPT / "build" / "release" / "simulation"
    command = [program, "--seeds", str(seeds), "--threads", "2", "--fail-fast", "--json"]
    played = subprocess.run(command, check=False, capture_output=True, text=True, preexec_fn=limited)
    if not played.stdout:
        # A loop without end shows that the patch is no good: it proves nothing of the simulation.
        print(f"the simulation came to no end: {played.stderr[-500:]}", flush=True)
        return None
    first = min(json.loads(played.stdout)["violations"], key=lambda violation: violation["seed"], default=None)
    return first and f"seed {first['seed']}: {first['what'][:140]}"


def noticed(patch: pathlib.Path, seeds: int) -> bool:
    """Whether the simulation notices that the rule is gone."""
    subprocess.run(["git", "apply", patch], cwd=TREE, check=True)
    try:
        found = play(seeds)
    finally:
        subprocess.run(["git", "checkout", "--quiet", "--force", "."], cwd=TREE, check=True)
    print(f"{patch.stem:26} {found or f'not noticed in {seeds} seeds'}", flush=True)
    return found is not None


def main() -> int:
    """Tries the patches that are named, or all."""
    parser = argparse.ArgumentParser(description="Breaks one rule at a time and plays seeds until that is noticed.")
    parser.add_argument("--seeds", type=int, default=1000, help="seeds at most for each (1000)")
    parser.add_argument("names", nargs="*", help="which; all when none is named")
    arguments = parser.parse_args()
    patches = [HERE / f"{name}.patch" for name in arguments.names] or sorted(HERE.glob("*.patch"))
    if unknown := [patch.stem for patch in patches if not patch.exists()]:
        parser.error(f"there is no such patch: {', '.join(unknown)}")
    copy()
    return 0 if all([noticed(patch, arguments.seeds) for patch in patches]) else 1


if __name__ == "__main__":
    sys.exit(main())
