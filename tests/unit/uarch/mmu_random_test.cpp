// SPDX-License-Identifier: Apache-2.0
//
// A property over random streams: whatever the interleaving of requests, invalidations, memory latencies and
// back-pressure, each accepted request is answered exactly once, and while no table changes in more than A and
// D bits, the answer is that of the walk of model/arch; of a software-refilled TLB it is that or a miss. The pins
// keep rules R2, R6, R9 and R10 throughout.
#include <array>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/unit/uarch/rig.h"

using namespace kilburn;
using namespace kilburn::uarch;
using namespace kilburn::uarch::test;
using arch::Format;

namespace {

// The choices of an implementation, drawn once a stream: they are constant from reset on.
arch::Settings draw_settings(std::mt19937_64& random) {
  arch::Settings settings;
  settings.pa_width = static_cast<u8>(32 + random() % 21);
  settings.page_1g = random() % 2 == 0;
  settings.amd = random() % 2 == 0;
  settings.vms = random() % 2 == 0;
  if (const u64 chip = random() % 4; chip < 3) settings.chip = static_cast<arch::Chip>(chip);
  return settings;
}

Config draw_config(bool full, Format format, unsigned entries, const arch::Settings& settings,
                   std::mt19937_64& random) {
  Config config = bare(format, entries, std::min(entries * 2, 64u), settings);
  if (!full) return config;
  const auto power = [&](unsigned limit) { return 1u << random() % (limit + 1); };
  config.i_misses = 1 + static_cast<unsigned>(random() % 8);
  config.d_misses = 1 + static_cast<unsigned>(random() % 8);
  config.l2_sets = random() % 4 == 0 ? 0 : power(6);
  config.l2_large_sets = power(4);
  config.l2_ways = power(3);
  for (unsigned& count : config.psc_entries) count = random() % 4 == 0 ? 0 : power(4);
  config.walkers = 1 + static_cast<unsigned>(random() % 8);
  config.policy = static_cast<Policy>(random() % 3);
  config.rewalk = random() % 2 == 0;
  config.prefetch = random() % 2 == 0;
  return config;
}

class Stream {
 public:
  // `full`: everything between the L1 TLBs and the walk, of sizes drawn from the seed.
  Stream(Format format, unsigned entries, unsigned seed, bool full)
      : format_(format),
        x86_(format == Format::x86_64),
        info_(arch::info(format)),
        random_(seed),
        settings_(draw_settings(random_)),
        config_(draw_config(full, format, entries, settings_, random_)),
        rig_(config_),
        kernel_base_(~u64{0} << (info_.va_bits - 1)),
        constant_controls_(x86_ ? (one_in(4) ? 0 : control::kNxe) | (one_in(4) ? 0 : control::kPge) : 0) {
    rig_.before_access = [this](const MemAccess& access) { compete(access); };
    roots_ = {rig_.root, rig_.memory.table()};
    if (x86_) roots_.push_back(rig_.memory.table());  // five levels
    for (unsigned n = 0; n < 60; ++n) add_page();
    for (unsigned n = 0; n < 3; ++n) x86_ ? add_odd_pages() : add_block();
    // A root entry that points to nothing readable.
    const u64 hole = info_.format == Format::alpha ? 0x3'0000'0000 : 0x30'0000'0000;
    for (u64 space = 1; space < roots_.size(); ++space) {
      set(space, hole, 2, rig_.memory.pointer(0x5000'0000, table_bits()), table_bits());
    }
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
    for (unsigned n = 0; n < 1000; ++n) step();
    INFO(rig_.mmu->describe());
    CHECK(in_flight_[0].empty());
    CHECK(in_flight_[1].empty());
    CHECK(rig_.acks.size() == invalidations_);
    // The stream has to reach what it is there for.
    CHECK(answered_ > cycles / 20);
    CHECK(rig_.count(event::D_HIT) > cycles / 1500);
    CHECK(rig_.count(event::I_HIT) > cycles / 1500);
    CHECK(rig_.count(event::D_DIRECT) > cycles / 200);
    CHECK(rig_.count(event::KILL) > 0);
    CHECK(faults_.size() >= (x86_ ? 4u : 7u));  // translated, bus error, and the format's own
    if (x86_) CHECK(rig_.count(event::CAS_FAIL) > 0);
    // Every walk ends in one of four ways, of which only a fault that is walked for again, or of a prefetch, has no
    // counter; what is filled beyond walks and the L2 TLB's answers, software has filled.
    u32 translated = 0;
    for (u8 code = event::WALK_READS_1; code <= event::WALK_READS_5; ++code) translated += rig_.count(code);
    const u32 ended = rig_.count(event::KILL) + translated + rig_.count(event::WALK_FAULT);
    CHECK(rig_.count(event::WALK) >= ended);
    if (!config_.prefetch) {
      if (!config_.rewalk) CHECK(rig_.count(event::WALK) == ended);
      const u32 software = rig_.count(event::FILL) - translated - rig_.count(event::L2_HIT);
      CHECK(software <= software_fills_);
      CHECK((software > 0) == !x86_);
    }
    CHECK((rig_.count(event::L2_HIT) > 0) == (config_.l2_sets != 0));
    CHECK((rig_.count(event::PSC_HIT_2) > 0) == (config_.psc_entries[0] != 0));
    CHECK((rig_.count(event::D_MERGE) > 0) == (config_.d_misses > 1));
    CHECK(rig_.count(event::D_RETRY) == rig_.count(event::D_MERGE));
    CHECK(rig_.count(event::I_RETRY) == rig_.count(event::I_MERGE));
    if (x86_) {
      CHECK(key_denials_ > 0);
      CHECK(wide_ > 0);
    } else {
      CHECK(refused_ > 0);
    }
  }

 private:
  struct Expected {
    arch::Outcome walk;
    bool refill = false;  // software fills the TLB
    bool wide = false;    // an address of five levels
  };

  u64 below(u64 n) { return random_() % n; }
  bool one_in(u64 n) { return below(n) == 0; }
  u64 table_bits() const { return x86_ ? x86::kP | x86::kRw | x86::kUs : test::alpha::kTable; }
  bool five_levels(u64 space) const { return space == 2; }

  void set(u64 space, u64 va, unsigned level, u64 entry, u64 above) {
    rig_.memory.levels = five_levels(space) ? 5 : info_.levels;
    rig_.memory.set(roots_[space], va, level, entry, above);
    if (level == 1) leaves_[{space, va}] = entry;
  }

  // Low addresses are each root's own, high ones global and the same under all.
  void add_page() {
    const bool global = one_in(3);
    u64 va = below(48) << info_.page_shift | below(2) << (info_.page_shift + 9) | below(2) << (info_.page_shift + 20);
    if (global) va |= kernel_base_;
    const u64 shared = leaf(global);
    // The same rights above all leaves: a global entry must mean the same under every root.
    const u64 above = x86_ && one_in(8) ? table_bits() & ~x86::kRw : table_bits();
    for (u64 space = 0; space < roots_.size(); ++space) set(space, va, 1, global ? shared : leaf(false), above);
    if (x86_ && one_in(6)) {
      const u64 large = va + (u64{1} << 32);
      const u64 entry = below(64) << 21 | x86::kP | x86::kPs | below(2) << 1 | x86::kUs | x86::key(below(4));
      for (u64 space = 0; space < roots_.size(); ++space) set(space, large, 2, entry, table_bits());
      pages_.push_back(large);
    }
    pages_.push_back(va);
  }
  // What settings and controls decide about: 1 GB pages, AMD's bit 8 of an upper entry, addresses of five levels.
  void add_odd_pages() {
    const u64 page = below(8) << info_.page_shift;
    const u64 giant = (u64{1} << 36) + page;
    const u64 entry = below(4) << 30 | x86::kP | x86::kPs | x86::kRw | below(2) << 2 | x86::key(below(4));
    for (u64 space = 0; space < roots_.size(); ++space) {
      set(space, giant, 3, entry, table_bits());
      set(space, (u64{1} << 40) + page, 1, leaf(false), table_bits() | x86::kG);
    }
    const u64 wide = (one_in(2) ? u64{0x0000'8000'0000'0000} : u64{0xff00'0000'0000'0000}) + page;
    set(2, wide, 1, leaf(one_in(2)), table_bits());
    for (const u64 va : {giant, (u64{1} << 40) + page, wide, wide}) pages_.push_back(va);
  }
  // A granularity-hint block: eight pages, whose entries differ in frame bits that do not count (T92).
  void add_block() {
    const u64 va = (u64{1} << 28) + (below(4) << (info_.page_shift + 3));
    const u64 first = (leaf(false) & ~test::alpha::pfn(7)) | test::alpha::gh(1);
    for (u64 space = 0; space < roots_.size(); ++space) {
      for (u64 n = 0; n < 8; ++n) {
        set(space, va + (n << info_.page_shift), 1, first | test::alpha::pfn(below(8)), table_bits());
      }
    }
    for (const u64 n : {u64{0}, below(8)}) pages_.push_back(va + (n << info_.page_shift));
  }
  u64 leaf(bool global) {
    const u64 frame = 0x800 + below(0x400);
    if (!x86_) {
      u64 bits = test::alpha::kPage;
      if (settings_.vms) bits |= test::alpha::kSre | test::alpha::kVmsUre | test::alpha::kSwe | test::alpha::kVmsUwe;
      if (one_in(4)) bits &= ~(u64{1} << std::array<u64, 7>{0, 8, 9, 11, 12, 13, 15}[below(7)]);
      if (one_in(4)) bits |= u64{2} << below(3);
      return test::alpha::pfn(frame) | bits | (global ? test::alpha::kAsm : 0);
    }
    u64 bits = x86::kP | x86::kRw | x86::kUs | below(4) << 5 | x86::key(one_in(2) ? 0 : below(16));
    if (one_in(5)) bits &= ~(u64{1} << below(3));
    if (one_in(12)) bits |= u64{1} << 45;  // at or above MAXPHYADDR in most streams
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
      const u64 space = below(roots_.size());
      in.inv_op = static_cast<u8>(one_in(2) ? inv::FILL_I + below(2) : below(10));
      in.inv_va = pages_[below(pages_.size())];
      in.inv_asid = static_cast<u32>(1 + space);
      // What software fills is what the tables say, or not valid.
      const auto entry = leaves_.find({space, in.inv_va});
      in.inv_pte = entry == leaves_.end() ? 0 : entry->second;
    } else if (!x86_ && !in.inv_valid && !missed_.empty()) {
      in.inv_valid = 1;
      const auto [data, space, va] = missed_.back();
      missed_.pop_back();
      in.inv_op = data ? inv::FILL_D : inv::FILL_I;
      in.inv_va = va;
      in.inv_asid = static_cast<u32>(1 + space);
      in.inv_pte = leaves_[{space, va}];
    }
    if (one_in(20)) space_ = below(roots_.size());
    if (one_in(100)) phase_ = below(16);
    in.ctx_root = roots_[space_];
    in.ctx_asid = static_cast<u32>(1 + space_);
    // Kept for a while, so that accesses repeat. NXE changes which entries are reserved and PGE which are global,
    // so they are constant for a fixed meaning of the tables.
    if (one_in(40)) controls_ = draw_controls();
    in.ctx_ctl = constant_controls_ | controls_ | (five_levels(space_) ? control::kLa57 : 0);
    if (one_in(30)) in.ctx_pkru = draw_key_rights();
    if (one_in(30)) in.ctx_pkrs = draw_key_rights();
  }
  u32 draw_key_rights() { return one_in(2) ? 0 : static_cast<u32>(random_() & random_() & random_()); }
  u32 draw_controls() {
    const u32 off = one_in(16) ? control::kPhys : 0;
    if (x86_) return off | (static_cast<u32>(random_()) & 0x3d) | (one_in(4) ? control::kRefill | control::spe(7) : 0);
    return off | (one_in(8) ? control::spe(static_cast<u32>(below(8))) : 0) | (one_in(3) ? control::kRefill : 0);
  }
  void shuffle_port(ReqIn& port, std::map<u32, Expected>& in_flight, bool data) {
    port.rsp_ready = !one_in(4);
    const bool kept = port.valid && !(data ? d_taken_ : i_taken_);
    if (kept) return;
    port.valid = !one_in(3);
    const u64 first = phase_ * 3;  // four pages are hot for a while, among them ones that fault
    port.va = pages_[first + below(one_in(4) ? pages_.size() - first : 4)] + below(4096);
    if (one_in(50)) port.va ^= u64{1} << (info_.va_bits + below(64 - info_.va_bits));
    port.mode = static_cast<u8>(one_in(4) ? below(4) : 3);
    port.write = one_in(3);  // these three mean nothing on the instruction port
    port.ac = one_in(2);
    port.implicit = one_in(5);
    port.id = static_cast<u8>(below(16));
    if (in_flight.count(port.id)) port.valid = 0;  // ids in flight are distinct (R3)
  }

  void accept(const ReqIn& port, std::map<u32, Expected>& in_flight, bool data) {
    const PinsIn& in = rig_.in;
    arch::Request request;
    request.va = port.va;
    request.op = !data ? arch::Op::fetch : port.write ? arch::Op::write : arch::Op::read;
    request.mode = static_cast<arch::Mode>(port.mode);
    request.ac = data && port.ac != 0;
    request.implicit = data && port.implicit != 0;
    const arch::Context context{in.ctx_root, static_cast<u16>(in.ctx_asid), in.ctx_ctl, in.ctx_pkru, in.ctx_pkrs};
    Expected expected;
    expected.walk =
        arch::walk(format_, settings_, context, request, [&](u64 pa) { return rig_.memory.read_or_error(pa); });
    expected.refill = !x86_ && (in.ctx_ctl & control::kRefill) != 0 && !expected.walk.steps.empty();
    expected.wide = five_levels(space_) && !arch::sign_ok(info_, port.va);
    const u64 page = port.va & (~u64{0} << info_.page_shift);
    if (expected.refill && one_in(8) && leaves_.count({space_, page})) missed_.push_back({data, space_, page});
    in_flight[port.id] = expected;
  }

  void answer(const ReqOut& pins, std::map<u32, Expected>& in_flight) {
    REQUIRE(in_flight.count(pins.rsp_id) == 1);
    const Expected& expected = in_flight[pins.rsp_id];
    const arch::FaultReport& fault = expected.walk.fault;
    if (expected.refill) {
      // An entry that is there decides as the leaf does; without one, or for what no entry can say, it is a miss.
      const bool by_leaf =
          fault.code == arch::Fault::none || std::set{arch::Rule::alpha_leaf_acv, arch::Rule::alpha_leaf_for,
                                                      arch::Rule::alpha_leaf_fow, arch::Rule::alpha_leaf_foe}
                                                     .count(fault.rule) == 1;
      const bool as_leaf = by_leaf && pins.rsp_fault == static_cast<u8>(fault.code);
      REQUIRE((as_leaf || pins.rsp_fault == static_cast<u8>(arch::Fault::miss)));
      REQUIRE(pins.rsp_level == 0);
      refused_ += as_leaf && pins.rsp_fault != 0;
    } else {
      REQUIRE(pins.rsp_fault == static_cast<u8>(fault.code));
      REQUIRE(pins.rsp_err == fault.error);
      REQUIRE(pins.rsp_level == fault.level);
      key_denials_ += (pins.rsp_err & 0x20) != 0;
      wide_ += expected.wide && pins.rsp_fault == 0;
    }
    if (pins.rsp_fault == 0) {
      REQUIRE(pins.rsp_pa == expected.walk.pa);
      REQUIRE(pins.rsp_size == expected.walk.translation.page_log2);
      REQUIRE(pins.rsp_mt == expected.walk.translation.memory_type);
      REQUIRE(pins.rsp_global == expected.walk.translation.global);
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
    software_fills_ += inv_taken_ && (in.inv_op == inv::FILL_I || in.inv_op == inv::FILL_D);
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
      REQUIRE(next.mem_req_id == now.mem_req_id);
      REQUIRE(next.mem_req_addr == now.mem_req_addr);
      REQUIRE(next.mem_req_data == now.mem_req_data);
    }
    REQUIRE((!next.mem_req_valid || next.mem_req_id < config_.walkers));  // the rig sees that ids are distinct (R9)
    if (!next.i.rsp_valid) REQUIRE(same_response(next.i, ReqOut{}));
    if (!next.d.rsp_valid) REQUIRE(same_response(next.d, ReqOut{}));
    if (now.inv_ack) REQUIRE(!next.inv_ack);
    if (now.inv_ack) REQUIRE(!now.inv_ready);
  }

  Format format_;
  bool x86_;
  arch::FormatInfo info_;
  std::mt19937_64 random_;
  arch::Settings settings_;
  Config config_;
  Rig rig_;
  u64 kernel_base_;
  u32 constant_controls_;
  u32 controls_ = 0;
  std::vector<u64> roots_;
  std::vector<u64> pages_;
  std::map<std::pair<u64, u64>, u64> leaves_;       // by space and address
  std::vector<std::tuple<bool, u64, u64>> missed_;  // for software to fill: data side, space, page
  std::array<std::map<u32, Expected>, 2> in_flight_;
  std::set<u8> faults_;
  bool i_taken_ = false, d_taken_ = false, inv_taken_ = false;
  u64 space_ = 0, phase_ = 0;
  std::size_t invalidations_ = 0, software_fills_ = 0;
  unsigned answered_ = 0, refused_ = 0, key_denials_ = 0, wide_ = 0;
};

}  // namespace

TEST_CASE("mmu random: every request is answered once, as the walk says") {
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    for (const unsigned entries : {1u, 4u, 16u, 64u}) {
      for (const unsigned variant : {0u, 100u, 200u}) {  // each with settings of its own
        const unsigned seed = 1000 * static_cast<unsigned>(format) + variant + entries;
        INFO(arch::name(format) << ", " << entries << " entries, seed " << seed);
        Stream(format, entries, seed, false).run(20000);
      }
    }
  }
}

TEST_CASE("mmu random: the same with misses under misses, an L2 TLB, prefixes and several walkers of many sizes") {
  for (const Format format : {Format::x86_64, Format::alpha, Format::alpha_x64}) {
    for (unsigned variant = 0; variant < 24; ++variant) {
      const unsigned seed = 5000 + 1000 * static_cast<unsigned>(format) + variant;
      INFO(arch::name(format) << ", seed " << seed);
      Stream(format, 1u << variant % 4, seed, true).run(12000);
    }
  }
}
