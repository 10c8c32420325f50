"""The tables of results/bench.md from what `sheaf bench --json` wrote.

    sheaf bench --json -o results/bench.json && python3 bench/bench_table.py results/bench.json > results/bench.md
"""
import json
import sys


def duration(seconds):
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def quality(row):
    return f"{row['quality']} {row['value']:.3g}" if row["quality"] else ""


def main(path):
    with open(path, encoding="utf-8") as f:
        found = json.load(f)
    machine = found["machine"]
    print(f"""# Kernels and stages, one run

Made {found['provenance']['date'][:10]} by `sheaf bench --json` (OPENBLAS_CORETYPE unset), everything in `bench.json`; this table by `bench/bench_table.py`.
Every row was verified before it was timed. Share: of what the machine's limits, measured in the same run, allow; a bound
errs low, so a share errs low too. Median of 7 and more; spread: between the quartiles, of the median.

{machine['processor']}, {machine['cores']} cores, {machine['compiler']}, {machine['BLAS']}, kernels {machine['kernels']}.

## Limits, all threads

| | | rate |
|---|---|---|""")
    for row in found["rows"]:
        if row["kind"] == "limit" and "1 thread" not in row["size"]:
            print(f"| {row['name']} | {row['size'].replace(', all threads', '')} | {row['rate']:.4g} {row['unit']} |")
    print("\n## Kernels and stages\n\n| | size | median | spread | rate | bound | share | quality |\n" + "|---" * 8 + "|")
    for row in found["rows"]:
        if row["kind"] != "limit":
            share = f"{row['share']:.2f}" if row["limit"] else ""
            print(f"| {row['name']} | {row['size'].replace(', all threads', '')} | {duration(row['median'])} | {row['spread'] * 100:.0f} % | "
                  f"{row['rate']:.4g} {row['unit']} | {row['limit']} | {share} | {quality(row)} |")


if __name__ == "__main__":
    main(sys.argv[1])
