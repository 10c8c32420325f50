"""Tables of what bench/themes.py found, and what in it is below what is asked."""
import math
import statistics

COUNTED = ("bbc", "r8", "20ng")                      # sib-clustering runs
SIB = {"sib-clustering": {}, "sib-clustering, uniform prior off": {"prior": "data"},
       "sib-clustering, fast log": {"log": "fast"}}
SAME_AIM = {"sheaf --refine sib": "uniform", "sheaf --refine sib-words": "data"}   # with sib-clustering's words
PIECE = 300                                          # documents whose embedding is timed
PARTS = {"found": "as found, outliers a class", "found-placed": "as found, outliers placed",
         "found-placed-embeddings": "as found, placed by embeddings", "k": "reduced to k, outliers a class",
         "k-placed": "reduced to k, outliers placed", "k-placed-embeddings": "reduced to k, placed by embeddings"}
# Mean AMI and ARI, and how far below the mean a seed may lie; how many times as fast.
BARS = {"20ng": (.73, .62), "bbc": (.89, .92), "r8": (.59, .52), "r52": (.53, .33), "arxiv20": (.76, .67)}
BELOW, NOT_WORSE, FASTER = .02, .01, {"scikit-learn": 4, "sib-clustering": 20}


def spread(values):
    return f"{statistics.mean(values):.3f} ({min(values):.3f}-{max(values):.3f})" if values else "-"


def median(runs, what):
    """Not a number where none was timed."""
    return statistics.median([r[what] for r in runs if r["timed"]] or [math.nan])


def best(runs):
    """Scores of each run; of BERTopic, which tells several, those of the one that is best on the mean of all."""
    if not runs or "ami" in runs[0]:
        return runs, None
    part = max(PARTS, key=lambda p: statistics.mean(r["scores"][p]["ami"] for r in runs))
    return [r | r["scores"][part] for r in runs], part


def cases(found, name):
    """Program and runs, where there are any."""
    for key, runs in found["runs"].items():
        if key.startswith(f"{name} ") and runs:
            yield key[len(name) + 1:], runs


def embedding_seconds(found, name):
    """By the rate of a piece of it."""
    piece = found["embedding"].get(name)
    if not piece:
        return None
    return (piece["seconds"] + piece["tokenizer_seconds"]) / piece["docs"] * found["corpora"][name]["docs"]


def quality_table(found, name):
    yield "| program | AMI mean (min-max) | ARI mean (min-max) | seeds | work s | process s | processor s | MB |"
    yield "|---" * 8 + "|"
    for program, runs in cases(found, name):
        scored, part = best(runs)
        quality = (f"| {program}{f' ({PARTS[part]})' if part else ''} | {spread([r['ami'] for r in scored])} | "
                   f"{spread([r['ari'] for r in scored])} | {len(runs)} |")
        if not any(r["timed"] for r in runs):
            yield f"{quality} not timed | | | |"
            continue
        seconds = f"{median(runs, 'seconds'):.3g}"
        if program in ("MiniLM + k-means", "BERTopic"):
            before = embedding_seconds(found, name)
            seconds += f" + {before:.0f} embedding" if before else " + embedding"
        yield (f"{quality} {seconds} | {median(runs, 'whole'):.3g} | {median(runs, 'cpu'):.3g} | "
               f"{median(runs, 'peak_mb'):.0f} |")


def bertopic_table(found):
    yield "| corpus | topics found | outliers | " + " | ".join(PARTS.values()) + " |"
    yield "|---" * (3 + len(PARTS)) + "|"
    for name in found["corpora"]:
        runs = found["runs"].get(f"{name} BERTopic")
        if runs:
            topics = [r["topics"]["found"] for r in runs]
            outliers = statistics.mean(r["outliers"]["found"] for r in runs)
            cells = [" / ".join(f"{statistics.mean(r['scores'][p][s] for r in runs):.3f}" for s in ("ami", "ari"))
                     for p in PARTS]
            yield f"| {name} | {min(topics)}-{max(topics)} | {outliers:.0%} | {' | '.join(cells)} |"


def most_information(run, prior):
    """Of its labels, and of the other partition that it told, if any."""
    return max(s["information"][prior] for s in [run, *run.get("scores", {}).values()] if "information" in s)


def information_table(found):
    yield "| corpus | program | uniform prior mean (best) | words' prior mean (best) | seeds | work s | process s |"
    yield "|---" * 7 + "|"
    for name in COUNTED:
        for program, runs in cases(found, name):
            # Its number of clusters is another.
            if program == "BERTopic":
                continue
            values = [[most_information(r, prior) for r in runs] for prior in ("uniform", "data")]
            work, whole = refinement(runs) if program in SAME_AIM else median(runs, "seconds"), median(runs, "whole")
            times = " | ".join("not timed" if math.isnan(s) else f"{s:.3g}" for s in (work, whole))
            yield (f"| {name} | {program} | " + " | ".join(f"{statistics.mean(v):.4f} ({max(v):.4f})" for v in values)
                   + f" | {len(runs)} | {times} |")


def embedding_table(found):
    yield "| corpus | documents | timed | tokens each | documents a second | all of it, s |"
    yield "|---" * 6 + "|"
    for name, told in found["embedding"].items():
        docs, seconds = found["corpora"][name]["docs"], embedding_seconds(found, name)
        yield (f"| {name} | {docs:,} | {told['docs']} | {told['tokens'] / told['docs']:.0f} | {docs / seconds:.1f} | "
               f"{seconds:.0f} |")


