"""What was found, held against what is true: recall and precision of pairs, and the corpora with a truth of their own.
Prints and keeps counts and scores, never text.
"""
import csv
import json
import re
import statistics

import numpy as np

import exact

PATTERN = re.compile(r"\w+").findall


def rows_of(path):
    """A table that sheaf wrote, as dictionaries."""
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def counted(program, path):
    with open(path, encoding="utf-8") as f:
        return {"rows": sum(1 for _ in f) - program.startswith("sheaf")}


def numbers_of(path):
    """What a peer wrote: pairs of rows (2 x n), or single rows (1 x n)."""
    with open(path, encoding="ascii") as f:
        rows = [tuple(map(int, line.split("\t"))) for line in f]
    width = len(rows[0]) if rows else 2
    found = np.array(sorted(set(rows)), np.int64).reshape(-1, width).T
    return np.sort(found, axis=0) if width == 2 else found


def joined(n, a, b):
    """The lowest row that each row is connected to."""
    rep = np.arange(n)
    def top(i):
        while rep[i] != i:
            rep[i] = rep[rep[i]]
            i = rep[i]
        return i
    for x, y in zip(a, b):
        x, y = top(x), top(y)
        rep[max(x, y)] = min(x, y)
    return np.array([top(i) for i in range(n)])


def keys(n, a, b):
    return np.minimum(a, b) * n + np.maximum(a, b)


def sheaf_pairs(path, row):
    """a, b, whether identical, of the pairs that sheaf wrote."""
    rows = rows_of(path)
    a, b = (np.array([row[r[name]] for r in rows], np.int64) for name in ("id", "partner"))
    return np.minimum(a, b), np.maximum(a, b), np.array([r["kind"] == "identical" for r in rows], bool), rows


class Judge:
    """`sets` and the exact `pairs` at .3 and above, each of sheaf's words and of \\w+ ("pattern")."""
    def __init__(self, sets, pairs, threshold):
        self.sets, self.p, self.q = sets, *threshold
        self.true = {whose: self.at_least(whose, found, *threshold) for whose, found in pairs.items()}

    def at_least(self, whose, found, p, q):
        a, b, both = found
        size = self.sets[whose].sizes
        return found[:, q * both >= p * (size[a] + size[b] - both)]

    def about(self):
        return {whose: {"pairs": len(found[0]), "documents": len(np.unique(found[:2])),
                        "shingles": int(self.sets[whose].matrix.nnz)} for whose, found in self.true.items()}

    def planted(self, truth):
        """Whether the generator's own count of the pairs above the threshold is what brute force finds."""
        sets, n = self.sets["sheaf"], len(self.sets["sheaf"].ids)
        rows = [(sets.row[r["id_a"]], sets.row[r["id_b"]]) for r in truth if float(r["jaccard"]) >= self.p / self.q - 1e-6]
        a, b = np.array(rows, np.int64).T if rows else np.empty((2, 0), np.int64)
        known, found = set(keys(n, a, b).tolist()), set(keys(n, *self.true["sheaf"][:2]).tolist())
        return {"rows": len(truth), "above": len(known), "not_found": len(known - found), "others": len(found - known)}

    def quality(self, program, path):
        if "groups" in program:
            return counted(program, path)
        if not program.startswith("sheaf"):
            return self.score("pattern", numbers_of(path))
        a, b, identical, _ = sheaf_pairs(path, self.sets["sheaf"].row)
        return self.score("sheaf", np.stack([a, b]), joined(len(self.sets["sheaf"].ids), a[identical], b[identical]))

    def score(self, whose, found, rep=None, true=None, p=None):
        sets, true = self.sets[whose], self.true[whose] if true is None else true
        n, p = len(sets.ids), p or self.p
        if len(found) == 1:
            return of_documents(found[0], np.unique(true[:2]))
        rep = np.arange(n) if rep is None else rep
        a, b, both = true
        hit = (rep[a] == rep[b]) | np.isin(keys(n, rep[a], rep[b]), keys(n, rep[found[0]], rep[found[1]]))
        return {"pairs": found.shape[1], "true": len(a), "hit": int(hit.sum())} | self.parts(sets, true, hit) | {
            "right": self.right(sets, found, p)}

    def right(self, sets, found, p):
        both = sets.overlap(*found)
        return int((self.q * both >= p * (sets.sizes[found[0]] + sets.sizes[found[1]] - both)).sum())

    @staticmethod
    def parts(sets, true, hit):
        """Below .9 and from .9 on."""
        a, b, both = true
        high = 10 * both >= 9 * (sets.sizes[a] + sets.sizes[b] - both)
        return {"true_high": int(high.sum()), "hit_high": int((hit & high).sum())}


