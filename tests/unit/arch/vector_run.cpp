// SPDX-License-Identifier: Apache-2.0
//
// The checking rule: outcome, physical address, error code and CR2 exact. After a successful access each U word is
// exact and no other given word has changed, except that words walked by an earlier faulting access may have A set
// (SDM 4.8 leaves that open). A fault never sets D.
#include "tests/unit/arch/vector_run.h"

#include <set>
#include <sstream>

#include "model/arch/walk.h"

namespace kilburn::tb {
namespace {

using arch::Fault;
using arch::u64;

constexpr u64 kAccessed = u64{1} << 5;

class VectorRun {
 public:
  VectorRun(const CpuVector& vector, const std::string& file, VectorCount& count)
      : vector_(vector), file_(file), count_(count), memory_(vector.words), recorded_(vector.words) {}

  void run() {
    ++count_.vectors;
    for (const Access& access : vector_.accesses) {
      ++count_.accesses;
      check(access);
    }
  }

 private:
  void check(const Access& access) {
    const arch::Outcome got = arch::walk(vector_.format, {.pa_width = vector_.pa_width}, vector_.context,
                                         access.request, [&](u64 pa) { return read(pa); });
    const Expectation& expect = access.expect;
    for (const arch::EntryWrite& write : got.writes) {
      if (memory_.at(write.pa) != write.expect) report(access, "a write expects another word", write.pa);
      memory_.at(write.pa) = write.desired;
    }
    if (got.fault.code != expect.fault) {
      report(access,
             std::string(name(got.fault.code)) + " by " + std::string(id(got.fault.rule)) + " instead of " +
                 std::string(name(expect.fault)),
             got.pa);
      return;
    }
    if (expect.fault == Fault::none) {
      if (got.pa != expect.pa) report(access, "physical address", got.pa);
      for (const auto& [pa, value] : expect.updated) recorded_.at(pa) = value;
    } else {
      if (got.fault.error != expect.error) report(access, "error code", got.fault.error);
      if (expect.fault == Fault::page && access.request.va != expect.cr2) report(access, "CR2", access.request.va);
      for (const arch::Step& step : got.steps) walked_by_fault_.insert(step.pa);
    }
    // After a fault the words of this walk may have A; D and everything else stay as they were recorded.
    for (const auto& [pa, value] : memory_) {
      const u64 open = walked_by_fault_.contains(pa) && !expect.updated.contains(pa) ? kAccessed : 0;
      if ((value & ~open) != (recorded_.at(pa) & ~open)) report(access, "page-table word", pa);
    }
  }

  std::optional<u64> read(u64 pa) const {
    const auto word = memory_.find(pa);
    return word == memory_.end() ? std::nullopt : std::optional(word->second);
  }

  void report(const Access& access, const std::string& what, u64 value) {
    std::ostringstream text;
    text << file_ << ":" << access.line << ": vector " << vector_.id << ": " << what << " (" << std::hex << value
         << ")";
    count_.mismatches.push_back(text.str());
  }

  const CpuVector& vector_;
  const std::string& file_;
  VectorCount& count_;
  Words memory_;    // as our walks leave it
  Words recorded_;  // W and U lines
  std::set<u64> walked_by_fault_;
};

}  // namespace

VectorCount run_vectors(const std::vector<CpuVector>& vectors, const std::string& file) {
  VectorCount count;
  for (const CpuVector& vector : vectors) {
    count.five_level += vector.levels == 5;
    count.protection_keys += arch::layout::Controls::PKE.test(vector.context.controls);
    VectorRun(vector, file, count).run();
  }
  return count;
}

}  // namespace kilburn::tb
