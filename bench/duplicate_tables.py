"""Tables and pictures of what bench/duplicates.py found, and what in it is below what is stated."""
import json
import math
import statistics

import curves

COMMAND = ".venv-peers/bin/python bench/duplicates.py --corpora DIR"
BARS = {"datasketch": 30, "datasketch, as its guide shows": 30, "text-dedup": 30, "rensa": 5}
OURS = "sheaf, 2 threads"


def middle(kept, field="seconds"):
    return statistics.median(r[field] for r in kept["runs"]) if kept and kept.get("runs") else None


def extent(kept, field="seconds"):
    values = [r[field] for r in kept["runs"]]
    digits = 3 if max(values) < 1 else 2 if max(values) < 100 else 0
    return f"{min(values):.{digits}f}-{max(values):.{digits}f} ({len(values)})" if len(values) > 1 else "one run"


def seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def share(part, whole):
    """Never rounded up to 1."""
    if not whole:
        return "-"
    return "1" if part == whole else f"{math.floor(part / whole * 1e4) / 1e4:.4f}"


# ---- time, memory, recall, precision ----

def quality_cells(q):
    if not q:
        return ["", "", "", "", ""]
    if "documents" in q:
        return [f"{q['documents']:,} documents", share(q["hit"], q["true"]) + " of documents", "", "",
                share(q["right"], q["documents"]) + " of documents"]
    if "pairs" not in q:
        return [f"{q['rows']:,} rows", "", "", "", ""]
    low = share(q["hit"] - q["hit_high"], q["true"] - q["true_high"])
    return [f"{q['pairs']:,}", share(q["hit"], q["true"]), low, share(q["hit_high"], q["true_high"]),
            share(q["right"], q["pairs"])]


def time_rows(case):
    ours = case["programs"].get(OURS)
    yield ("| program | s | least-most (runs) | of it imports | peak MB | times sheaf's time | times sheaf's memory | pairs | "
           "recall | of .8 to .9 | of .9 to 1 | precision |")
    yield "|---" * 12 + "|"
    for program, kept in sorted(case["programs"].items(), key=lambda item: not item[0].startswith("sheaf")):
        if not kept["runs"]:
            why = (f"not run: about {kept['not_run']:.0f} minutes by extrapolation" if kept.get("not_run") else
                   "stopped after 60 minutes" if kept.get("stopped") else f"failed: {kept.get('failed', 'no run')}")
            yield f"| {program} | {why} |" + " |" * 10
            continue
        s, mb, imports = middle(kept), middle(kept, "peak_mb"), kept["runs"][0].get("imports")
        times = [f"{s / middle(ours):.1f}", f"{mb / middle(ours, 'peak_mb'):.1f}"] if ours and ours["runs"] else ["", ""]
        cells = [program, seconds(s), extent(kept), "" if imports is None else f"{imports:.2f}", f"{mb:.0f}", *times,
                 *quality_cells(kept.get("quality"))]
        yield "| " + " | ".join(cells) + " |"


def exact_line(case):
    known = case.get("exact")
    if not known:
        return ""
    if "planted" in known:
        return (f"Truth: the {known['planted']['pairs']:,} planted pairs at .8 and above. Precision: each pair told, counted anew "
                "from the two texts.")
    line = (f"Pairs at .8 and above by brute force: {known['sheaf']['pairs']:,} over sheaf's words, "
            f"{known['pattern']['pairs']:,} over `\\w+`; each program is judged by the sets it compares.")
    planted = case.get("planted")
    if planted:
        line += (f" Planted: {planted['rows']:,} rows, {planted['above']:,} at .8 and above, of which brute force misses "
                 f"{planted['not_found']}; it finds {planted['others']} others.")
    return line


