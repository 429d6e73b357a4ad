// SPDX-License-Identifier: Apache-2.0
//
// The checking rule: outcome, physical address and error code exact (the reader holds CR2 to the address). After a
// successful access each U word is exact and no other given word has changed, except that words walked by an earlier
// faulting access may have A set (SDM 4.8 leaves that open). A fault never sets D.
#include "tests/unit/arch/vector_run.h"

#include <map>
#include <set>
#include <sstream>

#include "model/arch/walk.h"

namespace kilburn::test {
namespace {

using arch::Fault;
using arch::u64;
using Words = std::map<u64, u64>;  // physical address to page-table word

constexpr u64 kAccessed = u64{1} << 5;

Words words_of(const std::vector<tb::VectorWord>& list) {
  Words words;
  for (const tb::VectorWord& word : list) words[word.pa] = word.value;
  return words;
}

class VectorRun {
 public:
  VectorRun(const tb::VectorReader& reader, const tb::CpuVector& vector, VectorCount& count)
      : reader_(reader), vector_(vector), count_(count), memory_(words_of(vector.words)), recorded_(memory_) {}

  void run() {
    ++count_.vectors;
    for (const tb::VectorAccess& access : vector_.accesses) {
      ++count_.accesses;
      check(access);
    }
  }

 private:
  void check(const tb::VectorAccess& access) {
    const arch::Outcome got = arch::walk(reader_.format(), vector_.settings, vector_.context, access.request,
                                         [&](u64 pa) { return read(pa); });
    for (const arch::EntryWrite& write : got.writes) {
      if (memory_.at(write.pa) != write.expect) report(access, "a write expects another word", write.pa);
      memory_.at(write.pa) = write.desired;
    }
    if (got.fault.code != access.fault) {
      report(access,
             std::string(name(got.fault.code)) + " by " + std::string(id(got.fault.rule)) + " instead of " +
                 std::string(name(access.fault)),
             got.pa);
      return;
    }
    const Words updated = words_of(access.updated);
    if (access.fault == Fault::none) {
      if (got.pa != access.pa) report(access, "physical address", got.pa);
      for (const auto& [pa, value] : updated) recorded_.at(pa) = value;
    } else {
      if (got.fault.error != access.error) report(access, "error code", got.fault.error);
      for (const arch::Step& step : got.steps) walked_by_fault_.insert(step.pa);
    }
    // After a fault the words of this walk may have A; D and everything else stay as they were recorded.
    for (const auto& [pa, value] : memory_) {
      const u64 open = walked_by_fault_.contains(pa) && !updated.contains(pa) ? kAccessed : 0;
      if ((value & ~open) != (recorded_.at(pa) & ~open)) report(access, "page-table word", pa);
    }
  }

  std::optional<u64> read(u64 pa) const {
    const auto word = memory_.find(pa);
    return word == memory_.end() ? std::nullopt : std::optional(word->second);
  }

  void report(const tb::VectorAccess& access, const std::string& what, u64 value) {
    std::ostringstream text;
    text << reader_.name() << ":" << access.line << ": vector " << vector_.number << ": " << what << " (" << std::hex
         << value << ")";
    count_.mismatches.push_back(text.str());
  }

  const tb::VectorReader& reader_;
  const tb::CpuVector& vector_;
  VectorCount& count_;
  Words memory_;    // as our walks leave it
  Words recorded_;  // W and U lines
  std::set<u64> walked_by_fault_;
};

}  // namespace

VectorCount run_vectors(tb::VectorReader reader) {
  VectorCount count;
  for (tb::CpuVector vector; reader.next(vector);) {
    count.five_level += arch::layout::Controls::LA57.test(vector.context.controls);
    count.protection_keys += arch::layout::Controls::PKE.test(vector.context.controls);
    VectorRun(reader, vector, count).run();
  }
  return count;
}

}  // namespace kilburn::test
