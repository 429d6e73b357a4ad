# SPDX-License-Identifier: Apache-2.0
#
# Runs smoke_tb.sv in Icarus on the RTL, with its assertions. With BUG, on a copy with that seeded bug, which
# must be found: the run has to print EXPECT.
#   cmake -DRTL=rtl -DFORMAT=0 -DOUT=folder [-DBUG=T06 -DEXPECT=text] -P smoke.cmake
cmake_minimum_required(VERSION 3.25)
find_program(IVERILOG iverilog)
find_program(VVP vvp)
if(NOT IVERILOG OR NOT VVP)
  message(FATAL_ERROR "iverilog is not installed: the RTL was not simulated")
endif()
set(format_names x86-64 alpha alpha-x64)
list(GET format_names ${FORMAT} format_name)
file(REMOVE_RECURSE ${OUT})
file(MAKE_DIRECTORY ${OUT})
set(sources ${RTL})
if(BUG)
  execute_process(COMMAND ${CMAKE_COMMAND} -DBUG=${BUG} -DFORMAT=${format_name} -DOUT=${OUT} -P ${RTL}/bugs/apply.cmake
    COMMAND_ERROR_IS_FATAL ANY)
  set(sources ${OUT})
endif()
# Icarus 11 makes an always_comb sensitive to the variables of the functions that it calls, so that two of them with
# one function start each other for ever; always @* is not. It takes no labels on assertions either.
file(STRINGS ${RTL}/files.f names REGEX "^[^#]")
set(files "")
foreach(name IN LISTS names)
  file(READ ${sources}/${name} text)
  string(REPLACE "always_comb" "always @*" text "${text}")
  file(WRITE ${OUT}/icarus/${name} "${text}")
  list(APPEND files ${OUT}/icarus/${name})
endforeach()
file(READ ${RTL}/props/rule_props.sv rules)
string(REGEX REPLACE "[a-z0-9_]+: assert" "assert" rules "${rules}")
file(WRITE ${OUT}/rule_props.sv "${rules}")
execute_process(COMMAND ${IVERILOG} -g2012 -DKILBURN_ASSERT -Psmoke_tb.Format=${FORMAT} -s smoke_tb -o ${OUT}/smoke.vvp
  ${files} ${RTL}/props/port_props.sv ${RTL}/props/mmu_props.sv ${OUT}/rule_props.sv ${CMAKE_CURRENT_LIST_DIR}/smoke_tb.sv
  ERROR_VARIABLE messages RESULT_VARIABLE result)
if(result)
  message(FATAL_ERROR "iverilog: ${messages}")
endif()
execute_process(COMMAND ${VVP} -n ${OUT}/smoke.vvp OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
message(STATUS "${output}")
string(FIND "${output}" "PASS" passed)
string(FIND "${output}" "ERROR" error)
if(BUG)
  string(FIND "${output}" "${EXPECT}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "the bench did not find bug ${BUG}")
  endif()
elseif(result OR passed EQUAL -1 OR NOT error EQUAL -1)
  message(FATAL_ERROR "the smoke test failed")
endif()
