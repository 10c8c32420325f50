#!/usr/bin/env python3
"""Properties of the program that no exact text can show: same bytes at any thread count and order of input, whole files
or none, pipes, terminals, interrupts, large and degenerate input. Usage: properties.py SHEAF [unittest arguments]"""
import json
import os
import pty
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import fixtures
from run import environment

SHEAF = ""
WORDS = [a + b for a in "ba de fi go ku la me ni po ra se ti vu wo xe zy".split() for b in
         "bar den fil gon kus lam mer nis pot rak sel tin vur wol xen zym".split()]


def text_of(i, theme, length=40):
    """Words of a theme mostly, from a stream that depends on i alone."""
    r = random.Random(i)
    own = WORDS[theme * 25:theme * 25 + 25]
    return " ".join(r.choice(own) if r.random() < .7 else r.choice(WORDS) for _ in range(length))


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="sheaf-properties-")
        self.addCleanup(self.folder.cleanup)
        fixtures.make(self.folder.name)

    def path(self, *parts):
        return os.path.join(self.folder.name, *parts)

    def sheaf(self, *arguments, code=0, env=None, **more):
        p = subprocess.run([SHEAF, *arguments], cwd=self.folder.name, env={**environment(SHEAF), **(env or {})},
                           stdin=more.pop("stdin", subprocess.DEVNULL), capture_output=True, timeout=900, **more)
        self.assertEqual(p.returncode, code, (arguments, p.stderr.decode("utf-8", "replace")[-2000:]))
        return p.stdout, p.stderr.decode("utf-8", "replace")

    def shell(self, command, env=None):
        return subprocess.run(["bash", "-c", command], cwd=self.folder.name, env={**environment(SHEAF), **(env or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=300)

    def write_jsonl(self, name, rows):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(r) + "\n" for r in rows)
        return name


class SameBytes(Case):
    VERBS = [("cluster", "-k", "5"), ("cluster", "--emit", "clusters", "-k", "5"), ("topics", "--dims", "8"),
             ("topics", "--dims", "8", "--emit", "documents"), ("info",), ("dups",), ("dups", "--emit", "pairs"),
             ("dups", "--emit", "dropped", "--linkage", "connected"), ("dups", "--passages", "8")]

    def rows(self, n=400):
        """Every seventh document is the one before it with another word, every eleventh its first half."""
        rows = [{"id": f"d{i}", "text": text_of(i, i % 6), "label": str(i % 6)} for i in range(n)]
        for i in range(1, n):
            words = rows[i - 1]["text"].split()
            if i % 7 == 0:
                rows[i]["text"] = " ".join(words[:-2] + ["other"] + words[-1:])
            elif i % 11 == 0:
                rows[i]["text"] = " ".join(words[:len(words) // 2])
        return rows

    def all_outputs(self, name, *more):
        return [self.sheaf(v[0], name, *v[1:], *more, "--json", "--no-provenance")[0] for v in self.VERBS]

    def test_thread_counts_and_order_of_lines(self):
        rows = self.rows()
        self.write_jsonl("all.jsonl", rows)
        want = self.all_outputs("all.jsonl", "-t", "1")
        for threads in "2", "7":
            self.assertEqual(self.all_outputs("all.jsonl", "-t", threads), want, threads)
        random.Random(5).shuffle(rows)
        self.write_jsonl("all.jsonl", rows)
        self.assertEqual(self.all_outputs("all.jsonl", "-t", "2"), want)

    def test_order_in_which_files_were_made(self):
        rows = self.rows(60)
        for name, order in ("forward", rows), ("backward", rows[::-1]):
            os.mkdir(self.path(name))
            for r in order:
                with open(self.path(name, r["id"] + ".txt"), "w", encoding="utf-8") as f:
                    f.write(r["text"])
        self.assertEqual(self.all_outputs("forward"), self.all_outputs("backward"))

    def test_seed_and_provenance(self):
        first, _ = self.sheaf("cluster", "docs", "--seed", "9", "--json", env={"SOURCE_DATE_EPOCH": "86400"})
        again, _ = self.sheaf("cluster", "docs", "--seed", "9", "--json", env={"SOURCE_DATE_EPOCH": "86400"})
        self.assertEqual(first, again)
        p = json.loads(first)["provenance"]
        self.assertEqual(p["date"], "1970-01-02T00:00:00Z")
        self.assertEqual(p["command"], "sheaf cluster docs --seed 9 --json")
        self.assertEqual(p["settings"]["seed"], 9)
        self.assertEqual(p["counts"]["documents"], 24)


class Files(Case):
    def leftovers(self):
        return [f for f in os.listdir(self.folder.name) if "tmp~" in f]

    def test_a_full_disk_is_exit_4(self):
        for verb in ("cluster", "docs"), ("topics", "docs"), ("info", "docs"), ("eval", "pred.tsv", "gold.tsv"):
            for target in (["-o", "/dev/full"], []):
                p = self.shell(f"sheaf {' '.join(verb)} -q {' '.join(target)} >/dev/full")
                self.assertEqual((p.returncode, p.stderr.decode()[:26]), (4, "sheaf: error: cannot write"), verb)
        self.assertEqual(self.shell("sheaf export docs -q -o /dev/full --to mtx").returncode, 4)

    def test_a_failed_write_keeps_the_old_file(self):
        with open(self.path("out.tsv"), "w") as f:
            f.write("old\n")
        self.write_jsonl("all.jsonl", ({"id": f"d{i}", "text": text_of(i, i % 4), "note": "x" * 900} for i in range(200)))
        p = self.shell("trap '' XFSZ; ulimit -f 16; sheaf cluster all.jsonl -q -o out.tsv")
        self.assertEqual(p.returncode, 4, p.stderr)
        self.assertIn(b"cannot write out.tsv: File too large", p.stderr)
        with open(self.path("out.tsv")) as f:
            self.assertEqual(f.read(), "old\n")
        self.assertEqual(self.leftovers(), [])

    def test_extension_decides_the_format(self):
        for name, begin in (("a.csv", b"id,cluster,"), ("a.tsv", b"id\tcluster\t"), ("a.jsonl", b'{"id":"'),
                            ("a.json", b'{"schema":"sheaf.cluster/1"'), ("a.dat", b"id\tcluster\t")):
            out, _ = self.sheaf("cluster", "docs.jsonl", "-q", "-o", name)
            self.assertEqual(out, b"")
            with open(self.path(name), "rb") as f:
                self.assertTrue(f.read().startswith(begin), name)
        self.assertEqual(self.leftovers(), [])

    def test_interrupt_leaves_no_file(self):
        self.write_jsonl("all.jsonl", ({"id": i, "text": text_of(i, i % 9, 300)} for i in range(20000)))
        for number in signal.SIGINT, signal.SIGTERM:
            p = subprocess.Popen([SHEAF, "cluster", "all.jsonl", "-o", "out.csv", "--starts", "2000"],
                                 cwd=self.folder.name, env=environment(SHEAF), stderr=subprocess.PIPE)
            time.sleep(1.5)
            self.assertIsNone(p.poll(), "over before the interrupt: make the input larger")
            asked = time.time()
            p.send_signal(number)
            _, err = p.communicate(timeout=60)
            self.assertEqual(p.returncode, -number, err)
            self.assertIn(b"sheaf: stopped\n", err)
            self.assertLess(time.time() - asked, 20)
            self.assertEqual([f for f in os.listdir(self.folder.name) if f.startswith("out")], [])
        p = self.shell("sheaf cluster all.jsonl --starts 2000 & p=$!; sleep 1.5; kill -TERM $p; wait $p; echo $?")
        self.assertEqual(p.stdout.split()[-1], b"143")


class Streams(Case):
    def test_pipes_end_quietly(self):
        self.write_jsonl("all.jsonl", ({"id": i, "text": text_of(i, i % 4), "note": "x" * 200} for i in range(2000)))
        p = self.shell("sheaf cluster all.jsonl -q | head -1; echo ${PIPESTATUS[0]}")
        self.assertEqual(p.stderr, b"")
        line, status = p.stdout.decode().splitlines()
        self.assertTrue(line.startswith("id\tcluster\tfit\tmargin\tsecond"))
        self.assertIn(status, ("0", "141"))

    def test_no_control_characters_off_the_terminal(self):
        for env in {}, {"NO_COLOR": "1"}, {"TERM": "xterm"}:
            out, err = self.sheaf("cluster", "docs", "-v", env=env)
            self.assertNotIn(b"\033", out)
            self.assertNotRegex(err, "[\r\033]")
        out, _ = self.sheaf("cluster", "docs", "-f", "table", "--color", "always")
        self.assertIn(b"\033[1m", out)
        out, _ = self.sheaf("cluster", "docs", "-f", "table", "--color", "always", "-o", "t.txt")
        with open(self.path("t.txt"), "rb") as f:
            self.assertNotIn(b"\033", f.read())

    def on_terminal(self, *arguments, env=None):
        """What a person sees, standard error included."""
        environ = {**environment(SHEAF), "TERM": "xterm", "COLUMNS": "100", **(env or {})}
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.folder.name)
            os.execve(SHEAF, [SHEAF, *arguments], environ)
        seen = b""
        while select.select([fd], [], [], 120)[0]:
            try:
                piece = os.read(fd, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        os.close(fd)
        _, status = os.waitpid(pid, 0)
        return seen.decode("utf-8", "replace"), os.waitstatus_to_exitcode(status)

    def test_a_terminal_gets_a_table(self):
        seen, code = self.on_terminal("cluster", "docs", "-k", "3")
        self.assertEqual(code, 0)
        self.assertRegex(seen, r"#  docs   fit  tightness  stability   covers   own  words that set it apart +most typical document")
        self.assertRegex(seen, r"(?m)^1     8  0\.")
        self.assertIn("Next: ", seen)
        self.assertRegex(seen, r"sheaf: [0-9.]+ s, \d+ threads?, peak \d+ MB")
        for line in seen.splitlines():
            self.assertLessEqual(len(re.sub("\033\\[[0-9;]*m", "", line)), 100, line)
        seen, code = self.on_terminal("cluster", "docs", "-k", "3", "-q")
        self.assertNotIn("sheaf:", seen)
        seen, _ = self.on_terminal("cluster", "docs", "-k", "3", "-q", env={"COLUMNS": "80"})  # words stay legible
        self.assertRegex(seen, r"#  docs   fit  tightness  stability   words that set it a\u2026 +most typical docume\u2026")

    def test_colour_at_a_terminal(self):
        escape = lambda **env: "\033[1m" in self.on_terminal("cluster", "docs", "-q", env=env)[0]
        self.assertTrue(escape())
        self.assertTrue(escape(NO_COLOR=""))
        self.assertFalse(escape(NO_COLOR="1"))
        self.assertFalse(escape(TERM="dumb"))
        self.assertTrue(escape(TERM="dumb", CLICOLOR_FORCE="1"))

    def test_progress_only_at_a_terminal(self):
        self.write_jsonl("all.jsonl", ({"id": i, "text": text_of(i, i % 9, 200)} for i in range(8000)))
        arguments = ("cluster", "all.jsonl", "--starts", "300", "-o", "o.tsv")
        seen, code = self.on_terminal(*arguments)
        self.assertEqual(code, 0)
        self.assertRegex(seen, r"\r\w[^\r]* MB\033\[K")
        for more, env in ((["-q"], {}), (["--no-progress"], {}), ([], {"CI": "1"}), ([], {"TERM": "dumb"})):
            seen, code = self.on_terminal(*arguments, *more, env=env)
            self.assertNotIn("\r", seen.replace("\r\n", "\n"))

    def test_overview(self):
        seen, code = self.on_terminal()
        self.assertEqual(code, 0)
        self.assertLessEqual(len(seen.splitlines()), 24)
        out, _ = self.sheaf(code=2)
        self.assertLessEqual(len(out.splitlines()), 24)

    def test_interrupts_while_waiting_for_input(self):
        for wait in 0, 1:
            p = subprocess.Popen([SHEAF, "cluster", "-"], env=environment(SHEAF), stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(1.5)
            p.send_signal(signal.SIGINT)
            if not wait:  # a second one ends at once, and without it a few seconds do
                time.sleep(.5)
                p.send_signal(signal.SIGINT)
            self.assertEqual(p.wait(timeout=10), -signal.SIGINT)
            for stream in p.stdin, p.stdout, p.stderr:
                stream.close()

    def test_standard_input(self):
        with open(self.path("docs.jsonl"), "rb") as f:
            piped, _ = self.sheaf("cluster", "-", "-q", stdin=f)
        self.assertEqual(piped, self.sheaf("cluster", "docs.jsonl", "-q")[0])


class Degenerate(Case):
    def test_one_large_document(self):
        with open(self.path("large.txt"), "w") as f:
            for i in range(50 * 1024 * 1024 // 80):
                f.write((WORDS[i % 256] + " " + WORDS[i * 7 % 256] + " ") * 6 + "w%d\n" % (i % 100000))
        self.assertGreater(os.path.getsize(self.path("large.txt")), 50e6)
        out, err = self.sheaf("cluster", "large.txt")
        self.assertIn("1 document makes one cluster", err)
        self.assertEqual(out.splitlines()[1].split(b"\t")[:2], [b"large.txt", b"1"])

    def test_many_one_word_documents(self):
        self.write_jsonl("words.jsonl", ({"id": i, "text": WORDS[i % 200]} for i in range(100000)))
        out, _ = self.sheaf("cluster", "words.jsonl", "-k", "20")
        self.assertEqual(len(out.splitlines()), 100001)
        self.write_jsonl("words.jsonl", ({"id": i, "text": "w" + "".join(chr(97 + int(c)) for c in str(i))}
                                         for i in range(100000)))
        _, err = self.sheaf("cluster", "words.jsonl", code=3)
        self.assertIn("no terms left of the 100000 words of 100000 documents", err)

    def test_k_above_the_number_of_documents(self):
        out, err = self.sheaf("cluster", "docs", "-k", "1000")
        clusters = {int(line.split(b"\t")[1]) for line in out.splitlines()[1:]}
        self.assertTrue(clusters <= set(range(1, 25)))
        self.assertEqual(max(clusters), len(clusters))
        self.assertRegex(err, "sheaf: note: .*1000")

    def test_hostile_ids_and_columns(self):
        rows = [{"id": "\033[31m" + str(i) + "\t\n\\\"</script>", "text": fixtures.sentence("river", i), "a\tb": "=1,2\"\n"}
                for i in range(12)]
        self.write_jsonl("bad.jsonl", rows)
        out, _ = self.sheaf("cluster", "bad.jsonl", "-k", "2", "-f", "jsonl")
        got = sorted(json.loads(line)["id"] for line in out.splitlines())
        self.assertEqual(got, sorted(r["id"] for r in rows))
        out, _ = self.sheaf("cluster", "bad.jsonl", "-k", "2")
        self.assertEqual(len(out.splitlines()), 13)
        self.assertEqual({line.count(b"\t") for line in out.splitlines()}, {6})
        out, _ = self.sheaf("cluster", "bad.jsonl", "-k", "2", "-f", "table")
        self.assertNotIn(b"\033", out)


class Matrices(Case):
    def test_export_and_names(self):
        for ending in "npz", "mtx", "svm":
            self.sheaf("export", "docs.jsonl", "-o", "m." + ending)
            with open(self.path(f"m.{ending}.rows.txt")) as f:
                rows = f.read().splitlines()
            with open(self.path(f"m.{ending}.cols.txt")) as f:
                self.assertIn("flood", f.read().splitlines())
            self.assertEqual(len(rows), 24)
        with open(self.path("m.svm")) as f:
            self.assertEqual({line.split()[0] for line in f}, {"0", "1", "2"})
        self.sheaf("export", "docs.jsonl", "-o", "c.dat", "--to", "mtx", "--what", "counts")
        with open(self.path("c.dat")) as f:
            values = {line.split()[2] for line in f.read().splitlines()[3:]}
        self.assertTrue(values <= {"1", "2", "3", "4"}, values)


class Help(Case):
    def test_every_option_parses_as_its_help_says(self):
        for verb in "cluster", "topics", "eval", "align", "info", "export", "bench", "doctor":
            out, _ = self.sheaf("help", verb)
            names = re.findall(r"(?m)^  (?:-\w, |    |)(--?[\w-]+)( [A-Z]\S*)?", out.decode())
            self.assertGreater(len(names), 8)
            for name, argument in names:
                if argument:  # no value: refused for that and nothing else
                    _, err = self.sheaf(verb, name, code=2)
                    self.assertIn(f"{name} needs a value", err)
                else:
                    self.sheaf(verb, name, "--help")
            self.assertLessEqual(max(len(line) for line in out.decode().splitlines()), 112)


if __name__ == "__main__":
    SHEAF = os.path.abspath(sys.argv.pop(1))
    unittest.main()
