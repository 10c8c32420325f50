"""Near-duplicates: time, memory, recall and precision of `sheaf dups` beside the programs that people use, and what it
finds where the truth is known.

    .venv-peers/bin/python bench/duplicates.py --corpora DIR [--only time hidden clough pan13 seeds curve] [--names gen10k]

The others have environments of their own (bench/README.md). From a JSONL file on disk to a file of pairs, each run a
process of its own, measured from outside; runs take turns, tables show medians, least and most: of seven runs, of five
where a run takes more than 5 s, three of more than 20 s, one of more than 60 s; one of more than an hour is stopped. On a
million documents a program that would take more than 20 minutes by its time on 100,000 is not run. Corpora are files
NAME.jsonl or NAME.jsonl.gz in DIR, with NAME.truth.tsv; `genN` is made by bench/generate. All is kept in --out (JSON) as it
comes in, each run with its date and the build of sheaf; what is there is not run again but for --again REGEX.
Exit 1 when a pair that sheaf should have found is missing, or one is there that should not be.
"""
import argparse
import gzip
import hashlib
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

import numpy as np

import duplicate_finds
import duplicate_tables
import exact
import programs
from programs import ROOT

RUNS, FEWER, VERY_SLOW = 7, ((60, 1), (20, 3), (5, 5)), 60   # of runs of so many seconds and more so many
TOO_LONG = 20 * 60
NAMES = ("arxiv20", "gen10k", "gen100k", "form10k", "gen1m")
TASKS = ("time", "hidden", "clough", "pan13", "seeds", "curve")
THRESHOLD = (8, 10)
NOT_LARGE = ("datasketch, as its guide shows",)   # on a million documents: there is a faster way to use it
LARGE = 500_000      # documents: pairs are checked one by one, the planted ones stand for all
TEMPLATES = .7
CURVE = {"natural": (3_000, 10_000, 30_000, 100_000), "templates": (3_000, 10_000, 30_000, 100_000, 300_000)}


def docs_of(name):
    size = re.fullmatch(r"(?:gen|form)(\d+)([km]?)", name)
    return size and int(size[1]) * {"": 1, "k": 1000, "m": 1_000_000}[size[2]]


def short(n):
    return f"{n // 1_000_000}m" if n % 1_000_000 == 0 else f"{n // 1000}k"


