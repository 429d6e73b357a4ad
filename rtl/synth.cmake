# SPDX-License-Identifier: Apache-2.0
#
# Synthesizes mmu.sv with Yosys, checks rule R1 on the netlist, prints cells, flip-flops and memory bits, and with
# REPORT the longest path and a mapping to LUTs of four inputs too:
#   cmake -DFORMAT=0 [-DPARAMETERS="IEntries=16 DEntries=32 ..."] [-DREPORT=1] [-DRTL=folder] -P rtl/synth.cmake
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
set(chparam "-set Format ${FORMAT}")
separate_arguments(PARAMETERS UNIX_COMMAND "${PARAMETERS}")
foreach(parameter IN LISTS PARAMETERS)
  string(REPLACE "=" " " parameter "${parameter}")
  string(APPEND chparam " -set ${parameter}")
endforeach()
set(report "")
if(REPORT)
  # ltp: the longest path in generic gates between registers and memories; then four-input LUTs
  set(report "
  tee -o /dev/stdout ltp -noff
  abc -fast -lut 4
  opt_clean
  tee -o /dev/stdout stat")
endif()

# R1: no output is reached from an input without passing a register or a clocked read of a memory. Then generic gates,
# without abc, which takes most of the time and the numbers are for comparison between versions. The rows of the L2 TLB
# stay memories; what is read without a clock becomes registers.
set(registers "\$dff,\$dffe,\$sdff,\$sdffe,\$sdffce")
execute_process(WORKING_DIRECTORY ${RTL} COMMAND_ERROR_IS_FATAL ANY COMMAND ${YOSYS} -q -p "
  read_verilog -sv ${files}
  chparam ${chparam} mmu
  hierarchy -check -top mmu; rename -top mmu
  proc; flatten; opt
  memory -nomap
  tee -o /dev/stdout stat
  memory_map; opt_clean
  cd mmu
  select -assert-min 20 o:*
  select -assert-none i:* %coe*:-${registers} i:* %d o:* %i
  select -clear
  cd ..
  design -reset
  read_verilog -sv ${files}
  chparam ${chparam} mmu
  hierarchy -check -top mmu; rename -top mmu
  proc; flatten; opt
  memory -nomap
  memory_map -attr !ram_block
  opt -full
  techmap; opt
  check -assert
  select -assert-none t:$_DLATCH*_ t:$dlatch
  tee -o /dev/stdout stat${report}")
