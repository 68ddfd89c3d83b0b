#!/usr/bin/env bash
# The example's classifier as a user runs it: trained, saved, predicting, evaluated, interrupted, and given bad files.
# Usage: tests/scripts/sentiment_classifier.sh SENTIMENT_CLASSIFIER PREDICT      the two programs
set -euo pipefail
classifier=$1 predict=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
# expect_error PATTERN COMMAND...: exit code 2, and a message that matches
expect_error() {
  local pattern=$1 code=0
  shift
  "$@" >out.txt 2>err.txt </dev/null || code=$?
  [ $code = 2 ] || fail "exit code $code instead of 2: $*: $(cat err.txt)"
  grep -qE -- "$pattern" err.txt || fail "expected an error that matches '$pattern', got: $(cat err.txt)"
}

# Three classes of any text, one of them with a quotation mark, told apart by their words.
adjectives=(lovely bright splendid kind warm)
for i in $(seq 60); do
  noun=noun$((i % 7)) adjective=${adjectives[i % 5]}
  printf '%s\t%s\n' 'très bien' "the $noun is $adjective and good!" 'not "so" good' "the $noun isn't $adjective, it is bad" \
    3 "which $noun arrives at noon?"
done >data.tsv

"$classifier" train --data data.tsv --hidden 8 --epochs 6 --lr 0.05 --threads 1 --save model.safetensors >train.txt
grep -q '^Saved in model.safetensors: .* words, 3 classes$' train.txt || fail "train --save did not say what it saved"
"$classifier" train --data data.tsv --hidden 8 --epochs 6 --lr 0.05 --threads 2 --save again.safetensors >/dev/null
cmp model.safetensors again.safetensors || fail "the file depends on the number of threads"
for encoder in lstm gru cnn attention; do
  "$classifier" train --data data.tsv --model $encoder --hidden 4 --layers 2 --epochs 1 --save $encoder.safetensors >/dev/null
  "$classifier" predict --model $encoder.safetensors data.tsv | cut -f1,2 >one.txt
  "$predict" $encoder.safetensors <data.tsv | cut -f1,2 | cmp - one.txt || fail "$encoder: predict.cpp answers otherwise"
done

# Nothing of training is in the small program, as far as names tell; they are in the large one.
if command -v nm >/dev/null; then
  training='rowgrad::(optim|data)::|rowgrad::cross_entropy'
  nm -C "$classifier" | grep -cE "$training" >/dev/null || fail "nm does not show what is linked"
  nm -C "$predict" >names.txt
  if grep -E "$training" names.txt >&2; then fail "predict links what only training needs"; fi
fi

# The saved model answers as the one in memory does, however it is asked.
cut -f2 data.tsv | head -n 20 >lines.txt
"$classifier" train --data data.tsv --hidden 8 --epochs 6 --lr 0.05 --predict lines.txt | tail -n 20 >in_memory.txt
"$classifier" predict --model model.safetensors lines.txt | diff - in_memory.txt || fail "the saved model answers otherwise"
"$classifier" predict --model model.safetensors - <lines.txt | diff - in_memory.txt || fail "'-' is answered otherwise"
"$classifier" predict --model model.safetensors <lines.txt | diff - in_memory.txt || fail "a pipe is answered otherwise"
"$predict" model.safetensors <lines.txt | diff - in_memory.txt || fail "predict.cpp answers otherwise"

"$classifier" predict --model model.safetensors --top 2 lines.txt | awk -F'\t' '
  { split($2, a, "="); split($3, b, "="); if (NF != 4 || a[1] != $1 || a[2] < b[2]) exit 1 }' || fail "--top 2"
"$classifier" predict --model model.safetensors --probabilities lines.txt | awk -F'\t' '
  { sum = 0; for (i = 2; i < NF; ++i) { sub(/.*=/, "", $i); sum += $i } if (NF != 5 || sum < 0.999 || sum > 1.001) exit 1 }' ||
  fail "--probabilities"
if command -v python3 >/dev/null; then
  printf 'the "kind" \\ noun1\tis good\nbytes \xff\xc3(\n\n' >odd.txt
  "$classifier" predict --model model.safetensors --json --probabilities --logits odd.txt 2>/dev/null >answers.json
  python3 - <<'P' || fail "--json"
import json, math
answers = [json.loads(line) for line in open("answers.json", encoding="utf-8")]
assert [a["text"] for a in answers] == ['the "kind" \\ noun1\tis good', "bytes \ufffd\ufffd(", ""], answers
for a in answers:
    assert sorted(a["probabilities"]) == sorted(a["logits"]) == ["3", 'not "so" good', "très bien"], a
    assert math.isclose(sum(a["probabilities"].values()), 1, abs_tol=1e-6), a
    total = sum(math.exp(x) for x in a["logits"].values())
    assert all(abs(math.exp(a["logits"][c]) / total - p) < 1e-6 for c, p in a["probabilities"].items()), a
    assert a["probability"] == a["probabilities"][a["class"]] == max(a["probabilities"].values()), a
assert [(a["words"], a["known_words"]) for a in answers] == [(5, 5), (2, 0), (0, 0)], answers
P
fi

