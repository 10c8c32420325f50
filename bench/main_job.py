"""The main job against scikit-learn: quality, time and memory on the same bytes and cores, in one run.

    python3 -m venv .venv-peers && .venv-peers/bin/pip install -r bench/peers/requirements.txt
    .venv-peers/bin/python bench/main_job.py --corpora DIR [--out results/main-job.md] [--seeds 10]

For each corpus and seed it runs the peer and sheaf one after the other, each in a process of its own, from the JSONL
file on disk. Both are judged by scikit-learn's metrics. Times: the peer's without its imports, sheaf's of the whole
process; the median, least and most of the first seven seeds. Memory: the largest resident set of the process.
OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are taken out of the environment of both, so that each OpenBLAS picks the kernels
for this processor.
"""
import argparse
import gzip
import json
import os
import pathlib
import platform
import shutil
import statistics
import sys
import tempfile
import time

import sklearn
from sklearn import metrics

import programs
from programs import ROOT

SCORES = ("ami", "nmi", "ari")
CORPORA = ("bbc", "r8", "r52", "20ng", "arxiv20")
OTHER = ("gnad10_test", "zh_news4")
TIMED_SEEDS = 7


def unpack(corpora, name, folder):
    path = folder / f"{name}.jsonl"
    with gzip.open(corpora / f"{name}.jsonl.gz", "rb") as src, open(path, "wb") as dst:
        shutil.copyfileobj(src, dst)
    return path


def gold_labels(path):
    with open(path, encoding="utf-8") as f:
        return {str(row["id"]): row["label"] for row in map(json.loads, f)}


def read_labels(path):
    with open(path, encoding="utf-8") as f:
        next(f)
        rows = (line.rstrip("\n").split("\t") for line in f)
        return {row[0]: row[1] for row in rows}


def score(gold, found):
    ids = sorted(gold)
    if set(ids) != set(found):
        sys.exit(f"main_job: {len(set(ids) ^ set(found))} ids differ between the corpus and a result")
    a, b = [gold[i] for i in ids], [found[i] for i in ids]
    return {"ami": metrics.adjusted_mutual_info_score(a, b), "nmi": metrics.normalized_mutual_info_score(a, b),
            "ari": metrics.adjusted_rand_score(a, b)}


def run_peer(path, k, seed, threads, out, char_bigrams):
    options = {"in_": path, "k": k, "seed": seed, "threads": threads, "labels": out,
               "char_bigrams": 1 if char_bigrams else None}
    command = [sys.executable, "-B", "-W", "ignore", ROOT / "bench/peers/scikit_learn.py", "main-job"]
    text, whole = programs.measured(command + programs.options(options))
    told = json.loads(text.splitlines()[-1])
    return told | {"seconds": told["seconds"][0], "peak_mb": whole["peak_mb"], "with_imports": whole["seconds"]}


def run_sheaf(sheaf, path, k, seed, threads, out):
    return programs.measured([sheaf, "cluster", path, "-k", k, "--seed", seed, "-t", threads, "-q", "-o", out])[1]


def measure(name, path, args, folder):
    gold = gold_labels(path)
    k = len(set(gold.values()))
    out = {"corpus": name, "docs": len(gold), "k": k, "bytes": path.stat().st_size, "peer": [], "sheaf": []}
    for seed in range(args.seeds):
        peer = run_peer(path, k, seed, args.threads, folder / "peer.tsv", name == "zh_news4")
        peer |= score(gold, read_labels(folder / "peer.tsv"))
        ours = run_sheaf(args.sheaf, path, k, seed, args.threads, folder / "sheaf.tsv")
        ours |= score(gold, read_labels(folder / "sheaf.tsv"))
        out["peer"].append(peer)
        out["sheaf"].append(ours)
        print(f"{name} seed {seed}: AMI {peer['ami']:.3f} / {ours['ami']:.3f}, seconds {peer['seconds']:.2f} / "
              f"{ours['seconds']:.2f}, MB {peer['peak_mb']:.0f} / {ours['peak_mb']:.0f}", file=sys.stderr)
    return out


