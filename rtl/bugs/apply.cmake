# SPDX-License-Identifier: Apache-2.0
#
# Writes a copy of the RTL with one seeded bug applied for good, for simulators without a selector:
#   cmake -DBUG=T81 -DFORMAT=alpha -DOUT=/tmp/t81 -P rtl/bugs/apply.cmake
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/KilburnBugs.cmake)
cmake_path(SET rtl NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/..)
file(STRINGS ${rtl}/files.f files REGEX "^[^#]")
list(TRANSFORM files PREPEND ${rtl})
kilburn_seed_bugs(${OUT} ${CMAKE_CURRENT_LIST_DIR} ${FORMAT} "${files}" "${BUG}" copies)
file(COPY ${rtl}/files.f DESTINATION ${OUT})
