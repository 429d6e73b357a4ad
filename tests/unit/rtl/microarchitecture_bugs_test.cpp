// SPDX-License-Identifier: Apache-2.0
//
// Every seeded bug of the miss file, the L2 TLB, the paging-structure caches, the walkers and the maintenance shows:
// the same run is seen otherwise with the bug than without.

#include "tests/catch.h"
#include "tests/unit/rtl/page_tables.h"

namespace kilburn::rtl_test {
namespace {

using Seen = std::vector<std::uint64_t>;

struct BugCase {
  const char* bug;
  void (*run)(DutBench&, Seen&);
};

void see(Seen& seen, const kilburn_req_out& response) {
  seen.insert(seen.end(), {response.rsp_id, response.rsp_fault, response.rsp_pa});
}

// A walk whose first read is with the memory, and an operation that meets it there.
void kill_a_walk(DutBench& b, unsigned op, std::uint64_t va, unsigned asid) {
  b.memory_answers = false;
  b.request_d(0x1000, false, kUser, 1);
  while (b.in_flight.empty()) b.clock();
  b.in.inv_op = static_cast<std::uint8_t>(op);
  b.in.inv_va = va;
  b.in.inv_asid = asid;
  b.in.inv_valid = 1;
  b.clock();
  b.in.inv_valid = 0;
  b.memory_answers = true;
}

const BugCase kCases[] = {
    {"T12-PSC",
     [](DutBench& b, Seen& seen) {
       b.memory[table(1)] &= ~kRw;
       see(seen, b.translate_d(0x1000, false, kUser));
       see(seen, b.translate_d(0x2000, true, kUser));
     }},
    {"T64",
     [](DutBench& b, Seen& seen) {
       b.translate_d(0x1000, false, kUser);
       b.memory[table(2)] = table(5) | kUserTable | kA;
       b.memory[table(5) + 16] = 0x50000000 | kUserTable | kA;
       b.invalidate(3, 0x7000, 0);
       see(seen, b.translate_d(0x2000, false, kUser));
     }},
    {"PSC-ASID",
     [](DutBench& b, Seen& seen) {
       b.translate_d(0x1000, false, kUser);
       b.in.ctx_asid = 1;
       b.translate_d(0x2000, false, kUser);
       seen.push_back(b.reads);
     }},
    {"L2-ASID",
     [](DutBench& b, Seen& seen) {
       b.translate_i(0x3000, kUser);
       b.in.ctx_asid = 1;
       b.memory[table(3) + 24] = 0x50000000 | kUserTable | kA;
       see(seen, b.translate_d(0x3000, false, kUser));
     }},
    {"T71b",
     [](DutBench& b, Seen& seen) {
       b.translate_d(0x3000, false, kUser);
       b.memory[table(3) + 8 * 67] = 0;  // of the same set
       b.translate_d(67 << 12, false, kUser);
       seen.push_back(b.probe(2, 3 * 4).valid);
     }},
    {"T71c",
     [](DutBench& b, Seen& seen) {
       b.memory[table(3) + 8] = 0;
       b.translate_d(0x1000, false, kUser);
       seen.push_back(b.probe(3, 0).valid);
     }},
    {"MERGE-ASID",
     [](DutBench& b, Seen& seen) {
       b.request_d(0x1000, false, kUser, 1);
       b.in.ctx_asid = 1;
       b.request_d(0x1000, false, kUser, 2);
       see(seen, b.response_d());
       see(seen, b.response_d());
       seen.push_back(b.count(17));  // D_MERGE
     }},
    {"MERGE-LOST",
     [](DutBench& b, Seen& seen) {
       for (std::uint64_t wait = 0; wait < 16; ++wait) {
         b.in.d.rsp_ready = 0;
         b.request_d((wait + 1) << 12, false, kUser, 1);
         for (std::uint64_t n = 0; n < wait; ++n) b.clock();
         b.request_d((wait + 1) << 12, false, kUser, 2);
         b.in.d.rsp_ready = 1;
         see(seen, b.response_d());
         see(seen, b.response_d());
       }
     }},
    {"NO-REWALK",
     [](DutBench& b, Seen& seen) {
       b.translate_d(0x1000, false, kUser);
       b.memory[table(3) + 16] = 0;
       see(seen, b.translate_d(0x2000, false, kUser));
       seen.push_back(b.reads);
     }},
    {"REWALK-MID",
     [](DutBench& b, Seen& seen) {
       b.translate_d(0x1000, false, kUser);
       b.memory[table(3) + 16] = 0;
       see(seen, b.translate_d(0x2000, false, kUser));
     }},
    {"KILL-PSC",
     [](DutBench& b, Seen& seen) {
       kill_a_walk(b, 3, 0x7000, 9);  // of another address space
       while (b.out.inv_ack == 0) b.clock();
       for (std::uint32_t n = 0; n < 30; ++n) seen.push_back(b.probe(3, n).valid);
     }},
    {"T61b",
     [](DutBench& b, Seen& seen) {
       kill_a_walk(b, 0, 0, 0);
       seen.push_back(b.response_d().rsp_pa);
       seen.push_back(b.count(5));  // KILL
     }},
    {"HOLD",
     [](DutBench& b, Seen& seen) {
       kill_a_walk(b, 0, 0, 0);
       while (b.out.inv_ack == 0) b.clock();
       for (int n = 0; n < 4; ++n) {
         b.clock();
         seen.push_back(b.out.inv_ready);
       }
     }},
    {"SCAN-SHORT", [](DutBench& b, Seen& seen) { seen.push_back(b.invalidate(1, 0, 0)); }},
    {"INV-L2",
     [](DutBench& b, Seen& seen) {
       b.translate_d(0x3000, false, kUser);
       b.memory[table(3) + 24] = 0x50000000 | kUserTable | kA;
       b.invalidate(3, 0x3000, 0);
       see(seen, b.translate_d(0x3000, false, kUser));
     }},
    {"L2-DUP",
     [](DutBench& b, Seen& seen) {
       b.memory[table(3) + 24] &= ~kD;
       b.translate_d(0x3000, false, kUser);
       b.translate_d(0x3000, true, kUser);
       seen.push_back(b.probe(2, 3 * 4 + 1).valid);
     }},
    {"L2-MULTI",
     [](DutBench& b, Seen& seen) {
       b.translate_i(0, kUser);
       b.invalidate(3, 0x7000, 0);  // the paging structures: the 4 KB page stays
       b.memory[table(2)] = 0x80000000 | kUserTable | kA | kPs;
       b.translate_d(0x5000, false, kUser);  // the 2 MB page
       b.memory[table(2) + 8] = table(3) | kUserTable | kA;
       for (std::uint64_t page = 1; page < 49; ++page) b.translate_i(0x200000 + (page << 12), kUser);
       see(seen, b.translate_i(0, kUser));  // in both banks, no longer in the L1 TLB
     }},
    {"PORT-ID",
     [](DutBench& b, Seen& seen) {
       b.in.mem_req_ready = 0;
       b.request_d(0x1000, false, kUser, 1);
       b.in.ctx_asid = 1;
       b.request_d(0x2000, false, kUser, 2);
       for (int n = 0; n < 8; ++n) b.clock();
       // The first walker's read is taken and answered while the second's waits on the port.
       for (const bool ready : {true, false, false, false, true}) {
         b.in.mem_req_ready = ready ? 1 : 0;
         b.clock();
       }
       see(seen, b.response_d());
       see(seen, b.response_d());
     }},
    {"PREFETCH-FAULT",
     [](DutBench& b, Seen& seen) {
       b.memory[table(3) + 16] = 0;
       b.translate_d(0x1000, false, kUser);
       for (int n = 0; n < 20; ++n) b.clock();
       seen.push_back(b.probe(2, 2 * 4).valid);
     }},
    {"RSP-ID",
     [](DutBench& b, Seen& seen) {
       b.request_d(0x1000, false, kUser, 1);
       b.request_d(0x1000, false, kUser, 2);
       b.in.d.id = 7;
       see(seen, b.response_d());
       see(seen, b.response_d());
     }},
};

Seen run(const BugCase& c, const char* bug) {
  // The prefetch is there in a library of its own only.
  const std::string name =
      std::string(c.bug).rfind("PREFETCH", 0) == 0 ? "mmu-bugs-prefetch-x86-64" : "mmu-bugs-x86-64";
  DutBench bench(library(name));
  REQUIRE(bench.api().set_bug(bench.self(), bug) == 0);
  x86_pages(bench);
  Seen seen;
  try {
    c.run(bench, seen);
  } catch (const std::runtime_error&) {  // not answered
    seen.push_back(~std::uint64_t{0});
  }
  return seen;
}

}  // namespace

TEST_CASE("each seeded bug of the microarchitecture shows") {
  for (const auto& c : kCases) {
    INFO(c.bug);
    const Seen clean = run(c, "");
    REQUIRE_FALSE(clean.empty());
    CHECK(clean.back() != ~std::uint64_t{0});
    CHECK(run(c, c.bug) != clean);
  }
}

}  // namespace kilburn::rtl_test
