# SPDX-License-Identifier: Apache-2.0
#
# kilburn_add_dut(): a design under test as a shared library behind the contract of tb/dut/dut.h.
#
# Another project gets it by find_package(kilburn) from an installed Kilburn, or includes this file of the source tree
# after find_package(verilator); it names its own sources and adapter.
#
#   kilburn_add_dut(NAME mmu-x86-64            library: ${PROJECT_BINARY_DIR}/duts/kilburn_dut_mmu-x86-64.so,
#                                              target: kilburn_dut_mmu-x86-64
#                   TOP mmu                    top module
#                   SOURCES a.sv b.vlt ...     in dependency order; lint waivers first
#                   ADAPTER adapter.cpp ...    implements kilburn_dut(); sees the macros below
#                   [PARAMETERS Format=0 ...]  of the top module
#                   [DEFINES MACRO ...]        for the Verilog preprocessor
#                   [ADAPTER_DEFINES M=v ...]  for the adapter
#                   [INCLUDE_DIRS dir ...]     for the adapter
#                   [VERILATOR_ARGS ...]       further options
#                   [ASSERTIONS]               keep the assertions of the RTL
#                   [NO_WAVES])                built without tracing, which costs a little even while no file is open
#
# A library may leave files in the folder that the environment variable KILBURN_RUN_FOLDER names, if it is set. One with
# --coverage-line or --coverage-toggle among VERILATOR_ARGS leaves coverage.dat, of Verilator, when an instance ends
# (tb/dut/verilated_dut.h).
#
# Macros for the adapter: KILBURN_DUT_MODEL, the name of the Verilated class; KILBURN_DUT_MODEL_HEADER and
# KILBURN_DUT_ROOT_HEADER, the headers of the class and of its internals; each parameter as
# KILBURN_DUT_PARAM_<name>.

# The folder that has tb/dut/dut.h: of the source tree, unless kilburn-config.cmake has named the installed one.
if(NOT KILBURN_DUT_INCLUDE_DIR)
  set(KILBURN_DUT_INCLUDE_DIR "${CMAKE_CURRENT_LIST_DIR}/../..")
endif()

function(kilburn_add_dut)
  cmake_parse_arguments(ARG "ASSERTIONS;NO_WAVES" "NAME;TOP"
    "SOURCES;ADAPTER;PARAMETERS;DEFINES;ADAPTER_DEFINES;INCLUDE_DIRS;VERILATOR_ARGS" ${ARGN})
  foreach(required NAME TOP SOURCES ADAPTER)
    if(NOT ARG_${required})
      message(FATAL_ERROR "kilburn_add_dut: ${required} is missing")
    endif()
  endforeach()
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kilburn_add_dut(${ARG_NAME}): unknown arguments ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT COMMAND verilate)
    message(FATAL_ERROR "kilburn_add_dut(${ARG_NAME}): Verilator is not found; find_package(verilator) comes first")
  endif()

  set(target kilburn_dut_${ARG_NAME})
  string(MAKE_C_IDENTIFIER "V${ARG_NAME}" model)  # a class name of its own for each library
  add_library(${target} MODULE ${ARG_ADAPTER})
  set_target_properties(${target} PROPERTIES
    PREFIX "" SUFFIX ".so" CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/duts)
  target_include_directories(${target} PRIVATE ${KILBURN_DUT_INCLUDE_DIR} ${ARG_INCLUDE_DIRS})
  # Two libraries in one process must not resolve to each other's copy of the Verilator run time.
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/duts/exports.map CONTENT "{ global: kilburn_dut; local: *; };\n" @ONLY)
  # The run time keeps thread-local buffers, so a library stays loaded after dlclose().
  target_link_options(${target} PRIVATE -Wl,-Bsymbolic -Wl,-z,nodelete
    -Wl,--version-script=${PROJECT_BINARY_DIR}/duts/exports.map)
  target_compile_definitions(${target} PRIVATE
    KILBURN_DUT_MODEL=${model} KILBURN_DUT_MODEL_HEADER="${model}.h"
    KILBURN_DUT_ROOT_HEADER="${model}___024root.h" ${ARG_ADAPTER_DEFINES})
  set_property(SOURCE ${ARG_ADAPTER} PROPERTY COMPILE_OPTIONS -Wall -Wextra -Wconversion -Wshadow -Werror)

  set(options -O3 --x-assign fast --x-initial unique ${ARG_VERILATOR_ARGS})
  set(tracing "")
  if(NOT ARG_NO_WAVES)
    set(tracing TRACE_FST)
    list(APPEND options --trace-max-array 64)
  endif()
  foreach(parameter IN LISTS ARG_PARAMETERS)
    list(APPEND options -G${parameter})
    target_compile_definitions(${target} PRIVATE KILBURN_DUT_PARAM_${parameter})
  endforeach()
  foreach(define IN LISTS ARG_DEFINES)
    list(APPEND options -D${define})
  endforeach()
  if(ARG_ASSERTIONS)
    list(APPEND options --assert)
  else()
    list(APPEND options --noassert)
  endif()
  # What runs once an instance: with counters that is megabytes of registrations, minutes of work for an optimizer.
  set(slow -O1)
  if(options MATCHES "--coverage")
    set(slow -O0)
  endif()
  # The sanitizers look at the adapter; the generated code is Verilator's business and would run three times slower.
  verilate(${target} PREFIX ${model} TOP_MODULE ${ARG_TOP} ${tracing} SOURCES ${ARG_SOURCES}
    VERILATOR_ARGS ${options}
    OPT_FAST -O2 -fno-sanitize=all OPT_SLOW ${slow} -fno-sanitize=all)

  if(ARG_NO_WAVES)
    target_link_libraries(${target} PRIVATE z)  # and a run time of its own, made without tracing too
    return()
  endif()
  # verilate() adds the sources of Verilator's run time to each target; compiled once they are a library.
  get_target_property(all_sources ${target} SOURCES)
  set(own_sources ${all_sources})
  list(FILTER own_sources EXCLUDE REGEX "/include/verilated[a-z_]*\\.cpp$")
  set(coverage_sources ${all_sources})  # only a library with --coverage-line or --coverage-toggle has it
  list(FILTER coverage_sources INCLUDE REGEX "/include/verilated_cov\\.cpp$")
  list(APPEND own_sources ${coverage_sources})
  list(REMOVE_ITEM all_sources ${own_sources})
  set_target_properties(${target} PROPERTIES SOURCES "${own_sources}")
  if(NOT TARGET kilburn_verilated)
    add_library(kilburn_verilated STATIC ${all_sources})
    set_target_properties(kilburn_verilated PROPERTIES POSITION_INDEPENDENT_CODE ON
      CXX_STANDARD 20 CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_include_directories(kilburn_verilated PRIVATE ${VERILATOR_ROOT}/include ${VERILATOR_ROOT}/include/vltstd)
    target_compile_definitions(kilburn_verilated PRIVATE
      VM_COVERAGE=0 VM_SC=0 VM_TRACE=1 VM_TRACE_VCD=0 VM_TRACE_FST=1)
    target_compile_options(kilburn_verilated PRIVATE -w -O2 -fno-sanitize=all)
    target_link_libraries(kilburn_verilated PUBLIC z)
  endif()
  target_link_libraries(${target} PRIVATE kilburn_verilated)
endfunction()
