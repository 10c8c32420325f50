"""Time and memory of the whole job as documents, k, dimensions, threads and vocabulary grow; scikit-learn beside it.

    .venv-peers/bin/python bench/curves.py [--docs 1000000] [--base 100000] [--out results/curves.json]
    .venv-peers/bin/python bench/curves.py --input FILE.jsonl --out FOLDER/curves.json

`sheaf cluster CORPUS.jsonl -k K --dims D -t T` as a process, from the file to the labels; scikit-learn's pipeline
(bench/peers/scikit_learn.py main-job) likewise, imports not counted, until one of its runs takes more than 60 s. Corpora
come from bench/generate; with --input every n-th line of one's own file. The median, least and most of three runs; one
run when it takes more than 20 s. Writes JSON as it comes in (what is there is not run again), a table, and one SVG a sweep.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import sys
import time

import programs

RUNS, SLOW, PEER_LIMIT = 3, 20, 60
K, DIMS = 20, 100
KS, ALL_DIMS, VOCABULARIES = (5, 20, 100, 500), (25, 50, 100, 200), (20_000, 100_000, 500_000, 2_000_000)
TITLES = {"docs": "documents", "k": "clusters", "dims": "latent dimensions", "threads": "threads",
          "vocabulary": "words in the generator's vocabulary"}


def thin(source, lines, wanted, path):
    """About `wanted` lines of a file, evenly spread."""
    if not path.exists():
        with open(source, "rb") as src, open(path, "wb") as dst:
            for i, line in enumerate(src):
                if (i + 1) * wanted // lines > i * wanted // lines:
                    dst.write(line)
    return path


def steps(largest):
    """1, .3, .1 ... of the largest, down to 10,000, or 4 of them."""
    shares = [1, .3, .1, .03, .01, .003, .001]
    return sorted({max(1, round(largest * share)) for i, share in enumerate(shares) if i < 4 or largest * share >= 10_000})


class Curves:
    def __init__(self, args):
        self.a = args
        self.found = json.loads(args.out.read_text()) if args.out.exists() else {"sweeps": {}}
        self.found |= {"made": time.strftime("%Y-%m-%d"), "machine": programs.machine(args.build),
                       "source": "the file given" if args.input else "bench/generate"}
        self.lines = sum(1 for _ in open(args.input, "rb")) if args.input else args.docs
        args.work.mkdir(parents=True, exist_ok=True)

    def corpus(self, docs, vocabulary=None):
        name = f"curve-{docs}" + (f"-{vocabulary}" if vocabulary else "") + ".jsonl"
        if self.a.input:
            return thin(self.a.input, self.lines, docs, self.a.work / name)
        return programs.generated(self.a.build, docs, self.a.work / name, vocabulary=vocabulary)

    def save(self):
        self.a.out.parent.mkdir(parents=True, exist_ok=True)
        self.a.out.write_text(json.dumps(self.found, indent=1) + "\n", encoding="utf-8")

    def sheaf(self, path, k, dims, threads):
        out = self.a.work / "labels.tsv"
        return programs.measured([self.a.build / "sheaf", "cluster", path, "-k", k, "--dims", dims,
                                  "--refine", "none", "-t", threads, "-q", "-o", out])[1]

    def peer(self, path, k, dims, threads):
        told = programs.peer("scikit_learn", "main-job", in_=path, k=k, dims=dims, threads=threads, seed=0,
                             labels=self.a.work / "labels.tsv")
        return {"seconds": told["seconds"][0], "peak_mb": told["peak_mb"], "terms": told["terms"],
                "nonzeros": told["nonzeros"]}

    def point(self, sweep, x, path, k, dims, threads):
        rows = self.found["sweeps"].setdefault(sweep, {})
        row = rows.setdefault(str(x), {"x": x, "bytes": path.stat().st_size, "k": k, "dims": dims, "threads": threads})
        for program, run in (("sheaf", self.sheaf), ("scikit-learn", self.peer)):
            if program in row or program != "sheaf" and (self.a.no_peers or self.too_slow(sweep)):
                continue
            runs = [run(path, k, dims, threads)]
            while len(runs) < RUNS and runs[0]["seconds"] < SLOW:
                runs.append(run(path, k, dims, threads))
            row[program] = runs[0] | {"runs": [r["seconds"] for r in runs],
                                      "seconds": statistics.median(r["seconds"] for r in runs),
                                      "peak_mb": statistics.median(r["peak_mb"] for r in runs)}
            print(f"{sweep} {x} {program}: {row[program]['seconds']:.2f} s, {row[program]['peak_mb']:.0f} MB",
                  file=sys.stderr, flush=True)
            self.save()

    def too_slow(self, sweep):
        return any(r.get("scikit-learn", {}).get("seconds", 0) > PEER_LIMIT for r in self.found["sweeps"][sweep].values())

    def run(self):
        threads, base = self.a.threads, min(self.a.base, self.lines)
        fixed = {"k": K, "dims": DIMS, "threads": threads}
        for docs in steps(self.lines):
            self.point("docs", docs, self.corpus(docs), **fixed)
        path = self.corpus(base)
        for k in (k for k in KS if k * 10 <= base):
            self.point("k", k, path, **fixed | {"k": k})
        for dims in ALL_DIMS:
            self.point("dims", dims, path, **fixed | {"dims": dims})
        for t in range(1, (os.cpu_count() or 1) + 1):
            if t & (t - 1) == 0 or t == os.cpu_count():
                self.point("threads", t, path, **fixed | {"threads": t})
        if not self.a.input:
            for vocabulary in VOCABULARIES:
                self.point("vocabulary", vocabulary, self.corpus(base, vocabulary), **fixed)


# ---- table and plots ----

def slope(rows, field):
    """Of the logarithms, least squares."""
    points = [(math.log(r["x"]), math.log(r["sheaf"][field])) for r in rows if r.get("sheaf")]
    if len(points) < 2:
        return None
    mx, my = (sum(c) / len(points) for c in zip(*points))
    return sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)


def extent(program, form):
    runs = program["runs"]
    return f"{min(runs):{form}}-{max(runs):{form}}" if len(runs) > 1 else "one run"


def sweep_table(sweep, rows):
    each = "us a document | " if sweep == "docs" else ""
    yield (f"| {TITLES[sweep]} | MB of JSONL | k | dims | threads | s sheaf | least-most | {each}peak MB sheaf | "
           "s scikit-learn | least-most | peak MB scikit-learn | times |")
    yield "|---" * (13 if each else 12) + "|"
    for r in rows:
        s, p = r["sheaf"], r.get("scikit-learn")
        each = f" {s['seconds'] / r['x'] * 1e6:.1f} |" if sweep == "docs" else ""
        other = (f"{p['seconds']:.2f} | {extent(p, '.2f')} | {p['peak_mb']:.0f} | {p['seconds'] / s['seconds']:.1f}" if p else
                 " | | | ")
        yield (f"| {r['x']:,} | {r['bytes'] / 1e6:.0f} | {r['k']} | {r['dims']} | {r['threads']} | {s['seconds']:.3f} | "
               f"{extent(s, '.3f')} |{each} {s['peak_mb']:.0f} | {other} |")


def ordered(found, sweep):
    return sorted((r for r in found["sweeps"].get(sweep, {}).values() if "sheaf" in r), key=lambda r: r["x"])


def report(found, command, plots):
    lines = ["# As things grow", "", f"Made {found['made']} by `{command}`: time and memory of the whole job,",
             "from the JSONL file to the labels, as one thing grows and the others stay.",
             f"Medians of {RUNS} runs, least and most beside them (one run where it took more than {SLOW} s); corpora from "
             f"{found['source']}.", "scikit-learn: TF-IDF, TruncatedSVD, KMeans, imports not counted, as long as it takes at "
             f"most {PEER_LIMIT} s.", "", "```", found["machine"], "```", ""]
    for sweep, title in TITLES.items():
        rows = ordered(found, sweep)
        if not rows:
            continue
        lines += [f"## {title.capitalize()}", "", *sweep_table(sweep, rows), ""]
        if sweep == "docs" and len(rows) > 1:
            lines += [f"Time grows as documents to the power {slope(rows, 'seconds'):.2f}, peak memory {slope(rows, 'peak_mb'):.2f} "
                      "(1: in proportion).", ""]
        if plots:
            lines += [f"![{title}]({plots[sweep]})", ""]
    return "\n".join(lines) + "\n"


def short(value):
    return f"{value / 1e6:g}M" if value >= 1e6 else f"{value / 1e3:g}k" if value >= 1e4 else f"{value:g}"


def plot(found, folder):
    """One picture a sweep: seconds and peak memory, logarithmic, with a guide of slope 1. The bytes are a function of the
    figures alone: no date, fixed names of elements, text as text."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "sheaf", "svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif"})
    from matplotlib import pyplot, ticker
    names = {}
    for sweep, title in TITLES.items():
        rows = ordered(found, sweep)
        if len(rows) < 2:
            continue
        figure, axes = pyplot.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
        for axis, field, label in zip(axes, ("seconds", "peak_mb"), ("seconds", "peak memory, MB")):
            for program, style in (("sheaf", "o-"), ("scikit-learn", "s--")):
                points = [(r["x"], r[program][field]) for r in rows if program in r]
                if points:
                    axis.plot(*zip(*points), style, label=program, markersize=4, color="#1b6ca8" if program == "sheaf" else "#888")
            x, y = [r["x"] for r in rows], rows[0]["sheaf"][field]
            guide = [y * (v / x[0]) ** (-1 if sweep == "threads" else 1) for v in x]
            if sweep == "threads" and field == "peak_mb":
                guide = []
            if guide:
                axis.plot(x, guide, ":", color="#bbb", label="in proportion", linewidth=1)
            axis.set(xscale="log", yscale="log", xlabel=title, ylabel=label)
            axis.set_xticks(x, [short(v) for v in x])
            axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
            axis.xaxis.set_minor_locator(ticker.NullLocator())
            axis.yaxis.set_minor_locator(ticker.NullLocator())
            axis.grid(True, color="#eee")
        axes[0].legend(frameon=False, fontsize=8)
        names[sweep] = f"curves-{sweep}.svg"
        figure.savefig(folder / names[sweep], metadata={"Date": None, "Creator": None})
        pyplot.close(figure)
        trim(folder / names[sweep])
    return names


