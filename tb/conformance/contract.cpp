// SPDX-License-Identifier: Apache-2.0
//
// What the struct of the library says of itself.
#include "model/arch/judgement.h"
#include "tb/conformance/conformance.h"

namespace kilburn::tb {

using arch::u32;

ConformanceCheck check_contract(const kilburn_dut_api& api) {
  ConformanceCheck check{"contract", false, {}};
  const auto wrong = [&](bool is, const std::string& what) {
    if (is && check.detail.empty()) check.detail = what;
  };
  const auto size = [&](const char* name, u32 theirs, std::size_t ours) {
    wrong(theirs != ours, std::string("sizeof(") + name + ") is " + std::to_string(theirs) + " there and " +
                              std::to_string(ours) + " here: built against another dut.h");
  };
  wrong(api.magic != KILBURN_DUT_MAGIC, "the magic number is wrong");
  wrong(api.abi != KILBURN_DUT_ABI,
        "contract version " + std::to_string(api.abi) + ", not " + std::to_string(KILBURN_DUT_ABI));
  size("kilburn_dut_api", api.api_size, sizeof(kilburn_dut_api));
  size("kilburn_dut_in", api.in_size, sizeof(kilburn_dut_in));
  size("kilburn_dut_out", api.out_size, sizeof(kilburn_dut_out));
  size("kilburn_tlb_entry", api.entry_size, sizeof(kilburn_tlb_entry));
  size("kilburn_dut_config", api.config_size, sizeof(kilburn_dut_config));
  if (!check.detail.empty()) return check;
  wrong(!api.name || !*api.name, "no name");
  wrong(!api.create || !api.destroy || !api.reset || !api.clock, "create, destroy, reset or clock is NULL");
  wrong(!api.waves_open != !api.waves_close, "one of waves_open and waves_close is NULL");
  wrong(!api.bugs != !api.set_bug, "one of bugs and set_bug is NULL");
  wrong(api.config.format > static_cast<u32>(arch::Format::alpha_x64), "config.format is no code of a format");
  wrong(api.config.cfg_pins > 1 || api.config.exact > 1, "config.cfg_pins or config.exact is neither 0 nor 1");
  if (!check.detail.empty()) return check;
  if (api.config.cfg_pins == 0) {
    const auto format = static_cast<arch::Format>(api.config.format);
    const arch::Settings built = arch::settings_of(format, api.config.cfg);
    wrong(arch::config_word(format, built) != api.config.cfg,
          "config.cfg has bits that are no setting of the format, and config.cfg_pins is 0");
    wrong(format == arch::Format::x86_64 && (built.pa_width < 32 || built.pa_width > 52),
          "config.cfg is built in (cfg_pins 0) and says MAXPHYADDR " + std::to_string(built.pa_width));
  }
  check.passed = check.detail.empty();
  if (check.passed) check.detail = "version " + std::to_string(api.abi) + ", 5 struct sizes, functions";
  return check;
}

std::vector<ConformanceCheck> check_conformance(const DutLibrary& library, const ConformanceOptions& options) {
  std::vector<ConformanceCheck> all = {check_contract(library.api())};
  if (!all.front().passed) return all;
  for (const auto part : {check_protocol, check_replays, check_instances}) {
    for (auto& check : part(library, options)) all.push_back(std::move(check));
  }
  return all;
}

}  // namespace kilburn::tb
