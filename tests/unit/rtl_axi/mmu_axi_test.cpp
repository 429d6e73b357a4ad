// SPDX-License-Identifier: Apache-2.0
//
// mmu_axi.sv whole, x86-64: random page tables in a memory on the bus, where other processors write too. Every
// response is that of arch::walk(), and afterwards A and D are set where it says and nowhere else, with nothing lost of
// what the other processors wrote.

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/arch/layout.h"
#include "model/arch/walk.h"
#include "tb/dut/verilated_dut.h"
#include "tests/catch.h"
#include "tests/unit/rtl_axi/axi_memory.h"

namespace kilburn::axi_test {
namespace {

using arch::Fault;
using arch::Format;
using arch::Op;
namespace ctl = arch::layout::Controls;
namespace pte = arch::layout::X86Pte;

// Bits of an entry that the walk ignores (SDM tables 4-15 to 4-20): other processors change those.
constexpr std::array<unsigned, 4> kIgnored = {9, 10, 11, 55};

// Page tables from a few pages a level, so that walks share entries, which are random.
class Tables {
 public:
  Tables(tb::Random& random, unsigned levels) : random_(random), levels_(levels) {
    for (unsigned level = 1; level <= levels; ++level) {
      for (u64 n = 0; n < kTables; ++n) {
        for (const u64 index : kIndices) words[table(level, n) + 8 * index] = entry(level);
      }
    }
  }

  std::unordered_map<u64, u64> words;

  static constexpr u64 kTables = 2;
  static constexpr std::array<u64, 3> kIndices = {0, 1, 511};
  static u64 table(unsigned level, u64 n) { return 0x10'0000 + (level * kTables + n) * 0x1000; }
  static constexpr u64 kNoMemory = 0x80'0000'0000 - 0x1000;  // no table there: the bus answers an error

  u64 address() {
    u64 va = random_.below(0x1000);
    for (unsigned level = 1; level <= levels_; ++level) va |= random_.pick(kIndices) << (12 + 9 * (level - 1));
    const unsigned bits = 12 + 9 * levels_;
    if ((va >> (bits - 1) & 1u) != 0) va |= ~u64{0} << bits;
    return random_.one_in(50) ? va ^ u64 { 1 } << 60 : va;  // some not canonical
  }

 private:
  u64 entry(unsigned level) {
    const auto bit = [&](unsigned percent, const auto& field) { return random_.percent(percent) ? field.mask() : 0; };
    u64 word = bit(95, pte::P) | bit(80, pte::RW) | bit(80, pte::US) | bit(20, pte::A) | bit(20, pte::D) |
               bit(5, pte::NX) | bit(30, pte::PWT) | bit(30, pte::PCD) | bit(30, pte::G);
    if (random_.one_in(60)) return word | u64{1} << 45;  // reserved with MAXPHYADDR 40
    if (level == 1) return word | bit(30, pte::PS) | random_.below(u64{1} << 28) << 12 | random_.below(16) << 59;
    if (level <= 3 && random_.percent(15)) {
      const unsigned shift = level == 2 ? 21 : 30;
      word |= pte::PS.mask() | random_.below(u64{1} << (40 - shift)) << shift;
      return word | bit(30, pte::PAT_LARGE) | bit(3, pte::PAT_LARGE) << 1;  // the latter reserved
    }
    if (random_.one_in(60)) return word | kNoMemory;
    return word | table(level - 1, random_.below(kTables));
  }

  tb::Random& random_;
  unsigned levels_;
};

struct Asked {
  bool active = false;
  arch::Request request;
  arch::Context context;
  u64 since = 0;
};

class Bench {
 public:
  Bench(u64 seed, bool la57)
      : random_(seed), tables_(random_, la57 ? 5 : 4), initial_(tables_.words), memory_(seed + 1), dut_(seed) {
    controls_ = static_cast<arch::u32>((la57 ? ctl::LA57.mask() : 0) | (seed % 4 != 0 ? ctl::NXE.mask() : 0));
    memory_.words = initial_;
    memory_.broken = [](u64 addr) { return addr >= Tables::kNoMemory && addr < Tables::kNoMemory + 0x1000; };
    memory_.sniper = [this](u64 addr, u64 old) { return flip(addr, old); };
    memory_.options.snipe_percent = 40;
    memory_.options.lost_percent = 5;
    memory_.options.latency = seed % 2 == 0 ? 12 : 2;
    auto& pins = dut_.pins();  // which start at random
    pins.i_req_valid_i = pins.d_req_valid_i = pins.inv_valid_i = 0;
    pins.i_rsp_ready_i = pins.d_rsp_ready_i = 1;
    pins.d_req_implicit_i = 0;
    pins.ctx_pkrs_i = 0;
    pins.inv_va_i = pins.inv_pte_i = 0;
    pins.evt_sel_i = 0;
    pins.cfg_i = arch::config_word(Format::x86_64, settings_);
    drive(pins, AxiIn{});
    dut_.reset();
    sample(pins, axi_);
  }

