"""results/kernels.md from results/kernels.json: the bars, the tables, and the quality that has to hold."""
import math
import statistics
import textwrap

# What sheaf states: largest residual over sigma_1 at the default tolerance and at 1e-5.
RESIDUAL = {"sheaf": 5e-3, "sheaf, tol 1.5e-2": 1.5e-2, "sheaf, tol 1e-5": 1e-5}
# Inertia may lie so far above the best of the others, relatively. The same start and number of iterations give the same
# partition but for roundings; to convergence, a rounding early on can lead to another local optimum, better or worse.
INERTIA = {"fixed": 1e-4, "converge": 1e-3}
TFIDF_BAR = {1: 20, 2: 36}
FIXED_BAR = {10: 4, 100: 2, 1000: 1.6}
CONVERGE_BAR, SEEDED_BAR = 4, 8
NEIGHBOUR_BARS = {"graph": (("FAISS", 2), ("scikit-learn, brute", 4)), "queries": (("FAISS", 1.5),)}


def seconds(program):
    return statistics.median(r["seconds"] for r in program["runs"]) if program and program["runs"] else None


def first(program, field):
    return program["runs"][0].get(field) if program and program["runs"] else None


def mean(program, field):
    values = [r[field] for r in program["runs"] if field in r]
    return statistics.mean(values) if values else None


def ours(program):
    return program.startswith("sheaf")


def cases(found, kind):
    return [c for c in found["cases"].values() if c["kind"] == kind and c["programs"]]


def peers(case, good=lambda program: True):
    """Name and median seconds of those that finished and whose result is good, fastest first."""
    names = [n for n, p in case["programs"].items() if not ours(n) and p["runs"] and good(p)]
    return sorted(((n, seconds(case["programs"][n])) for n in names), key=lambda pair: pair[1])


# ---- builds ----

def dated(found, field, program=lambda name: True):
    """(date, field) of every run that noted both, in the order of the dates."""
    runs = [r for c in found["cases"].values() for n, p in c["programs"].items() if program(n) for r in p["runs"]]
    return sorted((r["date"], r[field]) for r in runs if "date" in r and field in r)


def same_program(a, b):
    """The checksum at the end tells; the tree may have moved on."""
    return a is not None and b is not None and a.split()[-1] == b.split()[-1]


def other_build(found, case):
    """What the runs of sheaf in a case say they are of, where that is not the latest build."""
    noted = dated(found, "build", ours)
    told = {r.get("build") for n, p in case["programs"].items() if ours(n) for r in p["runs"]}
    if not noted or all(same_program(b, noted[-1][1]) for b in told):
        return None
    return "; ".join(sorted(b or "build not noted" for b in told))


def made(found):
    """Lines: when, by which build, and which cases are of another."""
    dates, builds = dated(found, "date"), {}
    for date, build in dated(found, "build", ours):
        builds.setdefault(build.split()[-1], []).append((date, build))
    without = sum("date" not in r for c in found["cases"].values() for p in c["programs"].values() for r in p["runs"])
    when = f"{dates[0][0]} to {dates[-1][0]}" if dates else found.get("made", "a day not noted")
    unknown = f"; {without} runs without a note of date and build" if without and dates else ""
    count = "a build not noted." if not builds else "one build:"
    if len(builds) > 1:
        count = f"{len(builds)} builds, the latest last:"
    yield f"Runs of {when}{unknown}. sheaf's are of {count}"
    yield ""
    for runs in sorted(builds.values(), key=lambda runs: runs[-1]):
        yield f"- {runs[-1][1]}: {len(runs)} runs, {runs[0][0]} to {runs[-1][0]}"
    stale = [c["key"] for c in found["cases"].values() if c["programs"] and other_build(found, c)]
    if stale:
        yield f"- **not of the latest build alone**: {', '.join(stale)}"
    if builds:
        yield ""


def heading(found, case, text):
    other = other_build(found, case)
    marked = f"\nsheaf's runs are not all of the latest build: {other}.\n" if other else ""
    return f"### {case['corpus']}: {text}\n{marked}"


def inertia_of(case, program):
    runs = case["programs"][program]["runs"]
    return statistics.mean(r["inertia"] for r in runs) if runs else None


# ---- the quality that has to hold ----

