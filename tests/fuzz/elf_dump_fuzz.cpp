// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a memory dump: they are refused with a reason, or every address can be read and all mappings listed
// within the limit.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "tb/stimulus/mappings.h"

using namespace kilburn;

namespace {

constexpr arch::u64 kMost = 200;  // mappings and tables

void list(const tb::ElfDump& dump, const tb::DumpTablesChoice& choice) {
  try {
    const auto tables = tb::tables_of(dump, choice);
    arch::u64 found = 0;
    const auto counts = tb::enumerate_mappings(dump, tables, kMost, [&](const tb::Mapping& m) {
      if (m.pa() % m.bytes() != 0 || m.va() % m.bytes() != 0 || tb::text(m).empty()) std::abort();
      ++found;
    });
    if (counts.mappings != found || found > kMost) std::abort();
  } catch (const tb::DumpError& e) {
    if (!std::string_view(e.what()).starts_with("fuzz: ")) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto dump = tb::ElfDump::from_memory(std::as_bytes(std::span(data, size)), "fuzz");
    arch::u64 end = 0;
    for (const auto& segment : dump.segments()) {
      if (segment.pa < end || segment.size == 0) std::abort();
      end = segment.pa + segment.size;
      const arch::u64 last = (end - 1) & ~arch::u64{7};
      for (arch::u64 pa : {segment.pa, last, end & ~arch::u64{7}}) (void)dump.load64(pa);
    }
    if (end != dump.end()) std::abort();
    list(dump, {});
    tb::DumpTablesChoice choice;
    choice.root = 0x1000;
    for (unsigned levels : {4u, 5u}) {
      choice.levels = levels;
      choice.pa_width = 40;
      list(dump, choice);
    }
    if (!dump.cpus().empty()) {
      tb::DumpTablesChoice last_cpu;
      last_cpu.cpu = static_cast<unsigned>(dump.cpus().size() - 1);
      list(dump, last_cpu);
    }
  } catch (const tb::DumpError& e) {
    if (!std::string_view(e.what()).starts_with("fuzz: ")) std::abort();
  }
  return 0;
}
