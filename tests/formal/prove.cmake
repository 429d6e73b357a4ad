# SPDX-License-Identifier: Apache-2.0
#
# Proves a formal top on the RTL with Yosys and z3, reaches its covers, and refutes it on a copy with a seeded bug.
#
#   cmake -DTOP=side_formal -DFORMAT=x86-64 -DPARAMETERS="Entries=2" -DDEPTH=8 -DASSERTIONS=9 -DOUT=folder
#         -DBUG=T67 [-DBUGS=folder] [-DBUG_DEPTH=8] [-DCOVER_DEPTH=8] [-DMODE=induction] [-DPROPS="axi_props"]
#         [-DFRESH=ON] -DRTL=rtl -P prove.cmake
#
# MODE bmc (default): no assertion fails within DEPTH cycles of reset. induction: that, and if none failed in DEPTH
# cycles from any state none fails in the next, so none ever does. FRESH: a new solver for each depth, which is quicker
# where z3 learns nothing from the depth before. ASSERTIONS is the least number of assertions that
# must be left in the netlist: Yosys drops what it does not understand, `bind` above all. Files of rtl/props are read
# with what binds the partner ("memory:", "requester:" in the message) assumed instead of asserted.
cmake_minimum_required(VERSION 3.25)
set(here ${CMAKE_CURRENT_LIST_DIR})
find_program(YOSYS yosys)
find_program(SMTBMC yosys-smtbmc)
find_program(Z3 z3)
if(NOT YOSYS OR NOT SMTBMC OR NOT Z3)
  message(FATAL_ERROR "yosys, yosys-smtbmc or z3 is not installed: nothing was proved")
endif()
foreach(needed TOP FORMAT DEPTH ASSERTIONS OUT BUG RTL)
  if(NOT DEFINED ${needed})
    message(FATAL_ERROR "-D${needed}=... is missing")
  endif()
endforeach()
set(defaults MODE bmc BUG_DEPTH ${DEPTH} COVER_DEPTH ${DEPTH} BUGS ${RTL}/bugs)
while(defaults)
  list(POP_FRONT defaults variable value)
  if(NOT ${variable})
    set(${variable} ${value})
  endif()
endwhile()
separate_arguments(PARAMETERS UNIX_COMMAND "${PARAMETERS}")
separate_arguments(PROPS UNIX_COMMAND "${PROPS}")
separate_arguments(BUG UNIX_COMMAND "${BUG}")
file(REMOVE_RECURSE ${OUT})
file(MAKE_DIRECTORY ${OUT})

# Yosys knows no action blocks. Messages have no semicolon, nor have the conditions.
set(props "")
set(defines "")
foreach(name IN LISTS PROPS)
  file(READ ${RTL}/props/${name}.sv text)
  string(REPLACE "int'(" "(" text "${text}")  # nor casts to int; none is of a negative number
  string(REGEX MATCHALL "assert \\(" before "${text}")
  string(REGEX REPLACE "assert (\\([^;\"]*\\))[ \n]*else \\$error\\(\"[A-Z0-9]+ (memory|requester):[^;]*;" "assume \\1;"
    text "${text}")
  string(REGEX REPLACE "assert (\\([^;\"]*\\))[ \n]*else \\$error\\(\"[^;]*;" "assert \\1;" text "${text}")
  string(REGEX MATCHALL "(assert|assume) \\(" after "${text}")
  list(LENGTH before before)
  list(LENGTH after after)
  if(NOT before EQUAL after OR text MATCHES "else \\$error")
    message(FATAL_ERROR "${name}.sv: an assertion of a form that is not known")
  endif()
  file(WRITE ${OUT}/${name}.sv "${text}")
  list(APPEND props ${OUT}/${name}.sv)
  if(NOT TOP MATCHES "^side|^walk|^l2")
    set(defines -DKILBURN_ASSERT)
  endif()
endforeach()