def of_documents(flagged, true):
    """Of a program that names no partners."""
    hit = int(np.isin(true, flagged).sum())
    return {"documents": len(flagged), "true": len(true), "hit": hit, "right": int(np.isin(flagged, true).sum())}


class Planted:
    """For a corpus too large for brute force here: the pairs that the generator planted are the truth (smaller corpora show
    that there are no others), and every pair that a program tells is counted anew from the two texts."""
    def __init__(self, path, truth, threshold):
        self.path, self.p, self.q = path, *threshold
        above = [r for r in truth if float(r["jaccard"]) >= self.p / self.q - 1e-6]
        self.true = {(int(r["id_a"][1:]), int(r["id_b"][1:])): float(r["jaccard"]) for r in above}
        self.rows, self.kept = len(truth), {}

    def about(self):
        return {"planted": {"pairs": len(self.true), "rows": self.rows}}

    def planted(self, truth):
        return None

    def shingles(self, wanted):
        missing = wanted - self.kept.keys()
        if missing:
            with open(self.path, "rb") as f:
                for number, line in enumerate(f):
                    if number in missing:
                        words = PATTERN(json.loads(line)["text"].lower())
                        self.kept[number] = frozenset(zip(words, words[1:], words[2:])) or frozenset([tuple(words)])
        return self.kept

    def quality(self, program, path):
        if "groups" in program:
            return counted(program, path)
        if program.startswith("sheaf"):
            rows = rows_of(path)
            found = {tuple(sorted((int(r["id"][1:]), int(r["partner"][1:])))) for r in rows}
        else:
            given = numbers_of(path)
            if len(given) == 1:
                return of_documents(given[0], np.unique(np.array(sorted(self.true), np.int64)))
            found = set(map(tuple, given.T.tolist()))
        of = self.shingles({i for pair in found for i in pair})
        right = sum(self.q * len(of[a] & of[b]) >= self.p * len(of[a] | of[b]) for a, b in found)
        high = {pair for pair, j in self.true.items() if j >= .9 - 1e-6}
        return {"pairs": len(found), "true": len(self.true), "hit": len(found & self.true.keys()), "right": right,
                "true_high": len(high), "hit_high": len(found & high)}


# ---- revised abstracts among others ----

def hidden_corpus(bench):
    """arxiv20 less the papers that are in arxiv_rev too, and arxiv_rev."""
    path = bench.work / "hidden.jsonl"
    revised = bench.corpus("arxiv_rev").read_bytes().splitlines(keepends=True)
    papers = {json.loads(line)["id"].split("@")[0] for line in revised}
    others = [line for line in bench.corpus("arxiv20").read_bytes().splitlines(keepends=True)
              if json.loads(line)["id"] not in papers]
    if not path.exists():
        path.write_bytes(b"".join(others + revised))
    return path, len(others), len(revised)


