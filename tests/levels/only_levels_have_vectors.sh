#!/usr/bin/env bash
# Fails where code of a portable build outside of the levels' namespaces uses instructions that x86-64-v2 has not: then
# the linker kept a higher level's copy of a shared function (cmake/levels.cmake). Fails too where a level has none of
# its instructions, since then nothing was looked at.
#   only_levels_have_vectors.sh FILE...      programs and shared libraries, not stripped
set -euo pipefail

# Names are mangled here: a namespace v3 is "2v3". AVX and later ones have mnemonics with a v; BMI, LZCNT and MOVBE have
# those listed. A clone (.isra.0, .constprop.1) is called by its own object alone.
look='
  /^[0-9a-f]+ <.*>:$/ {
    name = substr($2, 2, length($2) - 3)
    level = match(name, /[^0-9]2v[234]/) ? substr(name, RSTART + 2, 2) : ""
    next
  }
  level == "" && name !~ /\.(isra|constprop|part)\./ && $2 ~ /^(v[a-z0-9]+|andn|bextr|bls[a-z]+|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|lzcnt|movbe)$/ && $2 !~ /^ver[rw]$/ {
    if (!seen[name]++) print name " has " $2
    bad = 1
  }
  level == "v3" && /%ymm/ {v3 = 1}
  level == "v4" && /%zmm/ {v4 = 1}
  END {
    if (!v3 || !v4) {print "no vector code of v3 or of v4 is here"; bad = 1}
    exit bad
  }'

objdump -d --no-show-raw-insn "$@" | awk "$look"