def above(case):
    """sheaf's inertia over that of the best peer, less 1; on seeded runs over scikit-learn's on the same seeds."""
    mine = case["programs"].get("sheaf")
    if not mine or not mine["runs"]:
        return None
    if case["kind"] == "seeded":
        other = case["programs"].get("scikit-learn", {}).get("runs") or []
        n = min(len(other), len(mine["runs"]))
        return (statistics.mean(r["inertia"] for r in mine["runs"][:n])
                / statistics.mean(r["inertia"] for r in other[:n]) - 1) if n else None
    others = [first(p, "inertia") for n, p in case["programs"].items() if not ours(n) and p["runs"]]
    return first(mine, "inertia") / min(others) - 1 if others else None


def above_best(case):
    """As above(), on seeded runs too over the best of all peers, by the mean over the seeds that both have."""
    mine = case["programs"].get("sheaf", {}).get("runs") or []
    over = []
    for name, p in case["programs"].items():
        n = min(len(mine), len(p["runs"]))
        if n and not ours(name):
            a, b = (statistics.mean(r["inertia"] for r in runs[:n]) for runs in (mine, p["runs"]))
            over.append(a / b - 1)
    return (max(over) if case["kind"] == "seeded" else above(case)) if over else None


def seed_noise(case):
    """Two standard errors of the difference of the means, relative."""
    a, b = (case["programs"].get(n, {}).get("runs") or [] for n in ("sheaf", "scikit-learn"))
    if min(len(a), len(b)) < 3:
        return math.inf
    x, y = ([r["inertia"] for r in runs] for runs in (a, b))
    return 2 * math.sqrt(statistics.variance(x) / len(x) + statistics.variance(y) / len(y)) / statistics.mean(y)


def faults(found):
    """Lines that tell where sheaf's quality is below what is stated."""
    out = []
    for case in cases(found, "tfidf"):
        out += [f"{case['key']}: {n}: not scikit-learn's matrix" for n, p in case["programs"].items()
                if first(p, "equal") is False]
    for case in cases(found, "svd"):
        for name, bound in RESIDUAL.items():
            residual = first(case["programs"].get(name), "residual")
            if residual is not None and residual > bound:
                out.append(f"{case['key']}: {name}: residual {residual:.1e}, stated {bound:.0e}")
    for case in cases(found, "neighbours"):
        mine = case["programs"].get("sheaf")
        if first(mine, "right") not in (None, 1.0) or first(mine, "twice"):
            out.append(f"{case['key']}: not the nearest rows: {first(mine, 'right'):.6f} of the places are right")
    for kind in ("fixed", "converge", "seeded"):
        for case in cases(found, kind):
            over = above(case)
            bound = INERTIA[kind] if kind in INERTIA else seed_noise(case)
            if over is not None and over > bound:
                out.append(f"{case['key']}: inertia {over:+.2e} relative to that of the others, allowed {bound:.0e}")
    return out


# ---- the bars ----

def bar(text, asked, ratio, good=True, why="", note=""):
    """A row: what, asked, measured, met or by how much missed. good: whether the quality holds that the bar asks for, None
    where that is not shown; why: what is wrong with it or not shown; note: what else to say."""
    if ratio is None:
        return f"| {text} | {asked:g} | | not measured |"
    quality = "" if good else f"not shown: {why}" if good is None else why
    speed = f"missed: {ratio / asked:.2f} of it" if ratio < asked else "met" if good else ""
    met = ", ".join(part for part in (speed, (quality if speed or good is None else f"missed: {quality}"), note) if part)
    return f"| {text} | {asked:g} | {ratio:.1f} | {met} |"


def ratio(a, b):
    return a / b if a and b else None


def tfidf_bars(case):
    p = case["programs"]
    peer = seconds(p.get("scikit-learn"))
    for threads, asked in TFIDF_BAR.items():
        mine = p.get(f"sheaf, {threads} thread{'s' * (threads > 1)}")
        equal = first(mine, "equal")
        yield bar(f"{case['corpus']}: times scikit-learn's TfidfVectorizer, {threads} thread{'s' * (threads > 1)}", asked,
                  ratio(peer, seconds(mine)), equal, "same matrix" if equal is None else "not the same matrix")
    share = ratio(mean(p["scikit-learn"], "peak_mb") if peer else None,
                  max((mean(q, "peak_mb") for n, q in p.items() if ours(n) and "default" not in n and q["runs"]), default=None))
    yield bar(f"{case['corpus']}: scikit-learn's peak memory over sheaf's", 4, share)


