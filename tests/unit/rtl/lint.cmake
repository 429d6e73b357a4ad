# SPDX-License-Identifier: Apache-2.0
#
# Verilator's lint with all warnings on, for several sets of parameters, with and without the assertions.
#   cmake -DVERILATOR=verilator_bin -DRTL=rtl -DFORMAT=0 -P lint.cmake
cmake_minimum_required(VERSION 3.25)
if(NOT VERILATOR)
  message(FATAL_ERROR "verilator is not installed: the RTL was not linted")
endif()
file(STRINGS ${RTL}/files.f files REGEX "^[^#]")
list(TRANSFORM files PREPEND ${RTL}/)
# The defaults; the smallest of everything; the largest; parts left out; numbers that are no powers of two
set(sets "" "IEntries=1 DEntries=1 IMisses=1 DMisses=1 L2Sets=1 L2LargeSets=1 L2Ways=1 Psc2Entries=1 Psc3Entries=1 \
Psc4Entries=1 Psc5Entries=1 Walkers=1 Policy=1" "IEntries=64 DEntries=64 IMisses=8 DMisses=8 L2Sets=1024 \
L2LargeSets=1024 L2Ways=8 Psc2Entries=64 Psc3Entries=64 Psc4Entries=64 Psc5Entries=64 Walkers=8 Policy=2 Prefetch=1"
  "L2Sets=0 Psc2Entries=0 Psc3Entries=0 Psc4Entries=0 Psc5Entries=0 Rewalk=0"
  "IMisses=3 DMisses=5 Walkers=3 L2Ways=2 L2LargeSets=128 Psc3Entries=0 Prefetch=1")
# Any legal combination builds: sets drawn from the table of rtl/README.md, the same ones every time.
set(powers 1 2 4 8 16 32 64)
set(IEntries ${powers})
set(DEntries ${powers})
set(IMisses 1 2 3 4 5 6 7 8)
set(DMisses ${IMisses})
set(Walkers ${IMisses})
set(L2Sets 0 1 2 4 8 64 1024)
set(L2LargeSets 1 2 4 8 64 1024)
set(L2Ways 1 2 4 8)
foreach(level 2 3 4 5)
  set(Psc${level}Entries 0 ${powers})
endforeach()
set(Policy 0 1 2)
set(Rewalk 0 1)
set(Prefetch 0 1)
string(RANDOM LENGTH 1 RANDOM_SEED 1962 ignored)
foreach(n RANGE 1 12)
  set(drawn "")
  foreach(parameter IEntries DEntries IMisses DMisses Walkers L2Sets L2LargeSets L2Ways Psc2Entries Psc3Entries
      Psc4Entries Psc5Entries Policy Rewalk Prefetch)
    string(RANDOM LENGTH 3 ALPHABET 0123456789 place)
    list(LENGTH ${parameter} choices)
    math(EXPR place "1${place} % ${choices}")
    list(GET ${parameter} ${place} value)
    string(APPEND drawn " ${parameter}=${value}")
  endforeach()
  list(APPEND sets "${drawn}")
endforeach()
foreach(set IN LISTS sets)
  message(STATUS "lint:${set}")
  separate_arguments(parameters UNIX_COMMAND "${set}")
  list(TRANSFORM parameters PREPEND -G)
  foreach(defines "" -DKILBURN_ASSERT)
    set(props ${RTL}/props/port_props.sv ${RTL}/props/mmu_props.sv ${RTL}/props/rule_props.sv)
    if(NOT defines)
      set(props "")
    endif()
    execute_process(COMMAND ${VERILATOR} --lint-only -Wall ${defines} -GFormat=${FORMAT} ${parameters}
      --top-module mmu ${RTL}/waivers.vlt ${files} ${props} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endforeach()
