// SPDX-License-Identifier: Apache-2.0
//
// Recorded CPU vectors on a DUT: each access is made through the pins, and its outcome and every page-table word are
// compared with what the emulated processor did.
#pragma once

#include <string>
#include <vector>

#include "tb/lockstep/lockstep.h"
#include "tb/stimulus/single_access.h"
#include "tb/stimulus/vector_memory.h"
#include "tb/stimulus/vectors.h"

namespace kilburn::tb {

struct VectorMismatch {
  std::string place;                     // "FILE:LINE: vector 7"
  std::string message;                   // what differs: expected and found
  std::vector<std::string> explanation;  // the reference's walk beside the DUT's answer
};

struct VectorTestResult {
  arch::u64 vectors = 0;
  arch::u64 accesses = 0;
  arch::u64 faults[16] = {};          // expected, by layout.def Fault; 0: translated
  arch::u64 words = 0;                // page-table words compared
  arch::u64 restarts = 0;             // resets because a vector's settings differ from those of the one before
  arch::u64 mismatches = 0;           // accesses with any difference
  std::vector<VectorMismatch> shown;  // the first kShown of them
  // Accesses whose walk needs a word that the vector does not give: their outcome rests on 0 being read there. The
  // first few, "FILE:LINE: vector 7: ...".
  arch::u64 incomplete = 0;
  std::vector<std::string> incomplete_shown;
  arch::u64 stray_reads = 0;  // words not given that the DUT read although the reference's walk does not need them
};

class VectorTest {
 public:
  static constexpr std::size_t kShown = 10;

  // `lockstep` runs over `memory`. `reset_each`: the DUT is reset before every vector, not only where settings change,
  // for a check that has to know of every change of memory.
  VectorTest(Lockstep& lockstep, VectorMemory& memory, VectorReader& reader, bool reset_each = false);
  // To the end of the file; then throws DutWrong ("vectors") if anything differed. Throws UserError for a malformed
  // file or a vector that the DUT cannot run, DutWrong at once for a pin or a protocol rule.
  void run();
  const VectorTestResult& result() const { return result_; }
  // Where the test is: "FILE:LINE: vector 7".
  std::string place() const;

 private:
  void require(const CpuVector&) const;
  void start(const CpuVector&);
  void check(const CpuVector&, const VectorAccess&);
  std::string compare_answer(const VectorAccess&, const DutAnswer&) const;
  std::string compare_words(const VectorAccess&, const arch::Outcome& reference);
  void note_words_not_given(const CpuVector&, const VectorAccess&, const std::vector<VectorWord>& before);

  const bool reset_each_;
  Lockstep& lockstep_;
  VectorMemory& memory_;
  VectorReader& reader_;
  SingleAccess port_;
  VectorTestResult result_;
  bool reset_ = false;                      // the DUT has the settings of the last vector
  std::vector<VectorWord> recorded_;        // the words as they ought to be now
  std::vector<arch::u64> walked_by_fault_;  // in this vector: their A may be set (SDM 4.8)
  arch::u64 line_ = 0, number_ = 0;
};

}  // namespace kilburn::tb
