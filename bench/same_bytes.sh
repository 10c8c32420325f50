#!/usr/bin/env bash
# The same bytes at any number of threads and any order of the input, with both of Debian's OpenBLAS builds.
#
#   bench/same_bytes.sh CORPORA_DIR > results/same-bytes.md
#
# For each corpus and build: SHA-256 of the result of `sheaf cluster` at -t 1, 2 and 7, with the lines of the input
# as they are and shuffled. Exit 1 if two of one build differ.
set -euo pipefail
corpora=${1:?usage: same_bytes.sh CORPORA_DIR}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sheaf=build/release/sheaf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
libs=/usr/lib/$(gcc -print-multiarch)
differ=0

echo "# The same bytes"
echo
echo "Made $(date +%F) by \`bench/same_bytes.sh CORPORA\`: SHA-256 (first 16 digits) of the result of"
echo '`sheaf cluster CORPUS.jsonl -k K -q -t T -f jsonl`, input lines in order and shuffled. Two builds may differ from each other.'
echo
echo '```'
LD_LIBRARY_PATH=$libs/openblas-pthread "$sheaf" doctor
LD_LIBRARY_PATH=$libs/openblas-openmp "$sheaf" doctor | grep -i blas
echo '```'
echo
echo "| corpus | k | OpenBLAS | -t 1 | -t 2 | -t 7 | -t 2, shuffled | same |"
echo "|---|---|---|---|---|---|---|---|"
while read -r name k; do
    gzip -dc "$corpora/$name.jsonl.gz" > "$work/in.jsonl"
    shuf --random-source=<(yes) "$work/in.jsonl" > "$work/shuffled.jsonl"
    for build in pthread openmp; do
        hashes=()
        for run in "1 in" "2 in" "7 in" "2 shuffled"; do
            read -r t file <<< "$run"
            hashes+=("$(LD_LIBRARY_PATH=$libs/openblas-$build "$sheaf" cluster "$work/$file.jsonl" -k "$k" -q -t "$t" \
                        -f jsonl | sha256sum | cut -c1-16)")
        done
        same=yes
        [ "$(printf '%s\n' "${hashes[@]}" | sort -u | wc -l)" -eq 1 ] || { same=NO; differ=1; }
        printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$name" "$k" "$build" "${hashes[@]}" "$same"
    done
done << 'END'
bbc 5
r8 8
r52 52
20ng 20
arxiv20 20
gnad10_test 9
zh_news4 4
END
exit $differ
