# SPDX-License-Identifier: Apache-2.0
#
# A hash that grows, sorted.
use strict;
my %group;
$group{$_ * 7919 % 211} .= "x$_," for 1 .. 1500;
print join(" ", map { "$_:" . length $group{$_} } sort { $a <=> $b } keys %group), "\n";
