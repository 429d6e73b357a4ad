// SPDX-License-Identifier: Apache-2.0
//
// Records a real program's memory references and address-space system calls with valgrind.
#pragma once

#include <filesystem>
#include <string>

namespace kilburn::tb {

// Throws UserError if the program does not exist, EnvironmentError if valgrind is missing.
void check_program(const std::string& command);

// Runs `command` (POSIX-shell-like words, no shell) under valgrind's lackey tool and leaves the log at
// `log`; the program's own output goes to `output`. Throws UserError if the program
// cannot be traced, EnvironmentError if valgrind cannot be started or the log not be written, Interrupted.
// Returns the program's exit status.
int record_program(const std::string& command, const std::filesystem::path& log, const std::filesystem::path& output);

}  // namespace kilburn::tb