def against(case, peer, asked, text):
    """The bar against one peer: by the fastest of sheaf's runs whose residual is smaller than the peer's."""
    p = case["programs"]
    bound, own = first(p.get(peer), "residual"), [n for n in p if ours(n) and p[n]["runs"]]
    known = {n: first(p[n], "residual") for n in own}
    smaller = [n for n in own if None not in (bound, known[n]) and known[n] < bound]
    used = min(smaller or own[:1], key=lambda n: seconds(p[n]), default="sheaf")
    residual = first(p.get(used), "residual")
    good = None if bound is None or residual is None else residual < bound
    shown = "residuals" if good is None else f"residual {residual:.1e} against {bound:.1e}"
    return bar(f"{case['corpus']}: times {text}, at a smaller residual ({used})", asked,
               ratio(seconds(p.get(peer)), seconds(p.get(used))), good, shown, shown if good else "")


def svd_bars(case):
    exact = case["programs"].get("sheaf, tol 1e-5")
    yield against(case, "scikit-learn TruncatedSVD, n_iter=5", 10, "TruncatedSVD(n_iter=5)")
    fastest = peers(case, lambda q: first(q, "residual") is not None and first(q, "residual") <= 1e-5)
    residual = first(exact, "residual")
    yield bar(f"{case['corpus']}: times the fastest peer with a residual of at most 1e-5"
              + (f" ({fastest[0][0]})" if fastest else ""), 6, ratio(fastest[0][1] if fastest else None, seconds(exact)),
              None if residual is None else residual <= 1e-5,
              "residual" if residual is None else f"residual {residual:.1e}")
    yield against(case, "gensim LsiModel", 20, "gensim")


def kmeans_bars(case, asked, text):
    """An inertia above the best peer's is told whatever its size; above what roundings or seeds account for, it misses."""
    fastest, over, note = peers(case), above_best(case), ""
    bound = INERTIA[case["kind"]] if case["kind"] in INERTIA else seed_noise(case)
    good = None if over is None or math.isinf(bound) else over <= bound
    if over is not None:
        # Sums in double over all rows and columns differ by less.
        note = "inertia equal" if abs(over) < 1e-12 else f"inertia {'above' if over > 0 else 'below'} by {abs(over):.1e}"
        note += f" (seeds: 2 standard errors {bound:.1e})" if case["kind"] == "seeded" and not math.isinf(bound) else ""
    why = "inertia" if over is None else "noise of the seeds" if good is None else f"inertia beyond the {bound:.0e} allowed"
    yield bar(f"{case['corpus']}, k = {case['k']}: times the fastest{text}" + (f" ({fastest[0][0]})" if fastest else ""),
              asked, ratio(fastest[0][1] if fastest else None, seconds(case["programs"].get("sheaf"))), good, why, note)


def neighbour_bars(case):
    """Against FAISS, which has to have found the same, and of the graph against scikit-learn."""
    mine = case["programs"].get("sheaf")
    right = first(mine, "right")
    good = None if right is None else right == 1 and not first(mine, "twice")
    for name, asked in NEIGHBOUR_BARS["graph" if case["label"] == "graph" else "queries"]:
        yield bar(f"{case['corpus']}, {case['k']} nearest, {case['label']}: times {name}", asked,
                  ratio(seconds(case["programs"].get(name)), seconds(mine)), good, "neighbours")


def bars(found):
    """Rows; a case whose runs of sheaf are not all of the latest build says so."""
    yield "| | asked | measured | |\n|---|---|---|---|"
    for case, row in bar_rows(found):
        yield f"{row[:-2]}, **of another build** |" if other_build(found, case) else row


def bar_rows(found):
    for case in cases(found, "tfidf"):
        yield from ((case, row) for row in tfidf_bars(case))
    for case in cases(found, "svd"):
        yield from ((case, row) for row in svd_bars(case))
    for case in cases(found, "fixed"):
        if case["k"] in FIXED_BAR:
            text = f", {case['iterations']} iterations"
            yield from ((case, row) for row in kmeans_bars(case, FIXED_BAR[case["k"]], text))
    for case in cases(found, "converge"):
        if case["k"] >= 100:
            yield from ((case, row) for row in kmeans_bars(case, CONVERGE_BAR, ", to convergence"))
    for case in cases(found, "seeded"):
        if case["k"] >= 100:
            yield from ((case, row) for row in kmeans_bars(case, SEEDED_BAR, ", seeding included, to convergence"))
    for case in cases(found, "neighbours"):
        yield from ((case, row) for row in neighbour_bars(case))


# ---- the tables ----

def cell(value, form):
    return "" if value is None else format(value, form)


def spread(program):
    values = [r["seconds"] for r in program["runs"]]
    return f"{min(values):.3g}-{max(values):.3g}" if len(values) > 1 else ""


def outcome(program):
    if program.get("stopped"):
        return f"stopped after {program['stopped'] // 60} min"
    return f"failed: {program['failed']}" if program.get("failed") else None


