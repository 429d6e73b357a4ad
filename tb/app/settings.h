// SPDX-License-Identifier: Apache-2.0
//
// `--set NAME=VALUE`: the choices that the architectures leave to an implementation.
#pragma once

#include <string>
#include <vector>

#include "model/arch/judgement.h"

namespace kilburn::tb {

// The settings that `words` ("maxphyaddr=46", "vms=1") describe, starting from `usual`. Throws UserError
// for an unknown name, a value out of range, or a setting that the format does not have.
arch::Settings parse_settings(arch::Format, const arch::Settings& usual, const std::vector<std::string>& words);

// The words that give `settings` again; none for the defaults.
std::vector<std::string> setting_words(const arch::Settings&);

// For --help: a line a setting.
std::string settings_help();

}  // namespace kilburn::tb
