// SPDX-License-Identifier: Apache-2.0
//
// Every mapping of a memory dump translated by a DUT, in random order with invalidations between, and compared with
// the architectural walk.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "tb/lockstep/lockstep.h"
#include "tb/random.h"
#include "tb/stimulus/dump_memory.h"
#include "tb/stimulus/mappings.h"
#include "tb/stimulus/single_access.h"

namespace kilburn::tb {

struct DumpTestConfig {
  arch::u64 seed = 1;              // never 0
  arch::u64 most = kMostMappings;  // mappings enumerated
  arch::u64 count = 0;             // mappings translated, chosen at random; 0: all
};

struct DumpTestResult {
  MappingCounts found;
  arch::u64 chosen = 0;      // mappings to translate
  arch::u64 mappings = 0;    // mappings translated (or refused, where the access has no right)
  arch::u64 neighbours = 0;  // accesses beside mappings
  arch::u64 requests = 0;
  arch::u64 invalidations = 0;
  arch::u64 faults[16] = {};    // of responses, by layout.def Fault; 0: translated
  arch::u64 changed_words = 0;  // page-table words in which the DUT set A or D
};

class DumpTest {
 public:
  // `lockstep` runs over `memory`; it is reset if it has other settings than `tables`. Enumerates. Throws DumpError,
  // UserError.
  DumpTest(Lockstep& lockstep, const ElfDump& dump, DumpMemory& memory, const DumpTables& tables,
           const DumpTestConfig& config);
  // Throws DutWrong ("dump") at the first answer or page-table word that differs.
  void run();
  const DumpTestResult& result() const { return result_; }
  arch::u64 answered() const { return answered_; }
  // After a failure: the reference's walk beside the DUT's answer; else empty.
  const std::vector<std::string>& explanation() const { return explanation_; }

 private:
  struct Open {
    bool open = false;
    arch::Request request;
    arch::Outcome expected;
  };

  void require() const;
  arch::Outcome walk(const arch::Request&) const;
  arch::Request request_for(const Mapping&, Side);
  arch::Request neighbour_of(const Mapping&, Side);
  void choose_side();
  void offer(Side, kilburn_req_in&);
  void offer_invalidation();
  void check(Side, const kilburn_req_in&, const kilburn_req_out&);
  void clock();
  void check_words();
  [[noreturn]] void wrong(const std::string& what, const arch::Request&, const std::optional<DutAnswer>&);

  Lockstep& lockstep_;
  const ElfDump& dump_;
  DumpMemory& memory_;
  DumpTables tables_;
  Random random_;
  std::vector<Mapping> mappings_;
  std::size_t next_ = 0;  // of mappings_, and the side that it goes to
  Side next_side_ = Side::data;
  Open open_[2][16];
  arch::u16 busy_[2] = {0, 0};
  arch::u64 next_invalidation_ = 0;        // by requests
  std::unordered_set<arch::u64> written_;  // last-level entries, clean in the dump, that translated a write
  arch::u64 answered_ = 0;
  DumpTestResult result_;
  std::vector<std::string> explanation_;
};

}  // namespace kilburn::tb
