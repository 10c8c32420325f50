"""The corpus generator: determinism, the stated overlaps counted again, the frequency of words.

bench_generate.py GENERATE
"""
import collections
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

failures = []


def check(what, good):
    print(("ok      " if good else "FAILED  ") + what, flush=True)
    if not good:
        failures.append(what)


def generate(program, *options):
    return subprocess.run([program, *options], check=True, capture_output=True).stdout


def words(text):
    return re.findall(r"\w+", text.lower())


def trigrams(text):
    w = words(text)
    return set(zip(w, w[1:], w[2:]))


def determinism(program):
    small, large = generate(program, "docs=2000"), generate(program, "docs=4000")
    check("n documents are the first n of 2n", large.startswith(small))
    check("any range can be made alone", small + generate(program, "docs=2000", "first=2000") == large)
    check("another seed makes other documents", generate(program, "docs=2000", "seed=2") != small)


def truth(program, folder):
    jsonl, tsv = folder / "c.jsonl", folder / "c.tsv"
    generate(program, "docs=8000", "duplicates=.2", "contained=.1", "boilerplate=.2", f"out={jsonl}", f"truth={tsv}")
    text = {row["id"]: row["text"] for row in map(json.loads, jsonl.read_text(encoding="utf-8").splitlines())}
    header, *rows = [line.split("\t") for line in tsv.read_text().splitlines()]
    check("the truth has a header and the documents are all there",
          header == ["id_a", "id_b", "jaccard", "kind", "containment"] and len(text) == 8000)
    wrong, kinds, near = 0, collections.defaultdict(list), 0
    for a, b, jaccard, kind, containment in rows:
        x, y = trigrams(text[a]), trigrams(text[b])
        both = len(x & y)
        wrong += abs(both / len(x | y) - float(jaccard)) > 1e-6
        wrong += abs(both / min(len(x), len(y)) - float(containment)) > 1e-6
        kinds[kind].append((float(jaccard), float(containment)))
    check(f"overlaps of {len(rows)} pairs as counted from the texts", wrong == 0 and len(rows) > 1000)
    check("every kind is there", set(kinds) == {"same", "recased", "replaced", "inserted", "deleted", "reordered", "piece",
                                                "quote"})
    check("copies are the same", all(j == 1 for kind in ("same", "recased") for j, _ in kinds[kind]))
    check("pieces are contained", all(c == 1 for _, c in kinds["piece"]))
    for kind in ("replaced", "inserted", "deleted", "reordered"):
        found = [j for j, _ in kinds[kind]]
        near = sum(min(abs(j - t) for t in (.5, .6, .7, .8, .9, .95)) < .04 for j in found) / len(found)
        check(f"{kind}: {near:.2f} of them near the Jaccard aimed at, from {min(found):.2f} to {max(found):.2f}",
              near > .7 and min(found) < .55 and max(found) > .9)
    ids = [i for row in rows for i in row[:2]]
    check("no document is in two pairs", len(ids) == len(set(ids)))
    others = unrelated(text, set(ids))
    check(f"documents of no pair overlap little: at most {others:.3f}", others < .2)


def unrelated(text, paired):
    """The largest Jaccard of two documents of which one is in no pair, through the trigrams they share."""
    where = collections.defaultdict(list)
    sets = {i: trigrams(t) for i, t in list(text.items())[:3000]}
    for i, s in sets.items():
        for t in s:
            where[t].append(i)
    shared = collections.Counter((a, b) for ids in where.values() if len(ids) < 60
                                 for n, a in enumerate(ids) for b in ids[:n] if not (a in paired and b in paired))
    return max(len(sets[a] & sets[b]) / len(sets[a] | sets[b]) for (a, b), n in shared.most_common(2000))


def frequencies(program):
    rows = [json.loads(line) for line in generate(program, "docs=10000", "duplicates=0", "contained=0").splitlines()]
    count = collections.Counter(w for row in rows for w in words(row["text"]))
    ranked = [n for _, n in count.most_common()]
    points = [(math.log(r + 2.7), math.log(ranked[r - 1])) for r in (100, 200, 400, 800, 1600, 3200, 6400)]
    mx, my = (sum(c) / len(points) for c in zip(*points))
    slope = sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)
    # The mixture of topics keeps the curve but for blocks of topics x subjects ranks that share one probability.
    check(f"Zipf: slope {slope:.3f} of 7 points between ranks 100 and 6,400, made with -1.07", abs(slope + 1.07) < .08)
    length = sum(count.values()) / len(rows)
    check(f"mean length {length:.1f} words, 100 and the boilerplate asked for", 97 < length < 105)
    classes = collections.Counter(row["label"] for row in rows)
    check("20 topics, none more than three times another",
          len(classes) == 20 and max(classes.values()) < 3 * min(classes.values()))


def faults(program):
    for bad in ("docs=x", "colour=red", "seed", "topics=0", "vocabulary=1000"):
        done = subprocess.run([program, bad], capture_output=True)
        check(f"{bad} is refused", done.returncode != 0 and done.stderr and not done.stdout)
    done = subprocess.run([program, "out=/nowhere/x"], capture_output=True)
    check("a file that cannot be written is an error", done.returncode == 4)


def main():
    program = sys.argv[1]
    determinism(program)
    with tempfile.TemporaryDirectory() as tmp:
        truth(program, pathlib.Path(tmp))
    frequencies(program)
    faults(program)
    print(f"{len(failures)} failed")
    return 1 if failures else 0


sys.exit(main())
