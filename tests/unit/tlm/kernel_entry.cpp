// SPDX-License-Identifier: Apache-2.0
//
// The sc_main that SystemC's library refers to by its C name. Nothing calls it: tests elaborate from main().
// Weak, so that a program-wide definition takes its place.
extern "C" __attribute__((weak)) int sc_main(int, char**) { return 0; }
