"""Every combination of the recipe's settings over the labelled corpora: what each of them gives, with all others varied.

    python3 bench/ablation.py --corpora DIR [--out results/ablation.md] [--work FOLDER] [--seed 0] [--again]

Weighting (for bipartite, scaling of the rows too) x dropped first dimension x dimensions x stems x phrases x refinement,
one run each of `sheaf cluster`, k = number of classes. 20ng stands there twice: as it is, and without headers, quoted
lines and signatures. Of arxiv20 every tenth document. Runs are kept in FOLDER, so that it can be stopped and go on.
"""
import argparse
import gzip
import itertools
import json
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPORA = ("bbc", "r8", "r52", "20ng", "20ng-bare", "arxiv20/10", "gnad10_test", "zh_news4")
WEIGHTS = {"bipartite, rows damped 15": ("--weight", "bipartite"),
           "bipartite, rows not damped": ("--weight", "bipartite", "--row-damping", "1e9"),
           "log-entropy": ("--weight", "logentropy"), "sublinear TF-IDF": ("--weight", "sublinear")}
FACTORS = {
    "weights": WEIGHTS,
    "first dimension": {"kept": ("--drop-first", "0"), "dropped": ("--drop-first", "1")},
    "dimensions": {d: ("--dims", d) for d in ("50", "100")},
    "stems": {"yes": (), "no": ("--no-stem",)},
    "refinement": {"none": ("--refine", "none"), "words": ("--no-phrases",), "words and phrases": ()},
}
DEFAULT = {"weights": "bipartite, rows damped 15", "dimensions": "100", "stems": "yes",
           "refinement": "words and phrases"}


def bare(text):
    """A mail without its headers, quoted lines and signature."""
    body = text.split("\n\n", 1)[-1]
    body = re.split(r"\n-- ?\n", body)[0]
    lines = [line for line in body.split("\n") if not re.match(r"\s*[>|:]|.*(writes|wrote):\s*$", line)]
    return "\n".join(lines)


def unpack(corpora, name, folder):
    path = folder / (name.replace("/", "_") + ".jsonl")
    source, every = name.split("-")[0].split("/")[0], 10 if name.endswith("/10") else 1
    labels = set()
    with gzip.open(corpora / f"{source}.jsonl.gz", "rt", encoding="utf-8") as src, open(path, "w", encoding="utf-8") as dst:
        for i, line in enumerate(src):
            if i % every:
                continue
            row = json.loads(line)
            if name.endswith("-bare"):
                row["text"] = bare(row["text"])
            labels.add(row["label"])
            dst.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path, len(labels)


def run(sheaf, path, k, seed, flags):
    out = path.with_suffix(".tsv")
    command = [sheaf, "cluster", path, "-k", str(k), "--seed", str(seed), "--resamples", "0", "-q", "-o", out, *flags]
    subprocess.run(command, check=True)
    found = json.loads(subprocess.run([sheaf, "eval", out, "--json"], check=True, capture_output=True).stdout)
    return found["ami"], found["ari"]


def cells():
    names = list(FACTORS)
    for levels in itertools.product(*FACTORS.values()):
        flags = [flag for factor, level in zip(names, levels) for flag in FACTORS[factor][level]]
        yield dict(zip(names, levels)), flags


def pair(values):
    return f"{statistics.mean(v[0] for v in values):.3f} / {statistics.mean(v[1] for v in values):.3f}"


def rows_of(done, wanted):
    """Means of the cells that match, by corpus; and over the corpora."""
    found = [[v for c, v in done[name] if all(c[f] == level for f, level in wanted.items())] for name in done]
    whole = [v for values in found for v in values]
    return " | ".join(pair(v) if v else "-" for v in found) + f" | {statistics.mean(v[0] for v in whole):.3f}"


def report(done, seed):
    head = "| | " + " | ".join(done) + " | mean AMI |\n|" + "---|" * (len(done) + 2)
    lines = ["# Every combination of the recipe's settings", "",
             f"Made {time.strftime('%Y-%m-%d')} by `python3 bench/ablation.py --corpora DIR`: AMI / ARI, seed {seed}, "
             f"{len(list(cells()))} combinations, k = number of classes.", "", "## Each setting", "",
             "Means over all combinations of the others: what a setting gives whatever the rest is.", "", head]
    for factor, levels in FACTORS.items():
        lines += [f"| **{factor}** |" + " |" * (len(done) + 1)]
        lines += [f"| {level} | {rows_of(done, {factor: level})} |" for level in levels]
    lines += ["", "## With refinement by words and phrases alone", "",
              "Refinement leaves little of the differences between starts.", "", head]
    for factor in list(FACTORS)[:-1]:
        lines += [f"| **{factor}** |" + " |" * (len(done) + 1)]
        lines += [f"| {level} | {rows_of(done, {factor: level, 'refinement': 'words and phrases'})} |"
                  for level in FACTORS[factor]]
    lines += ["", "## The default, and the best ten by their mean AMI", "",
              "(The default tries both views of the first dimension, and the words judge.)", "", head]
    means = []
    for levels, _ in cells():
        means.append((statistics.mean(v[0] for name in done for c, v in done[name] if c == levels), levels))
    lines += [f"| the default's neighbours, first dimension kept or dropped | {rows_of(done, DEFAULT)} |"]
    for _, levels in sorted(means, key=lambda m: -m[0])[:10]:
        lines += [f"| {'; '.join(levels.values())} | {rows_of(done, levels)} |"]
    return "\n".join(lines) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpora", required=True, type=pathlib.Path)
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    p.add_argument("--out", type=pathlib.Path, default=ROOT / "results/ablation.md")
    p.add_argument("--work", type=pathlib.Path)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--again", action="store_true")
    p.add_argument("--names", nargs="*", default=CORPORA, choices=CORPORA)
    args = p.parse_args()
    folder = args.work or pathlib.Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    store = folder / "ablation.json"
    known = json.loads(store.read_text()) if store.exists() and not args.again else {}
    done = {}
    for name in args.names:
        path, k = unpack(args.corpora, name, folder)
        done[name] = []
        for levels, flags in cells():
            key = f"{name} {' '.join(flags)}"
            if key not in known:
                known[key] = run(args.build / "sheaf", path, k, args.seed, flags)
            done[name].append((levels, known[key]))
        store.write_text(json.dumps(known, indent=1))
        print(name, "done", flush=True)
    args.out.write_text(report(done, args.seed), encoding="utf-8")


if __name__ == "__main__":
    main()