def time_part(cases):
    names = [c for key, c in cases.items() if key.startswith("time/")]
    if not names:
        return []
    lines = ["## Time, memory, recall, precision", "",
             "From a JSONL file on disk to a file of pairs at Jaccard .8 of the sets of word trigrams; whole processes, on 2",
             "threads or processes. Recall and precision count pairs of documents; of documents that are identical sheaf tells",
             "one, which stands for all in other pairs. text-dedup verifies what it found, and tells clusters: all pairs within",
             "them count. The others tell candidates that nobody has verified. \"sheaf dups FILE\" is the command without options:",
             "groups, containment too.", ""]
    for case in names:
        lines += [f"### {case['corpus']}, {case['bytes'] / 1e6:.0f} MB", "", exact_line(case), "", *time_rows(case), ""]
    return lines + ["Asked for: at least 30 times datasketch and text-dedup, 5 times rensa, less memory than any, recall 1.",
                    *bars(names), ""]


def bars(names):
    yield ""
    yield "| corpus | than | asked | faster by | memory, share | |"
    yield "|---|---|---|---|---|---|"
    for case in names:
        ours = case["programs"].get(OURS)
        for program, kept in case["programs"].items():
            if program.startswith("sheaf") or not kept["runs"] or not ours or not ours["runs"]:
                continue
            asked, times = BARS.get(program), middle(kept) / middle(ours)
            memory = middle(ours, "peak_mb") / middle(kept, "peak_mb")
            met = (asked is None or times >= asked) and memory < 1
            yield (f"| {case['corpus']} | {program} | {asked or ''} | {times:.1f} | {memory:.2f} | "
                   f"{'reached' if met else 'not reached'} |")


# ---- the corpora with a truth ----

def hidden_part(case):
    if not case:
        return []
    lines = ["## Revised abstracts hidden among others", "",
             f"arxiv_rev ({case['revised']:,} abstracts, {case['pairs_of_truth']:,} papers a year apart) in arxiv20 less the papers that",
             f"are in both ({case['others']:,} abstracts). `sheaf dups FILE --threshold T --containment off --emit pairs`, all pairs held",
             "against brute force over sheaf's own shingles; beside it what the truth file says of the revisions, whose Jaccard",
             f"is that of `\\w+` (on average {case['apart']:.4f} from sheaf's, at most {case['most_apart']:.3f}).", "",
             "| T | pairs by brute force | told | recall | precision | revisions told | with own Jaccard >= T | with `\\w+` Jaccard "
             ">= T | of these told | s | peak MB |", "|---" * 11 + "|"]
    for r in case["rows"]:
        lines.append(f"| {r['threshold']} | {r['true']:,} | {r['pairs']:,} | {share(r['hit'], r['true'])} | "
                     f"{share(r['right'], r['pairs'])} | {r['revisions']:,} | {r['own_above']:,} | {r['stated_above']:,} | "
                     f"{share(r['stated_found'], r['stated_above'])} | {r['seconds']:.2f} | {r['peak_mb']:.0f} |")
    return lines + [""]


def clough_part(case):
    if not case:
        return []
    counts = ", ".join(f"{n} {c}" for c, n in case["documents"].items())
    lines = ["## Copied, revised, own (clough)", "",
             f"Share of an answer's shingles that the source of its task holds; {counts}. `sheaf dups FILE --threshold 1",
             "--containment 0.0001 --shingle W --emit pairs`. AUC: the chance that an answer of one kind has a larger share than one",
             "written without the source.", "",
             "| words a shingle | category | least | quartile | median | quartile | most | AUC against non |", "|---" * 8 + "|"]
    for r in case["rows"]:
        for c, five in r["spread"].items():
            auc = f"{r['auc'][c]:.4f}" if c in r["auc"] else ""
            lines.append(f"| {r['shingle']} | {c} | " + " | ".join(f"{v:.3f}" for v in five) + f" | {auc} |")
        lines.append(f"| {r['shingle']} | all copied | | | | | | {r['auc']['copied']:.4f} |")
        lines.append(f"| {r['shingle']} | cut and light, against heavy | | | | | | {r['auc']['cut and light from heavy']:.4f} |")
    largest = max((r["difference"] for r in case["rows"] if r["difference"] is not None), default=None)
    if largest is not None:
        lines += ["", f"Shares are told with 4 digits, cut off. Largest difference from the same counted apart: {largest:.1e}."]
    return lines + [""]


