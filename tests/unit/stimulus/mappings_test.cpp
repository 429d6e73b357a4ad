// SPDX-License-Identifier: Apache-2.0
//
// Mappings against tables written by hand, and the choice of root and CPU.
#include "tb/stimulus/mappings.h"

#include "tests/catch.h"
#include "tests/unit/stimulus/dump_file.h"

using namespace kilburn;
using test::DumpFile;

namespace {

constexpr arch::u64 kNx = arch::u64{1} << 63;

struct Listed {
  std::vector<std::string> lines;
  tb::MappingCounts counts;
};

Listed list(const DumpFile& file, const tb::DumpTablesChoice& choice = {}, arch::u64 most = 1 << 20) {
  const auto bytes = file.bytes();
  const auto dump = tb::ElfDump::from_memory(bytes, "d");
  Listed l;
  l.counts = tb::enumerate_mappings(dump, tb::tables_of(dump, choice), most,
                                    [&](const tb::Mapping& m) { l.lines.push_back(tb::text(m)); });
  return l;
}

std::string refusal(const DumpFile& file, const tb::DumpTablesChoice& choice = {}, arch::u64 most = 1 << 20) {
  try {
    list(file, choice, most);
  } catch (const tb::DumpError& e) {
    return e.what();
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A page of every size and several rights.
DumpFile sample() {
  DumpFile file;
  file.cpus[0].cr4 = 0xa0;                   // PAE, PGE
  file.set(0x1000, 0x2007);                  // PML4[0]: user
  file.set(0x1ff8, 0x3003);                  // PML4[511]: supervisor, upper half
  file.set(0x2000, 0x4007);                  // PDPT[0]
  file.set(0x2008, 0x40000000 | 0x87);       // PDPT[1]: 1 GB user page
  file.set(0x4000, 0x5007);                  // PD[0]
  file.set(0x4010, 0x600000 | 0x185 | kNx);  // PD[2]: 2 MB read-only, no execute, global
  file.set(0x5008, 0x7067);                  // PT[1]
  file.set(0x5010, 0x8005 | kNx);            // PT[2]
  file.set(0x3ff0, 0x6007 | kNx);            // PDPT[510] of the upper half: nothing below executes
  file.set(0x6000, 0x200000 | 0x1e7);        // PD[0]: 2 MB, user bit, but supervisor above
  file.set(0x5018, 0xff8 << 1);              // not present: nothing counts
  return file;
}

}  // namespace

TEST_CASE("every size and right, in the order of the addresses") {
  const Listed l = list(sample());
  CHECK(l.lines == std::vector<std::string>{
                       "0000000000001000 0000000007000 4K rwxu-",
                       "0000000000002000 0000000008000 4K r--u-",
                       "0000000000400000 0000000600000 2M r--ug",
                       "0000000040000000 0000040000000 1G rwxu-",
                       "ffffffff80000000 0000000200000 2M rw-sg",
                   });
  CHECK(l.counts.mappings == 5);
  CHECK(l.counts.tables == 6);
  CHECK(l.counts.malformed == 0);
  CHECK(l.counts.outside == 0);
  CHECK(tb::summary(l.counts).size() == 5);
}

TEST_CASE("global counts only with CR4.PGE") {
  DumpFile file = sample();
  file.cpus[0].cr4 = 0x20;
  CHECK(list(file).lines[2] == "0000000000400000 0000000600000 2M r--u-");
}

TEST_CASE("five levels: by CR4.LA57 or by choice") {
  DumpFile file = sample();
  file.set(0x9000, 0x1007);
  file.set(0x9ff8, 0x1007);
  file.cpus[0].cr3 = 0x9000;
  file.cpus[0].cr4 |= 0x1000;
  const Listed l = list(file);
  REQUIRE(l.lines.size() == 10);
  CHECK(l.lines[4] == "0000ffff80000000 0000000200000 2M rw-sg");
  CHECK(l.lines[5] == "ffff000000001000 0000000007000 4K rwxu-");
  // The same without any note.
  file.cpus.clear();
  tb::DumpTablesChoice choice;
  choice.root = 0x9000;
  choice.levels = 5;
  CHECK(list(file, choice).lines == l.lines);
  choice.root = 0x1000;
  choice.levels = 4;
  CHECK(list(file, choice).lines == list(sample()).lines);
}

TEST_CASE("malformed entries and tables outside the dump are counted and shown") {
  DumpFile file = sample();
  file.set(0x1008, 0x2087);           // PS in the PML4
  file.set(0x4018, 0x602000 | 0x87);  // 2 MB page with a frame bit below its size
  file.set(0x2010, 0x7ffff007);       // a table beyond memory
  const Listed l = list(file);
  CHECK(l.counts.mappings == 5);
  CHECK(l.counts.malformed == 2);
  CHECK(l.counts.outside == 1);
  REQUIRE(l.counts.examples.size() == 3);
  CHECK(l.counts.examples[0] == "the level 2 entry at 0x4018 has a reserved bit set: 0x602087");
  CHECK(l.counts.examples[1] == "the level 2 table at 0x7ffff000 is not in the dump");
  CHECK(l.counts.examples[2] == "the level 4 entry at 0x1008 has a reserved bit set: 0x2087");
  // With 40 address bits, bit 40 is reserved.
  file = sample();
  file.set(0x5008, 0x10000007067);
  CHECK(list(file).counts.malformed == 0);
  tb::DumpTablesChoice narrow;
  narrow.pa_width = 40;
  CHECK(list(file, narrow).counts.malformed == 1);
}

TEST_CASE("tables that lead to themselves end") {
  DumpFile file;
  file.set(0x1ff8, 0x1007);  // the usual self-map: one mapping of the root itself
  CHECK(list(file).lines == std::vector<std::string>{"fffffffffffff000 0000000001000 4K rwxu-"});
  for (arch::u64 n = 0; n < 512; ++n) file.set(0x1000 + 8 * n, 0x1007);
  CHECK(contains(refusal(file, {}, 100000), "hold more than 100 000 mappings (--max-mappings)"));
  // Tables without end and without a mapping: the last level holds nothing.
  DumpFile empty;
  for (arch::u64 n = 0; n < 512; ++n) {
    empty.set(0x1000 + 8 * n, 0x2007);
    empty.set(0x2000 + 8 * n, 0x3007);
    empty.set(0x3000 + 8 * n, 0x4007);
  }
  CHECK(contains(refusal(empty, {}, 5000), "lead to more than 5 000 tables (--max-mappings)"));
}

TEST_CASE("the CPU and the root") {
  DumpFile file = sample();
  file.cpus.clear();
  CHECK(contains(refusal(file), "holds no QEMU CPU note, so CR3 and CR4 are not known; --root and --levels give them"));
  file.cpus = {{0x10, 0x1000, 0x20}, {0x80000011, 0x1018, 0xa0}};
  CHECK(list(file).lines.size() == 5);  // the first CPU with paging on; CR3's PWT and PCD are no address
  tb::DumpTablesChoice choice;
  choice.cpu = 0;
  CHECK(contains(refusal(file, choice), "CPU 0 has paging off (CR0.PG = 0)"));
  choice.cpu = 2;
  CHECK(contains(refusal(file, choice), "holds notes of 2 CPUs; there is no CPU 2"));
  file.cpus = {{0x80000011, 0x1000, 0x10}};
  CHECK(contains(refusal(file), "CPU 0 is not in 64-bit mode (CR4.PAE = 0)"));
  file.cpus = {{0x80000011, 0x7ffff000, 0x20}};
  CHECK(contains(refusal(file), "the root table at 0x7ffff000 is not in the dump, which holds 0x0 to 0xfffff"));
  choice = {};
  choice.root = 0x1004;
  CHECK(contains(refusal(sample(), choice), "the root 0x1004 is not the address of a 4 KB page"));
  choice.root = 0x10000000000;
  choice.pa_width = 40;
  CHECK(contains(refusal(sample(), choice), "has bits above the physical address width 40"));
  // A PCID is an address space number only with CR4.PCIDE.
  DumpFile with_pcid = sample();
  with_pcid.cpus[0] = {0x80050033, 0x1123, 0x200a0};
  const auto bytes = with_pcid.bytes();
  const auto dump = tb::ElfDump::from_memory(bytes, "d");
  CHECK(tb::tables_of(dump, {}).context.asid == 0x123);
  CHECK(tb::tables_of(dump, {}).context.root == 0x1000);
}

TEST_CASE("a real guest: the mappings are those of QEMU's info tlb") {
  const auto dump = tb::ElfDump::open(KILBURN_TEST_DATA "/dumps/linux-5level.elf");
  arch::u64 hash = 0xcbf29ce484222325;  // FNV-1a, as tests/data/dumps/README.md has it
  arch::u64 executable = 0, user = 0;
  const auto counts = tb::enumerate_mappings(dump, tb::tables_of(dump, {}), 1 << 20, [&](const tb::Mapping& m) {
    char line[48];
    const int length =
        std::snprintf(line, sizeof line, "%016llx %016llx %c%c\n", static_cast<unsigned long long>(m.va()),
                      static_cast<unsigned long long>(m.pa()), m.page_log2() == 12 ? '-' : 'P', m.global() ? 'G' : '-');
    for (int at = 0; at < length; ++at) hash = (hash ^ static_cast<unsigned char>(line[at])) * 0x100000001b3;
    executable += m.executable();
    user += m.user();
  });
  CHECK(counts.mappings == 11687);
  CHECK(hash == 0x5f8fd35288310416);
  CHECK(counts.tables == 105);
  CHECK(counts.malformed == 0);
  CHECK(counts.outside == 0);
  // Kernel text, and the pages of the process; none of those is both writable and executable.
  CHECK(executable == 523);
  CHECK(user == 2);
}
