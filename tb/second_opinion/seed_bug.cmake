# SPDX-License-Identifier: Apache-2.0
#
# A copy of one MMU's sources with one seeded bug for good, as rtl/bugs/apply.cmake makes it of the large one:
#   cmake -DRTL=rtl -DBUGS=rtl/small/bugs "-DFILES=a.sv;b.sv" -DBUG=RSP-ID -DFORMAT=alpha -DOUT=folder -P seed_bug.cmake
cmake_minimum_required(VERSION 3.25)
include(${RTL}/bugs/KilburnBugs.cmake)
kilburn_seed_bugs(${OUT} ${BUGS} ${FORMAT} "${FILES}" "${BUG}" copies)