def pan13_part(case):
    if not case:
        return []
    lines = ["## Passages taken over (pan13)", "",
             f"{case['documents']:,} documents; of each kind the share of the pairs of which something is told, and of the characters of",
             "the suspicious documents that the truth counts in passages, how many lie in passages told for the pair (no pair counts",
             "for more than it has). For `none`, pairs told that have nothing in common by the truth. It says nothing of other",
             "pairs: those told are counted below, as neither right nor wrong.", "",
             "| options | s | peak MB | kind | pairs | told | share | characters | covered | share | chars told per pair |",
             "|---" * 11 + "|"]
    for r in case["rows"]:
        for i, (kind, k) in enumerate(r["kinds"].items()):
            first = [f"`{r['options']}`", f"{r['seconds']:.2f}", f"{r['peak_mb']:.0f}"] if i == 0 else ["", "", ""]
            covered = [f"{k['characters']:,}", f"{k['covered']:,}", share(k["covered"], k["characters"])] if k["characters"] else ["", "", ""]
            each = f"{k['told_characters'] / k['told']:.0f}" if k["told"] else ""
            lines.append("| " + " | ".join([*first, kind, f"{k['pairs']:,}", f"{k['told']:,}", share(k["told"], k["pairs"]),
                                            *covered, each]) + " |")
        for kind, n in r["others"].items():
            lines.append(f"| | | | in no row: {kind} | | {n:,} | | | | | |")
    return lines + [""]


def seeds_part(case):
    if not case:
        return []
    lines = ["## The sample corpus (seeds/)", "", "Rows of `duplicates.tsv` found, by kind, and pairs told that are in none of its rows.", "",
             "| options | " + " | ".join(f"{k} ({n})" for k, n in case["kinds"].items()) + " | others |",
             "|---" * (len(case["kinds"]) + 2) + "|"]
    for r in case["rows"]:
        lines.append(f"| `{r['options']}` | " + " | ".join(str(r["found"][k]) for k in case["kinds"]) + f" | {r['others']} |")
    return lines + [""]


# ---- time as documents grow ----

def curve_rows(cases, kind):
    return sorted((c for key, c in cases.items() if key.startswith(f"curve/{kind}/")), key=lambda c: c["docs"])


def slope(rows, program):
    points = [(math.log(r["docs"]), math.log(middle(r["programs"][program]))) for r in rows
              if r["programs"].get(program, {}).get("runs")]
    if len(points) < 2:
        return None
    mx, my = (sum(c) / len(points) for c in zip(*points))
    return sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)


TITLES = {"natural": "abstracts (arxiv20, evenly thinned)",
          "templates": "forms: seven words in ten of every document come from one of 8 templates (generate templates=.7)"}


def curve_part(cases, picture):
    lines = []
    for kind, title in TITLES.items():
        rows = curve_rows(cases, kind)
        if not rows:
            continue
        names = list(dict.fromkeys(p for r in rows for p in r["programs"]))
        lines += [f"### {title[0].upper() + title[1:]}", "",
                  "| documents | MB | " + " | ".join(f"s {p} | peak MB" for p in names) + " | us a document, sheaf |",
                  "|---" * (3 + 2 * len(names)) + "|"]
        for r in rows:
            cells = []
            for p in names:
                kept = r["programs"].get(p)
                cells += [seconds(middle(kept)), f"{middle(kept, 'peak_mb'):.0f}"] if middle(kept) else ["", ""]
            ours = middle(r["programs"].get(OURS))
            lines.append(f"| {r['docs']:,} | {r['bytes'] / 1e6:.0f} | " + " | ".join(cells) +
                         (f" | {ours / r['docs'] * 1e6:.1f} |" if ours else " | |"))
        told = [f"{p} {slope(rows, p):.2f}, {slope(rows[-2:], p) or 0:.2f}" for p in names if slope(rows, p) is not None]
        lines += ["", "Time grows as documents to the power of (1: in proportion; over all sizes, between the last two): "
                  + "; ".join(told) + ".", ""]
    return (["## Time as documents grow", "", *lines] + ([f"![time]({picture})", ""] if picture else [])) if lines else []


