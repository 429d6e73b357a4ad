# SPDX-License-Identifier: Apache-2.0
#
# Verilator's lint with all warnings on, Icarus, and Yosys: no latch, no output that an input reaches without
# passing a register (R1), and the sources below 400 lines.
#   cmake -DVERILATOR=verilator_bin -DRTL=rtl/small -DFORMAT=0 -P netlist.cmake
cmake_minimum_required(VERSION 3.25)
find_program(YOSYS yosys REQUIRED)
find_program(IVERILOG iverilog REQUIRED)
file(STRINGS ${RTL}/files.f files REGEX "^[^#]")
list(TRANSFORM files PREPEND ${RTL}/)

execute_process(COMMAND ${VERILATOR} --lint-only -Wall -GFormat=${FORMAT} --top-module small_mmu
  ${RTL}/waivers.vlt ${RTL}/../waivers.vlt ${files} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${IVERILOG} -g2012 -t null -Psmall_mmu.Format=${FORMAT} -s small_mmu ${files}
  ERROR_VARIABLE ignored COMMAND_ERROR_IS_FATAL ANY)

list(JOIN files " " files)
set(registers "\$dff,\$dffe,\$sdff,\$sdffe,\$sdffce")
execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${YOSYS} -q -p "
  read_verilog -sv ${files}
  chparam -set Format ${FORMAT} small_mmu
  hierarchy -check -top small_mmu
  proc; flatten; opt; memory -nomap; memory_map; opt_clean
  cd small_mmu
  select -assert-min 20 o:*
  select -assert-none i:* %coe*:-${registers} i:* %d o:* %i
  select -clear
  cd ..
  synth -top small_mmu -noabc
  check -assert
  select -assert-none t:$_DLATCH*_ t:$dlatch
  tee -o /dev/stdout stat")

set(lines 0)
foreach(file small_port.sv small_mmu.sv)
  file(READ ${RTL}/${file} text)
  string(REGEX MATCHALL "\n" ends "${text}")
  list(LENGTH ends count)
  math(EXPR lines "${lines} + ${count}")
endforeach()
if(lines GREATER_EQUAL 400)
  message(FATAL_ERROR "${lines} lines: no longer small")
endif()
