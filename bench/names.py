"""Names of clusters beside the classes that their documents come from.

    python3 bench/names.py --corpora DIR [--out results/names.md]

`sheaf cluster -k K` with K = number of classes and everything else as it comes, on 20 Newsgroups, BBC News and the
articles in seeds/. covers: share of the cluster's documents that hold something of its name; own: of all documents that
do, the share in the cluster; coheres: NPMI of its ten best words over whole documents; distinct: share of them that no
other cluster has among its ten; class: that of most of its documents, and their share. Behind the name, the terms that
follow it with their scores. No text of the corpora is kept.
"""
import argparse
import collections
import json
import pathlib
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPORA = ("20ng", "bbc")
FIELDS = ("coverage", "exclusivity", "coherence", "distinctness")


def run(sheaf, path, k, emit):
    command = [sheaf, "cluster", path, "-k", str(k), "--emit", emit, "--json", "--no-provenance", "-q"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def classes(sheaf, path):
    """Label of every document, by id: from a table beside the articles, else from the records themselves."""
    table = path.parent / "themes.tsv"
    if path.is_dir():
        rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
        return {name: label for name, label in rows}
    return {row["id"]: row["label"] for row in run(sheaf, path, 2, "documents")["rows"]}


def majority(documents, label):
    inside = collections.defaultdict(collections.Counter)
    for row in documents:
        inside[row["cluster"]][label[row["id"]]] += 1
    return {cluster: max(count.items(), key=lambda c: (c[1], c[0])) for cluster, count in inside.items()}


def terms(row):
    named = row["name"].lower().split(", ")
    return ", ".join(f"{t['term']} {t['score']:.3g}" for t in row["terms"] if t["term"].lower() not in named)


def number(value):
    return "" if value is None else f"{value:.2f}"


def report(sheaf, path, title):
    label = classes(sheaf, path)
    k = len(set(label.values()))
    found = run(sheaf, path, k, "clusters")
    best = majority(run(sheaf, path, k, "documents")["rows"], label)
    rows = [r for r in found["rows"] if r["cluster"]]
    yield f"## {title}: {len(label):,} documents, {k} clusters"
    yield ""
    yield "| name | documents | covers | own | coheres | distinct | class | further terms |"
    yield "|---|---|---|---|---|---|---|---|"
    for r in rows:
        name, docs = best[r["cluster"]]
        figures = " | ".join(number(r[f]) for f in FIELDS)
        yield f"| {r['name']} | {r['docs']} | {figures} | {name} {docs / r['docs']:.0%} | {terms(r)} |"
    means = " | ".join(number(statistics.mean(r[f] for r in rows if r[f] is not None)) for f in FIELDS)
    yield f"| mean | | {means} | | |"
    yield ""
    yield (f"Of the ten best words of all clusters {found['diversity']:.0%} are different ones; the classes of "
           f"{len(set(name for name, _ in best.values()))} of {k} are met.")
    yield ""


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpora", type=pathlib.Path, required=True)
    p.add_argument("--sheaf", type=pathlib.Path, default=ROOT / "build/release/sheaf")
    p.add_argument("--out", type=pathlib.Path, default=ROOT / "results/names.md")
    a = p.parse_args()
    lines = ["# Names of clusters", "", f"Made {time.strftime('%Y-%m-%d')} by", "",
             "    python3 bench/names.py --corpora DIR", "", __doc__.split("\n\n", 2)[2].strip(), ""]
    for name in CORPORA:
        path = next(f for f in (a.corpora / f"{name}.jsonl.gz", a.corpora / f"{name}.jsonl") if f.exists())
        lines += report(a.sheaf, path, name)
    lines += report(a.sheaf, ROOT / "seeds/articles", "seeds")
    a.out.write_text("\n".join(lines), encoding="utf-8")


main()
