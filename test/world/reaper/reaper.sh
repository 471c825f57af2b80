#!/bin/sh
# Reads who has begun ("+ GROUP") and who has ended ("- GROUP"). When nobody can write any more, because the drill has
# ended in whatever way, the process groups that are left are killed, and the folder $1, of sockets, goes.
trap '' HUP INT TERM
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="${groups%% "$group" *} ${groups#* "$group" }" ;;
  esac
done
for group in $groups; do
  kill -s KILL -- "-$group" 2>/dev/null # -KILL -- is not understood by every sh
done
rm -rf -- "$1"
