// SPDX-License-Identifier: Apache-2.0
//
// A depth-first walk over all entries; each is judged by the decision core, with the least demanding access.
#include "tb/stimulus/mappings.h"

#include <cstdio>
#include <cstring>

#include "model/arch/format.h"
#include "model/arch/walk.h"
#include "tb/text.h"

namespace kilburn::tb {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

namespace pte = arch::layout::X86Pte;
namespace ctl = arch::layout::Controls;
namespace right = arch::layout::X86Rights;

namespace {

constexpr unsigned kEntries = 512;
constexpr std::size_t kExamples = 8;

// Bits of CR0, CR4 and RFLAGS (SDM 2.5, volume 1 3.4.3).
constexpr u64 kCr0Wp = u64{1} << 16, kCr0Pg = u64{1} << 31;
constexpr u64 kCr4Pae = 1 << 5, kCr4Pge = 1 << 7, kCr4La57 = 1 << 12, kCr4Pcide = 1 << 17, kCr4Smep = 1 << 20;
constexpr u64 kCr4Smap = 1 << 21, kCr4Pke = 1 << 22, kCr4Pks = 1 << 24;

u32 controls_of(const DumpCpu& cpu) {
  const auto on = [](u64 word, u64 bit) { return (word & bit) != 0; };
  return static_cast<u32>(ctl::WP.make(on(cpu.cr0, kCr0Wp)) | ctl::NXE.make(1) | ctl::SMEP.make(on(cpu.cr4, kCr4Smep)) |
                          ctl::SMAP.make(on(cpu.cr4, kCr4Smap)) | ctl::PKE.make(on(cpu.cr4, kCr4Pke)) |
                          ctl::PKS.make(on(cpu.cr4, kCr4Pks)) | ctl::PGE.make(on(cpu.cr4, kCr4Pge)) |
                          ctl::LA57.make(on(cpu.cr4, kCr4La57)));
}

// Tables of one page each; the entry's frame decides.
class Enumeration {
 public:
  Enumeration(const ElfDump& dump, const DumpTables& tables, u64 most, const std::function<void(const Mapping&)>& found)
      : dump_(dump), settings_(tables.settings), context_(tables.context), most_(most), found_(found) {
    // Rights are listed, not asked for: nothing may refuse the kernel's read.
    context_.controls &= static_cast<u32>(~(ctl::SMAP.mask() | ctl::PKE.mask() | ctl::PKS.mask() | ctl::PHYS.mask()));
    info_ = arch::info(arch::Format::x86_64, settings_, context_.controls);
  }

  MappingCounts run() {
    table(info_.levels, context_.root, 0, {});
    return std::move(counts_);
  }

 private:
  void table(unsigned level, u64 at, u64 va, const arch::Accumulated& above) {
    const auto bytes = dump_.from(at);
    if (bytes.size() < 8 * kEntries) {
      ++counts_.outside;
      example("the level " + std::to_string(level) + " table at " + hex(at) + " is not in the dump");
      return;
    }
    // Tables that hold no mapping must not keep the enumeration busy for ever: entries may lead back to tables above.
    if (++counts_.tables > most_) {
      throw DumpError(dump_.name() + ": the page tables at " + hex(context_.root) + " lead to more than " +
                      grouped(most_) + " tables (--max-mappings)");
    }
    for (unsigned index = 0; index < kEntries; ++index) {
      u64 entry;
      std::memcpy(&entry, bytes.data() + 8 * index, sizeof entry);
      if (!pte::P.test(entry)) continue;
      const unsigned shift = info_.page_shift + info_.index_bits * (level - 1);
      this->entry(level, entry, at + 8 * index, va | u64{index} << shift, above);
    }
  }

  void entry(unsigned level, u64 word, u64 at, u64 va, const arch::Accumulated& above) {
    // An access whose address is canonical, with this index.
    const arch::Request request{va, arch::Op::read, arch::Mode::kernel, true, false};
    const auto judge = [&](u64 value) {
      return arch::judge_entry(arch::Format::x86_64, settings_, level, value, above, request, context_);
    };
    arch::Judgement judged = judge(word);
    if (judged.kind == arch::Judgement::Kind::update) judged = judge(judged.desired);
    switch (judged.kind) {
      case arch::Judgement::Kind::table:
        table(level - 1, judged.next, va, judged.accumulated);
        break;
      case arch::Judgement::Kind::translated:
        leaf(judged.translation, va);
        break;
      default:
        ++counts_.malformed;
        example("the level " + std::to_string(level) + " entry at " + hex(at) +
                " has a reserved bit set: " + hex(word));
    }
  }

  void leaf(const arch::Translation& t, u64 va) {
    if (++counts_.mappings > most_) {
      throw DumpError(dump_.name() + ": the page tables at " + hex(context_.root) + " hold more than " +
                      grouped(most_) + " mappings (--max-mappings)");
    }
    const unsigned sign = 64u - info_.va_bits;
    const auto canonical = static_cast<u64>(static_cast<std::int64_t>(va << sign) >> sign);
    const bool x = !(right::NX.test(t.rights) && ctl::NXE.test(context_.controls));
    const Mapping mapping(canonical, t.pa, t.page_log2, right::W.test(t.rights), right::U.test(t.rights), x, t.global);
    counts_.bytes += mapping.bytes();
    ++counts_.by_kind[mapping.kind()];
    found_(mapping);
  }