  AxiMemory& memory() { return memory_; }
  u64 answers = 0, faults = 0, updates = 0;

  void run(u64 requests) {
    u64 left = requests;
    for (u64 quiet = 0; quiet < 5000 && (left != 0 || outstanding_ != 0);) {
      const u64 before = answers;
      left -= std::min(left, step(left));  // one that waits at the other port may come on top
      quiet = answers == before ? quiet + 1 : 0;
    }
    CHECK(left == 0);
    CHECK(outstanding_ == 0);
    for (int i = 0; i < 200 && !memory_.idle(); ++i) step(0);
  }

  // A and D where a walk of some request set them, the other processors' bits, and nothing else.
  void check_memory() {
    unsigned wrong = 0;
    for (const auto& [addr, word] : initial_) {
      const u64 expected = (word ^ flipped_[addr]) | due_[addr];
      if (memory_.read(addr) != expected && ++wrong < 5) {
        UNSCOPED_INFO("at " << std::hex << addr << " " << memory_.read(addr) << ", expected " << expected);
      }
      updates += due_[addr] != 0 ? 1 : 0;
    }
    CHECK(wrong == 0);
    CHECK(memory_.words.size() == initial_.size());
  }

 private:
  u64 flip(u64 addr, u64 old) {
    const u64 bit = u64{1} << random_.pick(kIgnored);
    flipped_[addr] ^= bit;
    return old ^ bit;
  }

  arch::Context draw_context() {
    arch::Context context;
    context.asid = static_cast<arch::u16>(random_.below(2));  // each its own root
    context.root = Tables::table((controls_ & ctl::LA57.mask()) != 0 ? 5 : 4, context.asid);
    context.controls = controls_ | static_cast<arch::u32>((random_.word() & (ctl::WP.mask() | ctl::SMEP.mask() |
                                                                             ctl::SMAP.mask() | ctl::PKE.mask())));
    context.pkru = static_cast<arch::u32>(random_.word() & random_.word() & random_.word());
    return context;
  }

  // One cycle; the number of requests taken, at most `may`.
  u64 step(u64 may) {
    auto& pins = dut_.pins();
    judge(pins.i_rsp_valid_o && pins.i_rsp_ready_i, i_, pins.i_rsp_id_o, pins.i_rsp_fault_o, pins.i_rsp_err_o,
          pins.i_rsp_level_o, pins.i_rsp_pa_o, pins.i_rsp_size_o, pins.i_rsp_mt_o);
    judge(pins.d_rsp_valid_o && pins.d_rsp_ready_i, d_, pins.d_rsp_id_o, pins.d_rsp_fault_o, pins.d_rsp_err_o,
          pins.d_rsp_level_o, pins.d_rsp_pa_o, pins.d_rsp_size_o, pins.d_rsp_mt_o);
    if (random_.one_in(20)) {  // another processor, anywhere
      const unsigned level = static_cast<unsigned>(random_.between(1, 4));
      const u64 addr = Tables::table(level, random_.below(Tables::kTables)) + 8 * random_.pick(Tables::kIndices);
      memory_.write(addr, flip(addr, memory_.read(addr)));
    }
    const arch::Context context = draw_context();
    pins.ctx_root_i = context.root;
    pins.ctx_asid_i = context.asid;
    pins.ctx_ctl_i = context.controls;
    pins.ctx_pkru_i = context.pkru;
    u64 taken = 0;
    // A request that waits may not change (R2).
    if (!pins.i_req_valid_i && may > 0) {
      const u8 id = static_cast<u8>(random_.below(16));
      if (!i_[id].active && random_.percent(50)) {
        i_pending_ = {tables_.address(), Op::fetch, random_.percent(60) ? arch::Mode::user : arch::Mode::kernel, false,
                      false};
        pins.i_req_valid_i = 1;
        pins.i_req_id_i = id;
        pins.i_req_va_i = i_pending_.va;
        pins.i_req_mode_i = static_cast<u8>(i_pending_.mode);
      }
    }
    if (!pins.d_req_valid_i && may > 1) {
      const u8 id = static_cast<u8>(random_.below(16));
      if (!d_[id].active && random_.percent(80)) {
        d_pending_ = {tables_.address(), random_.percent(50) ? Op::write : Op::read,
                      random_.percent(60) ? arch::Mode::user : arch::Mode::kernel, random_.percent(50), false};
        pins.d_req_valid_i = 1;
        pins.d_req_id_i = id;
        pins.d_req_va_i = d_pending_.va;
        pins.d_req_mode_i = static_cast<u8>(d_pending_.mode);
        pins.d_req_write_i = d_pending_.op == Op::write;
        pins.d_req_ac_i = d_pending_.ac;
      }
    }
    const bool i_taken = pins.i_req_valid_i && pins.i_req_ready_o;
    const bool d_taken = pins.d_req_valid_i && pins.d_req_ready_o;
    if (i_taken) taken += take(i_[pins.i_req_id_i], i_pending_, context);
    if (d_taken) taken += take(d_[pins.d_req_id_i], d_pending_, context);
    // A storm of maintenance: walks are killed in the middle of a sequence on the bus.
    if (!pins.inv_valid_i && random_.one_in(150)) {
      pins.inv_valid_i = 1;
      pins.inv_op_i = random_.percent(50) ? arch::layout::Inv::ALL : arch::layout::Inv::ASID;
      pins.inv_asid_i = random_.below(2) != 0;
    }
    const bool inv_taken = pins.inv_valid_i && pins.inv_ready_o;
    drive(pins, memory_.cycle(axi_));
    dut_.clock();
    sample(pins, axi_);
    if (i_taken) pins.i_req_valid_i = 0;
    if (d_taken) pins.d_req_valid_i = 0;
    if (inv_taken) pins.inv_valid_i = 0;
    return taken;
  }

