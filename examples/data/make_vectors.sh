#!/usr/bin/env bash
# Writes the rows of a GloVe file whose words occur in reviews.tsv, numbers shortened to four significant digits.
# Usage: examples/data/make_vectors.sh glove.6B.100d.txt > examples/data/glove.reviews.100d.txt
set -euo pipefail
[ $# -eq 1 ] || { sed -n '2,3s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; }

# Words as in sentiment_classifier/corpus.hpp (tokenize): lower case, "don't" as "do" and "n't", '!' and '?' as words.
LC_ALL=C exec awk -v quote="'" '
  NR == FNR {
    text = tolower($0)
    sub(/^.*\t/, "", text)
    gsub(/[!?]/, " & ", text)
    gsub(/["#$%&()*+,.\/:;<=>@\\^_`{|}~[\]-]/, " ", text)
    count = split(text, words, " ")
    for (i = 1; i <= count; ++i) {
      word = words[i]
      gsub("^" quote "+|" quote "+$", "", word)
      if (match(word, "(n" quote "t|" quote "(s|m|d|re|ve|ll))$")) {
        needed[substr(word, RSTART)]
        word = substr(word, 1, RSTART - 1)
      }
      needed[word]
    }
    next
  }
  ($1 in needed) && !($1 in done) {
    done[$1]
    line = $1
    for (i = 2; i <= NF; ++i) line = line sprintf(" %.4g", $i)
    print line
  }
' "$(dirname "${BASH_SOURCE[0]}")/reviews.tsv" "$1"
