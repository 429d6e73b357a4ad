// SPDX-License-Identifier: Apache-2.0
//
// A translation in words: every level of the walk, the rights gathered on the way, the decision with its rule and
// source, and beside it what a DUT answered.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/arch/walk.h"

namespace kilburn::tb {

// nullopt: no memory there.
using ReadWord = std::function<std::optional<arch::u64>(arch::u64 pa)>;

// The payload of a response.
struct DutAnswer {
  arch::Fault fault = arch::Fault::none;
  arch::u64 pa = 0;
  arch::u16 error = 0;
  arch::u8 level = 0;
  arch::u8 page_log2 = 0;
  arch::u8 memory_type = 0;
  bool global = false;
};

struct ExplainedLevel {
  unsigned level = 0;                 // 1 is the last
  std::string table;                  // "PML4", "PT"; Alpha "L1" to "L3"
  arch::u64 index = 0;                // in the table
  arch::u64 pa = 0;                   // of the entry
  std::optional<arch::u64> value;     // as it is in memory; nullopt: could not be read
  std::vector<std::string> bits;      // that are set, by name
  std::vector<std::string> reserved;  // set although reserved: "bit 51", "PS"
  std::optional<arch::u64> next;      // table or frame that it points to
  std::string rights;                 // of the levels so far
  std::optional<arch::u64> updated;   // the entry after the walk's write of A or D
};

// One row of the comparison with a DUT.
struct ComparedField {
  std::string name, expected, found;
  bool agrees = true;
};

struct Explanation {
  arch::Format format = arch::Format::x86_64;
  arch::Settings settings;
  arch::Context context;
  arch::Request request;
  std::vector<ExplainedLevel> levels;  // empty: decided from the address
  arch::Outcome outcome;
  std::vector<ComparedField> compared;  // empty without a DUT
};

Explanation explain(arch::Format, const arch::Settings&, const arch::Context&, const arch::Request&, const ReadWord&,
                    const std::optional<DutAnswer>& dut = std::nullopt);

// The fields of an answer beside those of the reference.
std::vector<ComparedField> compare_answer(arch::Format, const arch::Outcome&, const DutAnswer&);

// For people, one line each.
std::vector<std::string> lines(const Explanation&);
// "translated to 0x5010, 4 KB page", "#PF, error code 0x5 (P U)".
std::string decision(const arch::Outcome&);
std::string page_size(unsigned page_log2);  // "4 KB", "1 GB"

}  // namespace kilburn::tb
