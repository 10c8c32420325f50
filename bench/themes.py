"""Themes: agreement with known labels and time of `sheaf cluster` beside what people cluster texts with, in one run.

    .venv-peers/bin/python bench/themes.py --corpora DIR [--names 20ng bbc] [--programs sheaf] [--seeds 10]

Embeddings and BERTopic have environments of their own (bench/README.md). The embeddings are made before, once; of
arxiv20 those of a sample, with sample=10000 out=WORK/arxiv10k:

    .venv-embed/bin/python bench/peers/sentence_embeddings.py embed in=NAME.jsonl out=WORK/NAME

For each corpus and seed the programs take turns, each run a process of its own; all labels are judged by the same
code: AMI and ARI by scikit-learn's, and, where sib-clustering runs, the information that clusters and words share,
which it maximises, on the same matrix of counts. There `sheaf --refine sib` and `sib-words` run too, which maximise
that as well, with the words that sib-clustering was given; sheaf's other runs have another aim and their own words.
Times: of the work without imports and reading the vectors or counts of sheaf's competitors, and of the whole process;
sheaf's are the whole process, from the JSONL file to the labels. Medians over the first seeds (--timed; one of runs
over a minute). k = number of classes.

All is kept in --out (JSON) as it comes in, each run with its date and the build of sheaf; what is there is not run
again but for --again REGEX (corpus and program, as in "20ng sheaf"; of the first --seeds); with --timed 0 runs may
share the machine, and a later call makes those anew that are to be timed. In the environment: BENCH_TURN, a command
put before each timed one, which may wait until the machine is free, and BENCH_SHARED, put before the others.
"""
import argparse
import gzip
import hashlib
import json
import os
import pathlib
import re
import resource
import shlex
import shutil
import subprocess
import sys
import time

import numpy as np
import scipy.sparse
from sklearn import metrics
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

import programs
from peers import information
from programs import ROOT
from theme_tables import COUNTED, PARTS, PIECE, SAME_AIM, SIB, report

NAMES = ("bbc", "r8", "r52", "20ng", "arxiv20", "arxiv10k", "gnad10_test", "zh_news4")
ENGLISH = ("bbc", "r8", "r52", "20ng", "arxiv10k")   # coherence is told: its words are without English stop words
OURS = {"sheaf": (), "sheaf --refine none": ("--refine", "none")}
AS_SHOWN = "sib-clustering, 10,000 terms"            # as its first page shows it
TASKS = ("runs", "embedding", "coherence")
SLOW, SLOW_RUNS = 60, 3                              # of runs of more seconds so many


