// SPDX-License-Identifier: Apache-2.0
//
// The checking rule: outcome, physical address and error code exact. After a successful access each U word is exact
// and no other word has changed, except that words walked by an earlier faulting access may have A set (SDM 4.8
// leaves that open). A fault changes no more than A of the words that it walked, and never D.
#include "tb/stimulus/vector_test.h"

#include <algorithm>

#include "tb/explain/explanation.h"
#include "tb/explain/named_bits.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u64;

namespace ctl = arch::layout::Controls;
namespace feature = arch::layout::Feature;

namespace {

constexpr u64 kAccessed = arch::layout::X86Pte::A.mask();

std::string outcome_text(arch::Fault fault, u64 pa, unsigned error) {
  if (fault == arch::Fault::none) return "translated to " + hex(pa);
  std::string text(arch::name(fault));
  if (fault == arch::Fault::page) {
    text += " with error code " + hex(error) + " (" + joined(named_bits(WordLayout::PageFaultError, error)) + ")";
  }
  return text;
}

std::optional<u64> word_at(const std::vector<VectorWord>& words, u64 pa) {
  const auto at = std::lower_bound(words.begin(), words.end(), pa,
                                   [](const VectorWord& word, u64 address) { return word.pa < address; });
  return at != words.end() && at->pa == pa ? std::optional(at->value) : std::nullopt;
}

}  // namespace

VectorTest::VectorTest(Lockstep& lockstep, VectorMemory& memory, VectorReader& reader, bool reset_each)
    : reset_each_(reset_each), lockstep_(lockstep), memory_(memory), reader_(reader), port_(lockstep) {
  const auto& api = lockstep.dut().api();
  if (static_cast<arch::Format>(api.config.format) != reader.format()) {
    throw UserError(reader.name() + " holds vectors for " + std::string(arch::name(reader.format())) + ", the DUT is " +
                    std::string(arch::name(static_cast<arch::Format>(api.config.format))) + "; --format " +
                    std::string(arch::name(reader.format())) + " chooses one that fits");
  }
}

std::string VectorTest::place() const {
  return reader_.name() + ":" + std::to_string(line_) + ": vector " + std::to_string(number_);
}

void VectorTest::require(const CpuVector& vector) const {
  const kilburn_dut_api& api = lockstep_.dut().api();
  const auto needs = [&](const std::string& what) {
    throw UserError(place() + " needs " + what + ", which DUT " + api.name + " does not have");
  };
  if (ctl::LA57.test(vector.context.controls) && !feature::LA57.test(api.config.features)) needs("five levels");
  if (ctl::PKE.test(vector.context.controls) && !feature::PKU.test(api.config.features)) needs("protection keys");
  if (api.config.cfg_pins == 0) {
    const arch::Settings built = arch::settings_of(reader_.format(), api.config.cfg);
    if (reader_.format() == arch::Format::x86_64 && built.pa_width != vector.settings.pa_width) {
      needs("a MAXPHYADDR of " + std::to_string(vector.settings.pa_width) + " (its own is " +
            std::to_string(built.pa_width) + ")");
    }
    if (!(built == vector.settings)) needs("another configuration than the one that is built in");
  }
}

// Caches and TLBs empty, the vector's words in memory.
void VectorTest::start(const CpuVector& vector) {
  require(vector);
  if (!reset_ || reset_each_ || !(lockstep_.settings() == vector.settings)) {
    lockstep_.restart(vector.settings);
    reset_ = true;
    ++result_.restarts;
  } else {
    port_.invalidate(arch::layout::Inv::ALL);
  }
  memory_.set(vector.words);
  recorded_ = vector.words;
  walked_by_fault_.clear();
}

void VectorTest::run() {
  CpuVector vector;
  while (reader_.next(vector)) {
    line_ = vector.line;
    number_ = vector.number;
    try {
      start(vector);
      ++result_.vectors;
      for (const VectorAccess& access : vector.accesses) {
        line_ = access.line;
        check(vector, access);
      }
    } catch (const DutWrong& wrong) {
      throw DutWrong(wrong.check, wrong.what() + std::string("; at ") + place(), wrong.cycle, wrong.difference);
    }
  }
  if (result_.mismatches != 0) {
    const VectorMismatch& first = result_.shown.front();
    throw DutWrong("vectors",
                   grouped(result_.mismatches) + " of " + grouped(result_.accesses) +
                       " accesses differ from the recording; the first: " + first.place + ": " + first.message,
                   lockstep_.cycle());
  }
}