def spread(rows, what):
    values = [r[what] for r in rows]
    return f"{statistics.mean(values):.3f} ({min(values):.3f}-{max(values):.3f})"


def median(rows, what):
    return statistics.median(r[what] for r in rows[:TIMED_SEEDS])


def extent(rows, what, form):
    values = [r[what] for r in rows[:TIMED_SEEDS]]
    return f"{min(values):{form}}-{max(values):{form}}"


def quality_table(results):
    yield "| corpus | documents | k | score | scikit-learn mean (min-max) | sheaf mean (min-max) | difference |"
    yield "|---|---|---|---|---|---|---|"
    for r in results:
        for s in SCORES:
            diff = statistics.mean(x[s] for x in r["sheaf"]) - statistics.mean(x[s] for x in r["peer"])
            yield (f"| {r['corpus']} | {r['docs']:,} | {r['k']} | {s.upper()} | {spread(r['peer'], s)} | "
                   f"{spread(r['sheaf'], s)} | {diff:+.3f} |")


def speed_table(results):
    yield ("| corpus | MB | scikit-learn s | least-most | sheaf s | least-most | times | scikit-learn peak MB | "
           "sheaf peak MB | share |")
    yield "|---" * 10 + "|"
    for r in results:
        a, b = median(r["peer"], "seconds"), median(r["sheaf"], "seconds")
        m, n = median(r["peer"], "peak_mb"), median(r["sheaf"], "peak_mb")
        yield (f"| {r['corpus']} | {r['bytes'] / 1e6:.1f} | {a:.2f} | {extent(r['peer'], 'seconds', '.2f')} | {b:.3f} | "
               f"{extent(r['sheaf'], 'seconds', '.3f')} | {a / b:.1f} | {m:.0f} | {n:.0f} | {n / m:.2f} |")


def machine(sheaf):
    return f"{programs.machine(sheaf.parent)}\npeer\tPython {platform.python_version()}, scikit-learn {sklearn.__version__}"


def peer_blas(results):
    return f"peer's BLAS\t{'; '.join(results[0]['peer'][0]['blas'])}"


def write_report(path, results, args):
    ours = [r for r in results if r["corpus"] in CORPORA]
    lines = ["# The main job against scikit-learn", "", f"Made {time.strftime('%Y-%m-%d')} by", "",
             "    .venv-peers/bin/python bench/main_job.py --corpora DIR", "", __doc__.split("\n\n")[2].strip(), "",
             "The peer: `TfidfVectorizer(stop_words='english', min_df=2, max_df=.5, sublinear_tf=True, dtype=np.float32)` ->",
             "`TruncatedSVD(100, n_iter=5, random_state=s)` -> normalise -> `KMeans(k, n_init=1, random_state=s)`.",
             "sheaf: `sheaf cluster CORPUS.jsonl -k K --seed s -t 2 -q -o OUT.tsv`, all else at its defaults.",
             f"k = number of classes, seeds 0 to {args.seeds - 1}.", "", "```", machine(args.sheaf),
             peer_blas(results), "```", "", "## Quality", "", *quality_table(ours), "", "## Time and memory", "",
             f"Median, least and most of seeds 0 to {min(TIMED_SEEDS, args.seeds) - 1}, one run each; {args.threads} threads for both, "
             f"of {os.cpu_count()} cores.", "", *speed_table(ours), ""]
    others = [r for r in results if r["corpus"] in OTHER]
    if others:
        lines += ["## Other scripts", "",
                  "gnad10_test is German, zh_news4 Chinese. The peer has no Chinese analyser: it is given character "
                  "bigrams there.", "", *quality_table(others), ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    path.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpora", type=pathlib.Path, required=True)
    p.add_argument("--sheaf", type=pathlib.Path, default=ROOT / "build/release/sheaf")
    p.add_argument("--out", type=pathlib.Path, default=ROOT / "results/main-job.md")
    p.add_argument("--seeds", type=int, default=10)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--only", nargs="*", default=CORPORA + OTHER)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        results = []
        for name in args.only:
            path = unpack(args.corpora, name, folder)
            results.append(measure(name, path, args, folder))
            path.unlink()
            write_report(args.out, results, args)


main()