class Themes:
    def __init__(self, args):
        self.a, self.work, self.build = args, args.work, args.build
        (self.work / "labels").mkdir(parents=True, exist_ok=True)
        self.found = json.loads(args.out.read_text()) if args.out.exists() else {}
        for part in ("corpora", "runs", "embedding", "coherence"):
            self.found.setdefault(part, {})
        if args.again:
            for part in ("runs", "embedding", "coherence"):
                named = {key: key if part == "runs" else f"{key} {part}" for key in self.found[part]}
                for key in [key for key, name in named.items() if re.search(args.again, name)]:
                    if key.split(" ")[0] not in args.names:
                        continue
                    if part == "runs":
                        self.found[part][key] = [r for r in self.found[part][key] if r["seed"] >= args.seeds]
                    else:
                        del self.found[part][key]
        if not args.report:
            self.found["machine"] = programs.machine(args.build)
            mark = hashlib.sha256((args.build / "sheaf").read_bytes()).hexdigest()[:8]
            line = programs.build_line(args.build, self.found["machine"])
            self.program = re.sub(r"stages .*", f"program {mark}", line)
        self.weighed, self.timed = {}, False

    def save(self):
        self.a.out.parent.mkdir(parents=True, exist_ok=True)
        self.a.out.write_text(json.dumps(self.found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    # ---- inputs ----

    def corpus(self, name):
        """The sample of arxiv20 lies beside its vectors."""
        path = self.work / f"{name}.jsonl"
        if not path.exists():
            if name == "arxiv10k":
                raise RuntimeError("no sample of arxiv20: embed it first")
            with gzip.open(self.a.corpora / f"{name}.jsonl.gz", "rb") as src, open(path, "wb") as dst:
                shutil.copyfileobj(src, dst)
        return path

    def gold(self, name):
        path = self.corpus(name)
        with open(path, encoding="utf-8") as f:
            labels = {str(row["id"]): row["label"] for row in map(json.loads, f)}
        self.found["corpora"][name] = {"docs": len(labels), "k": len(set(labels.values()))}
        return labels

    def counts(self, name, **options):
        prefix = self.work / f"{name}-counts{options.get('terms', '')}"
        if not prefix.with_suffix(".npz").exists():
            programs.peer("sib_clustering", "counts", in_=self.corpus(name), out=prefix, **options)
        return prefix.with_suffix(".npz")

    def words_of_counts(self):
        """Options by which sheaf has the words of counts()."""
        path = self.work / "sib-stop-words.txt"
        path.write_text("\n".join(sorted(ENGLISH_STOP_WORDS)) + "\n")
        return ("--analyzer", "sklearn", "--numbers", "--min-df", 1, "--max-df", "100%", "--max-terms", 20000,
                "--stop-words", f"={path}")

    def information(self, name, labels):
        """In bits, of the clusters about the words, under both priors."""
        if name not in COUNTED:
            return {}
        if name not in self.weighed:
            self.weighed = {name: information.priors(scipy.sparse.load_npz(self.counts(name)))}
        return {"information": information.objectives(self.weighed[name], labels)}

    # ---- running ----

    def process(self, command):
        """Standard output and error; seconds, processor seconds and peak memory of a whole process."""
        turn = shlex.split(os.environ.get("BENCH_TURN" if self.timed else "BENCH_SHARED", ""))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([*turn, sys.executable, "-S", ROOT / "bench/measure.py", *map(str, command)],
                              capture_output=True, text=True, env=programs.environment())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = re.findall(r'^\{"seconds".*\}$', done.stderr, re.M)
        measured = json.loads(told[-1]) if told else {"code": done.returncode or 1}
        if measured.pop("code"):
            raise RuntimeError(f"{' '.join(map(str, command))}: failed\n{done.stderr[-2000:]}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return done.stdout, done.stderr, {"whole": measured["seconds"], "cpu": cpu, "peak_mb": measured["peak_mb"]}

    def peer(self, environment, script, task, **given):
        python = ROOT / environment / "bin/python"
        if not python.exists():
            raise RuntimeError(f"no {environment}: see bench/README.md")
        text, _, measured = self.process([python, "-B", "-W", "ignore", ROOT / f"bench/peers/{script}.py", task,
                                          *programs.options({"threads": self.a.threads} | given)])
        told = json.loads(text.splitlines()[-1])
        seconds = told["seconds"]
        return measured | told | {"seconds": seconds[0] if isinstance(seconds, list) else seconds}

    def prefix(self, name, program, seed):
        return self.work / "labels" / re.sub(r"[^A-Za-z0-9]+", "-", f"{name} {program} {seed}")

    def sheaf(self, name, k, seed, out, extra):
        _, log, told = self.process([self.build / "sheaf", "cluster", self.corpus(name), "-k", k, "--seed", seed, "-t",
                                     self.a.threads, "-v", "-f", "tsv", "-o", f"{out}.tsv", *extra])
        phases = {}
        for phase, seconds in re.findall(r"^sheaf: ([a-z ]+): ([0-9.]+) s$", log, re.M):
            phases[phase] = phases.get(phase, 0) + float(seconds)
        return {"": self.of_file(name, f"{out}.tsv")}, told | {"seconds": told["whole"], "phases": phases}

    def of_file(self, name, path):
        """Labels by id, in the order of the corpus."""
        gold = self.labels
        with open(path, encoding="utf-8") as f:
            next(f)
            found = dict(line.rstrip("\n").split("\t")[:2] for line in f)
        if set(gold) != set(found):
            raise RuntimeError(f"{name}: {len(set(gold) ^ set(found))} ids differ between the corpus and a result")
        return np.unique([found[i] for i in gold], return_inverse=True)[1]

    def scikit_learn(self, name, k, seed, out):
        told = self.peer(".venv-peers", "scikit_learn", "main-job", in_=self.corpus(name), k=k, seed=seed,
                         labels=f"{out}.tsv", char_bigrams=1 if name == "zh_news4" else None)
        return {"": self.of_file(name, f"{out}.tsv")}, told

    def vectors(self, name):
        path = self.work / f"{name}.npy"
        if not path.exists():
            raise FileNotFoundError(f"no embeddings of {name}")
        return path

    def kmeans(self, name, k, seed, out):
        told = self.peer(".venv-peers", "embedding_kmeans", "kmeans", in_=self.vectors(name), k=k, seed=seed, out=out)
        return {"": np.load(f"{out}.labels.npy")}, told

    def bertopic(self, name, k, seed, out):
        told = self.peer(".venv-bertopic", "bertopic_topics", "topics", in_=self.corpus(name),
                         vectors=self.vectors(name), k=k, seed=seed, out=out)
        told["seconds"] = told["parts"]["found"]
        return {part: np.load(f"{out}.{part}.npy") for part in PARTS}, told

    def sib(self, name, k, seed, out, counts, extra):
        told = self.peer(".venv-peers", "sib_clustering", "cluster", in_=counts, k=k, seed=seed, out=out, **extra)
        return {"": np.load(f"{out}.labels.npy"), "partition": np.load(f"{out}.partition.npy")}, told

    def contenders(self, name):
        found = {"scikit-learn": self.scikit_learn}
        for program, extra in OURS.items():
            found[program] = lambda *run, extra=extra: self.sheaf(*run, extra)
        if name in COUNTED:
            for program in SAME_AIM:
                extra = (*program.split()[1:], *self.words_of_counts())
                found[program] = lambda *run, extra=extra: self.sheaf(*run, extra)
            for program, extra in SIB.items():
                found[program] = lambda *run, extra=extra: self.sib(*run, self.counts(name), extra)
            found[AS_SHOWN] = lambda *run: self.sib(*run, self.counts(name, terms=10000, stop="none"), {})
        if name != "arxiv20":
            found |= {"MiniLM + k-means": self.kmeans, "BERTopic": self.bertopic}
        return found

    def wanted(self, program):
        return not self.a.programs or any(re.search(p, program, re.I) for p in self.a.programs)

    def slow(self, runs):
        """Where the machine was shared, the processor's time tells."""
        return any((r["seconds"] if r["timed"] else r["cpu"] / self.a.threads) > SLOW for r in runs)

    def to_be_timed(self, runs):
        wanted = min(1, self.a.timed) if self.slow(runs) else self.a.timed
        return sum(r["timed"] for r in runs) < wanted

    def enough(self, runs, seed):
        """A run that is there but was not timed is made again, timed, while more are to be."""
        there = [r for r in runs if r["seed"] == seed]
        if there:
            return there[0]["timed"] or not self.to_be_timed(runs)
        return self.slow(runs) and len(runs) >= SLOW_RUNS

    def corpus_runs(self, name):
        self.labels = self.gold(name)
        k, given_up = len(set(self.labels.values())), set()
        for seed in range(self.a.seeds):
            for program, run in self.contenders(name).items():
                runs = self.found["runs"].setdefault(f"{name} {program}", [])
                if not self.wanted(program) or program in given_up or self.enough(runs, seed):
                    continue
                try:
                    self.one(name, k, seed, program, run, runs)
                except (RuntimeError, FileNotFoundError) as error:
                    given_up.add(program)
                    print(f"{name} {program}: {error}", file=sys.stderr)

    def one(self, name, k, seed, program, run, runs):
        out = self.prefix(name, program, seed)
        self.timed = self.to_be_timed(runs)
        labels, told = run(name, k, seed, out)
        np.save(f"{out}.npy", labels.get("", labels.get("found")))
        gold = list(self.labels.values())
        row = {"seed": seed, "timed": self.timed, "date": time.strftime("%Y-%m-%d %H:%M")} | {
            key: told[key] for key in ("seconds", "whole", "cpu", "peak_mb", "phases", "parts", "topics", "outliers",
                                       "iterations", "converged", "reported", "versions") if key in told}
        if program.startswith("sheaf"):
            row["build"] = self.program
        scores = {part: {"ami": metrics.adjusted_mutual_info_score(gold, found),
                         "ari": metrics.adjusted_rand_score(gold, found)} | self.information(name, found)
                  for part, found in labels.items()}
        row |= scores.pop("", {})
        if scores:
            row["scores"] = scores
        runs[:] = sorted([r for r in runs if r["seed"] != seed] + [row], key=lambda r: r["seed"])
        shown = row if "ami" in row else scores["k-placed"]
        print(f"{name} {program}, seed {seed}: AMI {shown['ami']:.3f}, ARI {shown['ari']:.3f}, {row['seconds']:.2f} s",
              file=sys.stderr, flush=True)
        self.save()

    # ---- the rate of embedding, the words ----

    def embedding(self, name):
        """Of a piece, drawn, with the machine to itself; and what the whole corpus took, if it was told."""
        if name in self.found["embedding"] or name == "arxiv20":
            return
        self.timed = True
        told = self.peer(".venv-embed", "sentence_embeddings", "embed", in_=self.corpus(name), only=PIECE)
        kept = {key: told[key] for key in ("docs", "tokens", "seconds", "tokenizer_seconds", "cpu", "versions")}
        whole = self.work / f"{name}.json"
        if whole.exists():
            kept["all"] = json.loads(whole.read_text())
        self.found["embedding"][name] = kept | {"date": time.strftime("%Y-%m-%d %H:%M")}
        self.save()

    def coherence(self, name):
        """Of the clusterings of seed 0."""
        if name in self.found["coherence"] or name not in ENGLISH:
            return
        self.timed = False
        given, words = {}, self.prefix(name, "sheaf", "words").with_suffix(".tsv")
        for program in self.contenders(name):
            labels = pathlib.Path(f"{self.prefix(name, program, 0)}.npy")
            if labels.exists():
                given[f"labels:{program}"] = labels
        bertopic = pathlib.Path(f"{self.prefix(name, 'BERTopic', 0)}.k.words.tsv")
        if bertopic.exists():
            given |= {"labels:BERTopic": f"{self.prefix(name, 'BERTopic', 0)}.k-placed.npy", "words:BERTopic": bertopic}
        self.process([self.build / "sheaf", "cluster", self.corpus(name), "-k", self.found["corpora"][name]["k"],
                      "--seed", 0, "--terms", 20, "--emit", "clusters", "--columns", "cluster,terms", "--no-header",
                      "-q", "-f", "tsv", "-o", words])
        given["words:sheaf"] = words
        told = self.peer(".venv-peers", "gensim_coherence", "coherence", in_=self.corpus(name), **given)
        self.found["coherence"][name] = told["clusterings"]
        self.save()

    def run(self):
        for name in self.a.names:
            for task in self.a.only:
                {"runs": self.corpus_runs, "embedding": self.embedding, "coherence": self.coherence}[task](name)


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpora", type=pathlib.Path, default=ROOT / "corpora")
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="of sheaf")
    p.add_argument("--work", type=pathlib.Path, default=ROOT / "build/bench-work", help="inputs, vectors and labels")
    p.add_argument("--out", type=pathlib.Path, default=ROOT / "results/themes.json")
    p.add_argument("--names", nargs="+", default=list(NAMES), choices=NAMES)
    p.add_argument("--only", nargs="+", default=list(TASKS), choices=TASKS)
    p.add_argument("--programs", nargs="+", metavar="REGEX", help="only those whose name has a match of one of these")
    p.add_argument("--seeds", type=int, default=10)
    p.add_argument("--timed", type=int, default=7, help="of these so many with the machine to itself")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--again", metavar="REGEX", help="run anew what matches (corpus and program), the first --seeds")
    p.add_argument("--report", action="store_true", help="only write the tables anew")
    return p.parse_args()


def main():
    bench = Themes(arguments())
    if not bench.a.report:
        bench.run()
    bench.save()
    bench.a.out.with_suffix(".md").write_text(report(bench.found, __doc__.split("\n\n")[4].strip()), encoding="utf-8")


if __name__ == "__main__":
    main()
