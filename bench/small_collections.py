"""How many latent dimensions a small collection bears: random samples of the labelled corpora.

    python3 bench/small_collections.py --corpora DIR [--out results/small-collections.md]

AMI against the labels, mean over samples and seeds, k = number of classes in the sample, by `sheaf cluster --dims D`.
The last column leaves --dims to its default, which follows the number of documents.
"""
import argparse
import gzip
import json
import pathlib
import random
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPORA = ("bbc", "r8", "20ng", "gnad10_test", "zh_news4")
SIZES = (60, 150, 400, 1000)
DIMS = (5, 10, 15, 25, 50, 100)
SAMPLES, SEEDS = 3, 2


def sample(rows, n, number, path):
    chosen = random.Random(number).sample(rows, n)
    with open(path, "w", encoding="utf-8") as f:
        for row in chosen:
            f.write(json.dumps({key: row[key] for key in ("id", "text", "label")}) + "\n")
    return len({row["label"] for row in chosen})


def ami(sheaf, path, k, seed, flags):
    out = path.with_suffix(".tsv")
    command = [sheaf, "cluster", path, "-k", str(k), "--seed", str(seed), "--refine", "none", "-q", "-o", out, *flags]
    subprocess.run(command, check=True)
    done = subprocess.run([sheaf, "eval", out, "--json"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["ami"]


def measure(sheaf, rows, n, path):
    settings = [(str(d), ("--dims", str(d))) for d in DIMS if d < n] + [("default", ())]
    found = {name: [] for name, _ in settings}
    for number in range(SAMPLES):
        k = sample(rows, n, number, path)
        for name, flags in settings:
            found[name] += [ami(sheaf, path, k, seed, flags) for seed in range(SEEDS)]
    return {name: statistics.mean(values) for name, values in found.items()}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpora", type=pathlib.Path, required=True)
    p.add_argument("--sheaf", type=pathlib.Path, default=ROOT / "build/release/sheaf")
    p.add_argument("--out", type=pathlib.Path, default=ROOT / "results/small-collections.md")
    args = p.parse_args()
    names = [str(d) for d in DIMS] + ["default"]
    lines = ["# Latent dimensions for small collections", "",
             f"Made {time.strftime('%Y-%m-%d')} by `python3 bench/small_collections.py --corpora DIR`: AMI, mean of {SAMPLES} "
             f"random samples x {SEEDS} seeds, by number of dimensions.", "",
             "| corpus | documents | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    with tempfile.TemporaryDirectory() as tmp:
        for corpus in CORPORA:
            with gzip.open(args.corpora / f"{corpus}.jsonl.gz", "rt", encoding="utf-8") as f:
                rows = [json.loads(line) for line in f]
            for n in SIZES:
                found = measure(args.sheaf, rows, n, pathlib.Path(tmp) / "sample.jsonl")
                cells = [f"{found[name]:.3f}" if name in found else "" for name in names]
                lines.append(f"| {corpus} | {n} | " + " | ".join(cells) + " |")
                print(lines[-1], flush=True)
    args.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
