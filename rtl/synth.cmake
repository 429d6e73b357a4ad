# SPDX-License-Identifier: Apache-2.0
#
# Synthesizes mmu.sv with Yosys, prints its cells, and checks rule R1 on the netlist:
#   cmake -DFORMAT=0 -DI_ENTRIES=16 -DD_ENTRIES=32 [-DRTL=folder] -P rtl/synth.cmake
cmake_minimum_required(VERSION 3.25)
if(NOT RTL)
  set(RTL ${CMAKE_CURRENT_LIST_DIR})
endif()
find_program(YOSYS yosys)
if(NOT YOSYS)
  message(FATAL_ERROR "yosys is not installed: synthesis not checked")
endif()
file(STRINGS ${RTL}/files.f files REGEX "^[^#]")
list(JOIN files " " files)

# R1: no output is reached from an input without passing a register. Then generic gates; -noabc, because the
# numbers are for comparison between versions and abc takes most of the time.
set(registers "\$dff,\$dffe,\$sdff,\$sdffe,\$sdffce")
execute_process(WORKING_DIRECTORY ${RTL} COMMAND_ERROR_IS_FATAL ANY COMMAND ${YOSYS} -q -p "
  read_verilog -sv ${files}
  chparam -set Format ${FORMAT} -set IEntries ${I_ENTRIES} -set DEntries ${D_ENTRIES} mmu
  hierarchy -check -top mmu
  proc; flatten; opt; memory -nomap; memory_map; opt_clean
  cd mmu
  select -assert-min 20 o:*
  select -assert-none i:* %coe*:-${registers} i:* %d o:* %i
  select -clear
  cd ..
  synth -top mmu -noabc
  check -assert
  select -assert-none t:$_DLATCH*_ t:$dlatch
  tee -o /dev/stdout stat")