  void example(std::string line) {
    if (counts_.examples.size() < kExamples) counts_.examples.push_back(std::move(line));
  }

  const ElfDump& dump_;
  arch::Settings settings_;
  arch::Context context_;
  arch::FormatInfo info_{};
  u64 most_;
  const std::function<void(const Mapping&)>& found_;
  MappingCounts counts_;
};

const DumpCpu& chosen_cpu(const ElfDump& dump, const DumpTablesChoice& choice) {
  const auto& cpus = dump.cpus();
  if (cpus.empty()) {
    throw DumpError(dump.name() +
                    ": holds no QEMU CPU note, so CR3 and CR4 are not known; --root and --levels give them");
  }
  if (choice.cpu && *choice.cpu >= cpus.size()) {
    throw DumpError(dump.name() + ": holds notes of " + std::to_string(cpus.size()) + " CPU" +
                    (cpus.size() == 1 ? "" : "s") + "; there is no CPU " + std::to_string(*choice.cpu));
  }
  std::size_t number = choice.cpu.value_or(0);
  if (!choice.cpu) {
    while (number < cpus.size() && !(cpus[number].cr0 & kCr0Pg)) ++number;
    if (number == cpus.size()) number = 0;
  }
  const DumpCpu& cpu = cpus[number];
  const std::string name = dump.name() + ": CPU " + std::to_string(number);
  if (!(cpu.cr0 & kCr0Pg)) throw DumpError(name + " has paging off (CR0.PG = 0): there are no mappings");
  if (!(cpu.cr4 & kCr4Pae)) throw DumpError(name + " is not in 64-bit mode (CR4.PAE = 0): its tables are 32-bit ones");
  return cpu;
}

}  // namespace

const char* Mapping::size() const { return page_log2() == 12 ? "4K" : page_log2() == 21 ? "2M" : "1G"; }

std::string Mapping::rights() const {
  return {'r', writable() ? 'w' : '-', executable() ? 'x' : '-', user() ? 'u' : 's', global() ? 'g' : '-'};
}

std::string text(const Mapping& m) {
  char line[80];
  std::snprintf(line, sizeof line, "%016llx %013llx %s %s", static_cast<unsigned long long>(m.va()),
                static_cast<unsigned long long>(m.pa()), m.size(), m.rights().c_str());
  return line;
}

DumpTables tables_of(const ElfDump& dump, const DumpTablesChoice& choice) {
  DumpTables tables;
  tables.settings.pa_width = static_cast<u8>(choice.pa_width.value_or(52));
  arch::Context& context = tables.context;
  const u64 frame = pte::FRAME.mask();
  if (choice.root) {
    // As 64-bit systems have them.
    context.controls = static_cast<u32>(ctl::WP.mask() | ctl::NXE.mask() | ctl::PGE.mask());
    if (*choice.root & ~frame) {
      throw DumpError(dump.name() + ": the root " + hex(*choice.root) + " is not the address of a 4 KB page");
    }
    context.root = *choice.root;
    if (!dump.cpus().empty() && (choice.cpu || dump.cpus()[0].cr0 & kCr0Pg)) {
      context.controls = controls_of(chosen_cpu(dump, choice));
    }
    if (dump.cpus().empty() && !choice.levels) context.controls &= static_cast<u32>(~ctl::LA57.mask());
  } else {
    const DumpCpu& cpu = chosen_cpu(dump, choice);
    context.controls = controls_of(cpu);
    context.root = cpu.cr3 & frame;
    if (cpu.cr4 & kCr4Pcide) context.asid = static_cast<u16>(cpu.cr3 & 0xfff);
  }
  if (choice.levels) {
    context.controls = static_cast<u32>(ctl::LA57.set(context.controls, *choice.levels == 5));
  }
  if (context.root >> tables.settings.pa_width) {
    throw DumpError(dump.name() + ": the root " + hex(context.root) + " has bits above the physical address width " +
                    std::to_string(tables.settings.pa_width));
  }
  if (!dump.contains(context.root, 8 * kEntries)) {
    throw DumpError(dump.name() + ": the root table at " + hex(context.root) + " is not in the dump, which holds " +
                    hex(dump.segments().front().pa) + " to " + hex(dump.end() - 1) +
                    (dump.segments().size() > 1 ? " with gaps" : ""));
  }
  return tables;
}

MappingCounts enumerate_mappings(const ElfDump& dump, const DumpTables& tables, u64 most,
                                 const std::function<void(const Mapping&)>& found) {
  return Enumeration(dump, tables, most, found).run();
}

std::vector<std::string> summary(const MappingCounts& counts) {
  std::vector<std::string> lines;
  for (unsigned kind = 0; kind < Mapping::kKinds; ++kind) {
    if (counts.by_kind[kind] == 0) continue;
    const Mapping like(0, 0, 12 + 9 * (kind >> 4), kind & 1, kind & 4, kind & 2, kind & 8);
    char line[80];
    std::snprintf(line, sizeof line, "%s %s %15s", like.size(), like.rights().c_str(),
                  grouped(counts.by_kind[kind]).c_str());
    lines.emplace_back(line);
  }
  return lines;
}

}  // namespace kilburn::tb
