// SPDX-License-Identifier: Apache-2.0
//
// A property over random streams: whatever the interleaving of requests, invalidations, memory latencies and
// back-pressure, each accepted request is answered exactly once, and while no table changes in more than A and
// D bits, the answer is that of the walk of model/arch. The pins keep rules R2, R6, R9 and R10 throughout.
#include <array>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using arch::Format;

namespace {

class Stream {
 public:
  Stream(Format format, unsigned entries, unsigned seed)
      : format_(format),
        info_(arch::info(format)),
        random_(seed),
        rig_(format, entries, entries * 2 > 64 ? 64 : entries * 2),
        kernel_base_(~u64{0} << (info_.va_bits - 1)) {
    rig_.before_access = [this](const MemAccess& access) { compete(access); };
    roots_ = {rig_.root, rig_.memory.table()};
    for (unsigned n = 0; n < 60; ++n) add_page();
    // A root entry that points to nothing readable.
    const u64 hole = info_.format == Format::alpha ? 0x3'0000'0000 : 0x30'0000'0000;
    rig_.memory.set(roots_[1], hole, 2, rig_.memory.pointer(0x5000'0000, table_bits()));
    for (u64 n = 0; n < 4096; n += 8) rig_.memory.bad.insert(0x5000'0000 + n);
    for (unsigned n = 0; n < 4; ++n) pages_.push_back(hole + (n << info_.page_shift));
  }

  void run(unsigned cycles) {
    for (unsigned n = 0; n < cycles; ++n) {
      shuffle_pins(n % 1000 < 500);
      step();
    }
    rig_.in.i.valid = rig_.in.d.valid = rig_.in.inv_valid = 0;
    rig_.in.i.rsp_ready = rig_.in.d.rsp_ready = rig_.in.mem_req_ready = 1;
    for (unsigned n = 0; n < 200; ++n) step();
    INFO(rig_.mmu->describe());
    CHECK(in_flight_[0].empty());
    CHECK(in_flight_[1].empty());
    CHECK(rig_.acks.size() == invalidations_);
    // The stream has to reach what it is there for.
    CHECK(answered_ > cycles / 20);
    CHECK(rig_.count(event::D_HIT) > cycles / 200);
    CHECK(rig_.count(event::I_HIT) > cycles / 200);
    CHECK(rig_.count(event::KILL) > 0);
    CHECK(faults_.size() >= (format_ == Format::x86_64 ? 4u : 6u));  // translated, bus error, and the format's own
    if (format_ == Format::x86_64) CHECK(rig_.count(event::CAS_FAIL) > 0);
    CHECK(rig_.count(event::WALK) == rig_.count(event::KILL) + rig_.count(event::FILL) + rig_.count(event::WALK_FAULT));
  }

 private:
  u64 below(u64 n) { return random_() % n; }
  bool one_in(u64 n) { return below(n) == 0; }
  u64 table_bits() const { return format_ == Format::x86_64 ? x86::kP | x86::kRw | x86::kUs : test::alpha::kTable; }

  // Low addresses are each root's own, high ones global and the same under both.
  void add_page() {
    const bool global = one_in(3);
    u64 va = below(48) << info_.page_shift | below(2) << (info_.page_shift + 9) | below(2) << (info_.page_shift + 20);
    if (global) va |= kernel_base_;
    const std::array<u64, 2> entry = {leaf(global), leaf(global)};
    // The same rights above both leaves: a global entry must mean the same under either root.
    const u64 above = format_ == Format::x86_64 && one_in(8) ? table_bits() & ~x86::kRw : table_bits();
    for (unsigned n = 0; n < 2; ++n) rig_.memory.set(roots_[n], va, 1, entry[global ? 0 : n], above);
    if (format_ == Format::x86_64 && one_in(6)) {
      const u64 large = va + (u64{1} << 32);
      for (const u64 root : roots_) {
        rig_.memory.set(root, large, 2, below(64) << 21 | x86::kP | x86::kPs | below(2) << 1 | x86::kUs, table_bits());
      }
      pages_.push_back(large);
    }
    pages_.push_back(va);
  }
  u64 leaf(bool global) {
    const u64 frame = 0x800 + below(0x400);
    if (format_ != Format::x86_64) {
      u64 bits = test::alpha::kPage;
      if (one_in(4)) bits &= ~(u64{1} << std::array<u64, 5>{0, 8, 9, 12, 13}[below(5)]);
      if (one_in(4)) bits |= u64{2} << below(3);
      return test::alpha::pfn(frame) | bits | (global ? test::alpha::kAsm : 0);
    }
    u64 bits = x86::kP | x86::kRw | x86::kUs | below(4) << 5;
    if (one_in(5)) bits &= ~(u64{1} << below(3));
    if (one_in(12)) bits |= u64{1} << 45;  // above PaWidth
    if (one_in(4)) bits |= x86::kNx;
    return frame << 12 | bits | (global ? x86::kG : 0);
  }

  // Another agent sets A or D just before a compare-and-swap now and then: it loses, and the word is judged anew.
  void compete(const MemAccess& access) {
    if (access.op == 1 && one_in(4)) rig_.memory.write(access.address, rig_.memory.read(access.address) | x86::kA);
  }

  void shuffle_pins(bool crowded) {
    PinsIn& in = rig_.in;
    rig_.latency = 1 + static_cast<unsigned>(below(crowded ? 2 : 9));
    in.mem_req_ready = crowded || !one_in(3);
    // A valid request keeps its payload until it is taken (R2); so does an invalidation.
    shuffle_port(in.i, in_flight_[0], false);
    shuffle_port(in.d, in_flight_[1], true);
    if (!(in.inv_valid && !inv_taken_)) {
      in.inv_valid = one_in(crowded ? 400 : 100);
      in.inv_op = static_cast<u8>(below(8));
      in.inv_va = pages_[below(pages_.size())];
      in.inv_asid = static_cast<u32>(1 + below(2));
    }
    if (one_in(20)) space_ = below(2);
    if (one_in(100)) phase_ = below(16);
    in.ctx_root = roots_[space_];
    in.ctx_asid = static_cast<u32>(1 + space_);
    // NXE changes which entries are reserved, so it is constant for a fixed meaning of the tables.
    in.ctx_ctl = format_ == Format::x86_64 ? 2u | (static_cast<u32>(random_()) & 0xdu)
                                           : (one_in(8) ? static_cast<u32>(below(8)) << 8 : 0);
  }
  void shuffle_port(ReqIn& port, std::map<u32, arch::Outcome>& in_flight, bool data) {
    port.rsp_ready = !one_in(4);
    const bool kept = port.valid && !(data ? d_taken_ : i_taken_);
    if (kept) return;
    port.valid = !one_in(3);
    const u64 first = phase_ * 3;  // four pages are hot for a while, among them ones that fault
    port.va = pages_[first + below(one_in(4) ? pages_.size() - first : 4)] + below(4096);
    if (one_in(50)) port.va ^= u64{1} << (info_.va_bits + below(64 - info_.va_bits));
    port.mode = static_cast<u8>(one_in(4) ? below(4) : 3);
    port.write = data && one_in(3);
    port.ac = data && one_in(2);
    port.id = static_cast<u32>(below(16));
    if (in_flight.count(port.id)) port.valid = 0;  // ids in flight are distinct (R3)
  }

  void accept(const ReqIn& port, std::map<u32, arch::Outcome>& in_flight, bool data) {
    const PinsIn& in = rig_.in;
    arch::Request request;
    request.va = port.va;
    request.op = !data ? arch::Op::fetch : port.write ? arch::Op::write : arch::Op::read;
    request.mode = static_cast<arch::Mode>(port.mode);
    request.ac = port.ac != 0;
    in_flight[port.id] =
        arch::walk(format_, arch::Settings{40}, {in.ctx_root, static_cast<u16>(in.ctx_asid), in.ctx_ctl}, request,
                   [&](u64 pa) { return rig_.memory.read_or_error(pa); });
  }

  void answer(const ReqOut& pins, std::map<u32, arch::Outcome>& in_flight) {
    REQUIRE(in_flight.count(pins.rsp_id) == 1);
    const arch::Outcome& expected = in_flight[pins.rsp_id];
    REQUIRE(pins.rsp_fault == static_cast<u8>(expected.fault.code));
    REQUIRE(pins.rsp_err == expected.fault.error);
    REQUIRE(pins.rsp_level == expected.fault.level);
    if (pins.rsp_fault == 0) {
      REQUIRE(pins.rsp_pa == expected.pa);
      REQUIRE(pins.rsp_size == expected.translation.page_log2);
      REQUIRE(pins.rsp_mt == expected.translation.memory_type);
      REQUIRE(pins.rsp_global == expected.translation.global);
    } else {
      REQUIRE((pins.rsp_pa | pins.rsp_size | pins.rsp_mt | pins.rsp_global) == 0);
    }
    in_flight.erase(pins.rsp_id);
    faults_.insert(pins.rsp_fault);
    ++answered_;
  }

  static bool same_response(ReqOut a, ReqOut b) {
    a.req_ready = b.req_ready = 0;
    return std::memcmp(&a, &b, sizeof a) == 0;
  }

  void step() {
    const PinsOut now = rig_.out();
    const PinsIn& in = rig_.in;
    if (now.i.rsp_valid && in.i.rsp_ready) answer(now.i, in_flight_[0]);
    if (now.d.rsp_valid && in.d.rsp_ready) answer(now.d, in_flight_[1]);
    i_taken_ = in.i.valid && now.i.req_ready;
    d_taken_ = in.d.valid && now.d.req_ready;
    inv_taken_ = in.inv_valid && now.inv_ready;
    if (i_taken_) accept(in.i, in_flight_[0], false);
    if (d_taken_) accept(in.d, in_flight_[1], true);
    invalidations_ += inv_taken_;
    if (now.mem_req_valid && in.mem_req_ready && now.mem_req_op == 1) {
      const u64 set = now.mem_req_data ^ now.mem_req_cmp;
      REQUIRE((now.mem_req_cmp & x86::kP) != 0);
      REQUIRE((set == x86::kA || set == x86::kD || set == (x86::kA | x86::kD)));
      REQUIRE((now.mem_req_cmp & set) == 0);
    }
    rig_.tick();
    const PinsOut& next = rig_.out();
    if (now.i.rsp_valid && !in.i.rsp_ready) REQUIRE(same_response(now.i, next.i));
    if (now.d.rsp_valid && !in.d.rsp_ready) REQUIRE(same_response(now.d, next.d));
    if (now.mem_req_valid && !in.mem_req_ready) {
      REQUIRE(next.mem_req_valid);
      REQUIRE(next.mem_req_addr == now.mem_req_addr);
      REQUIRE(next.mem_req_data == now.mem_req_data);
    }
    if (now.mem_req_valid && in.mem_req_ready) REQUIRE(!next.mem_req_valid);  // one in flight (R9)
    if (!next.i.rsp_valid) REQUIRE(same_response(next.i, ReqOut{}));
    if (!next.d.rsp_valid) REQUIRE(same_response(next.d, ReqOut{}));
    if (now.inv_ack) REQUIRE((next.inv_ready && !next.inv_ack));
  }

  Format format_;
  arch::FormatInfo info_;
  std::mt19937_64 random_;
  Rig rig_;
  u64 kernel_base_;
  std::array<u64, 2> roots_{};
  std::vector<u64> pages_;
  std::array<std::map<u32, arch::Outcome>, 2> in_flight_;
  std::set<u8> faults_;
  bool i_taken_ = false, d_taken_ = false, inv_taken_ = false;
  u64 space_ = 0, phase_ = 0;
  std::size_t invalidations_ = 0;
  unsigned answered_ = 0;
};

}  // namespace

TEST_CASE("mmu random: every request is answered once, as the walk says") {
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    for (const unsigned entries : {1u, 4u, 16u, 64u}) {
      const unsigned seed = 1000 * static_cast<unsigned>(format) + entries;
      INFO(arch::name(format) << ", " << entries << " entries, seed " << seed);
      Stream(format, entries, seed).run(10000);
    }
  }
}
