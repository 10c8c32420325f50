"""Themes and similarities of a small collection, as terms, sizes and figures without its sentences.

    python3 bench/collection.py FOLDER --title TITLE > results/NAME.md

Runs `sheaf cluster --split auto` and, from the exported weights, the cosine of every two documents.
"""
import argparse
import json
import math
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def clusters(sheaf, folder, flags):
    command = [sheaf, "cluster", folder, *flags, "--emit", "clusters", "--json", "--no-provenance"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["rows"], done.stderr.replace(str(folder), "FOLDER")


def cosines(sheaf, folder, flags):
    """Unit rows from .svm: `label index:value ...`."""
    with tempfile.TemporaryDirectory() as tmp:
        out = pathlib.Path(tmp) / "m.svm"
        subprocess.run([sheaf, "export", folder, *flags, "--weight", "tfidf", "-q", "-o", out], check=True)
        rows = [dict(pair.split(":") for pair in line.split()[1:]) for line in open(out, encoding="utf-8")]
        names = open(f"{out}.rows.txt", encoding="utf-8").read().splitlines()
    rows = [{int(j): float(v) for j, v in row.items()} for row in rows]
    norm = [math.sqrt(sum(v * v for v in row.values())) or 1 for row in rows]
    return names, [[sum(v * b.get(j, 0) for j, v in a.items()) / norm[x] / norm[y] for y, b in enumerate(rows)]
                   for x, a in enumerate(rows)]


def matrix_table(names, values):
    yield "| | " + " | ".join(str(i + 1) for i in range(len(names))) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for i, name in enumerate(names):
        yield f"| {i + 1}: {name} | " + " | ".join(f"{v:.2f}" for v in values[i]) + " |"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("--title", required=True)
    p.add_argument("--sheaf", type=pathlib.Path, default=ROOT / "build/release/sheaf")
    a = p.parse_args()
    print(f"# {a.title}\n\nMade {time.strftime('%Y-%m-%d')} by `python3 bench/collection.py FOLDER --title ...`.\n")
    for title, flags in (("Posts (`--split auto`)", ("--split", "auto")), ("Whole files", ())):
        print(f"## {title}\n")
        names, values = cosines(a.sheaf, a.folder, flags)
        if len(names) > 3 and "--split" in flags:
            found, notes = clusters(a.sheaf, a.folder, flags)
            print("```\n" + notes.strip() + "\n```\n")
            print("| cluster | documents | tightness | words that set it apart | most typical |\n|---|---|---|---|---|")
            for c in found:
                words = ", ".join(t["term"] for t in c["terms"])
                typical = ", ".join(d["id"] for d in c["typical"][:3])
                print(f"| {c['cluster']} | {c['docs']} | {c['tightness']} | {words} | {typical} |")
            print()
        print("Cosine of the TF-IDF vectors of every two documents:\n")
        print("\n".join(matrix_table(names, values)) + "\n")


main()
