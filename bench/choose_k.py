"""The number of clusters that sheaf chooses on the labelled corpora, beside the true one; curves as plots.

    .venv-peers/bin/python bench/choose_k.py --corpora DIR [--sheaf FILE] [--out results/choose-k.md] [--seeds 3]

For each corpus: `sheaf cluster X --emit k` (evidence, silhouette and agreement of two walks at each k looked at), AMI and
ARI of the labels at the choice, at the runner-up and at the true number, wall and processor time of a run that chooses
against one of given k, and, for some k around, the agreement of resamples (`--resamples 8`). Plots of seed 1:
results/choose-k-CORPUS.svg.
"""
import argparse
import csv
import gzip
import io
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "sheaf"
import matplotlib.pyplot as plt  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPORA = ("bbc", "r8", "r52", "20ng", "arxiv20", "gnad10_test", "zh_news4")


def unpack(corpora, name, folder):
    path = folder / f"{name}.jsonl"
    with gzip.open(corpora / f"{name}.jsonl.gz", "rb") as src, open(path, "wb") as dst:
        shutil.copyfileobj(src, dst)
    with open(path, encoding="utf-8") as f:
        labels = [json.loads(line)["label"] for line in f]
    return path, len(labels), len(set(labels))


def timed(command):
    """Output, wall and processor seconds."""
    before, start = os.times(), time.perf_counter()
    out = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout
    wall, after = time.perf_counter() - start, os.times()
    return out, wall, after.children_user + after.children_system - before.children_user - before.children_system


def scored(sheaf, path, seed, k):
    out = path.with_suffix(".tsv")
    flags = [] if k is None else ["-k", k]
    _, wall, processor = timed([sheaf, "cluster", path, *flags, "--seed", seed, "-q", "-f", "tsv", "-o", out])
    found = json.loads(timed([sheaf, "eval", out, "--json"])[0])
    return found["ami"], found["ari"], wall, processor


def curve(sheaf, path, seed):
    """Rows of the curve, choice, runner-up."""
    text = timed([sheaf, "cluster", path, "--emit", "k", "--seed", seed, "-q", "-f", "tsv"])[0]
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
    choice = next(int(r["k"]) for r in rows if r["what"] == "choice")
    return rows, choice, next((int(r["k"]) for r in rows if r["what"] == "runner-up"), choice)


def agreement(sheaf, path, k):
    found = json.loads(timed([sheaf, "cluster", path, "-k", k, "--emit", "clusters", "--resamples", "8", "-q",
                              "-f", "json"])[0])
    return find(found, "agreement")


def find(value, key):
    """The first value of that name, however deep."""
    if isinstance(value, dict):
        if key in value:
            return value[key]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            got = find(part, key)
            if got is not None:
                return got
    return None


def plot(name, rows, resampled, true, choice, out):
    ks = [int(r["k"]) for r in rows if int(r["k"]) > 1]
    walks = [r for r in rows if int(r["k"]) > 1 and r["agreement"]]
    fig, axes = plt.subplots(3, 1, sharex=True, figsize=(7, 7))
    axes[0].plot(ks, [float(r["evidence"]) for r in rows if int(r["k"]) > 1], color="#0072B2")
    axes[0].set_ylabel("evidence")
    axes[1].plot(ks, [float(r["silhouette"]) for r in rows if int(r["k"]) > 1], color="#D55E00")
    axes[1].set_ylabel("silhouette")
    axes[2].plot(sorted(resampled), [resampled[k] for k in sorted(resampled)], "o-", color="#009E73", label="of resamples")
    axes[2].plot([int(r["k"]) for r in walks], [float(r["agreement"]) for r in walks], color="#CC79A7", label="of walks")
    axes[2].set_ylabel("agreement")
    axes[2].legend()
    axes[2].set_xlabel("k")
    for ax in axes:
        ax.axvline(true, color="black", linestyle=":", label=f"true {true}")
        ax.axvline(choice, color="grey", label=f"choice {choice}")
    axes[0].legend()
    axes[0].set_title(name)
    fig.tight_layout()
    fig.savefig(out, metadata={"Date": None})
    plt.close(fig)


def measure(sheaf, path, true, seeds, name, folder):
    found = [curve(sheaf, path, s) for s in range(1, seeds + 1)]
    rows, choice, other = found[0]
    auto = [scored(sheaf, path, s, None) for s in range(1, seeds + 1)]
    given = [scored(sheaf, path, s, true) for s in range(1, seeds + 1)]
    second = [scored(sheaf, path, s, found[s - 1][2]) for s in range(1, seeds + 1)]
    around = sorted({k for k in (2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, true, choice, other) if k <= 2 * max(true, choice)})
    resampled = {k: agreement(sheaf, path, k) for k in around}
    plot(name, rows, {k: v for k, v in resampled.items() if v is not None}, true, choice, folder / f"choose-k-{name}.svg")
    mean = lambda runs, i: statistics.mean(r[i] for r in runs)  # noqa: E731
    best_silhouette = max((r for r in rows if int(r["k"]) > 1), key=lambda r: float(r["silhouette"]))["k"]
    ratio = lambda i: statistics.median(r[i] for r in auto) / statistics.median(r[i] for r in given)  # noqa: E731
    return [", ".join(f"{c} ({o})" for _, c, o in found), best_silhouette, max(resampled, key=lambda k: resampled[k] or 0),
            f"{mean(auto, 0):.3f} / {mean(auto, 1):.3f}", f"{mean(second, 0):.3f} / {mean(second, 1):.3f}",
            f"{mean(given, 0):.3f} / {mean(given, 1):.3f}", f"{mean(auto, 0) - mean(given, 0):+.3f}",
            f"{ratio(2):.1f} / {ratio(3):.1f}"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpora", required=True, type=pathlib.Path)
    p.add_argument("--sheaf", type=pathlib.Path, default=ROOT / "build/release/sheaf")
    p.add_argument("--out", type=pathlib.Path, default=ROOT / "results/choose-k.md")
    p.add_argument("--seeds", type=int, default=3)
    args = p.parse_args()
    lines = ["# The number of clusters, chosen", "",
             f"Made {time.strftime('%Y-%m-%d')} by `.venv-peers/bin/python bench/choose_k.py --corpora DIR`: choice and "
             "(runner-up) of `sheaf cluster X`, seeds",
             f"1 to {args.seeds}; where, with seed 1, the silhouette and the agreement of resamples are highest among the k "
             "looked at; AMI / ARI, means of the seeds;",
             "median time of a run that chooses k against one of given k, wall / processor. Curves: choose-k-CORPUS.svg.", "",
             "| corpus | documents | true k | choice (runner-up) | highest silhouette | highest agreement | at the choice | "
             "at the runner-up | at the true k | AMI, choice less true | time, chosen / given |", "|" + "---|" * 11]
    with tempfile.TemporaryDirectory() as tmp:
        for name in CORPORA:
            path, n, true = unpack(args.corpora, name, pathlib.Path(tmp))
            row = [name, f"{n:,}", true, *measure(args.sheaf, path, true, args.seeds, name, args.out.parent)]
            lines.append("| " + " | ".join(str(v) for v in row) + " |")
            print(lines[-1], flush=True)
            args.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
