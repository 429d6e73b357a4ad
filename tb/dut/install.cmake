# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` puts in place: the program, and what a project with RTL of its own needs to make DUT libraries.
#
#   bin/kilburn
#   include/kilburn/                     the contract, what adapters are made of, what RTL is replayed with
#   lib/cmake/kilburn/                   find_package(kilburn): kilburn_add_dut(), the program kilburn::kilburn
#   share/kilburn/template/              an adapter and its CMakeLists.txt, to copy
#   share/kilburn/example/               a whole project: an MMU with ports of its own and its adapter
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(kilburn_headers ${CMAKE_INSTALL_INCLUDEDIR}/kilburn)
set(kilburn_package ${CMAKE_INSTALL_LIBDIR}/cmake/kilburn)
set(kilburn_share ${CMAKE_INSTALL_DATADIR}/kilburn)

install(TARGETS kilburn RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES tb/dut/adapter_api.h tb/dut/dut.h tb/dut/serial_ports.h tb/dut/verilated_adapter.h tb/dut/verilated_dut.h
  tb/dut/verilated_model.h tb/dut/verilated_pins.h
  DESTINATION ${kilburn_headers}/tb/dut)
# What a second opinion on such a project's RTL is made with, at run time.
install(FILES tb/dut/verilated_unoptimized.cpp DESTINATION ${kilburn_headers}/tb/dut)
install(FILES tb/second_opinion/replay.sv DESTINATION ${kilburn_headers}/tb/second_opinion)
install(FILES model/arch/layout.def model/arch/layout.h model/arch/types.h DESTINATION ${kilburn_headers}/model/arch)
install(DIRECTORY tb/dut/template/ DESTINATION ${kilburn_share}/template)
install(DIRECTORY tests/bring_your_own/project/ DESTINATION ${kilburn_share}/example)

configure_package_config_file(tb/dut/kilburn-config.cmake.in ${PROJECT_BINARY_DIR}/cmake/kilburn-config.cmake
  INSTALL_DESTINATION ${kilburn_package} PATH_VARS kilburn_headers kilburn_share CMAKE_INSTALL_BINDIR)
# Before 1.0 every minor version may change the contract.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cmake/kilburn-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cmake/kilburn-config.cmake ${PROJECT_BINARY_DIR}/cmake/kilburn-config-version.cmake
  tb/dut/KilburnDut.cmake DESTINATION ${kilburn_package})