# prepare(<name> <folder of the RTL>): <OUT>/<name>.smt2; checks and prints the number of assertions
function(prepare name rtl)
  file(STRINGS ${RTL}/files.f names REGEX "^[^#]")
  if(TOP MATCHES "^axi")
    set(names mmu_pkg.sv axi_adapter.sv)
  endif()
  list(TRANSFORM names PREPEND ${rtl}/)
  list(JOIN names " " files)
  list(JOIN props " " checks)
  set(chparam "")
  if(PARAMETERS)
    list(TRANSFORM PARAMETERS REPLACE "=" " " OUTPUT_VARIABLE pairs)
    list(TRANSFORM pairs PREPEND "-set ")
    list(JOIN pairs " " pairs)
    set(chparam "chparam ${pairs} ${TOP}")
  endif()
  execute_process(OUTPUT_VARIABLE output ERROR_VARIABLE messages RESULT_VARIABLE result COMMAND ${YOSYS} -q -p "
    read_verilog -defer -formal -sv -mem2reg ${defines} ${files} ${checks} ${here}/${TOP}.sv
    ${chparam}
    hierarchy -check -top ${TOP}
    rename -top ${TOP}
    proc -ifx
    flatten
    select -assert-min ${ASSERTIONS} t:$assert
    select -assert-min 1 t:$cover
    tee -o ${OUT}/${name}.assertions select -list t:$assert
    opt
    check -assert
    select -assert-none t:$mem* t:$dlatch*
    async2sync
    dffunmap
    opt_clean
    write_smt2 -wires ${OUT}/${name}.smt2")
  if(result)
    message(FATAL_ERROR "yosys: ${output}${messages}")
  endif()
  file(STRINGS ${OUT}/${name}.assertions found REGEX "assert")
  list(LENGTH found found)
  set(found ${found} PARENT_SCOPE)
endfunction()

# solve(<name> <depth> options...): `status` PASSED or FAILED, `output`, `seconds`, `step` of the failure
function(solve name depth)
  set(fresh "")
  if(FRESH AND NOT ARGN)
    set(fresh --noincr)
  endif()
  string(TIMESTAMP begin "%s")
  execute_process(COMMAND ${SMTBMC} -s z3 --unroll ${fresh} -t ${depth} ${ARGN} ${OUT}/${name}.smt2
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
  string(TIMESTAMP end "%s")
  math(EXPR seconds "${end} - ${begin}")
  set(status none)
  if(output MATCHES "Status: ([A-Z]+)")
    set(status ${CMAKE_MATCH_1})
  endif()
  string(REGEX MATCHALL "step [0-9]+\\.\\." steps "${output}")
  set(step 0)
  foreach(one IN LISTS steps)
    string(REGEX REPLACE "[^0-9]" "" one "${one}")
    set(step ${one})
  endforeach()
  foreach(variable status output seconds step)
    set(${variable} "${${variable}}" PARENT_SCOPE)
  endforeach()
endfunction()

set(what "${TOP}, ${FORMAT}, ${PARAMETERS}")
prepare(good ${RTL})
set(assertions ${found})

# Reaching the covers with the assertions as goals too would stop at the first of either, so this run ignores none.
solve(good ${COVER_DEPTH} -c)
if(NOT status STREQUAL PASSED)
  message(FATAL_ERROR "${what}: a cover is not reached within ${COVER_DEPTH} cycles:\n${output}")
endif()
set(cover_seconds ${seconds})

solve(good ${DEPTH})
if(NOT status STREQUAL PASSED)
  message(FATAL_ERROR "${what}: not proved:\n${output}")
endif()
set(bmc_seconds ${seconds})
set(kind "to depth ${DEPTH}")
set(induction_seconds 0)
if(MODE STREQUAL induction)
  solve(good ${DEPTH} -i)
  if(NOT status STREQUAL PASSED)
    message(FATAL_ERROR "${what}: the induction step fails:\n${output}")
  endif()
  set(induction_seconds ${seconds})
  set(kind "for ever, by induction over at most ${DEPTH} cycles")
endif()
math(EXPR all "${cover_seconds} + ${bmc_seconds} + ${induction_seconds}")
message(STATUS "${what}: ${assertions} assertions proved ${kind} in ${all} s (covers ${cover_seconds}, bounded "
  "${bmc_seconds}, induction ${induction_seconds})")

foreach(bug IN LISTS BUG)
  set(bugs ${BUGS})
  # A bug that only a proof needs stands beside it.
  file(GLOB own ${here}/bugs/*.bug)
  foreach(path IN LISTS own)
    file(STRINGS ${path} id REGEX "^id: ${bug}$")
    if(id)
      set(bugs ${here}/bugs)
    endif()
  endforeach()
  include(${RTL}/bugs/KilburnBugs.cmake)
  file(STRINGS ${RTL}/files.f sources REGEX "^[^#]")
  set(bug_format ${FORMAT})
  if(TOP MATCHES "^axi")
    set(sources mmu_pkg.sv axi_adapter.sv)
    set(bug_format axi)
  endif()
  list(TRANSFORM sources PREPEND ${RTL}/)
  kilburn_seed_bugs(${OUT}/${bug} ${bugs} ${bug_format} "${sources}" "${bug}" copies)
  prepare(${bug} ${OUT}/${bug})
  solve(${bug} ${BUG_DEPTH})
  if(NOT status STREQUAL FAILED OR NOT output MATCHES "Assert failed in ([^\n]*)")
    message(FATAL_ERROR "${what}: bug ${bug} is not refuted within ${BUG_DEPTH} cycles:\n${output}")
  endif()
  message(STATUS "${what}: bug ${bug} refuted at depth ${step} in ${seconds} s: ${CMAKE_MATCH_1}")
endforeach()
