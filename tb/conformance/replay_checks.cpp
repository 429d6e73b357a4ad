// SPDX-License-Identifier: Apache-2.0
//
// The same inputs once more: on another instance, beside another instance, with other values where nobody may look,
// and with waves on.
#include <unistd.h>

#include <cstring>

#include "tb/conformance/conformance.h"
#include "tb/conformance/traffic.h"
#include "tb/errors.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

using arch::u64;
using arch::u8;

using Recording = std::vector<RecordedCycle>;

struct Recorded {
  u64 seed;
  kilburn_dut_out first;
  Recording cycles;
};

Recorded record(const DutLibrary& library, const TrafficProfile& profile, u64 seed, u64 responses) {
  Recorded recorded{seed, {}, {}};
  Dut dut(library, seed);
  Traffic traffic(dut, profile, seed);
  recorded.first = traffic.first();
  traffic.record(&recorded.cycles);
  traffic.run(responses);
  return recorded;
}

// Empty if the outputs are equal.
std::string difference(const kilburn_dut_out& found, const kilburn_dut_out& expected, u64 cycle) {
  if (std::memcmp(&found, &expected, sizeof found) == 0) return {};
  const auto say = [&](const char* pin, u64 a, u64 b) {
    return std::string(pin) + " is " + hex(a) + " where it was " + hex(b) + ", cycle " + std::to_string(cycle);
  };
#define KILBURN_PIN(name, field) \
  if (found.field != expected.field) return say(name, found.field, expected.field);
#include "tb/lockstep/pins.def"
#undef KILBURN_PIN
  return "the padding differs, cycle " + std::to_string(cycle);
}

// One instance that repeats a recording.
class Replay {
 public:
  Replay(const DutLibrary& library, const Recorded& recorded) : recorded_(recorded), dut_(library, recorded.seed) {
    dut_.reset(recorded.cycles.front().in.cfg, out_);
    wrong_ = difference(out_, recorded.first, 0);
  }
  Dut& dut() { return dut_; }
  bool running() const { return next_ < recorded_.cycles.size() && wrong_.empty(); }
  // False where the next outputs differ from the recorded ones.
  void step() { step(recorded_.cycles[next_].in); }
  void step(const kilburn_dut_in& in) {
    dut_.clock(in, out_);
    wrong_ = difference(out_, recorded_.cycles[next_].out, next_ + 1);
    ++next_;
  }
  const kilburn_dut_in& in() const { return recorded_.cycles[next_].in; }
  // The outputs in the cycle of in().
  const kilburn_dut_out& out() const { return out_; }
  const std::string& wrong() const { return wrong_; }

 private:
  const Recorded& recorded_;
  Dut dut_;
  kilburn_dut_out out_{};
  std::size_t next_ = 0;
  std::string wrong_;
};

// Values of pins that say nothing in this cycle: a payload without its valid, the context while no request is accepted.
kilburn_dut_in disturb(kilburn_dut_in in, const kilburn_dut_out& out, Random& random) {
  const auto port = [&](kilburn_req_in& pins, bool data) {
    if (pins.valid) return;
    pins.va = random.word();
    pins.id = static_cast<u8>(random.below(16));
    pins.mode = static_cast<u8>(random.below(4));
    if (!data) return;
    pins.write = static_cast<u8>(random.below(2));
    pins.ac = static_cast<u8>(random.below(2));
    pins.implicit = static_cast<u8>(random.below(2));
  };
  port(in.i, false);
  port(in.d, true);
  if (!(in.i.valid && out.i.req_ready) && !(in.d.valid && out.d.req_ready)) {
    in.ctx_root = random.word() & 0xffffffffff000;
    in.ctx_asid = static_cast<arch::u32>(random.below(4096));
    in.ctx_ctl = static_cast<arch::u32>(random.below(1u << 13));
    in.ctx_pkru = static_cast<arch::u32>(random.word());
    in.ctx_pkrs = static_cast<arch::u32>(random.word());
  }
  if (!in.inv_valid) {
    in.inv_va = random.word();
    in.inv_pte = random.word();
    in.inv_asid = static_cast<arch::u32>(random.below(4096));
    in.inv_op = static_cast<u8>(random.below(16));
  }
  if (!in.mem_rsp_valid) {
    in.mem_rsp_data = random.word();
    in.mem_rsp_id = static_cast<u8>(random.below(16));
    in.mem_rsp_match = static_cast<u8>(random.below(2));
    in.mem_rsp_err = static_cast<u8>(random.below(2));
  }
  return in;
}