std::string VectorTest::compare_answer(const VectorAccess& access, const DutAnswer& dut) const {
  const bool same = dut.fault == access.fault && (access.fault != arch::Fault::none || dut.pa == access.pa) &&
                    (access.fault != arch::Fault::page || dut.error == access.error);
  if (same) return {};
  return "expected " + outcome_text(access.fault, access.pa, access.error) + ", found " +
         outcome_text(dut.fault, dut.pa, dut.error);
}

// Differences are told once: what the DUT left is what the next access is compared with.
std::string VectorTest::compare_words(const VectorAccess& access, const arch::Outcome& reference) {
  std::string found;
  if (access.fault != arch::Fault::none) {
    for (const arch::Step& step : reference.steps) walked_by_fault_.push_back(step.pa);
  }
  const auto& words = memory_.words();
  for (std::size_t at = 0; at < recorded_.size(); ++at) {
    VectorWord& expected = recorded_[at];
    const u64 value = words[at].value;
    ++result_.words;
    bool exact = false;
    if (const auto updated = word_at(access.updated, expected.pa)) {
      expected.value = *updated;
      exact = true;
    }
    const bool open =
        !exact && std::find(walked_by_fault_.begin(), walked_by_fault_.end(), expected.pa) != walked_by_fault_.end();
    if ((value & ~(open ? kAccessed : 0)) != (expected.value & ~(open ? kAccessed : 0)) ||
        (expected.value & ~value & kAccessed) != 0) {
      found += (found.empty() ? "" : "; ") + std::string("expected the word at ") + hex(expected.pa) + " to be " +
               hex(expected.value) + ", found " + hex(value);
    }
    expected.value = value;
  }
  return found;
}

// 0 stood in for what the recording leaves open. That matters only where the walk itself needs the word.
void VectorTest::note_words_not_given(const CpuVector& vector, const VectorAccess& access,
                                      const std::vector<VectorWord>& before) {
  std::optional<u64> missing;
  arch::walk(reader_.format(), vector.settings, vector.context, access.request, [&](u64 pa) {
    const auto word = word_at(before, pa);
    if (!word && !missing) missing = pa;
    return std::optional(word.value_or(0));
  });
  if (missing) {
    ++result_.incomplete;
    if (result_.incomplete_shown.size() < kShown) {
      result_.incomplete_shown.push_back(place() + ": the walk needs the word at " + hex(*missing) +
                                         ", which the vector does not give; 0 was read");
    }
  }
  result_.stray_reads += memory_.not_given().size() - (missing && !memory_.not_given().empty() ? 1 : 0);
}

void VectorTest::check(const CpuVector& vector, const VectorAccess& access) {
  const std::vector<VectorWord> before = memory_.words();
  const DutAnswer dut = port_.translate(vector.context, access.request);
  ++result_.accesses;
  ++result_.faults[static_cast<unsigned>(access.fault) & 15];
  const ReadWord read = [&](u64 pa) { return std::optional(word_at(before, pa).value_or(0)); };
  const arch::Outcome reference = arch::walk(reader_.format(), vector.settings, vector.context, access.request, read);
  if (!memory_.not_given().empty()) note_words_not_given(vector, access, before);
  std::string message = compare_answer(access, dut);
  const std::string words = compare_words(access, reference);
  if (!words.empty()) message += (message.empty() ? "" : "; ") + words;
  if (!memory_.not_given().empty()) {
    if (!message.empty()) {
      message += "; the DUT read the word at " + hex(memory_.not_given().front()) + ", which the vector does not give";
    }
    memory_.forget_not_given();
  }
  if (message.empty()) return;
  ++result_.mismatches;
  if (result_.shown.size() == kShown) return;
  result_.shown.push_back(
      {place(), std::move(message),
       lines(explain(reader_.format(), vector.settings, vector.context, access.request, read, dut))});
}

}  // namespace kilburn::tb