def hidden(bench):
    path, others, revised = hidden_corpus(bench)
    sets, pairs = bench.sets(path, "sheaf"), bench.exact_pairs(path, "sheaf", 3)
    judge = Judge({"sheaf": sets}, {"sheaf": pairs}, (3, 10))
    truth = [(sets.row[r["id_a"]], sets.row[r["id_b"]], float(r["jaccard"])) for r in bench.truth_of_revisions()]
    a, b = (np.array([t[i] for t in truth], np.int64) for i in (0, 1))
    stated, own = np.array([t[2] for t in truth]), sets.jaccard(a, b)
    n, out, rows = len(sets.ids), bench.work / "hidden.tsv", []
    for p in range(3, 10):
        told = bench.sheaf(path, "--threshold", f"0.{p}", "--containment", "off", "--emit", "pairs", "-f", "tsv", out=out)
        x, y, identical, _ = sheaf_pairs(out, sets.row)
        rep = joined(n, x[identical], y[identical])
        row = judge.score("sheaf", np.stack([x, y]), rep, judge.at_least("sheaf", pairs, p, 10), p)
        listed = (rep[a] == rep[b]) | np.isin(keys(n, rep[a], rep[b]), keys(n, rep[x], rep[y]))
        above = stated >= p / 10 - 5e-5
        row |= {"threshold": p / 10, "revisions": int(listed.sum()), "own_above": int((own >= p / 10 - 1e-12).sum()),
                "stated_above": int(above.sum()), "stated_found": int((listed & above).sum()),
                "seconds": told["seconds"], "peak_mb": told["peak_mb"]}
        rows.append(row)
    out.unlink()
    return {"documents": n, "others": others, "revised": revised, "pairs_of_truth": len(truth), "rows": rows,
            "apart": float(np.abs(own - stated).mean()), "most_apart": float(np.abs(own - stated).max())}


# ---- short answers: copied, revised, their own ----

CATEGORIES = ("non", "heavy", "light", "cut")


def area(low, high):
    """Under the ROC curve: the chance that one of `high` is above one of `low`, ties half."""
    low, high = np.asarray(low)[:, None], np.asarray(high)[None, :]
    return float(((high > low) + .5 * (high == low)).mean())


def clough(bench):
    path = bench.corpus("clough")
    with open(path, encoding="utf-8") as f:
        category = {row["id"]: row["category"] for row in map(json.loads, f)}
    answers, out = {i: c for i, c in category.items() if c in CATEGORIES}, bench.work / "clough.tsv"
    source = {i: "orig_" + i.rsplit("_", 1)[1] for i in answers}
    found = []
    for n in (1, 2, 3, 4, 5):
        bench.sheaf(path, "--threshold", "1", "--containment", "0.0001", "--shingle", n, "--emit", "pairs", "-f", "tsv", out=out)
        share = {}
        for r in rows_of(out):
            share[r["id"], r["partner"]] = float(r["id_in_partner"])
            share[r["partner"], r["id"]] = float(r["partner_in_id"])
        sets = exact.of_sheaf(bench.build / "bench/words", path, bench.work, n) if n < 4 else None
        scores = {c: sorted(share.get((i, source[i]), 0) for i in answers if answers[i] == c) for c in CATEGORIES}
        copied = [s for c in CATEGORIES[1:] for s in scores[c]]
        found.append({"shingle": n, "spread": {c: spread(s) for c, s in scores.items()},
                      "auc": {c: area(scores["non"], scores[c]) for c in CATEGORIES[1:]} | {
                          "copied": area(scores["non"], copied), "cut and light from heavy":
                          area(scores["heavy"], scores["light"] + scores["cut"])},
                      "difference": difference(sets, share, source)})
    out.unlink()
    return {"documents": {c: list(answers.values()).count(c) for c in CATEGORIES}, "rows": found}


def spread(values):
    quarters = statistics.quantiles(values, n=4, method="inclusive")
    return [min(values), *quarters, max(values)]


def difference(sets, share, source):
    """The largest between what sheaf told and the same counted by exact.py; None where that cannot count it."""
    if not sets:
        return None
    a, b = (np.array([sets.row[i] for i in side], np.int64) for side in (source.keys(), source.values()))
    own = sets.overlap(a, b) / sets.sizes[a]
    return float(max(abs(x - share.get(pair, 0)) for x, pair in zip(own, source.items())))


# ---- passages taken over ----

NOTHING = "none"
TAKEN = tuple(("--passages", str(n), "--emit", "passages") for n in (8, 12, 20)) + tuple(
    ("--containment", c, "--emit", "pairs") for c in ("0.8", "0.2", "0.05"))


