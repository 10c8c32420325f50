"""sheaf's stages against those of others: TF-IDF, truncated SVD, k-means; time beside quality, in one run.

    python3 -m venv .venv-peers && .venv-peers/bin/pip install -r bench/peers/requirements.txt
    cmake --preset release -DSHEAF_BENCH=ON && cmake --build --preset release
    .venv-peers/bin/python bench/kernels.py --corpora DIR [--only tfidf svd kmeans] [--names 20ng gen1m] [--peers FAISS]

Every run is a process of its own that loads its input first; only the call is timed. Results are judged by
bench/judge.py. Runs of sheaf and of the peers take turns; tables show medians, least and most: of seven runs, for peers
of more than 10 s a run three, of more than 60 s one; a run of more than an hour is stopped. Corpora are files NAME.jsonl
or NAME.jsonl.gz in DIR, `genN` (gen1m, gen100k, gen5000) is made by bench/generate, NAME=FILE is one of your own.
Everything is kept in --out (JSON) as it comes in, each run with its date and the build of sheaf; what is there is not run
again but for --again REGEX.
Exit 1 when a quality of sheaf's is below what is stated, whatever the times.
"""
import argparse
import gzip
import json
import pathlib
import re
import shutil
import sys
import time

import numpy as np

import judge
import kernel_tables
import programs

RUNS, SLOW, VERY_SLOW = 7, 10, 60
DEFAULT = {"tfidf": ("20ng", "arxiv20", "gen1m"), "svd": ("20ng", "arxiv20", "gen1m"), "fixed": ("gen1m",),
           "converge": ("arxiv20", "gen100k"), "seeded": ("arxiv20", "gen100k"),
           "neighbours": ("arxiv20",)}
TASKS = {"tfidf": ("tfidf",), "svd": ("svd",), "kmeans": ("fixed", "converge", "seeded"), "neighbours": ("neighbours",)}
FIXED = ((10, 20), (100, 20), (1000, 5))   # k, iterations
CONVERGED = (20, 100, 1000)
QUERIES = 10_000                           # of nearest rows
SEEDS, SEEDS_LARGE = 10, 7                 # with k = 1000
# Of a matrix of more than so many bytes only those compute the SVD that come near the fastest on smaller ones: the others
# take up to an hour. --peers names them none the less.
LARGE, NOT_LARGE = 200_000_000, ("double", "PROPACK", "PRIMME")