ConformanceCheck verdict(const char* name, const std::string& wrong, const std::string& what, u64 seen) {
  if (!wrong.empty()) return {name, false, wrong};
  if (seen == 0) return {name, false, "nothing to look at: no " + what};
  return {name, true, grouped(seen) + " " + what};
}

bool opens(Dut& dut, const std::filesystem::path& file) {
  try {
    dut.open_waves(file);
    return true;
  } catch (const EnvironmentError&) {
    return false;
  }
}

// Tracing is asked for in a folder that is not there, and then in one that is.
ConformanceCheck check_waves(const DutLibrary& library, const Recorded& recorded, const std::filesystem::path& folder) {
  if (!library.api().waves_open) return {"waves", true, "not offered"};
  // Self-tests may run side by side, in one folder for temporary files.
  const std::filesystem::path file = folder / ("adapter-" + std::to_string(getpid()) + ".fst");
  std::string wrong;
  {
    Replay replay(library, recorded);
    if (opens(replay.dut(), folder / "nowhere" / "adapter.fst")) {
      wrong = "waves_open() reports success for a file in a folder that does not exist";
    } else if (!opens(replay.dut(), file)) {
      wrong = "waves_open() cannot write " + file.string();
    }
    for (unsigned n = 0; n < 500 && wrong.empty() && replay.running(); ++n) replay.step();
    replay.dut().close_waves();
    for (unsigned n = 0; n < 100 && wrong.empty() && replay.running(); ++n) replay.step();
    if (wrong.empty() && !replay.wrong().empty()) wrong = "with waves on " + replay.wrong();
  }
  std::error_code ec;
  const auto size = std::filesystem::file_size(file, ec);
  if (wrong.empty() && (ec || size == 0)) wrong = "no wave file is left after waves_close()";
  std::filesystem::remove(file, ec);
  return verdict("waves", wrong, "bytes of waves, outputs unchanged", size);
}

}  // namespace

std::vector<ConformanceCheck> check_replays(const DutLibrary& library, const ConformanceOptions& options) {
  const auto& profiles = traffic_profiles();
  const Recorded one = record(library, profiles[4], options.seed, options.responses);
  const Recorded two = record(library, profiles[5], options.seed + 1, options.responses);

  Replay again(library, one);
  while (again.running()) again.step();

  // Another's life between two clocks of this one, and a third one made and destroyed.
  Replay left(library, one), right(library, two);
  std::size_t beside = 0;
  Random random(options.seed);
  while (left.running() && right.running()) {
    left.step();
    for (u64 n = random.below(3); n > 0 && right.running(); --n) right.step();
    if (++beside % 512 == 0) Replay(library, two).step();
  }
  const std::string mixed = !left.wrong().empty() ? left.wrong() : right.wrong();

  Replay disturbed(library, one);
  std::size_t disturbances = 0;
  while (disturbed.running()) {
    disturbed.step(disturb(disturbed.in(), disturbed.out(), random));
    ++disturbances;
  }

  std::vector<ConformanceCheck> checks;
  checks.push_back(verdict("R1 only what is valid", disturbed.wrong(),
                           "cycles with other values on pins that say nothing", disturbances));
  checks.push_back(
      verdict("same seed, same run", again.wrong(), "cycles repeated on a second instance", one.cycles.size()));
  checks.push_back(verdict("instances apart", mixed, "cycles beside another instance", beside));
  checks.push_back(check_waves(library, one, options.folder));
  return checks;
}

}  // namespace kilburn::tb
