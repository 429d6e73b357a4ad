# SPDX-License-Identifier: Apache-2.0
#
# Verilator's lint with all warnings on, for every format and for the smallest and largest TLBs.
#   cmake -DVERILATOR=verilator_bin -DRTL=rtl -DFORMAT=0 -P lint.cmake
cmake_minimum_required(VERSION 3.25)
if(NOT VERILATOR)
  message(FATAL_ERROR "verilator is not installed: the RTL was not linted")
endif()
file(STRINGS ${RTL}/files.f files REGEX "^[^#]")
list(TRANSFORM files PREPEND ${RTL}/)
foreach(entries 1 16 64)
  foreach(defines "" -DKILBURN_ASSERT)
    set(props ${RTL}/props/port_props.sv ${RTL}/props/mmu_props.sv ${RTL}/props/rule_props.sv)
    if(NOT defines)
      set(props "")
    endif()
    execute_process(COMMAND ${VERILATOR} --lint-only -Wall ${defines} -GFormat=${FORMAT} -GIEntries=${entries}
      -GDEntries=${entries} --top-module mmu ${RTL}/waivers.vlt ${files} ${props} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endforeach()
