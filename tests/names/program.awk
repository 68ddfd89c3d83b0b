# The rows of names.tsv of some areas as a test program: a test case each, which compiles and runs what the row says.
# usage: awk -v areas='nn|F' -f program.awk names.tsv
BEGIN {
  FS = "\t"
  print "// Written by tests/names/program.awk from names.tsv.\n#include \"names.hpp\"\n"
}
/^#/ || $0 == "" { next }
NF < 3 || NF > 4 {
  printf "names.tsv:%d: expected area, spelling, statements, and what differs, separated by tabs\n", NR > "/dev/stderr"
  exit 1
}
$1 ~ "^(" areas ")$" && $3 != "" {
  name = $2
  gsub(/["\\]/, "\\\\&", name)
  printf "TEST_CASE_FIXTURE(Names, \"%s: %s\") {\n  %s\n}\n", $1, name, $3
}
