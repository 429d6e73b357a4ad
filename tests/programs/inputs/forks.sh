# SPDX-License-Identifier: Apache-2.0
#
# Children of children, each on copies of its parent's pages.
n=0
while [ $n -lt 12 ]; do
  n=$((n + 1))
  x=$(echo "$x$n"; (y=$n$n; echo $y))
done
echo $x