def table(case, heads, row):
    """heads: of the columns after seconds; row(name, program): their cells."""
    yield f"| | runs | seconds, median | least-most | over sheaf's | peak MB | {' | '.join(heads)} |"
    yield "|---" * (6 + len(heads)) + "|"
    mine = next((seconds(p) for n, p in case["programs"].items() if ours(n) and p["runs"]), None)
    for name, p in sorted(case["programs"].items(), key=lambda item: not ours(item[0])):
        bold = "**" if ours(name) else ""
        if not p["runs"]:
            if outcome(p):
                yield f"| {name} | 0 | {outcome(p)} |" + " |" * (3 + len(heads))
            continue
        yield (f"| {bold}{name}{bold} | {len(p['runs'])} | {seconds(p):.3f} | {spread(p)} | "
               f"{cell(ratio(seconds(p), mine), '.1f')} | {mean(p, 'peak_mb'):.0f} | "
               f"{' | '.join(row(name, p))} |")


def tfidf_tables(found):
    for case in cases(found, "tfidf"):
        any_run = next(p["runs"][0] for p in case["programs"].values() if p["runs"])
        yield heading(found, case, f"{any_run['docs']:,} documents, {any_run['bytes'] / 1e6:.0f} MB of text")

        def row(name, p):
            run = p["runs"][0]
            equal = "same, values within {:.0e}".format(run["difference"]) if run.get("equal") else \
                "DIFFERENT" if run.get("equal") is False else ""
            return (f"{run['bytes'] / 1e6 / seconds(p):.1f}", f"{mean(p, 'loaded_mb'):.0f}", f"{run['terms']:,}",
                    f"{run['nonzeros']:,}", equal)
        yield "\n".join(table(case, ("MB/s", "MB before", "terms", "nonzeros", "matrix, against scikit-learn's"), row)) + "\n"


def left_out(found, case):
    """Who was not run on this matrix, with what they took on the others."""
    names = [n for n in case.get("left_out", ()) if not case["programs"].get(n, {}).get("runs")]
    if not names:
        return ""
    told = []
    for name in names:
        took = [(c, seconds(c["programs"].get(name)), min((t for _, t in peers(c)), default=None))
                for c in cases(found, "svd")]
        told.append(name + "".join(f" ({c['corpus']}: {s:.1f} s, {s / best:.0f} times the fastest peer)"
                                   for c, s, best in took if s))
    return (f"Left out here, because on a matrix of this size they would run up to an hour each: {'; '.join(told)}. "
            "`--peers NAME` runs them none the less.\n")


def svd_tables(found):
    for case in cases(found, "svd"):
        yield heading(found, case, f"100 dimensions, {case['threads']} threads")

        def row(name, p):
            return (cell(first(p, "residual"), ".1e"), cell(first(p, "sigma_last"), ".4f"),
                    cell(first(p, "products"), ",d"))
        yield "\n".join(table(case, ("largest residual", "sigma_100", "products"), row)) + "\n"
        if left_out(found, case):
            yield left_out(found, case)


def kmeans_tables(found, kind):
    for case in sorted(cases(found, kind), key=lambda c: (c["corpus"], c["k"])):
        until = f"{case['iterations']} iterations" if kind == "fixed" else "until no label changes"
        yield heading(found, case, f"{case['rows']:,} x {case['dims']}, k = {case['k']}, {until}")
        others = [inertia_of(case, n) for n, p in case["programs"].items() if p["runs"] and not ours(n)]
        best = min(others) if others else None

        def row(name, p):
            steps, value = first(p, "iterations"), inertia_of(case, name)
            rate = 2e-9 * case["rows"] * case["dims"] * case["k"] * steps / seconds(p) if steps else None
            return (cell(steps, "d"), cell(rate, ".0f"), f"{value:.6g}",
                    f"{value / best - 1:+.1e}" if best else "")

        def seeded(name, p):
            values = [r["inertia"] for r in p["runs"]]
            return (cell(mean(p, "iterations"), ".0f"), f"{statistics.mean(values):.6g}",
                    f"{min(values):.6g}-{max(values):.6g}", f"{statistics.mean(values) / best - 1:+.1e}" if best else "")
        heads, of = (("inertia, mean", "least-most"), seeded) if kind == "seeded" else (("2ndk GFLOP/s", "inertia"), row)
        yield "\n".join(table(case, ("iterations", *heads, "against the best peer"), of)) + "\n"


