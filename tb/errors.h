// SPDX-License-Identifier: Apache-2.0
//
// The two ways a run can end that are neither "passed" nor "the DUT is wrong".
#pragma once

#include <stdexcept>

namespace kilburn::tb {

// The user's input is wrong: one sentence that names the place and the reason. Exit status 2.
struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The machine failed us: no disk space, a missing tool. Exit status 3.
struct EnvironmentError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace kilburn::tb
