#!/usr/bin/env python3
"""Everything that is measured here, on a corpus of your own, of any size.

    python3 bench/own_corpus.py FILE.jsonl --out FOLDER [-k K] [--no-peers] [--text-field NAME] [--id-field NAME]

One JSON object a line, with the text in "text" and, if there is one, an id in "id" and a class in "label". The script
checks the file, builds sheaf with the programs that measure (build/bench), makes a Python environment with the peers
(.venv-peers, some 700 MB; not with --no-peers), and writes into FOLDER:

    machine.txt   the machine and the build          input.txt    what is in the corpus
    bench.txt     every kernel against its limits     clusters.txt the themes, the seconds of each stage
    eval.json     agreement with the labels, if any   curves.md    as documents, k, dimensions, threads grow (and .svg)
    kernels.md    stage by stage against the peers    stages.jsonl the stages of sheaf alone

What is there already is not measured again: start it once more after an interruption. A million documents of 100 words
take about an hour with the peers, a few minutes without, and 3 GB on the disk.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

import curves
import programs
from programs import ROOT

BUILD = ROOT / "build/bench"
SAMPLE = 20_000   # documents that `sheaf bench` runs its stages on, many times over


def say(text):
    print(f"own_corpus: {text}", file=sys.stderr, flush=True)


def fail(text):
    sys.exit(f"own_corpus: {text}")


def run(command, label):
    say(label)
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        fail(f"{label} failed: {' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-3000:]}")


def checked(args, work):
    """The corpus as the peers read it: the file itself if every line has an id and a text, else a copy with "id", "text"
    and "label". Lines without text are left out."""
    source, copy = args.input, work / "corpus.jsonl"
    if copy.exists():
        return copy
    as_it_is, kept, left_out = args.text_field == "text" and args.id_field == "id", 0, 0
    try:
        with open(source, encoding="utf-8") as src, open(copy.with_suffix(".part"), "w", encoding="utf-8") as dst:
            for number, line in enumerate(src, 1):
                try:
                    row = json.loads(line)
                except ValueError as error:
                    fail(f"{source}:{number}: not JSON: {error}")
                if not isinstance(row, dict):
                    fail(f"{source}:{number}: not a JSON object")
                text = row.get(args.text_field)
                if not isinstance(text, str) or not text.strip():
                    as_it_is, left_out = False, left_out + 1
                    continue
                as_it_is &= "id" in row
                short = {"id": str(row.get(args.id_field, number)), "text": text}
                if row.get("label") is not None:
                    short["label"] = row["label"]
                dst.write(json.dumps(short, ensure_ascii=False) + "\n")
                kept += 1
    except OSError as error:
        fail(str(error))
    except UnicodeDecodeError as error:
        fail(f"{source}: not UTF-8: {error}")
    if kept < 100:
        fail(f"{source}: {kept} documents with text in \"{args.text_field}\": need at least 100 (--text-field names another)")
    say(f"{kept} documents" + (f", {left_out} lines without text left out" if left_out else ""))
    if as_it_is:
        copy.with_suffix(".part").unlink()
        return source.resolve()
    copy.with_suffix(".part").rename(copy)
    return copy


def built():
    if not shutil.which("cmake"):
        run([ROOT / "scripts/packages", "build"], "installing what the build needs")
    run(["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DSHEAF_BENCH=ON",
         "-DSHEAF_TESTS=OFF"], "configuring")
    run(["cmake", "--build", BUILD], f"building in {BUILD}")


def python_with_peers():
    venv = ROOT / ".venv-peers"
    if not (venv / "bin/python").exists():
        run([sys.executable, "-m", "venv", venv], f"making {venv}")
    run([venv / "bin/pip", "install", "-q", "-r", ROOT / "bench/peers/requirements.txt"], "installing the peers")
    return venv / "bin/python"


def into(path, command, label):
    """Standard output (and what is noted) into a file, unless it is there; a failure is noted and passed over."""
    if path.exists():
        return
    say(label)
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=programs.environment())
    if done.returncode:
        say(f"{label}: failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
        return
    path.write_text(done.stdout + done.stderr, encoding="utf-8")


def themes(sheaf, corpus, k, out, work):
    wanted = ["-k", k] if k else []
    into(out / "clusters.txt", [sheaf, "cluster", corpus, *wanted, "-v", "--emit", "clusters", "-f", "table"], "clustering")
    labels = work / "labels.tsv"
    if not (out / "eval.json").exists():
        subprocess.run([sheaf, "cluster", corpus, *map(str, wanted), "-q", "-o", labels], check=True)
        with open(labels, encoding="utf-8") as f:
            labelled = "label" in f.readline().split()
        if labelled:
            into(out / "eval.json", [sheaf, "eval", labels, "--json"], "agreement with the labels")


def stages(corpus, threads, out, work):
    """Without the peers: the stages of sheaf, and no judge but its own reports."""
    path = out / "stages.jsonl"
    if path.exists():
        return
    say("the stages of sheaf")
    rows = []
    for t in sorted({1, threads}):
        rows.append(programs.stage(BUILD, "vectorise", in_=corpus, threads=t, repeats=7))
        rows.append(programs.stage(BUILD, "vectorise", in_=corpus, threads=t, analyzer="unicode", repeats=7))
    programs.stage(BUILD, "vectorise", in_=corpus, plain=0, out=work / "own")
    for tol in (5e-3, 1e-5):
        rows.append(programs.stage(BUILD, "svd", in_=work / "own.npz", tol=tol, threads=threads, repeats=7))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("input", type=pathlib.Path)
    p.add_argument("--out", type=pathlib.Path, required=True)
    p.add_argument("-k", type=int, help="clusters; default: sheaf chooses, 20 in the comparisons")
    p.add_argument("--text-field", default="text")
    p.add_argument("--id-field", default="id")
    p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--no-peers", action="store_true")
    a = p.parse_args()
    if not a.input.is_file():
        fail(f"{a.input} is not a file")
    work = a.out / "work"
    work.mkdir(parents=True, exist_ok=True)
    corpus = checked(a, work)
    built()
    sheaf = BUILD / "sheaf"
    into(a.out / "machine.txt", [sheaf, "doctor"], "the machine")
    into(a.out / "input.txt", [sheaf, "info", corpus], "the corpus")
    lines = sum(1 for _ in open(corpus, "rb"))
    sample = curves.thin(corpus, lines, min(lines, SAMPLE), work / "sample.jsonl")
    into(a.out / "bench.txt", [sheaf, "bench", "--input", sample, "-f", "table"], "every kernel against its limits")
    themes(sheaf, corpus, a.k, a.out, work)
    common = ["--build", BUILD, "--work", work, "--threads"]
    growing = [ROOT / "bench/curves.py", "--input", corpus, "--out", a.out / "curves.json", *common, a.threads]
    if a.no_peers:
        stages(corpus, a.threads, a.out, work)
        run([sys.executable, "-B", *growing, "--no-peers", "--no-plots"], "curves")
    else:
        python = python_with_peers()
        run([python, "-B", *growing], "curves")
        say("stage by stage against the peers")
        command = [python, "-B", ROOT / "bench/kernels.py", "--names", f"own={corpus}", "--out", a.out / "kernels.json",
                   *common, *sorted({1, a.threads})]
        if subprocess.run([str(c) for c in command]).returncode:
            say("the comparison ended with a fault: see above and kernels.md")
    shutil.rmtree(work)
    say(f"done: {a.out}")


main()