def objects(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def ranges_of(rows, texts):
    """(a, b) -> the bytes of a and of b that the passages told for them cover; every pair told is there."""
    found = {}
    for r in rows:
        sides = found.setdefault((r["id"], r["partner"]), ([], []))
        for passage in r["passages"] if "passages" in r else [r]:
            for side, name in zip(sides, ("id", "partner")):
                if passage.get(f"{name}_bytes"):
                    side.append((passage[f"{name}_start"], passage[f"{name}_start"] + passage[f"{name}_bytes"]))
    return {pair: tuple(characters(side, texts[name]) for side, name in zip(sides, pair)) for pair, sides in found.items()}


def characters(ranges, text):
    """Of a text in bytes, those in any of the ranges."""
    total, end = 0, 0
    for low, high in sorted(ranges):
        total += len(text[max(low, end):max(high, end)].decode(errors="ignore"))
        end = max(end, high)
    return total


def others(told):
    """Pairs told that no row of the truth is about, by what the two documents are; each is there both ways."""
    found = dict.fromkeys(("two suspicious", "two sources", "suspicious and source"), 0)
    for a, b in told:
        sides = sum(i.startswith("suspicious") for i in (a, b))
        found["suspicious and source" if sides == 1 else "two suspicious" if sides else "two sources"] += 1
    return {kind: n // 2 for kind, n in found.items()}


def pan13(bench):
    path, out = bench.corpus("pan13"), bench.work / "pan13.jsonl.out"
    with open(path, encoding="utf-8") as f:
        texts = {row["id"]: row["text"].encode() for row in map(json.loads, f)}
    truth = {(r["suspicious"], r["source"]): (r["relation"], int(r["chars_in_suspicious"])) for r in bench.truth("pan13")}
    kinds, rows = sorted({kind for kind, _ in truth.values()} - {NOTHING}) + [NOTHING], []
    for options in TAKEN:
        told = bench.sheaf(path, *options, "-f", "jsonl", out=out)
        covered = {}
        for (a, b), (of_a, of_b) in ranges_of(objects(out), texts).items():
            covered[a, b], covered[b, a] = of_a, of_b
        row = {"options": " ".join(options), "kinds": {}, "seconds": told["seconds"], "peak_mb": told["peak_mb"]}
        for kind in kinds:
            pairs = {pair: chars for pair, (k, chars) in truth.items() if k == kind}
            found = [pair for pair in pairs if pair in covered]
            row["kinds"][kind] = {"pairs": len(pairs), "told": len(found), "characters": sum(pairs.values()),
                                  "covered": sum(min(covered[p], pairs[p]) for p in found),
                                  "told_characters": sum(covered[p] for p in found)}
        row["others"] = others(covered.keys() - truth.keys() - {(b, a) for a, b in truth})
        rows.append(row)
        print(f"pan13 {row['options']}: {told['seconds']:.2f} s", flush=True)
    out.unlink()
    return {"documents": len(texts), "rows": rows}


# ---- the sample corpus ----

SEEDS = ((), ("--containment", "off"), ("--containment", "0.5"), ("--containment", "0.2"), ("--threshold", "0.5"),
         ("--passages", "20", "--emit", "passages"), ("--passages", "8", "--emit", "passages"),
         ("--passages", "20", "--flood", "0", "--emit", "passages"))


def seeds(bench):
    folder, out = bench.root / "seeds", bench.work / "seeds.tsv"
    with open(folder / "duplicates.tsv", encoding="utf-8") as f:
        truth = {frozenset((r["id_a"], r["id_b"])): r["kind"] for r in csv.DictReader(f, delimiter="\t")}
    # The paragraph that 8 articles share is listed with the first of them: any two of them are a row.
    shared = {i for pair, kind in truth.items() if kind == "boilerplate" for i in pair}
    kinds = {kind: list(truth.values()).count(kind) for kind in dict.fromkeys(truth.values())}
    rows = []
    for options in SEEDS:
        emit = () if "--emit" in options else ("--emit", "pairs")
        bench.sheaf(folder / "articles", *options, *emit, "-f", "tsv", out=out)
        told = {frozenset((r["id"], r["partner"])) for r in rows_of(out)}
        found = {kind: sum(pair in told for pair, k in truth.items() if k == kind) for kind in kinds}
        others = sum(pair not in truth and not pair <= shared for pair in told)
        rows.append({"options": " ".join(options) or "(none)", "found": found, "others": others,
                     "boilerplate_others": sum(pair not in truth and pair <= shared for pair in told)})
    out.unlink()
    return {"kinds": kinds, "rows": rows}