class Duplicates:
    def __init__(self, args):
        self.a, self.work, self.build, self.root = args, args.work, args.build, ROOT
        self.work.mkdir(parents=True, exist_ok=True)
        self.found = json.loads(args.out.read_text()) if args.out.exists() else {"cases": {}}
        if args.again:
            for key, case in self.found["cases"].items():
                for name in [n for n in case.get("programs", {}) if re.search(args.again, f"{key} {n}")]:
                    del case["programs"][name]
            for key in [k for k, case in self.found["cases"].items() if "programs" not in case and re.search(args.again, k)]:
                del self.found["cases"][key]
        self.program = None
        if not args.report:
            self.found["machine"] = programs.machine(args.build)
            line = programs.build_line(args.build, self.found["machine"])
            mark = hashlib.sha256((args.build / "sheaf").read_bytes()).hexdigest()[:8]
            self.program = re.sub(r"stages .*", f"program {mark}", line)
        self.sets_kept = {}

    def save(self):
        self.a.out.parent.mkdir(parents=True, exist_ok=True)
        self.a.out.write_text(json.dumps(self.found, indent=1) + "\n", encoding="utf-8")
        if not self.a.no_tables:
            self.a.out.with_suffix(".md").write_text(duplicate_tables.report(self.found, self.a.out.parent), encoding="utf-8")

    # ---- inputs ----

    def corpus(self, name):
        path = self.work / f"{name}.jsonl"
        own = self.a.files.get(name)
        if own:
            return own
        if docs_of(name):
            truth = self.work / f"{name}.truth.tsv"
            given = {"templates": TEMPLATES} if name.startswith("form") else {}
            if path.exists() and not truth.exists():   # made for something else
                programs.generated(self.build, docs_of(name), self.work / f"{name}.again.jsonl", truth=truth, **given).unlink()
            return programs.generated(self.build, docs_of(name), path, truth=truth, **given)
        plain, packed = (self.a.corpora / f"{name}.jsonl{end}" for end in ("", ".gz"))
        if plain.exists():
            return plain
        if not path.exists():
            if not packed.exists():
                sys.exit(f"duplicates: no corpus {name}: --corpora DIR has to hold {name}.jsonl or {name}.jsonl.gz")
            with gzip.open(packed, "rb") as src, open(path.with_suffix(".part"), "wb") as dst:
                shutil.copyfileobj(src, dst)
            path.with_suffix(".part").rename(path)
        return path

    def truth(self, name):
        path = (self.work if docs_of(name) else self.a.corpora) / f"{name}.truth.tsv"
        with open(path, encoding="utf-8") as f:
            names = next(f).rstrip("\n").split("\t")
            return [dict(zip(names, line.rstrip("\n").split("\t"))) for line in f]

    def truth_of_revisions(self):
        """Its truth comes without a line of names."""
        with open(self.a.corpora / "arxiv_rev.truth.tsv", encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f]
        return [dict(zip(("id_a", "id_b", "relation", "jaccard"), row)) for row in rows if row[2] == "revision"]

    def sets(self, path, whose, n=3):
        """Kept only as long as the next corpus is not asked for: they are large."""
        key = (str(path), whose, n)
        if key not in self.sets_kept:
            self.sets_kept = {k: v for k, v in self.sets_kept.items() if k[0] == str(path)}
            self.sets_kept[key] = (exact.of_pattern(path, n) if whose == "pattern" else
                                   exact.of_sheaf(self.build / "bench/words", path, self.work, n))
        return self.sets_kept[key]

    def exact_pairs(self, path, whose, p):
        """All pairs at p / 10 and above by brute force, and how long that took."""
        kept = self.work / f"exact-{whose}-{path.stem}-{p}.npy"
        if not kept.exists():
            start = time.perf_counter()
            np.save(kept, self.sets(path, whose).pairs(p))
            print(f"brute force, {path.name}, {whose}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
        return np.load(kept)

    # ---- running ----

    def process(self, command, tree=False):
        """Standard output, seconds and peak memory of a whole process."""
        launcher = [sys.executable, "-S", ROOT / "bench/measure.py", *(["--tree"] if tree else []), "--limit",
                    programs.LIMIT, *command]
        done = subprocess.run([str(c) for c in launcher], capture_output=True, text=True, env=programs.environment())
        told = re.findall(r'\{"seconds".*\}$', done.stderr, re.M)
        measured = json.loads(told[-1]) if told else {"code": done.returncode or 1}
        code = measured.pop("code")
        if code is None:
            raise programs.Stopped
        if code:
            raise RuntimeError(f"{' '.join(map(str, command))}: exit {code}\n{done.stderr[-2000:]}")
        return done.stdout, measured

    def sheaf(self, path, *options, threads=2, out=None):
        """`sheaf dups`; what it wrote is in `out`."""
        out = out or self.work / "sheaf.out"
        _, measured = self.process([self.build / "sheaf", "dups", path, *options, "-t", threads, "-q", "-o", out])
        return measured | {"work": measured["seconds"]}

    def peer(self, environment, script, source, target, **given):
        python = ROOT / environment / "bin/python"
        if not python.exists():
            raise RuntimeError(f"no {environment}: see bench/README.md")
        command = [python, "-B", "-W", "ignore", ROOT / f"bench/peers/{script}.py"]
        text, measured = self.process(command + programs.options(
            {"in_": source, "out": target, "threads": 2, "threshold": THRESHOLD[0] / THRESHOLD[1], "work": self.work} | given), tree=True)
        told = json.loads(text.splitlines()[-1])
        # text-dedup's script does something after its command has ended.
        measured["seconds"] = told.pop("whole", measured["seconds"])
        return measured | told

    def contenders(self, path):
        def ours(threads, *options):
            return lambda out: self.sheaf(path, *options, "-f", "tsv", threads=threads, out=out)
        pairs = ("--threshold", "0.8", "--containment", "off", "--emit", "pairs")
        def theirs(environment, script, **given):
            return lambda out: self.peer(environment, script, path, out, **given)
        return {"sheaf, 2 threads": ours(2, *pairs), "sheaf, 1 thread": ours(1, *pairs),
                "sheaf dups FILE (groups)": ours(2),
                "datasketch": theirs(".venv-peers", "datasketch_lsh"),
                "datasketch, as its guide shows": theirs(".venv-peers", "datasketch_lsh", guide=1),
                "rensa": theirs(".venv-peers", "rensa_lsh"),
                "rensa, fast path": theirs(".venv-peers", "rensa_lsh", path="fast"),
                "text-dedup": theirs(".venv-text-dedup", "text_dedup_minhash"),
                "datatrove": theirs(".venv-datatrove", "datatrove_minhash")}

    def wanted(self, program):
        return not self.a.programs or any(p.lower() in program.lower() for p in self.a.programs)

    def enough(self, kept):
        if not kept["runs"]:
            return False
        first = kept["runs"][0]["seconds"]
        return len(kept["runs"]) >= next((runs for seconds, runs in FEWER if first > seconds), RUNS)

    def too_long(self, name, program):
        """Minutes that it would take, by its time on a tenth of the documents."""
        smaller = self.found["cases"].get(f"time/gen{short(docs_of(name) // 10)}", {})
        kept = smaller.get("programs", {}).get(program, {})
        if kept.get("not_run") or kept.get("stopped"):
            return kept.get("not_run", programs.LIMIT / 60) * 10
        seconds = statistics.median(r["seconds"] for r in kept["runs"]) * 10 if kept.get("runs") else 0
        return seconds / 60 if seconds > (VERY_SLOW if program in NOT_LARGE else TOO_LONG) else None

    def turns(self, case, contenders, quality, name):
        given_up = set()
        for number in range(self.a.runs or RUNS):
            for program, run in contenders.items():
                if not self.wanted(program) or program in given_up:
                    continue
                kept = case["programs"].setdefault(program, {"runs": []})
                if kept.get("stopped") or len(kept["runs"]) > number or self.enough(kept):
                    continue
                if number == 0 and not program.startswith("sheaf") and (docs_of(name) or 0) >= LARGE:
                    minutes = self.too_long(name, program)
                    if minutes:
                        kept["not_run"] = minutes
                        given_up.add(program)
                        continue
                if not self.one(case, program, kept, run, quality):
                    given_up.add(program)

    def one(self, case, program, kept, run, quality):
        out = self.work / ("found-" + re.sub(r"[^A-Za-z0-9]+", "-", program) + ".tsv")
        try:
            told = run(out)
        except programs.Stopped:
            kept["stopped"] = programs.LIMIT
            self.save()
            return False
        except RuntimeError as error:
            kept["failed"] = str(error).strip().splitlines()[-1][:200]
            print(f"{case['key']} {program}: failed: {error}", file=sys.stderr)
            self.save()
            return False
        kept.pop("failed", None)
        kept.pop("not_run", None)
        row = told | {"date": time.strftime("%Y-%m-%d %H:%M")}
        if program.startswith("sheaf"):
            row["build"] = self.program
        if not kept["runs"] and quality:
            kept["quality"] = quality(program, out)
        kept["runs"].append(row)
        out.unlink(missing_ok=True)
        print(f"{case['key']} {program}: {row['seconds']:.2f} s, {row['peak_mb']:.0f} MB "
              f"{kept.get('quality', '') if len(kept['runs']) == 1 else ''}", file=sys.stderr, flush=True)
        self.save()
        return True

    # ---- time, memory, recall and precision ----

    def time(self, name):
        path = self.corpus(name)
        case = self.found["cases"].setdefault(f"time/{name}", {"programs": {}})
        case |= {"key": f"time/{name}", "corpus": name, "bytes": path.stat().st_size}
        judges = []

        def quality(program, out):
            if not judges:
                judges.append(self.judge(name, path))
                case["exact"] = judges[0].about()
                if docs_of(name):
                    case["planted"] = judges[0].planted(self.truth(name))
            return judges[0].quality(program, out)
        self.turns(case, self.contenders(path), quality, name)

    def judge(self, name, path):
        if (docs_of(name) or 0) >= LARGE:
            return duplicate_finds.Planted(path, self.truth(name), THRESHOLD)
        whose = ("sheaf", "pattern")
        return duplicate_finds.Judge({w: self.sets(path, w) for w in whose}, {w: self.exact_pairs(path, w, 3) for w in whose},
                                     THRESHOLD)

    # ---- time as documents grow ----

    def curve(self):
        for kind, sizes in CURVE.items():
            for docs in sizes:
                path = self.thinned(docs) if kind == "natural" else self.corpus("form" + short(docs))
                case = self.found["cases"].setdefault(f"curve/{kind}/{docs}", {"programs": {}})
                case |= {"key": f"curve/{kind}/{docs}", "kind": kind, "docs": docs, "bytes": path.stat().st_size}
                # Of forms its candidates grow as the square of the documents.
                names = ["sheaf, 2 threads", "sheaf dups FILE (groups)"] + ["rensa"] * (kind == "natural" or docs <= 100_000)
                chosen = {k: v for k, v in self.contenders(path).items() if k in names}
                self.turns(case, chosen, duplicate_finds.counted, "")

    def thinned(self, docs):
        source = self.corpus("arxiv20")
        path = self.work / f"arxiv20-{docs}.jsonl"
        if not path.exists():
            lines = source.read_bytes().splitlines(keepends=True)
            with open(path, "wb") as dst:
                dst.writelines(line for i, line in enumerate(lines) if (i + 1) * docs // len(lines) > i * docs // len(lines))
        return path

    def run(self):
        for task in self.a.only:
            if task == "time":
                for name in self.a.names or NAMES:
                    self.time(name)
            elif task == "curve":
                self.curve()
            elif task not in self.found["cases"]:
                self.found["cases"][task] = getattr(duplicate_finds, task)(self) | {
                    "build": self.program, "date": time.strftime("%Y-%m-%d %H:%M")}
                self.save()


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpora", type=pathlib.Path, default=ROOT / "corpora")
    p.add_argument("--file", action="append", default=[], metavar="NAME=FILE", help="where a corpus is, if not in DIR")
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="of sheaf, with SHEAF_BENCH")
    p.add_argument("--work", type=pathlib.Path, default=ROOT / "build/bench-work", help="inputs are kept here")
    p.add_argument("--out", type=pathlib.Path, default=ROOT / "results/duplicates.json")
    p.add_argument("--only", nargs="+", default=list(TASKS), choices=TASKS)
    p.add_argument("--names", nargs="+", help="corpora of `time`")
    p.add_argument("--programs", nargs="+", help="only those whose name contains one of these")
    p.add_argument("--runs", type=int, help="at most so many of each")
    p.add_argument("--again", help="run anew what matches this regular expression (case and program)")
    p.add_argument("--no-tables", action="store_true")
    p.add_argument("--report", action="store_true", help="only write the tables anew")
    args = p.parse_args()
    args.files = {name: pathlib.Path(path) for name, path in (f.split("=", 1) for f in args.file)}
    return args


def main():
    bench = Duplicates(arguments())
    if not bench.a.report:
        bench.run()
    bench.save()
    faults = duplicate_tables.faults(bench.found)
    for fault in faults:
        print(f"duplicates: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
