#!/usr/bin/env bash
# Runs a program and compares its standard output with a file, word by word. A number with a fraction may differ by
# TOLERANCE (0.0005): the last digits of a training run depend on the processor. What follows "loss", "accuracy", "cosine"
# or "recall@10" may differ by 0.03: of a whole data set, a few samples may go the other way. What is below 1e-6 may
# differ by a part of itself.
# Usage: tests/scripts/compare_output.sh EXPECTED PROGRAM [argument...]      UPDATE=1: writes EXPECTED instead
set -euo pipefail
expected=$1
shift
output=$(mktemp)
trap 'rm -f "$output"' EXIT
"$@" >"$output" </dev/null || { echo "FAILED: $* ended with exit code $?" >&2; exit 1; }
if [ -n "${UPDATE:-}" ]; then
  cp "$output" "$expected"
  exit
fi
LC_ALL=C awk -v tolerance="${TOLERANCE:-0.0005}" '
  function words(line, into) {  # brackets and commas apart, so that "(0.5," holds a number
    gsub(/[][(),;:]/, " & ", line)
    return split(line, into, " ")
  }
  function is_number(word) { return word ~ /^[-+]?[0-9]+\.[0-9]*(e[-+]?[0-9]+)?%?$/ }
  function measured(what) { return what == "loss" || what == "accuracy" || what == "recall@10" || what == "cosine" }
  function size(x) { return x + 0 < 0 ? -x : x + 0 }
  function limit(a, before) { return measured(before) ? 0.03 : tolerance * (a + 0 && size(a) < 1e-6 ? size(a) : 1) }
  function near(a, b, within) { return a + 0 <= b + within && b + 0 <= a + within }
  function fail(why) {
    printf "FAILED: line %d: %s\n  expected: %s\n  got:      %s\n", FNR, why, want, $0 > "/dev/stderr"
    failed = 1
    exit 1
  }
  NR == FNR { lines[FNR] = $0; count = FNR; next }
  {
    want = lines[++got]
    if (got > count) fail("more lines than expected")
    n = words(want, a)
    if (words($0, b) != n) fail("other words")
    for (i = 1; i <= n; ++i)
      if (a[i] != b[i] &&
          !(is_number(a[i]) && is_number(b[i]) && near(a[i], b[i], limit(a[i], i > 1 ? a[i - 1] : ""))))
        fail("\"" b[i] "\" instead of \"" a[i] "\"")
  }
  END { if (!failed && got < count) { printf "FAILED: ended after line %d of %d\n", got, count > "/dev/stderr"; exit 1 } }
' "$expected" "$output"