def trim(path):
    """No blanks at the ends of lines, so that the file is what editors leave."""
    path.write_text("\n".join(line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()) + "\n",
                    encoding="utf-8")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--docs", type=int, default=1_000_000, help="the largest generated corpus")
    p.add_argument("--base", type=int, default=100_000, help="documents in the sweeps over other things")
    p.add_argument("--input", type=pathlib.Path, help="a JSONL file of your own instead of generated ones")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--build", type=pathlib.Path, default=programs.ROOT / "build/release", help="of sheaf, with SHEAF_BENCH")
    p.add_argument("--work", type=pathlib.Path, default=programs.ROOT / "build/bench-work")
    p.add_argument("--out", type=pathlib.Path, default=programs.ROOT / "results/curves.json")
    p.add_argument("--no-peers", action="store_true", help="without scikit-learn")
    p.add_argument("--no-plots", action="store_true", help="without matplotlib")
    p.add_argument("--report", action="store_true", help="only write the table and the plots anew")
    args = p.parse_args()
    curves = Curves(args)
    if not args.report:
        curves.run()
    curves.save()
    command = "bench/curves.py" + (" --input FILE" if args.input else f" --docs {args.docs}" if args.docs != 1_000_000 else "")
    plots = {} if args.no_plots else plot(curves.found, args.out.parent)
    args.out.with_suffix(".md").write_text(report(curves.found, command, plots), encoding="utf-8")


if __name__ == "__main__":
    main()
