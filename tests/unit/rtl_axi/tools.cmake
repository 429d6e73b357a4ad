# SPDX-License-Identifier: Apache-2.0
#
# One check of the AXI4 wrapper's sources by the tools that are to accept them:
#   lint   Verilator -Wall, adapter and whole, with and without assertions
#   synth  Yosys: adapter to gates, prints them; no output of adapter or whole is reached from an input without
#          passing a register (R1, IHI 0022 A3.2.1)
#   smoke  Icarus runs smoke_axi_tb.sv
#   cmake -DCHECK=lint -DVERILATOR=verilator_bin -DRTL=rtl -DOUT=folder -P tools.cmake
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${RTL}/files.f mmu REGEX "^[^#]")
file(STRINGS ${RTL}/axi.f axi REGEX "^[^#]")
list(TRANSFORM mmu PREPEND ${RTL}/)
list(TRANSFORM axi PREPEND ${RTL}/)
set(adapter ${RTL}/mmu_pkg.sv ${RTL}/axi_adapter.sv)

if(CHECK STREQUAL lint)
  if(NOT VERILATOR)
    message(FATAL_ERROR "verilator is not installed: the RTL was not linted")
  endif()
  set(lint ${VERILATOR} --lint-only -Wall ${RTL}/waivers.vlt)
  foreach(ids 1 2 3 5 8)
    foreach(one_monitor 0 1)
      execute_process(COMMAND ${lint} -GIds=${ids} -GOneMonitor=${one_monitor} --top-module axi_adapter ${adapter}
        COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
    execute_process(COMMAND ${lint} -GIds=${ids} -DKILBURN_ASSERT --top-module axi_adapter ${adapter}
      ${RTL}/props/axi_props.sv COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
  foreach(format 0 1 2)
    execute_process(COMMAND ${lint} -GFormat=${format} --top-module mmu_axi ${mmu} ${axi} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
elseif(CHECK STREQUAL synth)
  find_program(YOSYS yosys)
  if(NOT YOSYS)
    message(FATAL_ERROR "yosys is not installed: synthesis not checked")
  endif()
  list(JOIN adapter " " adapter)
  list(JOIN mmu " " mmu)
  list(JOIN axi " " axi)
  set(registers "\$dff,\$dffe,\$sdff,\$sdffe,\$sdffce")
  # The way back from an output through cells that are no registers meets no input.
  set(registered "
    select -assert-min 20 o:*
    select -assert-none i:* %coe*:-${registers} i:* %d o:* %i
    select -clear")
  execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${YOSYS} -q -p "
    read_verilog -sv ${adapter}
    hierarchy -check -top axi_adapter
    proc; flatten; opt; memory -nomap; memory_map; opt_clean
    cd axi_adapter ${registered}
    cd ..
    synth -top axi_adapter -noabc
    check -assert
    select -assert-none t:$_DLATCH*_ t:$dlatch
    tee -o /dev/stdout stat")
  # The whole with the least of everything: what joins the two parts is the same.
  execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${YOSYS} -q -p "
    read_verilog -sv ${mmu} ${axi}
    chparam -set IEntries 1 -set DEntries 1 -set IMisses 1 -set DMisses 1 -set L2Sets 0 -set Psc2Entries 0 mmu_axi
    chparam -set Psc3Entries 0 -set Psc4Entries 0 -set Psc5Entries 0 -set Walkers 1 mmu_axi
    hierarchy -check -top mmu_axi
    proc; flatten; opt; memory -nomap; memory_map; opt_clean
    cd mmu_axi ${registered}
    cd ..
    check -assert")
elseif(CHECK STREQUAL smoke)
  find_program(IVERILOG iverilog)
  find_program(VVP vvp)
  if(NOT IVERILOG OR NOT VVP)
    message(FATAL_ERROR "iverilog is not installed: the RTL was not simulated")
  endif()
  execute_process(COMMAND ${IVERILOG} -g2012 -s mmu_axi -o ${OUT}/mmu_axi.vvp ${mmu} ${axi}
    ERROR_VARIABLE messages RESULT_VARIABLE result)
  if(result)
    string(REGEX MATCHALL "[^\n]*error[^\n]*" messages "${messages}")  # not the many "sorry"
    list(JOIN messages "\n  " messages)
    message(FATAL_ERROR "iverilog: ${messages}")
  endif()
  execute_process(COMMAND ${IVERILOG} -g2012 -DKILBURN_ASSERT -s smoke_axi_tb -o ${OUT}/smoke_axi.vvp ${adapter}
    ${RTL}/props/axi_props.sv ${CMAKE_CURRENT_LIST_DIR}/smoke_axi_tb.sv ERROR_VARIABLE messages RESULT_VARIABLE result)
  if(result)
    message(FATAL_ERROR "iverilog: ${messages}")
  endif()
  execute_process(COMMAND ${VVP} -n ${OUT}/smoke_axi.vvp OUTPUT_VARIABLE output ERROR_VARIABLE output
    RESULT_VARIABLE result)
  message(STATUS "${output}")
  if(result OR NOT output MATCHES "PASS" OR output MATCHES "ERROR")
    message(FATAL_ERROR "the smoke test failed")
  endif()
else()
  message(FATAL_ERROR "CHECK is lint, synth or smoke")
endif()