def plot(cases, folder):
    """Seconds and peak memory, logarithmic. The bytes are a function of the figures alone."""
    kinds = [k for k in TITLES if len(curve_rows(cases, k)) > 1]
    if not kinds:
        return None
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "sheaf", "svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif"})
    from matplotlib import pyplot, ticker
    figure, grid = pyplot.subplots(len(kinds), 2, figsize=(7, 2.6 * len(kinds)), layout="constrained", squeeze=False)
    styles = {OURS: ("o-", "#1b6ca8"), "sheaf dups FILE (groups)": ("^-", "#6ca81b"), "rensa": ("s--", "#888")}
    for axes, kind in zip(grid, kinds):
        rows = curve_rows(cases, kind)
        for axis, field, label in zip(axes, ("seconds", "peak_mb"), ("seconds", "peak memory, MB")):
            for program, (style, color) in styles.items():
                points = [(r["docs"], middle(r["programs"][program], field)) for r in rows
                          if r["programs"].get(program, {}).get("runs")]
                if points:
                    axis.plot(*zip(*points), style, label=program, markersize=4, color=color)
            last = middle(rows[-1]["programs"].get(OURS), field)
            if last:
                axis.plot([r["docs"] for r in rows], [last * r["docs"] / rows[-1]["docs"] for r in rows], ":", color="#bbb",
                          label="in proportion", linewidth=1)
            axis.set(xscale="log", yscale="log", xlabel=f"documents, {'abstracts' if kind == 'natural' else 'forms'}", ylabel=label)
            axis.set_xticks([r["docs"] for r in rows], [curves.short(r["docs"]) for r in rows])
            axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
            for side in (axis.xaxis, axis.yaxis):
                side.set_minor_locator(ticker.NullLocator())
            axis.grid(True, color="#eee")
    grid[0][0].legend(frameon=False, fontsize=7)
    path = folder / "duplicates-curve.svg"
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    curves.trim(path)
    return path.name


# ---- all of it ----

def builds(cases):
    runs = [r for c in cases.values() for p in c.get("programs", {}).values() for r in p["runs"]] + \
           [c for c in cases.values() if "programs" not in c]
    dates = sorted(r["date"] for r in runs if "date" in r)
    made = sorted({r["build"] for r in runs if r.get("build")})
    return (f"{dates[0]} to {dates[-1]}" if dates else "not yet"), made


def versions(cases):
    found = {}
    for c in cases.values():
        for p in c.get("programs", {}).values():
            for r in p["runs"]:
                found |= r.get("versions", {})
    return ", ".join(f"{name} {v}" for name, v in sorted(found.items()))


def report(found, folder):
    cases = found["cases"]
    when, made = builds(cases)
    lines = ["# Near-duplicates", "", f"Made {when} by", "", f"    {COMMAND}", "",
             "How it is measured and what the others are given: `bench/README.md`, `bench/peers/`. Medians; a run is a process.", "",
             "```", found.get("machine", ""), *(f"build\t{m}" for m in made), f"peers\t{versions(cases)}", "```", ""]
    lines += time_part(cases) + curve_part(cases, plot(cases, folder))
    for name, part in (("hidden", hidden_part), ("clough", clough_part), ("pan13", pan13_part), ("seeds", seeds_part)):
        lines += part(cases.get(name))
    return "\n".join(lines).rstrip("\n") + "\n"


def faults(found):
    """Whatever is not exact."""
    out = []
    for key, case in found["cases"].items():
        checked = [(f"{key} {p}", kept["quality"]) for p, kept in case.get("programs", {}).items()
                   if p.startswith("sheaf") and "true" in kept.get("quality", {})]
        if key == "hidden":
            checked += [(f"{key} {r['threshold']}", r) for r in case["rows"]]
        for name, q in checked:
            if q["hit"] < q["true"]:
                out.append(f"{name}: {q['true'] - q['hit']} of {q['true']} pairs missing")
            if q["right"] < q["pairs"]:
                out.append(f"{name}: {q['pairs'] - q['right']} of {q['pairs']} pairs below the threshold")
        planted = case.get("planted") or {}
        if planted.get("not_found") or planted.get("others"):
            out.append(f"{key}: planted pairs and brute force differ: {json.dumps(planted)}")
    return out
