#!/usr/bin/env python3
"""sheaf bench: what it prints, and what comparing with an earlier run answers. Usage: bench.py SHEAF [unittest arguments]"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

from run import environment

SHEAF = ""
NAMES = ["gram64", "dots", "seeding"]


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sheaf-bench-cli-")
        cls.addClassCleanup(cls.folder.cleanup)
        out, _ = cls.run_sheaf("bench", *NAMES, "--quick", "-t", "2", "--json", "-q")
        cls.base = json.loads(out)
        for row in cls.base["rows"]:
            row["spread"] = .02  # whatever load there is on the machine
        cls.write("base.json", cls.base)

    @classmethod
    def write(cls, name, what):
        with open(os.path.join(cls.folder.name, name), "w", encoding="utf-8") as f:
            json.dump(what, f)
        return name

    @classmethod
    def run_sheaf(cls, *arguments, code=0, env=None):
        p = subprocess.run([SHEAF, *arguments], cwd=cls.folder.name, env={**environment(SHEAF), **(env or {})},
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=900)
        if p.returncode != code:
            raise AssertionError((arguments, p.returncode, p.stderr.decode("utf-8", "replace")[-2000:]))
        return p.stdout.decode(), p.stderr.decode("utf-8", "replace")

    def doctored(self, name, change):
        copy = json.loads(json.dumps(self.base))
        for row in copy["rows"]:
            if row["kind"] != "limit":
                change(row)
        return self.write(name, copy)

    def compare(self, old, *more, code=0):
        out, err = self.run_sheaf("bench", "--measured", "base.json", "--compare", old, "--json", *more, code=code)
        return {(r["name"], r["size"]): r for r in json.loads(out)["rows"]} if out else {}, err

    def test_what_json_tells(self):
        self.assertEqual(self.base["schema"], "sheaf.bench/1")
        for key in "processor", "compiler", "build", "BLAS", "kernels", "threads", "L2 cache", "L3 cache":
            self.assertTrue(self.base["machine"][key], key)
        self.assertEqual(self.base["machine"]["threads"], "2")
        self.assertIn("sheaf bench gram64", self.base["provenance"]["command"])
        rows = [r for r in self.base["rows"] if r["kind"] != "limit"]
        self.assertEqual({r["name"] for r in rows}, set(NAMES))
        limits = {r["name"] for r in self.base["rows"] if r["kind"] == "limit"}
        self.assertEqual(limits, {"triad", "stream", "gather", "multiply-add", "sgemm", "file", "memchr"})
        for r in rows:
            self.assertEqual(r["verified"], 1)
            self.assertGreaterEqual(r["runs"], 7)
            self.assertLessEqual(r["min"], r["median"])

    def test_every_format_names_the_machine(self):
        machine = self.base["machine"]
        for form in "table", "tsv", "csv", "jsonl":
            out, _ = self.run_sheaf("bench", "--measured", "base.json", "-f", form)
            for key in "processor", "BLAS", "kernels", "threads":
                self.assertIn(machine[key], out, form)
        tsv = [line.split("\t") for line in self.run_sheaf("bench", "--measured", "base.json", "-f", "tsv")[0].splitlines()]
        self.assertEqual({len(line) for line in tsv}, {31})
        self.assertEqual(len(tsv) - 1, len(self.base["rows"]))

    def test_same_results_in_another_run(self):
        fixed = "kind", "name", "kernels", "size", "bytes", "flops", "quality", "value", "allowed", "verified"
        out, _ = self.run_sheaf("bench", *NAMES, "--quick", "-t", "1", "-f", "jsonl", "-q")
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([[r[f] for f in fixed] for r in rows], [[r[f] for f in fixed] for r in self.base["rows"]])

    def test_compared_with_itself(self):
        changes, err = self.compare("base.json")
        self.assertEqual({c["verdict"] for c in changes.values()}, {"same"})
        self.assertEqual({c["change"] for c in changes.values()}, {0})
        self.assertEqual(err, "")

    def test_slower_fails(self):
        old = self.doctored("fast.json", lambda r: r.update(median=r["median"] / 1.2, spread=.02))
        changes, err = self.compare(old, code=1)
        self.assertEqual({c["verdict"] for c in changes.values()}, {"slower"})
        for c in changes.values():
            self.assertAlmostEqual(c["change"], .2, places=3)
            self.assertTrue(c["low"] < .2 < c["high"])
        self.assertIn("20.0 % slower, more than 10.0 %", err)
        self.compare(old, "--fail-above", "25%")
        self.compare(old, "--fail-above", "15%", code=1)
        self.assertEqual(self.compare(old, "-q", code=1)[1], "")
        out, _ = self.run_sheaf("bench", "--measured", "base.json", "--compare", old, "-f", "table", code=1)
        self.assertIn("+20.0 %", out)
        self.assertIn("slower", out)

    def test_slower_within_the_noise_passes(self):
        old = self.doctored("noisy.json", lambda r: r.update(median=r["median"] / 1.2, spread=.5))
        changes, _ = self.compare(old)
        self.assertEqual({c["verdict"] for c in changes.values()}, {"same"})
        self.assertTrue(all(c["change"] > .19 and c["low"] < 0 for c in changes.values()))

    def test_faster_passes(self):
        old = self.doctored("slow.json", lambda r: r.update(median=r["median"] * 2))
        self.assertEqual({c["verdict"] for c in self.compare(old)[0].values()}, {"faster"})

    def test_what_was_lost_is_told(self):
        copy = json.loads(json.dumps(self.base))
        copy["rows"].append(dict(copy["rows"][-1], name="naming", size="7 documents"))
        copy["rows"].append(dict(copy["rows"][-1], name="terms"))
        changes, err = self.compare(self.write("more.json", copy))
        self.assertEqual({c["verdict"] for c in changes.values()}, {"same"})
        self.assertIn("of the earlier run 2 rows were not measured now: naming (7 documents) ...", err)

        def change(r):
            if r["name"] == "seeding":
                r["quality"] = "length"
        changes, err = self.compare(self.doctored("other_quality.json", change))
        self.assertEqual({c["verdict"] for c in changes.values()}, {"same"})
        self.assertRegex(err, r"the quality of [0-9]+ rows? is not compared: of seeding \(.*\) it was 'length'")
        self.assertIn("and is 'potential' now", err)

    def test_worse_quality_fails_however_fast(self):
        def change(r):
            r["median"] *= 2
            if r["quality"] == "potential":
                r["value"] *= .9
        changes, err = self.compare(self.doctored("better.json", change), code=1)
        self.assertEqual({k[0]: c["verdict"] for k, c in changes.items()},
                         {"gram64": "faster", "dots": "faster", "seeding": "worse"})
        self.assertIn("potential", err)

    def test_other_size_is_not_compared(self):
        def change(r):
            if r["name"] == "dots":
                r["size"] += " more"
        changes, _ = self.compare(self.doctored("sizes.json", change))
        self.assertEqual({k[0]: c["verdict"] for k, c in changes.items()},
                         {"gram64": "same", "dots": "not compared", "seeding": "same"})
        nothing = self.doctored("nothing.json", lambda r: r.update(size="x"))
        self.assertIn("nothing to compare", self.compare(nothing, code=2)[1])

    def test_other_machine_is_refused(self):
        for key, value in ("processor", "another"), ("threads", "64"), ("kernels", "plain"), ("build", "Other"):
            copy = json.loads(json.dumps(self.base))
            copy["machine"][key] = value
            name = self.write("other.json", copy)
            _, err = self.compare(name, code=2)
            self.assertIn(f"{key} {value} then, {self.base['machine'][key]} now", err)
            self.assertIn("--anyway", err)
            # Nothing can be measured without temporary files: the machine is looked at before.
            _, err = self.run_sheaf("bench", "gram64", "--quick", "-t", "2", "--compare", name,
                                    env={"TMPDIR": "/nonexistent"}, code=2)
            self.assertIn(f"{key} {value} then", err)
            self.run_sheaf("bench", "gram64", "--quick", "-t", "2", "--compare", name, "--anyway",
                           env={"TMPDIR": "/nonexistent"}, code=4)
            changes, err = self.compare(name, "--anyway")
            self.assertEqual({c["verdict"] for c in changes.values()}, {"same"})
            self.assertIn(f"{key} {value} then", err)

    def test_measured_and_compared_in_one(self):
        slow = self.doctored("slow.json", lambda r: r.update(median=1e3))
        out, _ = self.run_sheaf("bench", "gram64", "--quick", "-t", "2", "--compare", slow, "-f", "tsv", "-q")
        self.assertEqual([line.split("\t")[8] for line in out.splitlines()], ["verdict", "faster"])

    def test_temporary_folder(self):
        _, err = self.run_sheaf("bench", "gram64", "--quick", "-q", env={"TMPDIR": "/nonexistent"}, code=4)
        self.assertIn("cannot make a file in /nonexistent", err)
        own = os.path.join(self.folder.name, "tmp")
        os.mkdir(own)
        self.run_sheaf("bench", "read", "--quick", "-q", env={"TMPDIR": own})
        self.assertEqual(os.listdir(own), [])

    def test_own_documents(self):
        with open(os.path.join(self.folder.name, "own.jsonl"), "w", encoding="utf-8") as f:
            for i in range(200):
                words = " ".join(f"word{chr(97 + (i * j) % 23)}{chr(97 + j % 19)}" for j in range(40))
                f.write(json.dumps({"id": str(i), "text": words}) + "\n")
        out, _ = self.run_sheaf("bench", "words", "job", "--quick", "-q", "--input", "own.jsonl", "--dims", "5", "-k", "3",
                                "-f", "jsonl")
        rows = [json.loads(line) for line in out.splitlines()]
        sizes = [r["size"] for r in rows if r["kind"] == "stage"]
        self.assertEqual(len(sizes), 5)
        self.assertTrue(all(s.startswith("200 documents") for s in sizes), sizes)


if __name__ == "__main__":
    SHEAF = os.path.abspath(sys.argv.pop(1))
    unittest.main()
