# SPDX-License-Identifier: Apache-2.0
#
# Packages, all from the distribution: Boost 1.81, SystemC, Verilator, Catch2.

find_package(Boost 1.81 REQUIRED COMPONENTS program_options json filesystem)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SYSTEMC REQUIRED IMPORTED_TARGET systemc)
find_package(verilator REQUIRED HINTS $ENV{VERILATOR_ROOT})

# SystemC's headers pick an ABI tag from the language standard and the library is built as C++17.
add_library(kilburn_systemc INTERFACE)
target_link_libraries(kilburn_systemc INTERFACE PkgConfig::SYSTEMC)
target_compile_definitions(kilburn_systemc INTERFACE SC_CPLUSPLUS=201703L)
get_target_property(_systemc_include PkgConfig::SYSTEMC INTERFACE_INCLUDE_DIRECTORIES)
if(_systemc_include)
  target_include_directories(kilburn_systemc SYSTEM INTERFACE ${_systemc_include})
endif()

if(KILBURN_TESTS)
  find_package(Catch2 REQUIRED)
endif()
