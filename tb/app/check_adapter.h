// SPDX-License-Identifier: Apache-2.0
//
// `kilburn check-adapter`: does the adapter of a DUT library keep the contract and the protocol.
#pragma once

#include <string>
#include <vector>

namespace kilburn::tb {

int check_adapter_command(const std::vector<std::string>& arguments);

}  // namespace kilburn::tb
