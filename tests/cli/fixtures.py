"""The files that command-line cases run on; all text is made up here."""
import json
import os
import struct

THEMES = {
    "river": "river flood water bank bridge rain storm level rescue boat dam stream rising valley".split(),
    "music": "violin concert orchestra melody piano singer stage rhythm audience choir opera tune drum chord".split(),
    "bread": "flour oven dough yeast baker loaf crust butter kitchen recipe salt wheat rye pastry".split(),
}


def sentence(theme, i):
    """Twelve words of a theme; which ones depends on i alone. No word is in more than half of the documents."""
    words = THEMES[theme]
    return " ".join(words[(i * 5 + j * (1 + i % 3)) % len(words)] for j in range(12)) + "."


def documents(each=8):
    for theme in THEMES:
        for i in range(each):
            yield f"{theme}{i + 1}", theme, sentence(theme, i) + " " + sentence(theme, i + each)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode("utf-8"))


def made_up(first, n):
    """n words, no two the same within 420."""
    return ["bdfgklmnprstvz"[i % 14] + "aeiou"[i // 14 % 5] + "lmnrst"[i // 70 % 6] for i in range(first, first + n)]


def near_documents():
    """One text five times: as it is, spelled otherwise, with a word changed, cut short, and quoted; two others."""
    base = made_up(0, 60)
    changed = base[:30] + ["other"] + base[31:]
    yield "c1", "Herald", "2024-01-01T08:00", " ".join(base)
    yield "c2", "Gazette", "2024-01-01T10:30", ", ".join(base).upper() + "!"
    yield "c3", "Post", "2024-01-02", " ".join(changed)
    yield "c4", "Post", "2024-01-05", " ".join(base[:30])
    yield "d1", "Herald", "2024-01-03", " ".join(made_up(60, 60) + ["\u2013"] + base[10:35])
    yield "e1", "Gazette", "", " ".join(made_up(120, 60))
    yield "e2", "Gazette", "2024-01-04", " ".join(made_up(180, 60))


def npy(rows):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }\n" % (len(rows), len(rows[0]))
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + b"".join(
        struct.pack(f"<{len(row)}f", *row) for row in rows)


def make(folder):
    at = lambda *p: os.path.join(folder, *p)
    rows = list(documents())
    for name, theme, text in rows:
        write(at("docs", theme, name + ".txt"), text)
    write(at("docs.jsonl"), "".join(json.dumps({"id": n, "text": t, "label": l, "source": "made up"}) + "\n"
                                    for n, l, t in rows))
    write(at("docs.csv"), "id,headline,article_text,date,cluster\n" +
          "".join(f'{n},"About {l}, mostly",{t},2024-01-02,x\n' for n, l, t in rows))
    write(at("near.jsonl"), "".join(json.dumps({"id": n, "source": s, "date": d, "text": t}) + "\n"
                                    for n, s, d, t in near_documents()))
    write(at("gold.tsv"), "id\ttheme\n" + "".join(f"{n}\t{l}\n" for n, l, _ in rows))
    write(at("pred.tsv"), "id\tcluster\n" +
          "".join(f"{n}\t{1 + (i % 7 == 0) + 2 * (l == 'bread')}\n" for i, (n, l, _) in enumerate(rows)))
    write(at("two", "two.txt"), sentence("river", 1))
    write(at("two", "three.txt"), sentence("river", 2) + " " + sentence("music", 1))
    def count(letter, n):
        return " ".join(f"{letter}{i}" for i in range(n))
    piece, body = count("p", 12), count("x", 24)
    write(at("chain.jsonl"), "".join(json.dumps({"id": n, "text": t}) + "\n" for n, t in (
        ("p", piece), ("h1", f"{piece} {body} {count('y', 24)}"), ("h2", f"{piece} {body} {count('z', 24)}"))))
    ten = count("w", 10)
    write(at("turns.jsonl"), "".join(json.dumps({"id": n, "source": f, "text": t}) + "\n" for n, f, t in (
        ("a1b", "S1", ten), ("a2a", "S1", f"{ten} w0"), ("a3c", "S1", ten), ("b1d", "S3", f"{count('w', 9)} x"),
        ("c1e", "S3", f"{count('w', 9)} {count('q', 30)}"))))
    write(at("three.jsonl"), "".join(json.dumps({"id": n, "text": t}) + "\n" for n, _, t in rows[6:9]))
    write(at("one.txt"), sentence("bread", 1))
    # Vectors by which every second document of docs.jsonl belongs together, whatever its words; one hangs between.
    vectors = [(i % 2 == 0, i % 2 == 1, .01 * (i % 3)) for i in range(len(rows))]
    vectors[5] = (.8, .9, 0)
    write(at("vectors.npy"), npy(vectors))
    write(at("bad.npy"), npy(vectors[:4] + [(1, float("nan"), 0)] + vectors[5:]))
    write(at("reverse.npy"), npy(vectors[::-1]))
    write(at("reverse.ids"), "".join(f"{n}\n" for n, _, _ in rows[::-1]))
    os.makedirs(at("empty"))
    for i in range(4):
        write(at("blank", f"{i}.txt"), "")
        write(at("stop", f"{i}.txt"), "and the of it was not to be")
    for i in range(12):
        write(at("same", f"{i}.txt"), sentence("music", 3))
    write(at("mixed", "a.txt"), sentence("river", 1))
    write(at("mixed", "bad.txt"), sentence("river", 3).encode() + b" caf\xe9 bar")
    write(at("mixed", "c.txt"), sentence("bread", 4))
    write(at("mixed", "d.txt"), sentence("bread", 5))
    write(at("mixed", "empty.txt"), "")
    write(at("mixed", "noise.bin"), bytes(range(256)) * 8)
    write(at("broken.jsonl"), '{"id":"a","text":"flood river"}\n{"id":"b","text":"dough\x01 oven"}\n'
          '{"id":"c","text":"loaf oven"}\n{"id":"d","text":"river bank loaf"}\n{"id":"e","text":"bank"}\n')
    write(at("twice.jsonl"), '{"id":"a","text":"flood river"}\n{"id":"a","text":"dough oven"}\n')
    write(at("flags"), "# my usual flags\n--seed 3\n--threads=1\n\n-k 2\n-q\n")
