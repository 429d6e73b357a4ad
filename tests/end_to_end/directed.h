// SPDX-License-Identifier: Apache-2.0
//
// A directed test written by hand: four levels that map one user page, read, made absent, invalidated, read again.
#pragma once

namespace kilburn::test {

inline constexpr const char* kPage =
    "kilburn-test 1\n"
    "format x86-64\n"
    "memory bytes=0x100000\n"
    "word 0x1000 0x2007\nword 0x2000 0x3007\nword 0x3000 0x4007\n"
    "word 0x4008 0x5007\n"
    "context root=0x1000\n"
    "read va=0x1234 mode=user\n"
    "edit 0x4008 0\n"
    "invalidate PAGE va=0x1000\n"
    "read va=0x1234 mode=user\n";

}  // namespace kilburn::test
