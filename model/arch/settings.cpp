// SPDX-License-Identifier: Apache-2.0
//
// Settings as the word on the pins cfg_i.
#include "model/arch/judgement.h"
#include "model/arch/layout.h"

namespace kilburn::arch {

namespace cfg = layout::Config;

u32 config_word(Format format, const Settings& settings) {
  const u64 word = cfg::PA_WIDTH.make(settings.pa_width) | cfg::PAGE1G.make(settings.page_1g) |
                   cfg::AMD.make(settings.amd) | cfg::VMS.make(settings.vms) |
                   cfg::CHIP.make(static_cast<u64>(chip_of(format, settings)));
  return static_cast<u32>(word);
}

Settings settings_of(Format format, u32 config) {
  Settings settings;
  settings.pa_width = static_cast<u8>(cfg::PA_WIDTH.get(config));
  settings.page_1g = cfg::PAGE1G.test(config);
  settings.amd = cfg::AMD.test(config);
  settings.vms = cfg::VMS.test(config);
  const u64 code = cfg::CHIP.get(config);
  const Chip chip = code == layout::Chip::EV6 ? Chip::ev6 : code == layout::Chip::EV5 ? Chip::ev5 : Chip::ev4;
  if (chip != own_chip(format)) settings.chip = chip;  // so that equal words are equal settings
  return settings;
}

}  // namespace kilburn::arch