# evaluate counts what predict says.
"$classifier" evaluate --model model.safetensors --data data.tsv >evaluated.txt
right=$(paste <(cut -f1 data.tsv) <("$classifier" predict --model model.safetensors <(cut -f2 data.tsv) | cut -f1) |
  awk -F'\t' '$1 == $2 { ++n } END { printf "%.4f", n / NR }')
grep -q "^accuracy $right$" evaluated.txt || fail "evaluate: expected accuracy $right, got $(cat evaluated.txt)"
printf 'label\ttext\n3\tlovely and good\n3\twhich noun1 arrives?\ntrès bien\tgood!\n' >few.tsv
"$classifier" evaluate --model model.safetensors --data few.tsv 2>err.txt >few.txt
grep -q header err.txt || fail "evaluate: the header was not noticed"
# Of class 3 one of two is found, and what is found is right; of the other half of what is said to be good is.
grep -qE '^ +3 +1\.0000 +0\.5000 +0\.6667 +2$' few.txt && grep -qE 'très bien +0\.5000 +1\.0000 +0\.6667 +1$' few.txt ||
  fail "evaluate: expected other figures than $(cat few.txt)"
# Rows are true classes: class 3 is found once, and taken for "très bien" once.
grep -A 4 '^Confusion matrix' few.txt | awk '$1 == "3" && !/not/ { rows = $2 " " $3 " " $4 } END { exit rows != "1 0 1" }' ||
  fail "evaluate: expected another confusion matrix than $(cat few.txt)"
for i in $(seq 400); do printf 'class %d	word%d
' $((i % 101)) $((i % 101)); done >classes.tsv
"$classifier" train --data classes.tsv --epochs 1 --save classes.safetensors >/dev/null
"$classifier" evaluate --model classes.safetensors --data classes.tsv | grep -q '^Most frequent mistakes' || fail "101 classes"

"$classifier" info --model lstm.safetensors >info.txt
grep -qE '^encoder +lstm$' info.txt && grep -qE '^layers +2$' info.txt && grep -q 'encoder.lstm.weight_hh_l1_reverse' info.txt ||
  fail "info lacks what the model is"

# Ctrl-C keeps the best epoch so far.
set -m
"$classifier" train --data data.tsv --hidden 8 --epochs 1000000 --save stopped.safetensors >stopped.txt &
for _ in $(seq 600); do
  if grep -qE '^ +3  ' stopped.txt; then break; fi
  sleep 0.1
done
kill -INT $!
wait $! || fail "exit code $? after Ctrl-C"
set +m
grep -q '^Interrupted' stopped.txt && grep -q '^Saved in stopped' stopped.txt || fail "Ctrl-C did not save: $(cat stopped.txt)"
"$classifier" predict --model stopped.safetensors lines.txt >/dev/null

# Files that will not do are named, with what was expected.
expect_error "no-such-file" "$classifier" predict --model no-such-file
size=$(stat -c %s model.safetensors)
for cut in 0 7 100 $((size / 2)) $((size - 1)); do
  head -c "$cut" model.safetensors >cut.safetensors
  expect_error "cut.safetensors" "$classifier" predict --model cut.safetensors lines.txt
  if "$predict" cut.safetensors <lines.txt >/dev/null 2>err.txt; then fail "predict.cpp took a file cut at $cut"; fi
  grep -q "cut.safetensors" err.txt || fail "predict.cpp does not name the file: $(cat err.txt)"
done
cp data.tsv text.safetensors
expect_error "text.safetensors" "$classifier" evaluate --model text.safetensors --data data.tsv
changed() { LC_ALL=C sed "s/$1/$2/" model.safetensors >changed.safetensors; }
changed '"kind":"text' '"kind":"Text'
expect_error "changed.safetensors: expected a model that sentiment_classifier has saved" "$classifier" info --model changed.safetensors
changed '"version":"1"' '"version":"2"'
expect_error "changed.safetensors: expected version 1, got 2" "$classifier" info --model changed.safetensors
changed '"encoder":"mean"' '"encoder":"lstm"'
expect_error "changed.safetensors: .*'encoder.lstm.weight_ih_l0'" "$classifier" info --model changed.safetensors
changed '"encoder":"mean"' '"encoder":"none"'
expect_error "'encoder': expected mean, lstm" "$classifier" info --model changed.safetensors
changed '"hidden":"8"' '"hidden":"9"'
expect_error "'encoder.fc.weight' has shape \(8, 100\), expected \(9, 100\)" "$classifier" info --model changed.safetensors
changed '"output.bias"' '"output.bios"'
expect_error "missing: 'output.bias'" "$classifier" info --model changed.safetensors
changed 'noun1' 'noun2'
expect_error "tensor 'words' has \"noun2\" twice" "$classifier" info --model changed.safetensors
changed '<pad>' '<p\nd>'
expect_error "'embedding.weight' has shape .*expected one row for each" "$classifier" info --model changed.safetensors
printf '4\tgood\n' >other.tsv
expect_error "other.tsv:1: .*\"4\" is not one of the classes" "$classifier" evaluate --model model.safetensors --data other.tsv
expect_error "--save: no file can be written in 'no/such'" "$classifier" train --data data.tsv --save no/such/model.safetensors
expect_error "--save: '.' is a folder" "$classifier" train --data data.tsv --save .
expect_error "--threads" "$classifier" predict --model model.safetensors --threads 0
echo "sentiment_classifier: trained, saved, asked, evaluated, interrupted: all as expected"
