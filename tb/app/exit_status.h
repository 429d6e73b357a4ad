// SPDX-License-Identifier: Apache-2.0
//
// From what is thrown to what the shell sees.
#pragma once

#include <functional>

namespace kilburn::tb {

// What `body` returns; for an exception one sentence on standard error and 2 (the input is wrong) or 3 (the
// environment failed).
int exit_status(const std::function<int()>& body);

}  // namespace kilburn::tb
