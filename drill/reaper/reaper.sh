#!/bin/sh
# Reads who has begun ("+ GROUP") and who has ended ("- GROUP"). When the pipe is closed, because the program has
# ended in whatever way, the process groups that are left are killed, and the folder $1 goes, unless it is to be kept
# ("keep").
trap '' HUP INT TERM
groups=' ' keep=
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="${groups%% "$group" *} ${groups#* "$group" }" ;;
    keep) keep=yes ;;
  esac
done
for group in $groups; do
  kill -s KILL -- "-$group" 2>/dev/null # -KILL -- is not understood by every sh
done
[ -n "$keep" ] || rm -rf -- "$1" || { sleep 1 && rm -rf -- "$1"; } # what was killed may have been writing to it
