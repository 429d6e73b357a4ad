// SPDX-License-Identifier: Apache-2.0
//
// `kilburn run --vectors`.
#include "tb/app/sources.h"
#include "tb/errors.h"
#include "tb/stimulus/vector_test.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

// A vector's words for the admissible check, whose looks are not reads of the DUT.
class GivenWords final : public os::PhysMem {
 public:
  explicit GivenWords(VectorMemory& memory) : memory_(memory) {}
  arch::u64 size() const override { return memory_.size(); }
  arch::u64 load64(arch::u64 pa) override { return memory_.look(pa).value_or(0); }
  void store64(arch::u64 pa, arch::u64 value) override { memory_.store64(pa, value); }
  arch::u64 cas64(arch::u64 pa, arch::u64 expect, arch::u64 desired) override {
    return memory_.cas64(pa, expect, desired);
  }
  void read(arch::u64 pa, std::span<std::byte> out) override { memory_.read(pa, out); }
  void write(arch::u64 pa, std::span<const std::byte> in) override { memory_.write(pa, in); }

 private:
  VectorMemory& memory_;
};

}  // namespace

arch::Format vectors_format(const RunOptions& options) {
  const arch::Format format = VectorReader::open(options.vectors.string()).format();
  if (options.format_given && options.format != format) {
    throw UserError(options.vectors.string() + " holds " + std::string(arch::name(format)) + " vectors; --format " +
                    std::string(arch::name(options.format)) + " does not go with it");
  }
  return format;
}

void run_vectors(const RunOptions& options, const DutLibrary& library, Result& result) {
  run_with_dut(options, [&](const Advance& advance) {
    VectorMemory memory;
    VectorReader reader = VectorReader::open(options.vectors.string());
    GivenWords given(memory);
    Session session(options, library, memory, advance, &given);
    VectorTest test(session.lockstep(), memory, reader, options.check_admissible);
    session.show([&] { return grouped(test.result().vectors) + " vectors"; });
    session.run([&] { test.run(); }, result);

    const VectorTestResult& r = test.result();
    result.translation.insert(result.translation.begin(), {{"vectors", r.vectors},
                                                           {"accesses", r.accesses},
                                                           {"restarts with other settings", r.restarts},
                                                           {"accesses that need a word not given", r.incomplete},
                                                           {"reads of words not given", r.stray_reads}});
    for (unsigned code = 1; code < 16; ++code) {
      if (r.faults[code] != 0) {
        result.faults.emplace_back(std::string(arch::name(static_cast<arch::Fault>(code))), r.faults[code]);
      }
    }
    result.comparisons.emplace_back("outcomes", r.accesses);
    result.comparisons.emplace_back("page-table words", r.words);
    for (const std::string& line : r.incomplete_shown) result.notes.push_back("note: " + line);
    if (!result.failure || result.failure->check != "vectors") return;
    result.mismatches = r.mismatches;
    result.failure->request.clear();
    result.failure->reference_walk.clear();
    for (const VectorMismatch& mismatch : r.shown) {
      result.failure->details.push_back(mismatch.place + ": " + mismatch.message);
      for (const std::string& line : mismatch.explanation) result.failure->details.push_back("  " + line);
    }
  });
}

}  // namespace kilburn::tb
