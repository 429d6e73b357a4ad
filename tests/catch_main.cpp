// SPDX-License-Identifier: Apache-2.0
//
// The main() of every test program. SystemC's library refers to sc_main, so one is given that no
// test calls: tests elaborate and run modules from main() themselves.
#define CATCH_CONFIG_MAIN
#include "tests/catch.h"

extern "C" int sc_main(int, char**) { return 0; }
