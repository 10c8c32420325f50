"""The program on the labelled corpora: quality that must not fall, and the same bytes however it is run.

corpora.py SHEAF [--quick]      reads SHEAF_CORPORA=DIR; exits 77 (skipped) when it is not set
"""
import collections
import gzip
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

# AMI that each corpus has to reach as the mean of three seeds: a little below results/themes.md, above the peers.
FLOOR = {"bbc": (5, 0.89), "r8": (8, 0.60), "r52": (52, 0.54), "20ng": (20, 0.735), "gnad10_test": (9, 0.48),
         "zh_news4": (4, 0.40), "arxiv20": (20, 0.74)}
QUICK = ("bbc",)
LIBRARIES = [pathlib.Path(f"/usr/lib/{os.uname().machine}-linux-gnu/openblas-{kind}") for kind in ("pthread", "openmp")]
failures = []


def check(what, good):
    print(("ok      " if good else "FAILED  ") + what, flush=True)
    if not good:
        failures.append(what)


def unpack(corpora, name, folder):
    lines = gzip.open(corpora / f"{name}.jsonl.gz", "rt", encoding="utf-8").read().splitlines(keepends=True)
    path = folder / f"{name}.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    return path, lines


def cluster(sheaf, path, k, *flags, env=None):
    command = [sheaf, "cluster", path, "-k", str(k), "-q", "-f", "tsv", *flags]
    return subprocess.run(command, check=True, capture_output=True, env=env).stdout


def quality(sheaf, path, name):
    k, floor = FLOOR[name]
    total = 0
    for seed in range(3):
        out = path.with_suffix(".tsv")
        out.write_bytes(cluster(sheaf, path, k, "--seed", str(seed)))
        scores = subprocess.run([sheaf, "eval", out, "--json"], check=True, capture_output=True).stdout
        total += json.loads(scores)["ami"]
    check(f"{name}: mean AMI {total / 3:.3f}, floor {floor}", total / 3 >= floor)


def same_bytes(sheaf, path, lines, name):
    k = FLOOR[name][0]
    shuffled = path.with_name("shuffled.jsonl")
    random.Random(1).shuffle(lines)
    shuffled.write_text("".join(lines), encoding="utf-8")
    for folder in LIBRARIES:
        if not folder.is_dir():
            print(f"skipped {name}: no {folder.name} here")
            continue
        env = dict(os.environ, LD_LIBRARY_PATH=str(folder))
        runs = [cluster(sheaf, path, k, "-t", t, env=env) for t in ("1", "2", "7")]
        runs.append(cluster(sheaf, shuffled, k, "-t", "2", env=env))
        hashes = {hashlib.sha256(run).hexdigest() for run in runs}
        check(f"{name}: the same bytes at -t 1, 2, 7 and shuffled, {folder.name}", len(hashes) == 1)
    chosen = {hashlib.sha256(cluster(sheaf, p, "auto", "-t", t)).hexdigest() for p, t in ((path, "1"), (path, "7"),
                                                                                       (shuffled, "2"))}
    check(f"{name}: the same bytes where k is chosen", len(chosen) == 1)


def many_clusters(sheaf, path):
    rows = cluster(sheaf, path, 50).decode().splitlines()[1:]
    sizes = collections.Counter(row.split("\t")[1] for row in rows)
    check(f"20ng: 50 clusters, the smallest of {min(sizes.values())} documents",
          len(sizes) == 50 and min(sizes.values()) > 1)


def languages(sheaf, corpora, folder):
    path, lines = unpack(corpora, "udhr2", folder)
    done = subprocess.run([sheaf, "info", path, "--json"], check=True, capture_output=True)
    info = json.loads(done.stdout)
    empty = sum(not json.loads(line)["text"].strip() for line in lines)
    check("udhr2: every language read, none with a replaced byte",
          info["documents"] == len(lines) - empty and info["skipped"] == empty and info["replaced"] == 0)


def main():
    where = os.environ.get("SHEAF_CORPORA")
    if not where:
        print("SHEAF_CORPORA is not set: the tests on the labelled corpora are skipped")
        return 77
    sheaf, quick = sys.argv[1], "--quick" in sys.argv
    corpora = pathlib.Path(where)
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        for name in QUICK if quick else FLOOR:
            path, lines = unpack(corpora, name, folder)
            quality(sheaf, path, name)
            if name in ("bbc", "20ng", "zh_news4"):
                same_bytes(sheaf, path, lines, name)
            if name == "20ng":
                many_clusters(sheaf, path)
            if name == "arxiv20":  # so many that a sample of them is refined
                runs = {cluster(sheaf, path, 20, "-t", t) for t in ("1", "7")}
                check("arxiv20: the same bytes at -t 1, 7", len(runs) == 1)
        languages(sheaf, corpora, folder)
    print(f"{len(failures)} failed")
    return 1 if failures else 0


sys.exit(main())
