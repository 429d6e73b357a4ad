// SPDX-License-Identifier: Apache-2.0
//
// The random MMU `wild` as a device under test (`--dut wild`, `--dut wild-notlb`, ...), in this process.
//
// Legal as it stands: it does whatever the architectures let hardware do and nothing else, by a named profile or, for
// "wild", by a draw from the instance's seed. With a bug chosen (kilburn_dut_api::set_bug) it breaks the law in one
// place; that adds the structures in which the bug lives and drops what is held. Its timing is its own (config.exact
// 0); it follows the configuration pins, has every feature of its format, and shares nothing between instances.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/arch/types.h"
#include "tb/dut/dut.h"

namespace kilburn::tb {

// "wild" and its named profiles.
std::vector<std::string> wild_dut_names();
// nullptr for any other name.
const kilburn_dut_api* wild_dut(std::string_view name, arch::Format);

}  // namespace kilburn::tb