def coherence_table(found):
    yield "| corpus | clustering | words | clusters | c_npmi mean | least | distinct words |"
    yield "|---" * 7 + "|"
    for name, told in found["coherence"].items():
        for key, row in told.items():
            kind, program = key.split(":", 1)
            yield (f"| {name} | {program} | {'its own' if kind == 'words' else 'c-TF-IDF'} | {row['clusters']} | "
                   f"{row['npmi']:.3f} | {row['least']:.3f} | {row['distinct']:.0%} |")


def refinement(runs):
    """Seconds of the phases of refinement alone."""
    own = [sum(s for phase, s in r["phases"].items() if "refin" in phase) for r in runs]
    return median([r | {"refining": seconds} for r, seconds in zip(runs, own)], "refining")


def sib_bars(name, runs):
    """Programs of the same aim; of means, not of the best."""
    for ours, prior in SAME_AIM.items():
        for theirs in [p for p, options in SIB.items() if options.get("prior", "uniform") == prior]:
            a, b = (runs.get(f"{name} {program}") for program in (ours, theirs))
            if not a or not b:
                continue
            times, bar = median(b, "seconds") / refinement(a), FASTER["sib-clustering"]
            yield f"{name}: refinement of {ours} {bar} times as fast as {theirs}", f"{times:.0f}", times >= bar
            x, y = (statistics.mean(most_information(r, prior) for r in rows) for rows in (a, b))
            yield f"{name}: information of {ours} not below that of {theirs}", f"{x:.4f} to {y:.4f}", x >= y


def bars(found):
    runs = found["runs"]
    for name, (ami, ari) in BARS.items():
        ours = runs.get(f"{name} sheaf")
        if ours:
            a, b = ([r[s] for r in ours] for s in ("ami", "ari"))
            yield (f"{name}: AMI / ARI at least {ami} / {ari}", f"{statistics.mean(a):.3f} / {statistics.mean(b):.3f}",
                   statistics.mean(a) >= ami and statistics.mean(b) >= ari)
            yield (f"{name}: no seed more than {BELOW} below the mean AMI", f"{statistics.mean(a) - min(a):.3f}",
                   statistics.mean(a) - min(a) <= BELOW)
    for name in found["corpora"]:
        ours, plain = runs.get(f"{name} sheaf"), runs.get(f"{name} sheaf --refine none")
        if ours and plain:
            less = statistics.mean(r["ami"] for r in plain) - statistics.mean(r["ami"] for r in ours)
            yield f"{name}: AMI not below k-means alone by more than {NOT_WORSE}", f"{-less:+.3f}", less <= NOT_WORSE
    for name in found["corpora"]:
        ours = runs.get(f"{name} sheaf")
        if ours and runs.get(f"{name} scikit-learn"):
            times = median(runs[f"{name} scikit-learn"], "seconds") / median(ours, "seconds")
            bar = FASTER["scikit-learn"]
            yield f"{name}: the whole run {bar} times as fast as scikit-learn's pipeline", f"{times:.1f}", times >= bar
        yield from sib_bars(name, runs)


def versions(found):
    told = {}
    for runs in [*found["runs"].values(), list(found["embedding"].values())]:
        for r in runs:
            told |= r.get("versions", {})
    return ", ".join(f"{name} {version}" for name, version in sorted(told.items()))


def report(found, about):
    """about: what was measured, a paragraph."""
    dates = sorted(r["date"] for runs in found["runs"].values() for r in runs)
    builds = sorted({r["build"] for runs in found["runs"].values() for r in runs if "build" in r})
    lines = ["# Themes beside what people cluster texts with", "", "Made by", "",
             "    .venv-peers/bin/python bench/themes.py --corpora DIR", "", about, "",
             f"Runs of {dates[0]} to {dates[-1]}." if dates else "", "", "```", found.get("machine", ""),
             *[f"build\t{b}" for b in builds], f"others\t{versions(found)}", "```", ""]
    lines += ["## Bars", "", "| | measured | |", "|---|---|---|"]
    lines += [f"| {what} | {measured} | {'met' if met else '**missed**'} |" for what, measured, met in bars(found)
              if measured != "nan"]
    for name, about in found["corpora"].items():
        lines += ["", f"## {name}: {about['docs']:,} documents, k = {about['k']}", "", *quality_table(found, name)]
    lines += ["", "## BERTopic, its ways to place every document", "", "AMI / ARI, mean over the seeds.", "",
              *bertopic_table(found), "", "## Information of clusters about words", "",
              "I(T;Y) in bits on sib-clustering's matrix of counts (20,000 terms), in double, by one code for all; of "
              "sib-clustering the better of its labels and the partition they were inferred from. Work of `sheaf "
              "--refine sib` and `sib-words`: refinement alone, from the labels of k-means to the last; the whole "
              "process, with reading, latent space and k-means, beside it.", "",
              *information_table(found), "", "## Embedding", "",
              f"all-MiniLM-L6-v2, {PIECE} documents of each corpus drawn with seed 0, two threads.", "",
              *embedding_table(found), "", "## Words", "",
              "gensim's c_npmi of ten words a cluster, clusterings of seed 0: words picked by one rule for all, and "
              "those that a program gives itself.", "", *coherence_table(found), ""]
    return "\n".join(lines)
