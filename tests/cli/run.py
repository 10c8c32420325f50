#!/usr/bin/env python3
"""Golden command-line tests.

run.py SHEAF CASES...           runs the cases, shows differences, exits 1 if there are any
run.py --update SHEAF CASES...  writes what came out into the files

A case is a line `$ COMMAND` (run by sh in a fresh folder with the files of fixtures.py), then the exact standard output
(lines after `| `), the exact standard error (`! `), and the exit code (`= `; left out: 0). Text between cases is comment.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import fixtures


def environment(sheaf):
    keep = {k: v for k, v in os.environ.items()
            if k in ("LD_LIBRARY_PATH", "LSAN_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS", "OMP_WAIT_POLICY")}
    keep.update(PATH=os.path.dirname(os.path.abspath(sheaf)) + ":/usr/bin:/bin", LC_ALL="C.UTF-8", HOME="/nonexistent")
    return keep


def run(command, sheaf):
    with tempfile.TemporaryDirectory(prefix="sheaf-cli-") as folder:
        fixtures.make(folder)
        p = subprocess.run(["sh", "-c", command], cwd=folder, env=environment(sheaf), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    return p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace"), p.returncode


def marked(mark, text):
    if not text:
        return []
    lines = text.split("\n")
    last = lines.pop()
    out = [f"{mark} {line}".rstrip() for line in lines]
    return out + ([f"{mark} {last}\\"] if last else [])  # no newline at the end


def expected(result):
    out, err, code = result
    return marked("|", out) + marked("!", err) + ([f"= {code}"] if code else [])


def parse(lines):
    """Yields (first line, command, expected lines, line after) of every case."""
    i = 0
    while i < len(lines):
        if not lines[i].startswith("$ "):
            i += 1
            continue
        start = i
        i += 1
        while i < len(lines) and re.match(r"[|!=]( |$)", lines[i]):
            i += 1
        yield start, lines[start][2:], lines[start + 1:i], i


def check(path, sheaf, update):
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    out, last, bad, total = [], 0, 0, 0
    for start, command, want, end in parse(lines):
        got = expected(run(command, sheaf))
        total += 1
        out += lines[last:start + 1] + got
        last = end
        if got != [w.rstrip() for w in want]:
            bad += 1
            if not update:
                print(f"{path}:{start + 1}: $ {command}")
                print("\n".join(["  expected:"] + ["  " + w for w in want] + ["  got:"] + ["  " + g for g in got]))
    if update:
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(out + lines[last:]))
    print(f"{os.path.basename(path)}: {total - bad} of {total} as expected" + (" before the update" if update else ""))
    return bad if not update else 0


def main():
    arguments = sys.argv[1:]
    update = arguments[:1] == ["--update"]
    sheaf, *paths = arguments[update:]
    if not shutil.which(sheaf) or not paths:
        sys.exit(__doc__)
    sys.exit(1 if sum(check(p, sheaf, update) for p in paths) else 0)


if __name__ == "__main__":
    main()
