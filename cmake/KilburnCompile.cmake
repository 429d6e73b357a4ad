# SPDX-License-Identifier: Apache-2.0
#
# How every C++ unit of Kilburn is compiled. Link kilburn_options from each target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# "Dev" is optimised with assertions: lockstep without optimisation is ten times slower.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1" CACHE STRING "")
set(CMAKE_C_FLAGS_DEV "-O1 -g1" CACHE STRING "")
set(CMAKE_CXX_FLAGS_RELEASE "-O2" CACHE STRING "" FORCE)  # assertions stay on: a checker must not lose its own
set(CMAKE_C_FLAGS_RELEASE "-O2" CACHE STRING "" FORCE)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Dev or Release" FORCE)
endif()

find_program(KILBURN_CCACHE ccache)
if(KILBURN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KILBURN_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${KILBURN_CCACHE})
endif()

add_library(kilburn_options INTERFACE)
target_include_directories(kilburn_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(kilburn_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  -Wno-restrict)  # GCC 12 sees overlaps in std::string that are not there (GCC bug 105651)
if(KILBURN_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
