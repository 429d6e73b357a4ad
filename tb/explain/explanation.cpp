// SPDX-License-Identifier: Apache-2.0
//
// The walk is the decision core's own; here it is only told.
#include "tb/explain/explanation.h"

#include "model/arch/format.h"
#include "model/arch/rules.h"
#include "tb/explain/named_bits.h"

namespace kilburn::tb {

using arch::u64;

namespace xpte = arch::layout::X86Pte;
namespace apte = arch::layout::AlphaPte;
namespace ctl = arch::layout::Controls;

namespace {

std::string table_name(arch::Format format, unsigned level, unsigned levels) {
  static constexpr const char* kX86[] = {"PT", "PD", "PDPT", "PML4", "PML5"};
  // The Alpha manuals count from the root.
  return format == arch::Format::x86_64 ? kX86[level - 1] : "L" + std::to_string(levels - level + 1);
}

class Telling {
 public:
  Telling(Explanation& told, const ReadWord& read) : told_(told), read_(read) {
    info_ = arch::info(told.format, told.settings, told.context.controls);
  }

  void run() {
    told_.outcome =
        arch::walk(told_.format, told_.settings, told_.context, told_.request, [&](u64 pa) { return read_(pa); });
    const arch::Outcome& outcome = told_.outcome;
    u64 table = told_.context.root & ((u64{1} << 52) - 1) & (~u64{0} << info_.page_shift);
    for (const arch::Step& step : outcome.steps) {
      add(step.level, step.pa);
      if (const auto& next = told_.levels.back().next) table = *next;
    }
    // An entry that could not be read is the walk's last.
    const unsigned failed = outcome.fault.code == arch::Fault::bus ? outcome.fault.level : 0;
    if (failed != 0 && (outcome.steps.empty() || outcome.steps.back().level != failed)) {
      add(failed, arch::entry_address(info_, table, told_.request.va, failed));
    }
  }

 private:
  void add(unsigned level, u64 pa) {
    ExplainedLevel told;
    told.level = level;
    told.table = table_name(told_.format, level, info_.levels);
    told.index = arch::table_index(info_, told_.request.va, level);
    told.pa = pa;
    told.value = read_(pa);
    if (told.value) {
      if (told_.format == arch::Format::x86_64)
        x86_entry(told, *told.value);
      else
        alpha_entry(told, *told.value);
    }
    for (const arch::EntryWrite& write : told_.outcome.writes) {
      if (write.pa == pa) told.updated = write.desired;
    }
    told_.levels.push_back(std::move(told));
  }

  void x86_entry(ExplainedLevel& told, u64 entry) {
    if (!xpte::P.test(entry)) return;
    const bool leaf = told.level == 1 || (told.level < 4 && xpte::PS.test(entry));
    u64 mask = xpte::P.mask() | xpte::RW.mask() | xpte::US.mask() | xpte::PWT.mask() | xpte::PCD.mask() |
               xpte::A.mask() | xpte::NX.mask();
    if (leaf) mask |= xpte::D.mask() | xpte::G.mask() | xpte::PKEY.mask();
    if (told.level > 1) mask |= xpte::PS.mask();
    if (leaf && told.level > 1) mask |= xpte::PAT_LARGE.mask();
    told.bits = named_bits(WordLayout::X86Pte, entry, mask);
    if (told.level == 1 && xpte::PS.test(entry)) told.bits.emplace_back("PAT");
    told.reserved = reserved_bits(told.level, entry);
    const unsigned page_log2 = 12 + 9 * (told.level - 1);
    told.next = entry & xpte::FRAME.mask() & (leaf ? ~u64{0} << page_log2 : ~u64{0});
    w_ = w_ && xpte::RW.test(entry);
    u_ = u_ && xpte::US.test(entry);
    nx_ = nx_ || xpte::NX.test(entry);
    const bool nx_counts = ctl::NXE.test(told_.context.controls);
    told.rights = std::string(w_ ? "writable" : "read-only") + ", " + (u_ ? "user" : "supervisor") + ", " +
                  (nx_ && nx_counts ? "not executable" : "executable");
  }

  // Each bit is tried alone in an entry of the same kind.
  std::vector<std::string> reserved_bits(unsigned level, u64 entry) const {
    const auto refused = [&](u64 word) {
      const auto judged =
          arch::judge_entry(told_.format, told_.settings, level, word, {}, told_.request, told_.context);
      return judged.kind == arch::Judgement::Kind::fault && judged.fault.rule == arch::Rule::x86_reserved;
    };
    std::vector<std::string> found;
    if (!refused(entry)) return found;
    u64 base = xpte::P.mask();
    if (refused(base | (entry & xpte::PS.mask())))
      found.emplace_back("PS");
    else
      base |= entry & xpte::PS.mask();
    for (unsigned bit = 1; bit < 64; ++bit) {
      const u64 mask = u64{1} << bit;
      if ((entry & mask) == 0 || (mask & (xpte::PS.mask() | base)) != 0) continue;
      if (refused(base | mask)) found.push_back(mask == xpte::NX.mask() ? "NX" : "bit " + std::to_string(bit));
    }
    return found;
  }

  void alpha_entry(ExplainedLevel& told, u64 entry) {
    const bool leaf = told.level == 1;
    // The second set of names of bits 8 to 15 is the VMS layout's.
    const u64 vms = apte::VMS_SRE.mask() | apte::VMS_URE.mask() | apte::VMS_SWE.mask() | apte::VMS_UWE.mask();
    u64 mask = ~(apte::PFN.mask() | (told_.settings.vms ? 0 : vms));
    if (!leaf) mask &= apte::V.mask() | apte::KRE.mask();
    told.bits = named_bits(WordLayout::AlphaPte, entry, mask);
    if (!apte::V.test(entry)) return;
    const u64 frame = apte::PFN.get(entry) << info_.page_shift;
    const u64 block = leaf ? ~u64{0} << (info_.page_shift + 3 * apte::GH.get(entry)) : ~u64{0};
    told.next = frame & block;
  }

  Explanation& told_;
  const ReadWord& read_;
  arch::FormatInfo info_{};
  bool w_ = true, u_ = true, nx_ = false;
};

}  // namespace

Explanation explain(arch::Format format, const arch::Settings& settings, const arch::Context& context,
                    const arch::Request& request, const ReadWord& read, const std::optional<DutAnswer>& dut) {
  Explanation told;
  told.format = format;
  told.settings = settings;
  told.context = context;
  told.request = request;
  Telling(told, read).run();
  if (dut) told.compared = compare_answer(format, told.outcome, *dut);
  return told;
}

}  // namespace kilburn::tb