class Bench:
    def __init__(self, args):
        self.a, self.work, self.build = args, args.work, args.build
        self.work.mkdir(parents=True, exist_ok=True)
        self.found = json.loads(args.out.read_text()) if args.out.exists() else {"cases": {}}
        if args.again:
            for case in self.found["cases"].values():
                for name in [n for n in case["programs"] if re.search(args.again, f"{case['key']} {n}")]:
                    del case["programs"][name]
        if not args.report or "machine" not in self.found:
            self.found["machine"] = programs.machine(args.build)
        self.sheaf = None if args.report else programs.build_line(args.build, self.found["machine"])
        self.own = dict(n.split("=", 1) for n in args.names or () if "=" in n)

    def save(self):
        self.a.out.parent.mkdir(parents=True, exist_ok=True)
        self.a.out.write_text(json.dumps(self.found, indent=1) + "\n", encoding="utf-8")
        self.a.out.with_suffix(".md").write_text(kernel_tables.report(self.found), encoding="utf-8")

    def names(self, task):
        return [n.split("=", 1)[0] for n in self.a.names] if self.a.names else DEFAULT[task]

    # ---- inputs, made once and kept in --work ----

    def corpus(self, name):
        if name in self.own:
            return pathlib.Path(self.own[name])
        size = re.fullmatch(r"gen(\d+)([km]?)", name)
        if size:
            docs = int(size[1]) * {"": 1, "k": 1000, "m": 1000000}[size[2]]
            return programs.generated(self.build, docs, self.work / f"{name}.jsonl")
        plain, packed = (self.a.corpora / f"{name}.jsonl{end}" if self.a.corpora else None for end in ("", ".gz"))
        if not self.a.corpora or not (plain.exists() or packed.exists()):
            sys.exit(f"kernels: no corpus {name}: --corpora DIR has to hold {name}.jsonl or {name}.jsonl.gz")
        path = self.work / f"{name}.jsonl"
        if plain.exists():
            return plain
        if not path.exists():
            with gzip.open(packed, "rb") as src, open(path.with_suffix(".part"), "wb") as dst:
                shutil.copyfileobj(src, dst)
            path.with_suffix(".part").rename(path)
        return path

    def matrix(self, name):
        """Sublinear TF-IDF, English stop words, terms of at least 2 and at most half of the documents."""
        path = self.work / f"{name}.sublinear.npz"
        if not path.exists():
            programs.stage(self.build, "vectorise", in_=self.corpus(name), plain=0, out=self.work / "making")
            (self.work / "making.npz").rename(path)
        return path

    def vectors(self, name):
        """U sigma of sheaf's SVD, rows of length 1, rows of zeros left out."""
        path = self.work / f"{name}.vectors.npy"
        if not path.exists():
            programs.stage(self.build, "svd", in_=self.matrix(name), dims=100, out=self.work / "making")
            x = np.load(self.work / "making.u.npy") * np.load(self.work / "making.s.npy").astype(np.float32)
            length = np.sqrt((x * x).sum(axis=1, keepdims=True))
            np.save(path, np.ascontiguousarray(x[length[:, 0] > 0] / length[length[:, 0] > 0], dtype=np.float32))
            for part in self.work.glob("making.*"):
                part.unlink()
        return path

    def start(self, name, k):
        """k rows picked at random: the same first centres for everybody."""
        path = self.work / f"{name}.start{k}.npy"
        if not path.exists():
            x = np.load(self.vectors(name), mmap_mode="r")
            np.save(path, x[np.sort(np.random.default_rng(k).choice(len(x), k, replace=False))])
        return path

    # ---- running ----

    def wanted(self, program):
        return program.startswith("sheaf") or not self.a.peers or any(p.lower() in program.lower() for p in self.a.peers)

    def case(self, kind, name, label, contenders, quality, **about):
        """contenders: program -> function(run number) that returns what the process told. `quality`(program) judges what
        it wrote, after every run that it is asked for."""
        key = f"{kind}/{name}/{label}" if label else f"{kind}/{name}"
        case = self.found["cases"].setdefault(key, {"programs": {}})
        case |= {"key": key, "kind": kind, "corpus": name, "label": label} | about
        rounds, given_up = about.get("seeds", RUNS), set()
        for number in range(rounds):
            for program, run in contenders.items():
                kept = case["programs"].setdefault(program, {"runs": []}) if self.wanted(program) else None
                if kept is None or kept.get("stopped") or len(kept["runs"]) > number or self.enough(kept, program, about):
                    continue
                if program not in given_up and not self.one(key, program, kept, run, quality):
                    given_up.add(program)
        return case

    @staticmethod
    def enough(kept, program, about):
        """A slow peer is run less often, but for every seed where the mean over seeds is what counts."""
        if not kept["runs"] or program.startswith("sheaf") or about.get("seeds"):
            return False
        first = kept["runs"][0]["seconds"]
        return len(kept["runs"]) >= (1 if first > VERY_SLOW else 3 if first > SLOW else RUNS)

    def one(self, key, program, kept, run, quality):
        """The next run; whether there is something to go on with."""
        number = len(kept["runs"])
        try:
            told = run(number)
        except programs.Stopped:
            kept["stopped"] = programs.LIMIT
            self.save()
            return False
        except RuntimeError as error:
            if program.startswith("sheaf"):
                raise
            kept["failed"] = str(error).strip().splitlines()[-1][:200]
            print(f"{key} {program}: failed: {kept['failed']}", file=sys.stderr)
            self.save()
            return False
        if told is None:
            return False
        kept.pop("failed", None)
        row = {name: told[name] for name in told if name not in ("program", "task", "about", "versions", "blas")}
        row["seconds"], row["date"], row["build"] = told["seconds"][0], time.strftime("%Y-%m-%d %H:%M"), self.sheaf
        row |= quality(program, number)
        kept["runs"].append(row)
        kept["versions"], kept["blas"] = told.get("versions"), told.get("blas")
        print(f"{key} {program}: {row['seconds']:.3f} s, {row['peak_mb']:.0f} MB", file=sys.stderr, flush=True)
        self.save()
        return True

    def prefix(self, program):
        return self.work / ("result-" + re.sub(r"[^A-Za-z0-9]+", "-", program))

    def forget(self, program):
        for path in self.work.glob(self.prefix(program).name + ".*"):
            path.unlink()

    # ---- the cases ----

    def tfidf(self, name):
        path, peer = self.corpus(name), "scikit-learn"
        with_output = {}

        def ours(threads, analyzer):
            program = f"sheaf, {threads} thread{'s' * (threads > 1)}" + (", default analyser" if analyzer == "unicode" else "")
            return program, lambda n: programs.stage(self.build, "vectorise", in_=path, threads=threads, analyzer=analyzer,
                                                     out=self.prefix(program) if n == 0 else None)

        def quality(program, number):
            if number > 0 or program == peer or "default" in program:
                return {}
            if not pathlib.Path(f"{self.prefix(peer)}.npz").exists():
                if not self.wanted(peer):
                    return {}
                programs.peer("scikit_learn", "vectorise", in_=path, threads=1, out=self.prefix(peer))
            return judge.same_matrix(self.prefix(program), self.prefix(peer))
        with_output[peer] = lambda n: programs.peer("scikit_learn", "vectorise", in_=path, threads=1,
                                                    out=self.prefix(peer) if n == 0 else None)
        with_output |= dict(ours(t, a) for a in ("sklearn", "unicode") for t in self.a.threads)
        self.case("tfidf", name, "", with_output, quality, bytes=path.stat().st_size)
        for program in with_output:
            self.forget(program)

    def svd(self, name):
        path, threads = self.matrix(name), max(self.a.threads)

        def ours(program, **given):
            return lambda n: programs.stage(self.build, "svd", in_=path, dims=100, threads=threads, **given,
                                            out=self.prefix(program) if n == 0 else None)

        def theirs(program, script, **given):
            return lambda n: programs.peer(script, "svd", in_=path, dims=100, threads=threads, **given,
                                           out=self.prefix(program) if n == 0 else None)

        def quality(program, number):
            found = judge.svd(path, self.prefix(program)) if number == 0 else {}
            self.forget(program)
            return found
        # By default the residual is at most 5e-3; at 1.5e-2 or 1.2e-2 it is still below what TruncatedSVD leaves.
        contenders, left_out = {"sheaf": ours("sheaf")}, []
        for tol in ("1.5e-2", "1.2e-2", "1e-5"):
            contenders[f"sheaf, tol {tol}"] = ours(f"sheaf, tol {tol}", tol=tol)
        for program, script, given in (
                ("scikit-learn TruncatedSVD, n_iter=5", "scikit_learn", {}),
                ("scipy svds, ARPACK, tol 1e-2", "scipy_svds", {"solver": "arpack", "tol": 1e-2}),
                ("scipy svds, ARPACK, tol 1e-2, double", "scipy_svds", {"solver": "arpack", "tol": 1e-2, "dtype": "float64"}),
                ("scipy svds, PROPACK", "scipy_svds", {"solver": "propack"}),
                ("scipy svds, PROPACK, tol 1e-5, double", "scipy_svds",
                 {"solver": "propack", "tol": 1e-5, "dtype": "float64"}),
                ("PRIMME, block 16, tol 8e-6", "primme_svds", {"tol": 8e-6, "block": 16}),
                ("PRIMME, block 16, sheaf's product, tol 8e-6", "primme_svds",
                 {"tol": 8e-6, "block": 16, "products": self.build / "bench/products"}),
                ("gensim LsiModel", "gensim_lsi", {})):
            slow = any(word in program for word in NOT_LARGE) and not self.a.peers
            if not slow or path.stat().st_size < LARGE:
                contenders[program] = theirs(program, script, **given)
            else:
                left_out.append(program)
        self.case("svd", name, "", contenders, quality, threads=threads, left_out=left_out)

    def steps_of(self, key, number):
        """How many iterations scikit-learn took from the same start, or with the same seed; None where it has not run."""
        case = self.found["cases"].get(key, {})
        runs = case.get("programs", {}).get("scikit-learn", {}).get("runs") or []
        number = number if case.get("seeds") else 0
        return runs[number]["iterations"] if number < len(runs) else None

    def kmeans_contenders(self, kind, name, k, iterations, chosen, start, seeds=None):
        path, threads, core = self.vectors(name), max(self.a.threads), programs.newest_core()
        given = {"in_": path, "k": k, "iterations": iterations, "tol": 0, "threads": threads, "start": start}
        scripts = {
            "scikit-learn": ("scikit_learn", {"algorithm": "lloyd"}),
            "scikit-learn, elkan": ("scikit_learn", {"algorithm": "elkan"}),
            "scikit-learn-intelex": ("scikit_learn_intelex", {}),
            "FAISS": ("faiss_cpu", {"core": core}),
            "FAISS, SuperKMeans": ("faiss_cpu", {"core": core, "super": 1}),
            "fastkmeanspp": ("fastkmeanspp_lloyd", {}),
            "fastkmeanspp, scikit-learn's Lloyd": ("fastkmeanspp_lloyd", {}),
            "sparsekmeans, elkan": ("sparsekmeans_elkan", {"algorithm": "elkan"}),
        }

        def seed(n):
            return {"seed": n} if seeds else {}

        def peer(program):
            script, extra = scripts[program]

            def run(n):
                steps = iterations
                if script == "faiss_cpu" and kind != "fixed":
                    steps = self.steps_of(f"{kind}/{name}/k={k}", n)
                return steps and programs.peer(script, "kmeans", **given | extra | seed(n) | {"iterations": steps},
                                               out=self.prefix(program))
            return run
        contenders = {"sheaf": lambda n: programs.stage(self.build, "kmeans", **given, **seed(n), out=self.prefix("sheaf"))}
        return contenders | {program: peer(program) for program in chosen}

    def kmeans(self, kind, name, k, iterations, chosen, **about):
        def quality(program, number):
            found = judge.inertia(self.vectors(name), self.prefix(program))
            self.forget(program)
            return found
        start = None if kind == "seeded" else self.start(name, k)
        contenders = self.kmeans_contenders(kind, name, k, iterations, chosen, start, about.get("seeds"))
        rows, dims = np.load(self.vectors(name), mmap_mode="r").shape
        return self.case(kind, name, f"k={k}", contenders, quality, k=k, rows=rows, dims=dims, iterations=iterations,
                         threads=max(self.a.threads), **about)

    def fits(self, name, k):
        return k * 10 <= len(np.load(self.vectors(name), mmap_mode="r"))

    def fixed(self, name):
        for k, iterations in FIXED:
            if self.fits(name, k):
                self.kmeans("fixed", name, k, iterations, ("scikit-learn", "FAISS", "FAISS, SuperKMeans",
                                                            "scikit-learn-intelex", "fastkmeanspp"))

    def converge(self, name):
        """FAISS cannot test for convergence: here and below it runs as many iterations as scikit-learn needed."""
        for k in CONVERGED:
            if not self.fits(name, k):
                continue
            chosen = ["scikit-learn", "scikit-learn, elkan", "scikit-learn-intelex"]
            self.kmeans("converge", name, k, 1000, chosen + ["sparsekmeans, elkan"] * (k <= 100) + ["FAISS"])

    def elkan_faster(self, name, k):
        p = self.found["cases"].get(f"converge/{name}/k={k}", {}).get("programs", {})
        lloyd, elkan = (kernel_tables.seconds(p.get(n)) for n in ("scikit-learn", "scikit-learn, elkan"))
        return bool(lloyd and elkan and elkan < lloyd)

    def seeded(self, name):
        """With k = 1000 the slow ones are left out: elkan, but where it was faster to convergence, and FAISS."""
        for k in CONVERGED:
            if not self.fits(name, k):
                continue
            chosen = ["scikit-learn", "scikit-learn-intelex", "fastkmeanspp, scikit-learn's Lloyd"]
            chosen += ["scikit-learn, elkan"] * (k <= 100 or self.elkan_faster(name, k)) + ["FAISS"] * (k <= 100)
            self.kmeans("seeded", name, k, 1000, chosen, seeds=SEEDS if k < 1000 else SEEDS_LARGE)

    def neighbours(self, name):
        """The graph, and the first rows as queries; each judged against another's: sheaf's against FAISS, all others against
        sheaf."""
        path, threads, k = self.vectors(name), max(self.a.threads), 10
        rows, dims = np.load(path, mmap_mode="r").shape
        for label, queries in (("graph", None), (f"{QUERIES:,} queries", QUERIES)):
            if queries and queries > rows:
                continue
            given = {"in_": path, "k": k, "queries": queries, "threads": threads}

            def run(program, script=None, **extra):
                def one(n):
                    out = self.prefix(program) if n == 0 else None
                    if script is None:
                        return programs.stage(self.build, "neighbours", **given, out=out)
                    return programs.peer(script, "neighbours", **given, **extra, out=out)
                return one

            def quality(program, number):
                other = "FAISS" if program == "sheaf" else "sheaf"
                if number > 0 or not pathlib.Path(f"{self.prefix(other)}.neighbours.npy").exists():
                    return {}
                return judge.neighbours(path, self.prefix(program), self.prefix(other))
            contenders = {"FAISS": run("FAISS", "faiss_cpu", core=programs.newest_core()), "sheaf": run("sheaf"),
                          "scikit-learn, brute": run("scikit-learn, brute", "scikit_learn")}
            self.case("neighbours", name, label, contenders, quality, k=k, rows=rows, dims=dims, queries=queries or rows,
                      threads=threads)
            for program in contenders:
                self.forget(program)


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpora", type=pathlib.Path)
    p.add_argument("--build", type=pathlib.Path, default=programs.ROOT / "build/release", help="of sheaf, with SHEAF_BENCH")
    p.add_argument("--work", type=pathlib.Path, default=programs.ROOT / "build/bench-work", help="inputs are kept here")
    p.add_argument("--out", type=pathlib.Path, default=programs.ROOT / "results/kernels.json")
    p.add_argument("--only", nargs="+", default=list(TASKS), choices=[*TASKS, *DEFAULT])
    p.add_argument("--names", nargs="+", help="corpora, instead of those each table is about")
    p.add_argument("--peers", nargs="+", help="only those whose name contains one of these")
    p.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="the SVD and k-means run on the largest")
    p.add_argument("--again", help="run anew what matches this regular expression (case and program)")
    p.add_argument("--report", action="store_true", help="only write the tables anew")
    return p.parse_args()


def main():
    args = arguments()
    bench = Bench(args)
    if not args.report:
        for table in dict.fromkeys(t for only in args.only for t in TASKS.get(only, (only,))):
            for name in bench.names(table):
                getattr(bench, table)(name)
    bench.save()
    faults = kernel_tables.faults(bench.found)
    for fault in faults:
        print(f"kernels: quality: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