  u64 take(Asked& asked, const arch::Request& request, const arch::Context& context) {
    asked = {true, request, context, answers};
    ++outstanding_;
    return 1;
  }

  void judge(bool valid, std::array<Asked, 16>& port, u8 id, unsigned fault, unsigned err, unsigned level, u64 pa,
             unsigned size, unsigned mt) {
    if (!valid) return;
    ++answers;
    Asked& asked = port[id];
    REQUIRE(asked.active);
    asked.active = false;
    --outstanding_;
    const auto outcome =
        arch::walk(Format::x86_64, settings_, asked.context, asked.request, [&](u64 addr) -> std::optional<u64> {
          if (memory_.broken(addr)) return std::nullopt;
          return initial_.at(addr);
        });
    for (const auto& write : outcome.writes) due_[write.pa] |= write.desired & ~write.expect;
    const bool translated = outcome.fault.code == Fault::none;
    const bool right = fault == static_cast<unsigned>(outcome.fault.code) && err == outcome.fault.error &&
                       level == outcome.fault.level && pa == (translated ? outcome.pa : 0) &&
                       size == (translated ? outcome.translation.page_log2 : 0) &&
                       mt == (translated ? outcome.translation.memory_type : 0);
    if (!translated) ++faults;
    if (!right) {
      CAPTURE(asked.request.va, asked.context.controls, fault, err, level, pa, size, mt,
              static_cast<unsigned>(outcome.fault.code), outcome.fault.error, unsigned{outcome.fault.level},
              outcome.pa);
      FAIL("a response that is not the walk's");
    }
  }

  const arch::Settings settings_{40, true, false, false, std::nullopt, 0};
  tb::Random random_;
  Tables tables_;
  const std::unordered_map<u64, u64> initial_;
  AxiMemory memory_;
  tb::VerilatedDut<KILBURN_DUT_MODEL> dut_;
  AxiOut axi_;
  arch::u32 controls_ = 0;
  std::array<Asked, 16> i_, d_;
  arch::Request i_pending_, d_pending_;
  u64 outstanding_ = 0;
  std::unordered_map<u64, u64> flipped_, due_;
};

}  // namespace

TEST_CASE("walks over the bus answer and update as the architecture says") {
  u64 lost = 0, updates = 0, most = 0, faults = 0, answers = 0, snipes = 0;
  for (u64 seed = 1; seed <= 30; ++seed) {
    INFO("seed " << seed);
    Bench bench(seed, seed % 3 == 0);
    bench.run(700);
    bench.check_memory();
    const auto& counts = bench.memory().counts;
    CHECK(bench.answers >= 700);
    lost += counts.lost;
    snipes += counts.snipes;
    most = std::max(most, counts.most_at_once);
    updates += bench.updates;
    faults += bench.faults;
    answers += bench.answers;
  }
  // The traffic reached what it is there for.
  CHECK(lost > 50);
  CHECK(snipes > 100);
  CHECK(updates > 500);
  CHECK(most >= 4);
  CHECK(faults > answers / 20);
  CHECK(answers - faults > answers / 5);
}

}  // namespace kilburn::axi_test
