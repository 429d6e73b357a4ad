# SPDX-License-Identifier: Apache-2.0
#
# The product of two matrices, kept in an array.
set n 10
for {set i 0} {$i < $n} {incr i} {
  for {set j 0} {$j < $n} {incr j} {
    set a($i,$j) [expr {$i * $j % 7}]
    set b($i,$j) [expr {($i + $j) % 5}]
  }
}
set sum 0
for {set i 0} {$i < $n} {incr i} {
  for {set j 0} {$j < $n} {incr j} {
    for {set k 0} {$k < $n} {incr k} { incr sum [expr {$a($i,$k) * $b($k,$j)}] }
  }
}
puts $sum