def neighbour_tables(found):
    for case in cases(found, "neighbours"):
        yield heading(found, case, f"{case['label']}, {case['rows']:,} x {case['dims']}, {case['k']} nearest")

        def row(name, p):
            rate = 2e-9 * case["queries"] * case["rows"] * case["dims"] / seconds(p)
            return (cell(rate, ".0f"), cell(first(p, "right"), ".6f"),
                    cell(first(p, "same"), ".6f"), cell(first(p, "missed"), ".1e"))
        yield "\n".join(table(case, ("2nmd GFLOP/s", "right", "same rows", "score missed"), row)) + "\n"


def versions(found):
    """Program -> versions and BLAS."""
    out = {}
    for case in found["cases"].values():
        for name, p in case["programs"].items():
            if p.get("versions"):
                text = ", ".join(f"{k} {v}" for k, v in p["versions"].items() if k != "numpy")
                out[text] = "; ".join(b for b in p["blas"] if "numpy" not in b)
    return [f"- {text}: {pools}" for text, pools in sorted(out.items())]


def report(found):
    lines = ["# Stage by stage against others", "", "Made by", "",
             "    .venv-peers/bin/python bench/kernels.py --corpora DIR", "", *made(found),
             "Every run is a process of its own; only the call is timed, the input lies in memory. Peak MB: resident, from",
             "the start of the call on, program and input included. OPENBLAS_CORETYPE is not set, so that every OpenBLAS picks",
             "its kernels itself; FAISS's is older than the processor, and is told. sheaf and the others take turns. Medians, up",
             "to 7 runs: of peers of more than 10 s a run 3, of more than 60 s one.", "",
             "```", found["machine"], "```", "", *versions(found), "", "## The bars", "", *bars(found), ""]
    broken = faults(found)
    lines += ["Quality that has to hold: " + ("holds." if not broken else "BROKEN:"), *(f"- {line}" for line in broken), ""]
    if cases(found, "tfidf"):
        lines += ["## Text to TF-IDF", "", "Texts in memory; scikit-learn's `TfidfVectorizer()`, float32, which has no threads.",
                  "sheaf with scikit-learn's tokens (`--analyzer sklearn`), and its own analyser (Unicode words, stop words,",
                  "stems, terms in at least two documents) for its rate.", "", *tfidf_tables(found)]
    if cases(found, "svd"):
        lines += ["## Truncated SVD", "", "Of the sublinear TF-IDF matrix (English stop words, terms in at least 2 and at most half of the",
                  "documents), float32. Residual: the larger of max ||A v - sigma u|| and max ||A^T u - sigma v|| over sigma_1,",
                  "computed in double for all of them by `bench/judge.py`. sheaf's tolerance bounds its residual: 5e-3 by",
                  "default.", "", *svd_tables(found)]
    for kind, title, text in (
            ("fixed", "k-means, a given number of iterations", "Same first centres for all, nobody works on a sample. "),
            ("converge", "k-means to convergence", "Same first centres for all, all rows, tolerance 0. "
             "FAISS has no such test and runs as many iterations as scikit-learn needed. "),
            ("seeded", "k-means with seeding", "Every program picks its own first centres and runs to convergence on all rows. "
             "sheaf seeds (k-means++) and iterates first **on a sample of the rows** where they are many (8,192 rows or 256 a "
             "cluster, where that is more than 32,768 only 64 a cluster), the others seed on all rows: what counts is the final "
             "inertia on all rows, printed beside each time. FAISS runs as many iterations as scikit-learn took with the same "
             "seed; elkan and FAISS are left out at k = 1000 for their time, but for elkan where it was the faster above. Runs "
             "are seeds. sheaf's iterations are those on all rows. ")):
        if cases(found, kind):
            text += "Vectors: rows of U sigma of length 1. Inertia: of the labels, about the means of their clusters, in double. "
            text += "" if kind == "seeded" else "2ndk GFLOP/s counts the work of the plain algorithm: who prunes does less."
            lines += [f"## {title}", "", *textwrap.wrap(text, 120), "", *kmeans_tables(found, kind)]
    if cases(found, "neighbours"):
        text = ("By dot product, exact, of rows of U sigma of length 1; graph: of every row among the others. Scores are computed "
                "anew in double by `bench/judge.py` and held against those of another program's answer, sheaf's against "
                "FAISS's, the others' against sheaf's: right is the share of places where they are as high, up to the rounding "
                "of float sums; ties may go either way. 2nmd GFLOP/s counts every product of the plain algorithm; of the graph "
                "sheaf computes each once for both its rows.")
        lines += ["## Nearest neighbours", "", *textwrap.wrap(text, 120), "", *neighbour_tables(found)]
    return "\n".join(lines) + "\n"
