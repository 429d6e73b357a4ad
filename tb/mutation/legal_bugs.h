// SPDX-License-Identifier: Apache-2.0
//
// Seeded bugs that are no bugs to whoever looks at requests and responses: time, order, replacement, an MMU that
// forgets more than it must.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/arch/types.h"

namespace kilburn::mutation {

// `dut`: a name, or the path of a library. The reason for which the bug `id` is legal behaviour in `format`; nullopt:
// it has to be rejected.
std::optional<std::string_view> legal_reason(std::string_view dut, std::string_view id, arch::Format format);

// The test that rejects the bug where the random test does not.
std::optional<std::string_view> directed_test(std::string_view dut, std::string_view id, arch::Format format);

}  // namespace kilburn::mutation
