// SPDX-License-Identifier: Apache-2.0
//
// Reset and the rules R2 to R10, under every traffic profile.
#include <optional>

#include "tb/conformance/conformance.h"
#include "tb/conformance/traffic.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace {

using arch::u64;

constexpr unsigned kIdleCycles = 2000;

std::string not_quiet(const kilburn_dut_out& out) {
  if (out.i.rsp_valid || out.d.rsp_valid) return "a response is offered";
  if (out.mem_req_valid) return "a memory request is offered";
  if (out.inv_ack) return "inv_ack is high";
  return {};
}

// Fresh from reset and without a request nothing comes, and every port opens.
std::string idle_after_reset(Dut& dut, arch::u32 cfg) {
  kilburn_dut_in in{};
  kilburn_dut_out out{};
  in.cfg = cfg;
  in.i.rsp_ready = in.d.rsp_ready = in.mem_req_ready = 1;
  dut.reset(cfg, out);
  bool opened = false;
  for (unsigned n = 0; n < kIdleCycles; ++n) {
    if (const std::string wrong = not_quiet(out); !wrong.empty()) {
      return wrong + " in cycle " + std::to_string(n) + " after reset, without a request";
    }
    opened = opened || (out.i.req_ready && out.d.req_ready && out.inv_ready);
    dut.clock(in, out);
  }
  return opened ? "" : "the request and maintenance ports never are ready together after reset";
}

struct Collected {
  std::array<std::optional<std::string>, static_cast<unsigned>(PinRule::count)> breaches;
  PinEvidence evidence;
  std::string reset;  // what was wrong with it
  unsigned runs = 0;

  void take(const PinWatch& watch, const char* profile) {
    ++runs;
    evidence.add(watch.evidence());
    for (unsigned rule = 0; rule < breaches.size(); ++rule) {
      const auto& found = watch.breach(static_cast<PinRule>(rule));
      if (found && !breaches[rule]) breaches[rule] = *found + " of traffic \"" + profile + "\"";
    }
  }
};

arch::u32 config_of(const kilburn_dut_api& api) {
  if (api.config.cfg_pins == 0) return api.config.cfg;
  return arch::config_word(static_cast<arch::Format>(api.config.format), {});
}

void run_profile(const DutLibrary& library, const TrafficProfile& profile, u64 seed, u64 responses, Collected& all) {
  Dut dut(library, seed);
  // A reset under way forgets everything: what follows may not know anything of this.
  Traffic(dut, profile, seed ^ 0xabcd).run(responses / 4);
  if (all.reset.empty()) all.reset = idle_after_reset(dut, config_of(library.api()));
  Traffic traffic(dut, profile, seed);
  if (all.reset.empty()) all.reset = not_quiet(traffic.first());
  const bool finished = traffic.run(responses) && traffic.drain();
  all.take(traffic.watch(), profile.name);
  auto& silent = all.breaches[static_cast<unsigned>(PinRule::r5)];
  if (!finished && !silent) {
    silent =
        std::string("requests are not taken or operations not acknowledged any more, traffic \"") + profile.name + "\"";
  }
}

}  // namespace

std::vector<ConformanceCheck> check_protocol(const DutLibrary& library, const ConformanceOptions& options) {
  Collected all;
  u64 seed = options.seed;
  for (const TrafficProfile& profile : traffic_profiles())
    run_profile(library, profile, seed++, options.responses, all);

  std::vector<ConformanceCheck> checks;
  const PinEvidence& e = all.evidence;
  checks.push_back(
      {"reset is quiet", all.reset.empty(),
       all.reset.empty() ? std::to_string(all.runs) + " resets, each with requests under way" : all.reset});
  const auto add = [&](const char* name, PinRule rule, u64 seen, const std::string& what) {
    const auto& breach = all.breaches[static_cast<unsigned>(rule)];
    ConformanceCheck check{name, !breach && seen != 0, breach ? *breach : grouped(seen) + " " + what};
    if (!breach && seen == 0) check.detail = "nothing to look at: no " + what;
    checks.push_back(std::move(check));
  };
  add("widths and zeros", PinRule::widths, e.cycles, "cycles");
  add("R2 offers stand", PinRule::r2, e.held_responses, "cycles in which a response was held");
  add("R3 one response each", PinRule::r3, e.answered, "responses");
  add("R3 ids", PinRule::r3_ids, e.translated, "translations, told apart by their offset");
  add("R4 own context", PinRule::r4, e.waited_in_other_context, "responses after the context pins changed");
  add("R5 all answered", PinRule::r5, e.accepted, "requests accepted");
  add("R6 acknowledges", PinRule::r6, e.acknowledged, "operations acknowledged");
  add("R7 not from before", PinRule::r7, e.fresh, "translations after an edit and its invalidation");
  add("R9 memory ids", PinRule::r9, e.memory_requests,
      "memory requests, " + grouped(e.memory_overlaps) + " of them while another was in flight");
  if (library.api().config.format == static_cast<arch::u32>(arch::Format::x86_64)) {
    add("R10 page-table writes", PinRule::r10, e.swaps, "compare-and-swaps");
  } else {
    add("R10 page-table writes", PinRule::r10, e.memory_requests, "memory requests, all of them reads");
  }
  return checks;
}

}  // namespace kilburn::tb
