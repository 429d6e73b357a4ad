// SPDX-License-Identifier: Apache-2.0
//
// The audits one by one, and what each of them looks at.
#pragma once

#include <string>

#include "sw/check/census.h"
#include "sw/core/errors.h"

namespace kilburn::os::audits {

struct View {
  const World& world;
  const Census& census;
  const MemMap& map;
  const PteFormat& format;
};

[[noreturn]] void fail(const char* id, const std::string& text);
std::string at(const Census::Leaf&);

// --- frames (audit_frames.cpp) ---
void one_state(const View&);        // P1
void free_not_mapped(const View&);  // P2
void counts(const View&);           // P3
void reverse_map(const View&);      // P4
void sums(const View&);             // P5
void numbers(const View&);          // P6
void zero_page(const View&);        // P7
void poison(const View&);           // P8
void one_parent(const View&);       // P9
void buddy(const View&);            // P11 P12 P13 P15
void kernel_memory(const View&);    // P10 P18

// --- areas and entries (audit_entries.cpp) ---
void areas(const View&);             // P19 P20 P21
void entries_in_areas(const View&);  // P24
void walks(const View&);             // P25, P33
void reached(const View&);           // P25
void blocks(const View&);            // P35
void young_and_dirty(const View&);   // P31 P32
void asids(const View&);             // P34
void locked_pages(const View&);      // P10

// --- storage and sums (audit_storage.cpp) ---
void slots(const View&);         // P46
void clean_pages(const View&);   // P49, P55
void all_free(const View&);      // P60
void conservation(const View&);  // P63

}  // namespace kilburn::os::audits
